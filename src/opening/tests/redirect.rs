use super::fake::*;
use crate::http::Field;
use crate::opening::{Failure, HopTls, Settings};
use crate::status::Status;

fn redirect(location: &str) -> String {
    response(302, &format!("Location: {location}\r\n"))
}

fn to(locations: &[&str]) -> World {
    World::new(locations.iter().map(|location| replies(&[&redirect(location)])).chain([accepts()]))
}

/// The failure of a redirect from `from` to `location`, for which the user is not asked.
fn sent(from: &str, location: &str) -> Failure<&'static str> {
    let world = World::new([replies(&[&redirect(location)])]);
    let failure = world.open(from).failed();
    assert_eq!(failure.http.as_ref().unwrap().body, b"body");
    assert!(world.seen.borrow().redirects.is_empty() && world.seen.borrow().moved.is_empty());
    failure
}

#[test]
fn each_of_the_five_statuses_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let world = World::new([replies(&[&response(status, "Location: ws://b.example:81/there\r\n")]), accepts()]);
        world.open("ws://a.example/").opened();
        let connections = world.connections();
        assert_eq!((connections[1].hop.host.as_str(), connections[1].hop.port), ("b.example", 81), "{status}");
        assert!(connections[1].text().starts_with("GET /there HTTP/1.1\r\nHost: b.example:81\r\n"), "{status}");
        assert_eq!(world.seen.borrow().moved, ["ws://b.example:81/there"]);
        assert!(connections[0].is_dropped, "the first connection is gone before the second");
    }
}

#[test]
fn another_status_is_not_followed_and_neither_is_a_redirect_without_location() {
    for (status, lines) in
        [(300, "Location: /x\r\n"), (304, "Location: /x\r\n"), (305, "Location: /x\r\n"), (302, ""), (308, "")]
    {
        let failure = World::new([replies(&[&response(status, lines)])]).open("ws://a.example/").failed();
        assert_eq!((failure.status, failure.http.unwrap().status), (Status::CONNECTION_REFUSED, status));
    }
}

#[test]
fn a_relative_location_is_resolved() {
    for (location, uri) in [
        ("/echo", "ws://a.example/echo"),
        ("landing", "ws://a.example/b/landing"),
        ("../echo", "ws://a.example/echo"),
        ("//c.example/echo", "ws://c.example/echo"),
        ("?q", "ws://a.example/b/c?q"),
    ] {
        let world = to(&[location]);
        world.open("ws://a.example/b/c").opened();
        assert_eq!(world.seen.borrow().moved, [uri]);
    }
}

#[test]
fn http_counts_as_ws_and_https_as_wss() {
    let world = to(&["http://b.example/", "https://c.example/"]);
    world.open("ws://a.example/").opened();
    assert_eq!(world.seen.borrow().moved, ["ws://b.example/", "wss://c.example/"]);
    assert_eq!(world.connections()[2].tls[0].host, "c.example");
}

#[test]
fn a_web_class_follows_a_redirect_that_adds_an_empty_query() {
    let world = to(&["/a?"]);
    world.open_with("ws://h/a", Settings { is_web: true, redirects: 5, ..settings() }).opened();
    let lines: Vec<_> = world.connections().iter().map(|it| it.text().lines().next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["GET /a HTTP/1.1", "GET /a? HTTP/1.1"]);
}

#[test]
fn a_fragment_in_a_location_is_dropped() {
    let world = to(&["/there#section"]);
    world.open("ws://a.example/").opened();
    assert_eq!(world.seen.borrow().moved, ["ws://a.example/there"]);
    assert!(!world.connections()[1].text().contains("section"));
}

#[test]
fn from_wss_to_ws_is_not_followed() {
    for location in ["ws://b.example/", "http://b.example/"] {
        let failure = sent("wss://a.example/", location);
        assert_eq!(failure.status, Status::BAD_URI);
        assert!(failure.message.contains("unencrypted") && failure.message.contains(location), "{}", failure.message);
    }
    to(&["wss://b.example/"]).open("ws://a.example/").opened();
    to(&["wss://b.example/"]).open("wss://a.example/").opened();
}

#[test]
fn a_location_that_leads_nowhere_is_not_followed() {
    for location in [
        "ftp://h/",
        "file:///etc",
        "javascript:alert(1)",
        "data:,a",
        "ws://[::1",
        "ws://",
        "wsx://h/",
        "http://h:99999/",
    ] {
        let failure = sent("ws://a.example/", location);
        assert_eq!(failure.status, Status::BAD_URI, "{location}");
        assert!(
            failure.message.starts_with("a.example:80: ") && failure.message.contains(&location[..4]),
            "{}",
            failure.message
        );
    }
}

#[test]
fn a_location_with_credentials_that_no_header_can_carry_is_not_followed() {
    for location in ["ws://a%3Ab:hunter2@h/", "ws://a:hunter2%0D%0A@h/"] {
        let failure = sent("ws://a.example/", location);
        assert_eq!(failure.status, Status::BAD_URI, "{location}");
        assert!(!failure.message.contains("hunter2"), "no secret: {}", failure.message);
    }
}

#[test]
fn a_circle_is_a_loop_and_another_query_is_not() {
    for location in ["ws://a.example/", "/", "/#again", "?", "ws://user:pw@a.example/"] {
        assert_eq!(sent("ws://a.example/", location).status, Status::REDIRECT_LOOP, "{location}");
    }
    let world = World::new([replies(&[&redirect("/b")]), replies(&[&redirect("/a")])]);
    assert_eq!(world.open("ws://h/a").failed().status, Status::REDIRECT_LOOP);
    to(&["/?2", "/?3"]).open("ws://a.example/?1").opened();
}

#[test]
fn as_many_as_the_option_says_are_followed_and_not_one_more() {
    for limit in [1_u32, 3, 10, 30] {
        let chain = |count: u32| (0..count).map(|at| replies(&[&redirect(&format!("/{at}"))])).collect::<Vec<_>>();
        let settings = || Settings { redirects: limit, ..settings() };
        World::new(chain(limit).into_iter().chain([accepts()])).open_with("ws://h/", settings()).opened();
        let failure = World::new(chain(limit + 1)).open_with("ws://h/", settings()).failed();
        assert_eq!(failure.status, Status::REDIRECT_LOOP);
        assert!(
            failure.message.contains(&limit.to_string()) && !failure.message.contains("circle"),
            "{}",
            failure.message
        );
    }
}

#[test]
fn with_a_limit_of_zero_a_redirect_is_a_status_like_any_other() {
    let world = World::new([replies(&[&redirect("//user:hunter2@h/there")])]);
    let failure = world.open_with("ws://h/", Settings { redirects: 0, ..settings() }).failed();
    assert_eq!(failure.status, Status::CONNECTION_REFUSED);
    assert!(failure.message.contains("302") && world.seen.borrow().redirects.is_empty());
    let advice = "It redirects to \"ws://h/there\". Open that URI, or raise the option redirects.";
    assert!(failure.message.ends_with(advice), "{}", failure.message);
}

#[test]
fn the_body_of_a_redirect_is_not_waited_for() {
    let world = World::new([
        replies(&["HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 1000000\r\n\r\nno end"]),
        accepts(),
    ]);
    world.open("ws://h/").opened();
}

#[test]
fn each_hop_is_a_request_of_its_own_with_a_new_key() {
    let fields = vec![Field::new("X-Custom", "kept").unwrap()];
    let settings = Settings {
        origin: Some(Field::origin("https://app.example").unwrap()),
        headers: fields,
        protocols: vec!["chat".into(), "superchat".into()],
        random: || {
            use std::cell::Cell;
            thread_local!(static LAST: Cell<u8> = const { Cell::new(0) });
            [LAST.replace(LAST.get() + 1); 16]
        },
        ..settings()
    };
    let world = to(&["/1", "/2"]);
    world.open_with("ws://h/", settings).opened();
    let mut keys = world.fields("Sec-WebSocket-Key");
    keys.dedup();
    assert_eq!(keys.len(), 3, "{keys:?}");
    for (name, value) in
        [("X-Custom", "kept"), ("Origin", "https://app.example"), ("Sec-WebSocket-Protocol", "chat, superchat")]
    {
        assert_eq!(world.fields(name), vec![Some(value.to_owned()); 3], "{name}");
    }
}

#[test]
fn private_headers_stay_with_the_first_origin_and_are_back_when_it_is() {
    for elsewhere in ["ws://b.example/", "ws://a.example:81/", "wss://a.example/"] {
        let names = ["aUTHORIZATION", "Cookie", "Proxy-Authorization"];
        let mut headers: Vec<_> = names.iter().map(|name| Field::new(name, "secret").unwrap()).collect();
        headers.push(Field::new("X-Custom", "kept").unwrap());
        // A redirect from wss back to ws is forbidden, so the first URI is encrypted too.
        let first = if elsewhere.starts_with("wss") { "wss://first.example/" } else { "ws://a.example/" };
        let back = format!("{first}back");
        let world = to(&[elsewhere, &back]);
        world.open_with(first, Settings { headers, ..settings() }).opened();
        let secret = Some("secret".to_owned());
        for name in names {
            assert_eq!(world.fields(name), [secret.clone(), None, secret.clone()], "{name} at {elsewhere}");
        }
        assert_eq!(world.fields("X-Custom"), vec![Some("kept".to_owned()); 3]);
        assert!(!world.connections()[1].text().contains("secret"));
        let foreign: Vec<_> = world.connections().iter().map(|connection| connection.hop.is_foreign).collect();
        assert_eq!(foreign, [false, true, false]);
    }
}

#[test]
fn tls_with_another_origin_is_marked_as_foreign() {
    let world = to(&["wss://b.example/"]);
    world.open("wss://a.example/").opened();
    let foreign: Vec<_> = world.connections().iter().map(|connection| connection.tls[0].is_foreign).collect();
    assert_eq!(foreign, [false, true]);
    assert_eq!(world.connections()[0].hop.tls, HopTls::Server);
}

#[test]
fn the_uris_user_and_password_stay_with_their_origin_and_are_sent_at_each_hop_there() {
    let world = to(&["/again", "ws://b.example/", "ws://a.example/back"]);
    world.open("ws://user:secret@a.example/").opened();
    let own = basic("user:secret");
    assert_eq!(world.fields("Authorization"), [own.clone(), own.clone(), None, own]);
}

#[test]
fn a_location_has_a_user_and_password_for_its_own_origin() {
    let world = to(&["ws://other:word@b.example/"]);
    world.open("ws://user:secret@a.example/").opened();
    assert_eq!(world.fields("Authorization"), [basic("user:secret"), basic("other:word")]);
}

#[test]
fn on_redirect_is_asked_before_each_hop_and_may_forbid_it() {
    let world = to(&["/1", "ws://b.example/2"]).with_permission(|_, _, _| Ok(true));
    world.open("ws://a.example/0").opened();
    let asked = world.seen.borrow().redirects.clone();
    let text = |from: &str, to: &str| (from.to_owned(), to.to_owned(), 302);
    assert_eq!(asked, [text("ws://a.example/0", "ws://a.example/1"), text("ws://a.example/1", "ws://b.example/2")]);

    for (answer, cause) in [(Ok(false), None), (Err("thrown"), Some("thrown"))] {
        let world = World::new([replies(&[&redirect("/there")])]).with_permission(move |_, _, _| answer);
        let failure = world.open("ws://h/").failed();
        assert_eq!((failure.status, failure.cause), (Status::BAD_URI, cause));
        assert!(failure.message.contains("onRedirect") && failure.http.is_some(), "{}", failure.message);
        assert!(world.seen.borrow().moved.is_empty(), "the attribute URI stays");
    }
}

#[test]
fn the_last_response_is_the_one_that_is_told() {
    let world = World::new([replies(&[&redirect("/there")]), replies(&[&response(403, "X-Last: yes\r\n")])]);
    let failure = world.open("ws://h/").failed();
    let http = failure.http.unwrap();
    assert_eq!((failure.status, http.status, http.values("Location").count()), (Status::CONNECTION_REFUSED, 403, 0));
}

#[test]
fn a_web_class_is_not_redirected_to_a_blocked_port() {
    for (is_web, status) in [(true, Some(Status::PORT_ACCESS_NOT_ALLOWED)), (false, None)] {
        let world = to(&["ws://h:6000/"]);
        let stand = world.open_with("ws://h/", Settings { is_web, ..settings() });
        match status {
            Some(status) => assert_eq!(stand.failed().status, status),
            None => drop(stand.opened()),
        }
    }
}
