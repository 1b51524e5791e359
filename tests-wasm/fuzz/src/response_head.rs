//! Any bytes where the response should be: the first byte chooses the settings, the others are the response.

use websocket_channel::protocol::{Connection, DeflateOffer, Limits, Request};

use super::driver::{self, Driver, NONCE, Seen};

const PROTOCOLS: [&str; 2] = ["chat", "superchat"];

pub(crate) fn run(data: &[u8]) {
    let [settings, seed, response @ ..] = data else { return };
    let (deflate, filler) = (settings & 1 != 0, usize::from(settings >> 1 & 3));
    let whole = after(deflate, response, |driver| driver.feed(response));
    let bytewise = after(deflate, response, |driver| driver.feed_cut(response, || 1));
    assert_eq!(whole, bytewise, "in one chunk, and byte by byte");
    let cut = after(deflate, response, |driver| driver.feed_cut(response, driver::cuts(u32::from(*seed), 64)));
    assert_eq!(whole, cut, "in one chunk, and in several");
    endless(deflate, response, [&b"a"[..], b"\r\n", b"X: 1\r\n", b"0\r\n\r"][filler]);
}

/// What is seen of the response, and of its end if that has to come first; and what is said of it.
fn after(deflate: bool, response: &[u8], feed: impl FnOnce(&mut Driver)) -> Vec<Seen> {
    let mut driver = open(deflate);
    feed(&mut driver);
    let in_time = !driver.seen.is_empty();
    driver.end();
    match driver.seen.first().cloned() {
        Some(Seen::Opened { protocol, extensions }) => {
            let head = head(response).expect("it opened without a whole head");
            assert!(in_time && may_open(head), "it opened: {}", head.escape_ascii());
            assert!(protocol.is_empty() || PROTOCOLS.contains(&&protocol[..]));
            let agreed = extensions.trim().starts_with("permessage-deflate");
            assert!(extensions.trim().is_empty() || (deflate && agreed), "extensions: {extensions:?}");
        }
        Some(first) => {
            assert!(!head(response).is_some_and(must_open), "it did not open: {first:?}");
            assert!(driver.transmit_nothing(), "nothing is said before the connection is open");
            if let Seen::Refused(answer) = first {
                assert!(answer.status != 101, "an upgrade is judged");
            }
        }
        None => unreachable!("the end decides"),
    }
    driver.seen
}

/// Whatever the beginning, a peer that goes on for ever is not listened to for ever.
fn endless(deflate: bool, response: &[u8], filler: &[u8]) {
    let mut driver = open(deflate);
    driver.feed(response);
    let mut fed = 0;
    while !driver.is_over() && fed < 24 * 1024 {
        driver.feed(&filler.repeat(64));
        fed += filler.len() * 64;
    }
    let opened = matches!(driver.seen.first(), Some(Seen::Opened { .. }));
    assert!(opened || driver.is_over(), "24 KiB were not enough: {:?}", driver.seen);
}

fn open(deflate: bool) -> Driver {
    let request = Request {
        host: "example.org".into(),
        resource: "/".into(),
        protocols: PROTOCOLS.map(String::from).to_vec(),
        deflate: deflate.then(DeflateOffer::default),
        fields: Vec::new(),
    };
    Driver::new(Connection::new(request, NONCE, Limits { message: 1000 }), 1000, 64)
}

/// The response as far as its first blank line.
fn head(response: &[u8]) -> Option<&[u8]> {
    let end = response.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(&response[..end])
}

/// A header: its name and its value.
type Named<'a> = (Vec<u8>, &'a [u8]);

/// The lines of a head, each name in small letters. A bare LF ends a line, too (RFC 9112 §2.2).
fn fields(head: &[u8]) -> (&[u8], Vec<Named<'_>>) {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    let field = |line: &'_ [u8]| line.iter().position(|byte| *byte == b':').map(|colon| line.len() - colon);
    let split = |line| field(line).map(|behind| line.split_at(line.len() - behind));
    let fields = lines.filter_map(split).map(|(name, value)| (name.to_ascii_lowercase(), value[1..].trim_ascii()));
    (first, fields.collect())
}

/// What every response that opens a connection has.
fn may_open(head: &[u8]) -> bool {
    let (first, fields) = fields(head);
    let values = |name: &[u8]| fields.iter().filter(|field| field.0 == name).map(|field| field.1).collect::<Vec<_>>();
    let is_token = |value: &&[u8]| {
        value.split(|byte| *byte == b',').any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    };
    let [upgrade] = values(b"upgrade")[..] else { return false };
    first.starts_with(b"HTTP/1.1 101")
        && upgrade.eq_ignore_ascii_case(b"websocket")
        && values(b"connection").iter().any(is_token)
        && values(b"sec-websocket-accept") == [b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
        && values(b"sec-websocket-protocol").len() <= 1
        && !head.windows(2).any(|window| window == b"\n\n")
        && head.len() + 4 <= 16 * 1024
}

/// A response so plain that there is no reason not to open.
fn must_open(head: &[u8]) -> bool {
    let (first, fields) = fields(head);
    let plain = |byte: &u8| (0x20..0x7F).contains(byte);
    let is_plain = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.len() < line.len()
            && !name.is_empty()
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let text = head.iter().all(|byte| plain(byte) || b"\r\n".contains(byte));
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    let (last, others) = lines.split_last().expect("split gives at least one");
    let whole_lines = others.iter().all(|line| line.ends_with(b"\r")) && !last.contains(&b'\r');
    let lone = others.iter().filter_map(|line| line.strip_suffix(b"\r")).any(|line| line.contains(&b'\r'));
    text && whole_lines
        && !lone
        && first == b"HTTP/1.1 101 Switching Protocols"
        && lines[1..].iter().all(|line| is_plain(line))
        && fields.len() <= 128
        && !fields.iter().any(|field| field.0.starts_with(b"sec-websocket-") && field.0 != b"sec-websocket-accept")
        && may_open(head)
}
