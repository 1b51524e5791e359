use super::fake::*;
use crate::http::Field;
use crate::opening::Settings;
use crate::protocol::DeflateOptions;
use crate::status::Status;

const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: CdXSYUsvsaMthlEXWDNURGWA/1o=\r\n\r\n";

#[test]
fn the_request_is_what_rfc_6455_asks_for_and_nothing_more() {
    let world = World::new([accepts()]);
    world.open("ws://h.example:81/path?query").opened();
    let mut lines: Vec<_> = world.connections()[0].text().trim_end().split("\r\n").map(str::to_owned).collect();
    lines.sort();
    let expected = [
        "Connection: Upgrade",
        "GET /path?query HTTP/1.1",
        "Host: h.example:81",
        "Sec-WebSocket-Key: BwcHBwcHBwcHBwcHBwcHBw==",
        "Sec-WebSocket-Version: 13",
        "Upgrade: websocket",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_web_class_asks_caches_for_nothing_unless_the_user_does() {
    let headers = vec![Field::new("cache-control", "max-age=9").unwrap()];
    for (is_web, pragma, cache_control) in
        [(true, Some("no-cache"), Some("max-age=9")), (false, None, Some("max-age=9"))]
    {
        let world = World::new([script([Read::Accept("", b"")])]);
        world.open_with("ws://h/", Settings { headers: headers.clone(), is_web, ..settings() }).opened();
        let sent = |name| world.fields(name)[0].clone();
        assert_eq!((sent("Pragma").as_deref(), sent("Cache-Control").as_deref()), (pragma, cache_control));
    }
}

#[test]
fn an_empty_query_is_asked_for_by_a_web_class_and_not_part_of_a_resource_name() {
    for (is_web, uri, target) in [
        (true, "ws://h/?", "/?"),
        (true, "ws://h/a?", "/a?"),
        (true, "ws://h/a", "/a"),
        (false, "ws://h/?", "/"),
        (false, "ws://h/a??", "/a??"),
    ] {
        let world = World::new([accepts()]);
        world.open_with(uri, Settings { is_web, ..settings() }).opened();
        assert!(world.connections()[0].text().starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{uri}");
    }
}

#[test]
fn what_is_asked_for_is_in_the_request_and_what_is_settled_is_told() {
    let headers = vec![Field::new("X-Own", "über").unwrap()];
    let settings = Settings {
        origin: Some(Field::origin("https://app.example").unwrap()),
        headers,
        protocols: vec!["chat".into(), "superchat".into()],
        deflate: Some(DeflateOptions::default()),
        ..settings()
    };
    let lines =
        "sec-websocket-protocol: superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSet-Cookie: a=1\r\n";
    let world = World::new([script([Read::Accept(lines, b"\x81\x02hi")])]);
    let opened = world.open_with("wss://h/", settings).opened();
    assert_eq!(
        (opened.protocol.as_str(), opened.extensions.as_str(), opened.rest.as_slice()),
        ("superchat", "permessage-deflate", &b"\x81\x02hi"[..])
    );
    assert!(opened.deflate.is_some());
    assert_eq!((opened.response.status, opened.response.joined("set-cookie").as_deref()), (101, Some("a=1")));
    assert!(!world.connections()[0].is_dropped, "the socket is handed over");
    assert_eq!(world.seen.borrow().heads, [world.connections()[0].text()]);
    for (name, value) in [
        ("Origin", "https://app.example"),
        ("X-Own", "über"),
        ("Sec-WebSocket-Protocol", "chat, superchat"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ] {
        assert_eq!(world.fields(name), [Some(value.to_owned())], "{name}");
    }
}

#[test]
fn a_good_response_opens_in_any_spelling_and_in_any_pieces() {
    for (from, to) in [
        ("", ""),
        ("Upgrade: websocket", "UPGRADE:WebSocket  "),
        ("Connection: Upgrade", "connection:  keep-alive, upgrade"),
        ("Switching Protocols", "Go Ahead Then"),
        ("Upgrade: ", "X-Empty:\r\nUpgrade: "),
    ] {
        let text = GOOD.replacen(from, to, 1);
        World::new([replies(&[&text])]).open("ws://h/").opened();
        let bytes: Vec<_> = text.chars().map(String::from).collect();
        let bytes: Vec<_> = bytes.iter().map(String::as_str).collect();
        World::new([replies(&bytes)]).open("ws://h/").opened();
    }
}

#[test]
fn a_wrong_field_fails_the_handshake() {
    for (from, to) in [
        ("CdXSYUsvsaMthlEXWDNURGWA/1o=", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("WA/1o=", "WA/1o=x"),
        ("CdXSY", "cDxsy"),
        ("Sec-WebSocket-Accept: CdXSYUsvsaMthlEXWDNURGWA/1o=\r\n", ""),
        ("CdXSYUsvsaMthlEXWDNURGWA/1o=", ""),
        ("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: AAAA\r\nSec-WebSocket-Accept"),
        ("Upgrade: websocket\r\n", ""),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: h2c"),
        ("Connection: Upgrade\r\n", ""),
        ("Connection: Upgrade", "Connection: close"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x-nobody-knows\r\n\r\n"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: other\r\n\r\n"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: Chat\r\n\r\n"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
    ] {
        assert!(GOOD.contains(from));
        let settings = Settings { protocols: vec!["chat".into(), "superchat".into()], ..settings() };
        let failure = World::new([replies(&[&GOOD.replacen(from, to, 1)])]).open_with("ws://h/", settings).failed();
        assert_eq!((failure.status, failure.http), (Status::ILLEGAL_VALUE, None), "{from} and {to}");
        assert!(failure.message.starts_with("h:80: the handshake failed. "), "{}", failure.message);
    }
}

#[test]
fn no_subprotocol_may_be_selected_though_some_were_asked_for() {
    let settings = Settings { protocols: vec!["chat".into()], ..settings() };
    assert_eq!(World::new([accepts()]).open_with("ws://h/", settings).opened().protocol, "");
}

#[test]
fn interim_responses_are_skipped_and_their_fields_count_for_nothing() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 20\r\n\r\n";
    World::new([replies(&[&format!("{}{GOOD}", hints.repeat(500))])]).open("ws://h/").opened();
    let refusal = format!("HTTP/1.1 100 Continue\r\n\r\n{hints}{}", response(404, "X-Mine: yes\r\n"));
    let http = World::new([replies(&[&refusal])]).open("ws://h/").failed().http.unwrap();
    assert_eq!((http.status, http.values("Link").count(), http.body), (404, 0, b"body".to_vec()));
    let forged = GOOD.replace("101", "103") + &GOOD.replace("Sec-WebSocket-Accept: ", "X-Other: ");
    assert_eq!(World::new([replies(&[&forged])]).open("ws://h/").failed().status, Status::ILLEGAL_VALUE);
    let world = World::new([script([Read::Bytes(hints.into()), Read::End])]);
    assert_eq!(world.open("ws://h/").failed().status, Status::CONNECTION_REFUSED);
}

// onProgress.

const NAMED: [&str; 2] = ["RESOLVING_HOST h", "RESOLVED_HOST h"];
const CONNECTED: [&str; 2] = ["CONNECTING_TO h", "CONNECTED_TO h"];
const TLS: [&str; 2] = ["TLS_HANDSHAKE_STARTING h", "TLS_HANDSHAKE_ENDED h"];
const REQUEST: [&str; 2] = ["SENDING_TO h", "WAITING_FOR h"];

#[test]
fn progress_is_told_in_order() {
    let world = World::new([accepts()]);
    world.open("ws://h/").opened();
    assert_eq!(world.told(), [CONNECTED, REQUEST].concat());
    let world = World::new([Script { has_name: true, ..accepts() }]);
    world.open("wss://h/").opened();
    assert_eq!(world.told(), [NAMED, CONNECTED, TLS, REQUEST].concat());
}

#[test]
fn through_a_proxy_connecting_is_the_proxys_and_the_rest_the_servers() {
    for proxy in ["http://p:1", "https://p:1"] {
        let world = World::new([Script { has_name: true, ..replies_and_accepts(&["HTTP/1.1 200 OK\r\n\r\n"]) }]);
        world.open_with("wss://h/", through(proxy)).opened();
        let (to_proxy, to_server) = ([NAMED, CONNECTED].concat(), [TLS, REQUEST].concat());
        let to_proxy: Vec<_> = to_proxy.iter().map(|it| it.replace(" h", " p")).collect();
        assert_eq!(world.told()[..4], to_proxy);
        assert_eq!(world.told()[4..], to_server);
    }
}

#[test]
fn progress_begins_anew_with_each_connection_and_ends_where_it_fails() {
    let world = World::new([replies(&[&response(302, "Location: /there\r\n")]), replies(&[&response(403, "")])]);
    world.open("ws://h/").failed();
    assert_eq!(world.told(), [CONNECTED, REQUEST, CONNECTED, REQUEST].concat());
    let lost = || Step::Lost("ECONNREFUSED", "");
    let world = World::new([Script { connected: lost(), ..accepts() }]);
    world.open("ws://h/").failed();
    assert_eq!(world.told(), CONNECTED[..1]);
    let world = World::new([Script { has_name: true, resolved: lost(), ..accepts() }]);
    world.open("ws://h/").failed();
    assert_eq!(world.told(), NAMED[..1]);
    for (shakes_hands, told) in [(false, &TLS[..1]), (true, &TLS[..])] {
        let world = World::new([Script { secure: [lost()].into(), shakes_hands, ..accepts() }]);
        world.open("wss://h/").failed();
        assert_eq!(world.told(), [&CONNECTED[..], told].concat(), "TLS came up: {shakes_hands}");
    }
}
