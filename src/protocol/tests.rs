//! Whole connections. Everything that is fed is fed twice: in one chunk, and one byte at a time.

use std::ops::Range;

use super::*;
use crate::close::{Close, CloseCode};

/// An event with the bytes its ranges stood for.
#[derive(Clone, PartialEq, Debug)]
enum Seen {
    Opened(String),
    Refused(u16, String),
    Text(String, bool),
    Binary(Vec<u8>),
    Close(u16, String),
    Failed(FaultKind),
}

const LIMITS: Limits = Limits { message: 1000 };
/// RFC 6455 §1.3's example: the key that these 16 bytes make is dGhlIHNhbXBsZSBub25jZQ==.
const NONCE: [u8; 16] = *b"the sample nonce";
const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

fn request() -> Request {
    Request {
        host: "example.org".into(),
        resource: "/chat?x=1".into(),
        protocols: vec!["chat".into(), "superchat".into()],
        deflate: None,
        fields: vec![Field::origin("https://app.example").unwrap(), Field::new("X-Mine", "1").unwrap()],
    }
}

fn connection() -> Connection {
    Connection::new(request(), NONCE, LIMITS)
}

fn compressing() -> Connection {
    Connection::new(Request { deflate: Some(DeflateOffer::default()), ..request() }, NONCE, LIMITS)
}

fn no_mask() -> MaskKey {
    [0; 4]
}

/// Feeds `bytes` in chunks of `size` and gathers what comes of it.
fn feed(connection: &mut Connection, bytes: &[u8], size: usize) -> Vec<Seen> {
    let (mut seen, mut gathered, mut scratch) = (Vec::new(), Vec::new(), [0; 64]);
    for chunk in bytes.chunks(size.max(1)) {
        let mut at = 0;
        while let Some(event) = connection.poll_event(chunk, &mut at, &mut scratch) {
            let bytes_of = |source, range: Range<usize>| match source {
                Source::Chunk => chunk[range].to_vec(),
                Source::Scratch => scratch[range].to_vec(),
            };
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            seen.push(match event {
                Event::Opened { protocol, .. } => Seen::Opened(protocol),
                Event::Refused(answer) => Seen::Refused(answer.status, text(&answer.body)),
                Event::Message { kind: Kind::Text, source, payload, ascii } => {
                    Seen::Text(text(&bytes_of(source, payload)), ascii)
                }
                Event::Message { source, payload, .. } => Seen::Binary(bytes_of(source, payload)),
                Event::Begin { .. } => {
                    assert!(gathered.is_empty());
                    continue;
                }
                Event::Piece { source, payload, .. } => {
                    gathered.extend_from_slice(&bytes_of(source, payload));
                    continue;
                }
                Event::End { kind: Kind::Text, ascii } => Seen::Text(text(&std::mem::take(&mut gathered)), ascii),
                Event::End { kind: Kind::Binary, .. } => Seen::Binary(std::mem::take(&mut gathered)),
                Event::Pong(_) => continue,
                Event::Close(close) => Seen::Close(close.reported_code(), close.reason().to_owned()),
                Event::Failed(fault) => {
                    gathered.clear();
                    Seen::Failed(fault.kind)
                }
            });
        }
        assert_eq!(at, chunk.len(), "the whole chunk was read");
    }
    seen
}

/// What an open connection makes of `bytes`, which must not depend on where the chunks are cut.
fn after_opening(bytes: &[u8]) -> (Vec<Seen>, Vec<u8>) {
    after_agreeing("", bytes)
}

/// The same, with an answer to the offer of permessage-deflate.
fn after_agreeing(extensions: &str, bytes: &[u8]) -> (Vec<Seen>, Vec<u8>) {
    let stream = [GOOD.as_bytes(), extensions.as_bytes(), b"\r\n", bytes].concat();
    let mut results = [stream.len(), 1, 3, 7].map(|size| {
        let (mut connection, mut out) = (compressing(), Vec::new());
        connection.poll_transmit(no_mask, &mut out);
        out.clear();
        let mut seen = feed(&mut connection, &stream, size);
        assert_eq!(seen.remove(0), Seen::Opened(String::new()));
        connection.poll_transmit(no_mask, &mut out);
        (seen, out)
    });
    for other in 1..results.len() {
        assert_eq!(results[0], results[other]);
    }
    std::mem::take(&mut results[0])
}

fn answer_to(response: &str) -> Vec<Seen> {
    let whole = feed(&mut connection(), response.as_bytes(), response.len());
    assert_eq!(whole, feed(&mut connection(), response.as_bytes(), 1));
    whole
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.push(len as u8),
        len @ 126..=0xFFFF => bytes.extend([&[126][..], &(len as u16).to_be_bytes()].concat()),
        len => bytes.extend([&[127][..], &(len as u64).to_be_bytes()].concat()),
    }
    bytes.extend_from_slice(payload);
    bytes
}

fn text(text: &str) -> Seen {
    Seen::Text(text.to_owned(), text.is_ascii())
}

#[test]
fn the_request_is_what_rfc_6455_asks_for() {
    let (mut connection, mut out) = (connection(), Vec::new());
    connection.poll_transmit(no_mask, &mut out);
    let expected = "GET /chat?x=1 HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Protocol: chat, superchat\r\nOrigin: https://app.example\r\nX-Mine: 1\r\n\r\n";
    assert_eq!(String::from_utf8(out.clone()).unwrap(), expected);
    connection.poll_transmit(no_mask, &mut out);
    assert_eq!(out.len(), expected.len(), "it is written once");
}

#[test]
fn a_good_response_opens_and_selects_a_subprotocol() {
    assert_eq!(answer_to(&format!("{GOOD}\r\n")), [Seen::Opened("".into())]);
    assert_eq!(
        answer_to(&format!("{GOOD}sec-websocket-protocol: superchat\r\n\r\n")),
        [Seen::Opened("superchat".into())]
    );
    let odd_but_allowed = GOOD.replace(": websocket", ":  WebSocket ").replace(": Upgrade", ": keep-alive, UPGRADE");
    assert_eq!(answer_to(&format!("{odd_but_allowed}\r\n")), [Seen::Opened("".into())]);
}

#[test]
fn a_wrong_header_in_the_response_fails_the_handshake() {
    for response in [
        GOOD.replace("HTTP/1.1", "HTTP/1.0"),
        GOOD.replace("Upgrade: websocket\r\n", ""),
        GOOD.replace("Upgrade: websocket", "Upgrade: h2c"),
        GOOD.replace("Upgrade: websocket", "Upgrade: websocket, h2c"),
        GOOD.replace("Connection: Upgrade\r\n", ""),
        GOOD.replace("Connection: Upgrade", "Connection: close"),
        GOOD.replace("s3pP", "S3pP"),
        GOOD.replace("Sec-WebSocket-Accept", "X-Accept"),
        format!("{GOOD}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        format!("{GOOD}Sec-WebSocket-Protocol: other\r\n"),
        format!("{GOOD}Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n"),
        format!("{GOOD}Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        format!("{GOOD}bad header line\r\n"),
        format!("{GOOD}{}", "X: 1\r\n".repeat(200)),
    ] {
        assert_eq!(answer_to(&format!("{response}\r\n")), [Seen::Failed(FaultKind::Handshake)], "{response}");
    }
}

#[test]
fn what_is_no_http_fails_at_its_first_wrong_byte() {
    for bytes in ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/2", "\0", "\r\n"] {
        assert_eq!(answer_to(bytes), [Seen::Failed(FaultKind::NotHttp)], "{bytes:?}");
    }
}

#[test]
fn an_endless_response_head_is_cut_off() {
    let endless = format!("{GOOD}X: {}", "a".repeat(100_000));
    assert_eq!(answer_to(&endless), [Seen::Failed(FaultKind::Handshake)]);
}

#[test]
fn a_refusal_carries_its_status_and_the_beginning_of_its_body() {
    let refused = |body: &str| [Seen::Refused(404, body.to_owned())];
    assert_eq!(answer_to("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnope!ignored"), refused("nope!"));
    assert_eq!(answer_to("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), refused(""));
    let chunked = "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n4;x=y\r\nwhat\r\n0\r\n\r\n";
    assert_eq!(answer_to(chunked), refused("no what"));
    let long = format!("HTTP/1.1 404 Not Found\r\n\r\n{}", "x".repeat(10_000));
    assert_eq!(answer_to(&long), refused(&"x".repeat(4096)));
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let mut connection = connection();
    assert_eq!(feed(&mut connection, b"HTTP/1.1 503 Busy\r\n\r\nlater", 4), []);
    let Some(Event::Refused(answer)) = connection.handle_end() else { panic!("no refusal") };
    assert_eq!((answer.status, answer.body), (503, b"later".to_vec()));
}

#[test]
fn an_end_before_the_response_is_a_fault_and_after_it_is_none_of_the_protocols_business() {
    assert!(matches!(connection().handle_end(), Some(Event::Failed(Fault { kind: FaultKind::NotHttp, .. }))));
    let mut half = connection();
    feed(&mut half, b"HTTP/1.1 101 Swi", 4);
    assert!(matches!(half.handle_end(), Some(Event::Failed(Fault { kind: FaultKind::NotHttp, .. }))));
    let mut open = connection();
    feed(&mut open, format!("{GOOD}\r\n").as_bytes(), 4);
    assert_eq!(open.handle_end(), None);
}

#[test]
fn messages_of_every_length_form_arrive_whole() {
    let lengths = [0usize, 1, 125, 126, 127, 900, 1000];
    let bytes: Vec<u8> = lengths.iter().flat_map(|len| frame(0x82, &vec![7; *len])).collect();
    let expected: Vec<Seen> = lengths.iter().map(|len| Seen::Binary(vec![7; *len])).collect();
    assert_eq!(after_opening(&bytes).0, expected);
}

#[test]
fn a_length_beyond_sixteen_bits_arrives_whole() {
    let payload = vec![9; 0x1_0003];
    let mut connection = Connection::new(request(), NONCE, Limits { message: 1 << 20 });
    let stream = [GOOD.as_bytes(), b"\r\n", &frame(0x82, &payload)].concat();
    assert_eq!(feed(&mut connection, &stream, 1000)[1..], [Seen::Binary(payload)]);
}

#[test]
fn fragments_with_control_frames_between_them_are_one_message() {
    let bytes =
        [frame(0x01, b""), frame(0x89, b"hi"), frame(0x00, "h€".as_bytes()), frame(0x8A, b"?"), frame(0x80, b"llo")];
    let (seen, out) = after_opening(&bytes.concat());
    assert_eq!(seen, [text("h€llo")]);
    assert_eq!(out, [0x8A, 0x82, 0, 0, 0, 0, b'h', b'i'], "the ping is answered with its own payload");
}

#[test]
fn a_character_may_be_cut_by_a_frame() {
    let euro = "€".as_bytes();
    let bytes = [frame(0x01, &euro[..1]), frame(0x00, &euro[1..2]), frame(0x80, &euro[2..])].concat();
    assert_eq!(after_opening(&bytes).0, [text("€")]);
}

#[test]
fn a_wrong_sequence_of_frames_is_answered_with_1002() {
    for bytes in [
        frame(0x80, b"nothing to continue"),
        [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
        [frame(0x01, b"a"), frame(0x02, b"b")].concat(),
        frame(0xC1, b"rsv"),
        [frame(0x01, b"a"), frame(0xC0, b"rsv")].concat(),
        frame(0xC9, b"rsv"),
        frame(0x88, b"1"),
        frame(0x88, &1005u16.to_be_bytes()),
        frame(0x88, &999u16.to_be_bytes()),
    ] {
        let (seen, out) = after_opening(&bytes);
        assert_eq!(seen, [Seen::Failed(FaultKind::Frame)], "{bytes:02x?}");
        assert_eq!((out[0], &out[6..8]), (0x88, &1002u16.to_be_bytes()[..]), "{bytes:02x?}");
    }
}

#[test]
fn the_first_byte_that_is_not_utf8_is_answered_with_1007_though_the_frame_goes_on() {
    let (seen, out) = after_opening(&[0x81, 100, b'a', 0xFF]);
    assert_eq!(seen, [Seen::Failed(FaultKind::NotUtf8)]);
    assert_eq!(out[6..8], 1007u16.to_be_bytes());
    for bytes in [frame(0x81, b"\xE2\x82"), frame(0x88, b"\x03\xE8\xFF")] {
        assert_eq!(after_opening(&bytes).0, [Seen::Failed(FaultKind::NotUtf8)]);
    }
}

#[test]
fn a_message_over_the_limit_is_answered_with_1009_before_its_payload_comes() {
    let huge = [0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    let in_fragments = [frame(0x02, &[0; 600]), frame(0x00, &[0; 401])].concat();
    for bytes in [&huge[..], &[0x82, 126, 0x03, 0xE9], &in_fragments] {
        let (seen, out) = after_opening(bytes);
        assert_eq!(seen, [Seen::Failed(FaultKind::TooBig)]);
        assert_eq!(out[6..8], 1009u16.to_be_bytes());
    }
}

#[test]
fn nothing_is_heard_after_a_close_frame() {
    let bytes = [frame(0x88, b"\x0F\xA0bye"), frame(0x81, b"late"), vec![0xFF; 40]].concat();
    assert_eq!(after_opening(&bytes).0, [Seen::Close(4000, "bye".into())]);
    assert_eq!(after_opening(&frame(0x88, b"")).0, [Seen::Close(1005, String::new())]);
}

#[test]
fn pings_beyond_thirty_two_are_answered_by_the_latest_only() {
    let pings: Vec<u8> = (0..100u8).flat_map(|number| frame(0x89, &[number])).collect();
    let (_, out) = after_opening(&pings);
    let answered: Vec<u8> = out.chunks(7).map(|pong| pong[6]).collect();
    assert_eq!(answered, [96, 97, 98, 99]);
}

#[test]
fn what_is_sent_is_masked_and_pongs_go_out_before_it() {
    let mut connection = connection();
    feed(&mut connection, &[GOOD.as_bytes(), b"\r\n", &frame(0x89, b"p")].concat(), 5);
    let mut out = Vec::new();
    connection.send(Kind::Text, b"Hello", || [0x37, 0xFA, 0x21, 0x3D], &mut out);
    // RFC 6455 §5.7: "A single-frame masked text message"
    assert_eq!(out[7..], [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]);
    assert_eq!(out[..2], [0x8A, 0x81]);
}

#[test]
fn pings_go_out_behind_pongs_and_before_a_close_frame_and_pongs_are_told() {
    let mut connection = connection();
    feed(&mut connection, &[GOOD.as_bytes(), b"\r\n", &frame(0x89, b"p")].concat(), 5);
    connection.ping(b"q".to_vec());
    connection.close(Close::EMPTY);
    assert!(connection.has_transmit());
    let mut out = Vec::new();
    connection.poll_transmit(no_mask, &mut out);
    let opcodes: Vec<u8> = [0, 7, 14].map(|at| out[at] & 0x0F).to_vec();
    assert_eq!((opcodes, out[13]), (vec![0xA, 0x9, 0x8], b'q'));
    let pong = frame(0x8A, b"q");
    assert_eq!(connection.poll_event(&pong, &mut 0, &mut []), Some(Event::Pong(b"q".to_vec())));
}

#[test]
fn interim_responses_are_skipped() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n".repeat(50);
    for size in [1, 7, 10_000] {
        let opened = feed(&mut connection(), format!("{interim}{GOOD}\r\n").as_bytes(), size);
        assert_eq!(opened, [Seen::Opened(String::new())]);
        let refused = format!("{interim}HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
        assert_eq!(feed(&mut connection(), refused.as_bytes(), size), [Seen::Refused(404, "no".into())]);
    }
}

#[test]
fn an_abandoned_connection_says_why_and_hears_no_more() {
    let mut connection = connection();
    feed(&mut connection, format!("{GOOD}\r\n").as_bytes(), 1000);
    let mut message = connection.begin_message(Kind::Binary, 3).in_frames();
    let mut out = Vec::new();
    send_piece(&mut connection, &mut message, b"ab", false, &mut out);
    assert_eq!(out[..2], [0x02, 0x82], "a frame of a message that goes on");
    connection.abandon(Close::because(CloseCode::INTERNAL_ERROR, &"x".repeat(124)));
    out.clear();
    connection.poll_transmit(no_mask, &mut out);
    assert_eq!((out[0], &out[6..]), (0x88, &[3, 0xF3][..]), "1011, and no reason that is too long");
    assert_eq!(connection.poll_event(&frame(0x81, b"late"), &mut 0, &mut []), None);
}

#[test]
fn payload_that_passes_by_is_counted_and_seen_by_nobody() {
    let mut connection = connection();
    feed(&mut connection, format!("{GOOD}\r\n").as_bytes(), 1000);
    assert_eq!(connection.passable(), 0, "no frame");
    let poll = |connection: &mut Connection, chunk: &[u8]| connection.poll_event(chunk, &mut 0, &mut [0; 10]);
    assert!(matches!(poll(&mut connection, &[0x02, 10]), Some(Event::Begin { kind: Kind::Binary, first_frame: 10 })));
    assert_eq!(connection.passable(), 10);
    connection.pass(4);
    assert!(matches!(poll(&mut connection, b"456"), Some(Event::Piece { .. })), "the driver need not");
    assert_eq!(connection.passable(), 3);
    connection.pass(3);
    assert_eq!((poll(&mut connection, b""), connection.passable()), (None, 0), "another frame follows");
    assert_eq!(poll(&mut connection, &[0x89, 3, b'p']), None);
    assert_eq!(connection.passable(), 0, "a ping is for us");
    assert_eq!(poll(&mut connection, &[b'i', b'n', 0x80, 1]), None);
    connection.pass(1);
    assert_eq!(poll(&mut connection, b""), Some(Event::End { kind: Kind::Binary, ascii: false }));
    assert!(matches!(poll(&mut connection, &[0x01, 10]), Some(Event::Begin { kind: Kind::Text, .. })));
    assert_eq!(connection.passable(), 0, "text is judged");
}

/// Appends to `out` what a driver writes for one piece of a message.
fn send_piece(connection: &mut Connection, message: &mut Fragments, piece: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut piece = [&[0; MAX_HEADER], piece].concat();
    if let Some(start) = connection.continue_message(message, &mut piece, last, no_mask, out) {
        out.extend_from_slice(&piece[start..]);
    }
}

#[test]
fn a_message_in_fragments_is_framed_piece_by_piece() {
    let (mut connection, mut out) = (connection(), Vec::new());
    let mut message = connection.begin_message(Kind::Text, 1 << 21);
    assert!(!message.is_single());
    send_piece(&mut connection, &mut message, b"Hel", false, &mut out);
    send_piece(&mut connection, &mut message, b"lo", true, &mut out);
    assert_eq!(out, b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo");
}

#[test]
fn a_message_up_to_a_mebibyte_is_one_frame_whatever_its_pieces() {
    let (mut connection, mut out) = (connection(), Vec::new());
    let mut message = connection.begin_message(Kind::Binary, 11);
    assert!(message.is_single());
    for (piece, last) in [(&b"abc"[..], false), (b"defgh", false), (b"ijk", true)] {
        let mut piece = [&[0; MAX_HEADER], piece].concat();
        let start = connection.continue_message(&mut message, &mut piece, last, || [1, 2, 3, 4], &mut out).unwrap();
        out.extend_from_slice(&piece[start..]);
    }
    let payload: Vec<u8> =
        b"abcdefghijk".iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    assert_eq!(out, [&[0x82, 0x8B, 1, 2, 3, 4][..], &payload].concat());
}

#[test]
fn a_close_frame_has_its_code_and_reason() {
    let (mut connection, mut out) = (connection(), Vec::new());
    feed(&mut connection, format!("{GOOD}\r\n").as_bytes(), 100);
    connection.close(Close::new(CloseCode::NORMAL, "done".into()).unwrap());
    connection.poll_transmit(no_mask, &mut out);
    assert_eq!(out, b"\x88\x86\0\0\0\0\x03\xE8done");
    out.clear();
    connection.poll_transmit(no_mask, &mut out);
    assert!(out.is_empty(), "once");
}

#[test]
fn headers_that_could_break_the_request_are_refused() {
    for (name, value, error) in [
        ("X", "a\r\nY: b", FieldError::Value),
        ("X", "a\nY: b", FieldError::Value),
        ("X", "a\n\n", FieldError::Value),
        ("X", "a\0", FieldError::Value),
        ("X", "a\x7F", FieldError::Value),
        ("X Y", "1", FieldError::Name),
        ("X:", "1", FieldError::Value),
        ("", "1", FieldError::Name),
        ("X\r\nY", "1", FieldError::Name),
        ("Host", "evil", FieldError::Owned),
        ("sec-websocket-key", "1", FieldError::Owned),
    ] {
        assert_eq!(Field::new(name, value), Err(error), "{name:?}: {value:?}");
    }
    assert!(Field::new("Cookie", "a=b; c=\"ä\"").is_ok());
    assert_eq!(Field::origin("null\r\nX: 1"), Err(FieldError::Value));
}

const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
/// "Hello", compressed: RFC 7692 §7.2.3.1.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

#[test]
fn compressed_messages_arrive_whole_and_in_fragments() {
    let bytes = [
        frame(0xC1, HELLO),
        frame(0x81, b"plain"),
        frame(0x41, &HELLO[..3]),
        frame(0x89, b"between"),
        frame(0x00, b""),
        frame(0x80, &HELLO[3..]),
        frame(0xC2, b"\xf2\x00\x11\x00\x00"), // out of the window of the messages before
        frame(0xC1, b"\x00"),
    ];
    let expected = [text("Hello"), text("plain"), text("Hello"), Seen::Binary(b"Hello".to_vec()), text("")];
    assert_eq!(after_agreeing(DEFLATE, &bytes.concat()).0, expected);
}

#[test]
fn without_server_context_takeover_each_message_inflates_by_itself() {
    let header = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";
    let (seen, _) = after_agreeing(header, &[frame(0xC1, HELLO), frame(0xC1, b"\xf2\x00\x11\x00\x00")].concat());
    assert_eq!(seen, [text("Hello"), Seen::Failed(FaultKind::NotDeflated)]);
}

#[test]
fn what_does_not_inflate_is_answered_with_1007() {
    for wrong in [&b"\xFF\xFF"[..], b"\x06"] {
        let (seen, out) = after_agreeing(DEFLATE, &frame(0xC1, wrong));
        assert_eq!(seen, [Seen::Failed(FaultKind::NotDeflated)], "{wrong:02x?}");
        assert_eq!(out[6..8], 1007u16.to_be_bytes());
    }
}

#[test]
fn inflated_text_must_be_utf8() {
    let mut compressed = Vec::new();
    super::deflate::Deflater::new(false, 6, 15).deflate(b"caf\xE9", true, &mut compressed);
    assert_eq!(after_agreeing(DEFLATE, &frame(0xC1, &compressed)).0, [Seen::Failed(FaultKind::NotUtf8)]);
}

#[test]
fn a_decompression_bomb_stops_at_the_limit() {
    let mut bomb = Vec::new();
    super::deflate::Deflater::new(false, 9, 15).deflate(&vec![0; 1 << 20], true, &mut bomb);
    assert!(bomb.len() < 1100, "{}", bomb.len());
    let fragments: Vec<u8> = bomb
        .chunks(500)
        .enumerate()
        .flat_map(|(index, piece)| frame(if index == 0 { 0x42 } else { 0x00 }, piece))
        .collect();
    let (seen, out) = after_agreeing(DEFLATE, &fragments);
    assert_eq!(seen, [Seen::Failed(FaultKind::TooBig)]);
    assert_eq!(out[6..8], 1009u16.to_be_bytes());
}

#[test]
fn a_compressed_message_without_an_agreement_is_a_fault() {
    assert_eq!(after_opening(&frame(0xC1, HELLO)).0, [Seen::Failed(FaultKind::Frame)]);
}

#[test]
fn what_is_sent_compressed_is_what_a_server_inflates() {
    let mut sender = compressing();
    feed(&mut sender, format!("{GOOD}{DEFLATE}\r\n").as_bytes(), 1000);
    let payload = "abc".repeat(200);
    let mut out = Vec::new();
    sender.send(Kind::Text, payload.as_bytes(), no_mask, &mut out);
    sender.send(Kind::Text, b"short", no_mask, &mut out);
    sender.send(Kind::Binary, payload.as_bytes(), no_mask, &mut out);
    let mut message = sender.begin_message(Kind::Text, payload.len() as u64);
    for (index, piece) in payload.as_bytes().chunks(200).enumerate() {
        send_piece(&mut sender, &mut message, piece, index == 2, &mut out);
    }
    assert!(out.len() < 150, "{} bytes", out.len());
    // As a server sees it: unmasked, which with a key of zeros is to leave out the key.
    let (mut unmasked, mut at) = (Vec::new(), 0);
    while at < out.len() {
        let len = usize::from(out[at + 1] & 0x7F);
        unmasked.extend([out[at], len as u8]);
        unmasked.extend(&out[at + 6..at + 6 + len]);
        at += 6 + len;
    }
    let expected = [text(&payload), text("short"), Seen::Binary(payload.clone().into_bytes()), text(&payload)];
    assert_eq!(after_agreeing(DEFLATE, &unmasked).0, expected);
}
