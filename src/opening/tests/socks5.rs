use super::fake::*;
use crate::status::Status;

const NO_PASSWORD: &[u8] = &[5, 0];
const CONNECTED: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

/// A SOCKS5 proxy that sends these messages, byte by byte, and the server behind it that accepts.
fn socks(messages: &[&[u8]]) -> Script {
    let bytes = messages.concat().into_iter().map(|byte| Read::Bytes(vec![byte]));
    script(bytes.chain([Read::Accept("", b"")]))
}

#[test]
fn socks5_is_given_names_as_they_are_and_addresses_as_bytes() {
    for (uri, expected) in [
        ("ws://server.example:256/", &b"\x03\x0eserver.example\x01\x00"[..]),
        ("wss://10.1.2.3/", b"\x01\x0a\x01\x02\x03\x01\xbb"),
        ("ws://[2001:db8::a]/", b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a\0\x50"),
        ("ws://[::]:81/", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x51"),
    ] {
        let world = World::new([socks(&[NO_PASSWORD, CONNECTED])]);
        world.open_with(uri, through("socks5://p")).opened();
        let written = world.connections()[0].written.clone();
        assert!(written.starts_with(&[&[5, 1, 0, 5, 1, 0], expected].concat()), "{uri}: {written:?}");
    }
}

#[test]
fn the_socks5_reply_may_name_any_address() {
    let name = [&[5, 0, 0, 3, 20][..], b"a-name.proxy.example", &[0, 80]].concat();
    let ipv6 = [&[5, 0, 0, 4][..], &[7; 16], &[0, 80]].concat();
    for reply in [CONNECTED, &name, &ipv6, &[5, 0, 0, 3, 0, 0, 80]] {
        World::new([socks(&[NO_PASSWORD, reply])]).open_with("ws://h/", through("socks5://p")).opened();
    }
}

#[test]
fn socks5_credentials_are_sent_if_the_proxy_wants_them() {
    let world = World::new([socks(&[&[5, 2], &[1, 0], CONNECTED])]);
    world.open_with("ws://h/", through("socks5://j%C3%A4ger:p%3Aw@p")).opened();
    assert!(world.connections()[0].written.starts_with(b"\x05\x02\x00\x02\x01\x06j\xc3\xa4ger\x03p:w\x05\x01"));
    let world = World::new([socks(&[NO_PASSWORD, CONNECTED])]);
    world.open_with("ws://h/", through("socks5://user:secret@p")).opened();
    assert!(!world.connections()[0].text().contains("secret"), "not if it does not");
}

#[test]
fn every_wrong_turn_of_socks5_has_a_sentence_of_its_own_kind() {
    let refused = |code: u8| vec![5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    let mut cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![5, 255], "does not accept connections without a user name and password. Put them in the option proxy."),
        (vec![5, 2], "does not accept connections without a user name and password. Put them in the option proxy."),
        (vec![4, 0], "does not speak SOCKS5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "does not speak SOCKS5"),
        (vec![], "ended the connection"),
        (vec![5], "ended the connection"),
        ([NO_PASSWORD, &[5, 5]].concat(), "ended the connection"),
        ([NO_PASSWORD, &[4, 0, 0, 1]].concat(), "does not speak SOCKS5"),
        ([NO_PASSWORD, &[5, 0, 0, 9, 1, 1, 1, 1, 0, 80]].concat(), "does not speak SOCKS5"),
        ([NO_PASSWORD, &[5, 0, 0, 1, 127]].concat(), "ended the connection"),
        ([NO_PASSWORD, &refused(5)].concat(), "connection was refused"),
        ([NO_PASSWORD, &refused(4)].concat(), "cannot reach the host"),
        ([NO_PASSWORD, &refused(255)].concat(), "error 255"),
    ];
    for (bytes, words) in cases.drain(..) {
        let world = World::new([script([Read::Bytes(bytes), Read::End])]);
        let failure = world.open_with("ws://h/", through("socks5://p:1")).failed();
        assert_eq!((failure.status, failure.http), (Status::PROXY_CONNECTION_REFUSED, None));
        assert!(failure.message.starts_with("proxy p:1: ") && failure.message.contains(words), "{}", failure.message);
    }
    let world = World::new([script([Read::Bytes(vec![5, 255]), Read::End])]);
    let failure = world.open_with("ws://h/", through("socks5://user:hunter2@p:1")).failed();
    assert!(failure.message.contains("accepts neither a user name") && !failure.message.contains("hunter2"));
    let world = World::new([socks(&[&[5, 2], &[1, 1]])]);
    let failure = world.open_with("ws://h/", through("socks5://user:hunter2@p:1")).failed();
    assert!(failure.message.contains("does not accept") && !failure.message.contains("hunter2"), "{}", failure.message);
}

#[test]
fn a_name_that_is_too_long_for_socks5_is_refused_and_not_cut() {
    let name = vec!["a".repeat(60); 5].join(".");
    let world = World::new([socks(&[NO_PASSWORD])]);
    let failure = world.open_with(&format!("ws://{name}/"), through("socks5://p")).failed();
    assert!(failure.message.contains("255"), "{}", failure.message);
    assert_eq!(world.connections()[0].written, [5, 1, 0], "nothing was sent");
}

#[test]
fn what_comes_right_behind_the_socks5_reply_is_the_servers() {
    let bytes = [NO_PASSWORD, CONNECTED, response(403, "").as_bytes()].concat();
    let failure = World::new([script([Read::Bytes(bytes)])]).open_with("ws://h/", through("socks5://p:1")).failed();
    assert_eq!((failure.status, failure.http.unwrap().status), (Status::CONNECTION_REFUSED, 403));
}
