//! WebSockets with HTTP/2 (RFC 8441).

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::fake::*;
use crate::http::{Field, Response};
use crate::opening::*;
use crate::protocol::DeflateOptions;
use crate::status::Status;
use crate::uri::tests::parse;

fn http2() -> Settings {
    Settings { http2: true, ..settings() }
}

fn answer(status: u16, fields: &[(&str, &str)]) -> Response {
    Response { version: 1, status, fields: fields.iter().copied().collect(), body: Vec::new() }
}

/// A connection whose server speaks HTTP/2 and gives these answers, one for each request.
fn session(answers: impl IntoIterator<Item = Result<Response, &'static str>>) -> Script {
    Script { shares: Some(Share::Enabled(usize::MAX)), answers: answers.into_iter().collect(), ..script([]) }
}

fn welcomes() -> Script {
    session([Ok(answer(200, &[]))])
}

#[test]
fn the_request_is_what_rfc_8441_asks_for() {
    let world = World::new([session([Ok(answer(200, &[("sec-websocket-protocol", "b"), ("set-cookie", "c=1")]))])]);
    let settings = Settings {
        protocols: vec!["a".into(), "b".into()],
        deflate: Some(DeflateOptions::default()),
        origin: Some(Field::origin("https://app").unwrap()),
        headers: vec![Field::new("X-Own", "1").unwrap(), Field::new("Keep-Alive", "9").unwrap()],
        ..http2()
    };
    let opened = world.open_with("wss://h:444/p?q", settings).opened();
    let expected = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":authority", "h:444"),
        (":path", "/p?q"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "a, b"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("origin", "https://app"),
        ("x-own", "1"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(world.seen.borrow().requests, [expected]);
    assert_eq!(opened.protocol, "b");
    assert_eq!(opened.response.joined("set-cookie").as_deref(), Some("c=1"));
    let connection = &world.connections()[0];
    assert!(connection.written.is_empty() && connection.hop.offers_http2 && connection.tls[0].offers_http2);
}

#[test]
fn without_the_option_or_without_tls_it_is_not_offered() {
    for (uri, settings) in [("ws://h/", http2()), ("wss://h/", settings())] {
        let world = World::new([accepts()]);
        world.open_with(uri, settings).opened();
        assert!(!world.connections()[0].hop.offers_http2, "{uri}");
    }
}

#[test]
fn a_server_that_chooses_http_1_1_is_asked_on_the_same_connection() {
    let world = World::new([accepts()]);
    world.open_with("wss://h/", http2()).opened();
    assert_eq!(world.connections().len(), 1);
}

#[test]
fn a_server_without_extended_connect_is_asked_again_over_http_1_1() {
    for script in [Script { shares: Some(Share::Disabled), ..script([]) }, session([Err("HTTP_1_1_REQUIRED")])] {
        let world = World::new([script, accepts()]);
        world.open_with("wss://h/", http2()).opened();
        let [first, second] = world.connections().try_into().ok().unwrap();
        assert!(first.is_dropped && first.hop.offers_http2 && !second.hop.offers_http2 && !second.tls[0].offers_http2);
    }
}

#[test]
fn a_session_of_others_is_joined_without_a_connection() {
    let world = World::new([]);
    world.seen.borrow_mut().sessions.push_back(welcomes());
    world.open_with("wss://h/", http2()).opened();
    let seen = world.seen.borrow();
    assert_eq!(seen.joined.len(), 1);
    assert_eq!(seen.told, ["SENDING_TO h", "WAITING_FOR h"]);
    assert!(seen.heads[0].starts_with(":method: CONNECT\r\n:protocol: websocket\r\n"), "{:?}", seen.heads);
}

#[test]
fn a_stream_that_was_not_taken_up_is_tried_once_more() {
    let world = World::new([session([Err("REFUSED_STREAM")]), welcomes()]);
    world.open_with("wss://h/", http2()).opened();
    let world = World::new([session([Err("REFUSED_STREAM")]), session([Err("REFUSED_STREAM")])]);
    let failure = world.open_with("wss://h/", http2()).failed();
    assert_eq!(failure.status, Status::CONNECTION_REFUSED);
    assert!(
        failure.message.contains("REFUSED_STREAM") && failure.message.contains("Try again later"),
        "{}",
        failure.message
    );
}

#[test]
fn a_stream_is_tried_again_on_other_sessions_while_each_is_going_away() {
    let leaving = || Script { is_going_away: true, ..session([Err("REFUSED_STREAM")]) };
    let sessions = |count| (0..count).map(|_| leaving()).chain([welcomes()]).collect::<Vec<_>>();
    World::new(sessions(16)).open_with("wss://h/", http2()).opened();
    let failure = World::new(sessions(17)).open_with("wss://h/", http2()).failed();
    assert!(failure.message.contains("REFUSED_STREAM"), "{}", failure.message);
}

#[test]
fn each_request_is_tried_once_more() {
    let moving = session([Ok(answer(307, &[("location", "/there")]))]);
    let refusing = || session([Err("REFUSED_STREAM")]);
    World::new([refusing(), moving, refusing(), welcomes()]).open_with("wss://h/", http2()).opened();
}

#[test]
fn refusals_redirects_and_authorization_are_those_of_http_1_1() {
    let refusing = Script { reads: [Read::Bytes(b"no".to_vec()), Read::End].into(), ..session([Ok(answer(403, &[]))]) };
    let failure = World::new([refusing]).open_with("wss://h/", http2()).failed();
    assert_eq!((failure.status, failure.http.unwrap().body), (Status::CONNECTION_REFUSED, b"no".to_vec()));

    let moving = session([Ok(answer(307, &[("location", "/there")]))]);
    let world = World::new([moving, welcomes()]);
    world.open_with("wss://h/", http2()).opened();
    assert!(world.seen.borrow().requests[1].contains(&(":path".into(), "/there".into())));

    let asking = session([Ok(answer(401, &[("www-authenticate", "Basic realm=\"x\"")]))]);
    let world = World::new([asking, welcomes()]).with_credentials(|_| Ok(Some(user("u", "p"))));
    world.open_with("wss://h/", http2()).opened();
    assert!(world.seen.borrow().requests[1].contains(&("authorization".into(), basic("u:p").unwrap())));
}

#[test]
fn digest_is_computed_with_the_method_that_is_sent() {
    let challenge = "Digest realm=\"r\", nonce=\"n\", algorithm=MD5";
    let mut responses = Vec::new();
    for http2_too in [true, false] {
        let scripts = if http2_too {
            [session([Ok(answer(401, &[("www-authenticate", challenge)]))]), welcomes()]
        } else {
            [replies(&[&response(401, &format!("WWW-Authenticate: {challenge}\r\n"))]), accepts()]
        };
        let world = World::new(scripts).with_credentials(|_| Ok(Some(user("u", "p"))));
        world.open_with("wss://h/", Settings { http2: http2_too, ..settings() }).opened();
        let seen = world.seen.borrow();
        responses.push(match seen.requests.get(1) {
            Some(fields) => fields.iter().find(|(name, _)| name == "authorization").unwrap().1.clone(),
            None => seen.connections[1].field("Authorization").unwrap(),
        });
    }
    let of = |method: &str| {
        use md5::{Digest as _, Md5};
        let hash = |text: &str| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("response=\"{}\"", hash(&format!("{}:n:{}", hash("u:r:p"), hash(&format!("{method}:/")))))
    };
    assert!(responses[0].contains(&of("CONNECT")), "{}", responses[0]);
    assert!(responses[1].contains(&of("GET")), "{}", responses[1]);
}

#[test]
fn a_response_that_selects_what_was_not_asked_for_fails() {
    for field in [("sec-websocket-protocol", "x"), ("sec-websocket-extensions", "permessage-deflate")] {
        let failure = World::new([session([Ok(answer(200, &[field]))])]).open_with("wss://h/", http2()).failed();
        assert_eq!(failure.status, Status::ILLEGAL_VALUE, "{field:?}");
    }
}

#[test]
fn a_lost_session_and_a_reset_stream_are_explained() {
    for (script, says) in [
        (Script { shares: Some(Share::Lost("ECONNRESET")), ..script([]) }, "was reset before a response"),
        (session([Err("INTERNAL_ERROR")]), "reset the HTTP/2 stream before a response came (INTERNAL_ERROR)"),
        (session([Err("ENHANCE_YOUR_CALM")]), "more slowly"),
    ] {
        let failure = World::new([script]).open_with("wss://h/", http2()).failed();
        assert!(failure.message.contains(says), "{}", failure.message);
    }
}

#[test]
fn a_timeout_says_what_it_waited_for_and_a_refusal_whose_body_stops_is_told() {
    let silent = Script { shares: Some(Share::Never), ..script([]) };
    let failure: Failure<&str> = World::new([silent]).open_with("wss://h/", http2()).waiting().timed_out();
    assert!(failure.message.contains("HTTP/2 session"), "{}", failure.message);
    let stuck =
        Script { reads: [Read::Bytes(b"part".to_vec()), Read::Never].into(), ..session([Ok(answer(503, &[]))]) };
    let failure: Failure<&str> = World::new([stuck]).open_with("wss://h/", http2()).waiting().timed_out();
    assert_eq!(failure.http.map(|http| (http.status, http.body)), Some((503, b"part".to_vec())));
}

/// An opening that is polled by hand.
struct Polled(World, Pin<Box<dyn Future<Output = Outcome<World>>>>, Rc<Progress>);

impl Polled {
    fn begin(uri: &str, scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::begin_with(uri, http2(), scripts)
    }

    fn begin_with(uri: &str, settings: Settings, scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::of(World::new(scripts), uri, settings)
    }

    fn of(world: World, uri: &str, settings: Settings) -> Self {
        let uri = parse(uri, None).unwrap().websocket().unwrap();
        let (progress, future) = begin(uri, settings, world.clone(), world.clone()).unwrap();
        Self(world, Box::pin(future), progress)
    }

    /// openTimeoutMs runs out.
    fn times_out(self) -> Failure<&'static str> {
        self.2.timed_out()
    }

    fn poll(&mut self) -> Poll<Outcome<World>> {
        self.1.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn has_opened(&mut self) -> bool {
        matches!(self.poll(), Poll::Ready(Ok(_)))
    }

    fn dialed(&self) -> usize {
        self.0.connections().len()
    }
}

#[test]
fn others_wait_for_the_first_and_join_its_session_or_make_the_next() {
    let mut first = Polled::begin("wss://share/", [welcomes()]);
    let mut joins = Polled::begin("wss://share/", []);
    let mut finds_no_room = Polled::begin("wss://share/", [welcomes()]);
    let mut follows_that = Polled::begin("wss://share/", []);
    for waiting in [&mut joins, &mut finds_no_room, &mut follows_that] {
        assert!(!waiting.has_opened() && waiting.dialed() == 0);
    }
    assert!(first.has_opened());
    joins.0.seen.borrow_mut().sessions.push_back(welcomes());
    assert!(joins.has_opened());
    // The session is full: one more opening connects, and any that comes meanwhile follows that one.
    let full = Polled::begin("wss://share/", [replies(&[])]);
    assert_eq!(full.dialed(), 1);
    assert!(finds_no_room.poll().is_pending() && follows_that.poll().is_pending());
    assert_eq!((finds_no_room.dialed(), follows_that.dialed()), (0, 0));
    drop(full);
    assert!(finds_no_room.has_opened() && finds_no_room.dialed() == 1, "it was closed, and the next one leads");
}

#[test]
fn as_many_as_a_session_takes_join_it_the_next_leads_and_the_rest_follow_that_one() {
    let room_for_two = Script { shares: Some(Share::Enabled(2)), ..welcomes() };
    let mut first = Polled::begin("wss://room/", [room_for_two]);
    let mut joining: Vec<_> = (0..2).map(|_| Polled::begin("wss://room/", [])).collect();
    let mut next = Polled::begin("wss://room/", [welcomes()]);
    let mut last = Polled::begin("wss://room/", []);
    assert!(first.has_opened());
    for other in &mut joining {
        other.0.seen.borrow_mut().sessions.push_back(welcomes());
        assert!(other.has_opened());
    }
    assert!(last.poll().is_pending() && last.dialed() == 0);
    assert!(next.has_opened() && next.dialed() == 1);
    last.0.seen.borrow_mut().sessions.push_back(welcomes());
    assert!(last.has_opened());
}

#[test]
fn the_next_that_finds_a_place_after_all_leaves_the_lead_to_the_one_behind_it() {
    let full = Script { shares: Some(Share::Enabled(0)), ..welcomes() };
    let mut first = Polled::begin("wss://place/", [full]);
    let mut next = Polled::begin("wss://place/", []);
    let mut last = Polled::begin("wss://place/", [accepts()]);
    assert!(first.has_opened());
    next.0.seen.borrow_mut().sessions.push_back(welcomes());
    assert!(last.poll().is_pending() && last.dialed() == 0);
    assert!(next.has_opened());
    assert!(last.has_opened() && last.dialed() == 1);
}

#[test]
fn where_the_first_finds_no_http2_all_the_others_connect_at_once_and_offer_none() {
    let disabled = Script { shares: Some(Share::Disabled), ..script([]) };
    for (server, scripts) in [("wss://one/", vec![accepts()]), ("wss://two/", vec![disabled, accepts()])] {
        let mut first = Polled::begin(server, scripts);
        let mut others: Vec<_> = (0..3).map(|_| Polled::begin(server, [accepts()])).collect();
        assert!(others.iter_mut().all(|other| other.poll().is_pending() && other.dialed() == 0));
        assert!(first.has_opened());
        for other in &mut others {
            assert!(
                other.has_opened() && other.dialed() == 1 && !other.0.connections()[0].hop.offers_http2,
                "{server}"
            );
        }
    }
}

#[test]
fn where_the_first_fails_the_next_leads_and_where_that_one_fails_too_all_the_others_connect_at_once() {
    let refused = || Script { connected: Step::Lost("ECONNREFUSED", ""), ..accepts() };
    let mut first = Polled::begin("wss://fails/", [refused()]);
    let mut next = Polled::begin("wss://fails/", [welcomes()]);
    let mut joins = Polled::begin("wss://fails/", []);
    assert!(next.poll().is_pending() && joins.poll().is_pending());
    assert!(first.poll().is_ready() && joins.poll().is_pending() && joins.dialed() == 0);
    assert!(next.has_opened());
    joins.0.seen.borrow_mut().sessions.push_back(welcomes());
    assert!(joins.has_opened());

    let mut failing: Vec<_> = (0..2).map(|_| Polled::begin("wss://fails-twice/", [refused()])).collect();
    let mut others: Vec<_> = (0..3).map(|_| Polled::begin("wss://fails-twice/", [replies(&[])])).collect();
    assert!(others.iter_mut().all(|other| other.poll().is_pending() && other.dialed() == 0));
    assert!(failing.iter_mut().all(|one| one.poll().is_ready()));
    assert!(others.iter_mut().all(|other| other.poll().is_pending() && other.dialed() == 1));
}

#[test]
fn a_leader_whose_time_runs_out_has_failed_and_those_who_waited_say_so() {
    let hangs = || Script { connected: Step::Never, ..accepts() };
    let mut first = Polled::begin("wss://hangs/", [hangs()]);
    let mut others: Vec<_> = (0..3).map(|_| Polled::begin("wss://hangs/", [hangs()])).collect();
    assert!(first.poll().is_pending() && others.iter_mut().all(|other| other.poll().is_pending()));
    assert!(first.times_out().message.ends_with("while connecting. A firewall may drop the packets."));
    assert!(others.iter_mut().all(|other| other.poll().is_pending()));
    assert_eq!(others.iter().map(Polled::dialed).collect::<Vec<_>>(), [1, 0, 0]);
    let message = others.remove(0).times_out().message;
    assert!(
        message.ends_with("another channel that was connecting to the server (http2), and then while connecting."),
        "{message}"
    );
    assert!(others.iter_mut().all(|other| other.poll().is_pending() && other.dialed() == 1), "two have failed");
}

#[test]
fn while_the_user_is_asked_for_a_proxys_account_the_next_one_leads() {
    let asks = || replies(&[&response(407, "Proxy-Authenticate: Basic realm=\"x\"\r\n")]);
    let by_proxy = || Settings { http2: true, ..through("http://p:1") };
    let mut thinks = Polled::of(World::new([asks()]).thinking_forever(), "wss://thinks/", by_proxy());
    let mut next = Polled::begin_with("wss://thinks/", by_proxy(), [asks()]);
    assert!(next.poll().is_pending() && next.dialed() == 0);
    assert!(thinks.poll().is_pending());
    assert!(next.poll().is_ready() && next.dialed() == 1);
}

#[test]
fn a_tunnel_for_the_account_of_one_channel_is_not_for_the_channels_without_it() {
    let asks = || replies(&[&response(407, "Proxy-Authenticate: Basic realm=\"x\"\r\n")]);
    let tunnel = Script { reads: [Read::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())].into(), ..welcomes() };
    let world = World::new([asks(), tunnel]).with_credentials(|_| Ok(Some(user("u", "p"))));
    world.open_with("wss://account/", Settings { http2: true, ..through("http://p:1") }).opened();
    let by_uri = World::new([]);
    by_uri.seen.borrow_mut().sessions.push_back(welcomes());
    by_uri.open_with("wss://account/", Settings { http2: true, ..through("http://u:p@p:1") }).opened();
    let keys = [world.seen.borrow().shared.clone(), by_uri.seen.borrow().joined.clone()].concat();
    assert_eq!(keys[0], keys[1]);
    let stranger = World::new([asks()]).open_with("wss://account/", Settings { http2: true, ..through("http://p:1") });
    assert!(stranger.failed().message.contains("asks for a user name"));
}

#[test]
fn openings_to_one_server_by_different_routes_do_not_wait_for_each_other() {
    let by = |proxy: &str| Settings { http2: true, ..through(proxy) };
    let mut direct = Polled::begin("wss://routes/a", [replies(&[])]);
    let mut by_proxy = Polled::begin_with("wss://routes/b", by("http://p:1"), [replies(&[])]);
    let mut by_another = Polled::begin_with("wss://routes/c", by("http://p:2"), [replies(&[])]);
    let mut follows = Polled::begin_with("wss://routes/d", by("http://p:2"), [replies(&[])]);
    for opening in [&mut direct, &mut by_proxy, &mut by_another, &mut follows] {
        assert!(opening.poll().is_pending());
    }
    assert_eq!([&direct, &by_proxy, &by_another, &follows].map(Polled::dialed), [1, 1, 1, 0]);
}

#[test]
fn a_follower_or_a_leader_that_is_dropped_leaves_nobody_behind() {
    let leader = Polled::begin("wss://gone/", [replies(&[])]);
    let mut dropped = Polled::begin("wss://gone/", []);
    let mut other = Polled::begin("wss://gone/", [accepts()]);
    let mut last = Polled::begin("wss://gone/", [accepts()]);
    assert!(dropped.poll().is_pending() && other.poll().is_pending() && last.poll().is_pending());
    drop(dropped);
    drop(leader);
    assert!(last.poll().is_pending() && last.dialed() == 0, "that a user closes one says nothing of the server");
    assert!(other.has_opened() && last.has_opened());
    assert_eq!(Polled::begin("wss://gone/", [accepts()]).dialed(), 1, "nobody leads any more");
}
