//! Whole connections. `read` feeds its bytes in one chunk, and in chunks of one, three and seven bytes.

use std::ops::Range;

use super::*;
use crate::close::{Close, CloseCode};

/// An event with the bytes that its ranges stand for.
#[derive(Clone, PartialEq, Debug)]
enum Seen {
    Text(String, bool),
    Binary(Vec<u8>),
    Close(u16, String),
    Failed(FaultKind),
}

const LIMIT: u64 = 1000;

fn connection() -> Connection {
    Connection::new(Role::Client, None, LIMIT)
}

/// A connection that negotiated permessage-deflate with a response of these parameters.
fn compressing(role: Role, parameters: &str) -> Connection {
    let agreement = agree_as_client(Some(&DeflateOptions::default()), &format!("permessage-deflate{parameters}"));
    Connection::new(role, agreement.unwrap(), LIMIT)
}

fn no_mask() -> MaskKey {
    [0; 4]
}

/// Feeds `bytes` in chunks of `size` and collects the events.
fn feed(connection: &mut Connection, bytes: &[u8], size: usize) -> Vec<Seen> {
    let (mut seen, mut gathered, mut scratch) = (Vec::new(), Vec::new(), [0; 64]);
    for chunk in bytes.to_vec().chunks_mut(size.max(1)) {
        let mut at = 0;
        while let Some(event) = connection.poll_event(chunk, &mut at, &mut scratch) {
            let bytes_of = |source, range: Range<usize>| match source {
                Source::Chunk => chunk[range].to_vec(),
                Source::Scratch => scratch[range].to_vec(),
            };
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            seen.push(match event {
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

/// What a client reads from `bytes`, and what it then writes. Neither may depend on where the chunks are cut.
fn read(bytes: &[u8]) -> (Vec<Seen>, Vec<u8>) {
    read_with(connection, bytes)
}

/// The same for a client that negotiated permessage-deflate.
fn read_compressed(parameters: &str, bytes: &[u8]) -> (Vec<Seen>, Vec<u8>) {
    read_with(|| compressing(Role::Client, parameters), bytes)
}

fn read_with(connection: impl Fn() -> Connection, bytes: &[u8]) -> (Vec<Seen>, Vec<u8>) {
    let mut results = [bytes.len(), 1, 3, 7].map(|size| {
        let (mut connection, mut out) = (connection(), Vec::new());
        let seen = feed(&mut connection, bytes, size);
        connection.poll_transmit(no_mask, &mut out);
        (seen, out)
    });
    for other in 1..results.len() {
        assert_eq!(results[0], results[other]);
    }
    std::mem::take(&mut results[0])
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
fn messages_of_every_length_form_arrive_whole() {
    let lengths = [0usize, 1, 125, 126, 127, 900, 1000];
    let bytes: Vec<u8> = lengths.iter().flat_map(|len| frame(0x82, &vec![7; *len])).collect();
    let expected: Vec<Seen> = lengths.iter().map(|len| Seen::Binary(vec![7; *len])).collect();
    assert_eq!(read(&bytes).0, expected);
}

#[test]
fn a_message_in_one_frame_is_one_event_if_it_is_whole_in_the_chunk() {
    for len in [0, 1, 125, 126, 127, LIMIT as usize] {
        for (first, kind) in [(0x81, Kind::Text), (0x82, Kind::Binary)] {
            let plain = frame(first, &vec![b'a'; len]);
            for (role, bytes) in [(Role::Client, plain.clone()), (Role::Server, masked(&[plain]))] {
                let mut connection = Connection::new(role, None, LIMIT);
                let (mut chunk, mut at) = (bytes.clone(), 0);
                let whole = connection.poll_whole(&mut chunk, &mut at).unwrap();
                assert_eq!((whole.kind, whole.end, at), (kind, bytes.len(), bytes.len()), "{role:?} {len}");
                assert_eq!(chunk[whole.start..whole.end], vec![b'a'; len]);
                let (payload, ascii) = (whole.start..whole.end, kind == Kind::Text);
                let event = Event::Message { kind, source: Source::Chunk, payload, ascii };
                assert_eq!(connection.poll_event(&mut bytes.clone(), &mut 0, &mut []), Some(event), "{role:?} {len}");
            }
        }
    }
}

#[test]
fn a_length_beyond_sixteen_bits_arrives_whole() {
    let payload = vec![9; 0x1_0003];
    let mut connection = Connection::new(Role::Client, None, 1 << 20);
    assert_eq!(feed(&mut connection, &frame(0x82, &payload), 1000), [Seen::Binary(payload)]);
}

#[test]
fn fragments_with_control_frames_between_them_are_one_message() {
    let bytes =
        [frame(0x01, b""), frame(0x89, b"hi"), frame(0x00, "h€".as_bytes()), frame(0x8A, b"?"), frame(0x80, b"llo")];
    let (seen, out) = read(&bytes.concat());
    assert_eq!(seen, [text("h€llo")]);
    assert_eq!(out, [0x8A, 0x82, 0, 0, 0, 0, b'h', b'i'], "the ping is answered with its own payload");
}

#[test]
fn a_character_may_be_cut_by_a_frame() {
    let euro = "€".as_bytes();
    let bytes = [frame(0x01, &euro[..1]), frame(0x00, &euro[1..2]), frame(0x80, &euro[2..])].concat();
    assert_eq!(read(&bytes).0, [text("€")]);
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
        [&[0x82, 126, 0, 125][..], &[7; 125]].concat(), // whole, but its length is not in the shortest form
        frame(0x88, &1005u16.to_be_bytes()),
        frame(0x88, &999u16.to_be_bytes()),
    ] {
        let (seen, out) = read(&bytes);
        assert_eq!(seen, [Seen::Failed(FaultKind::Frame)], "{bytes:02x?}");
        assert_eq!((out[0], &out[6..8]), (0x88, &1002u16.to_be_bytes()[..]), "{bytes:02x?}");
    }
}

#[test]
fn the_first_byte_that_is_not_utf8_is_answered_with_1007_though_the_frame_goes_on() {
    let (seen, out) = read(&[0x81, 100, b'a', 0xFF]);
    assert_eq!(seen, [Seen::Failed(FaultKind::NotUtf8)]);
    assert_eq!(out[6..8], 1007u16.to_be_bytes());
    for bytes in [frame(0x81, b"\xE2\x82"), frame(0x88, b"\x03\xE8\xFF")] {
        assert_eq!(read(&bytes).0, [Seen::Failed(FaultKind::NotUtf8)]);
    }
}

#[test]
fn a_message_over_the_limit_is_answered_with_1009_before_its_payload_comes() {
    let huge = [0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    let in_fragments = [frame(0x02, &[0; 600]), frame(0x00, &[0; 401])].concat();
    for bytes in [&huge[..], &[0x82, 126, 0x03, 0xE9], &in_fragments] {
        let (seen, out) = read(bytes);
        assert_eq!(seen, [Seen::Failed(FaultKind::TooBig)]);
        assert_eq!(out[6..8], 1009u16.to_be_bytes());
    }
}

#[test]
fn nothing_is_heard_after_a_close_frame() {
    let bytes = [frame(0x88, b"\x0F\xA0bye"), frame(0x81, b"late"), vec![0xFF; 40]].concat();
    assert_eq!(read(&bytes).0, [Seen::Close(4000, "bye".into())]);
    assert_eq!(read(&frame(0x88, b"")).0, [Seen::Close(1005, String::new())]);
}

#[test]
fn pings_beyond_thirty_two_are_answered_by_the_latest_only() {
    let pings: Vec<u8> = (0..100u8).flat_map(|number| frame(0x89, &[number])).collect();
    let (_, out) = read(&pings);
    let answered: Vec<u8> = out.chunks(7).map(|pong| pong[6]).collect();
    assert_eq!(answered, [96, 97, 98, 99]);
}

#[test]
fn what_is_sent_is_masked_and_pongs_go_out_before_it() {
    let mut connection = connection();
    feed(&mut connection, &frame(0x89, b"p"), 5);
    let mut out = Vec::new();
    connection.send(Kind::Text, b"Hello", || [0x37, 0xFA, 0x21, 0x3D], &mut out);
    // RFC 6455 §5.7: "A single-frame masked text message"
    assert_eq!(out[7..], [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]);
    assert_eq!(out[..2], [0x8A, 0x81]);
}

#[test]
fn pings_go_out_behind_pongs_and_before_a_close_frame_and_pongs_are_told() {
    let mut connection = connection();
    feed(&mut connection, &frame(0x89, b"p"), 5);
    connection.ping(b"q".to_vec());
    connection.close(Close::EMPTY);
    assert!(connection.has_transmit());
    let mut out = Vec::new();
    connection.poll_transmit(no_mask, &mut out);
    let opcodes: Vec<u8> = [0, 7, 14].map(|at| out[at] & 0x0F).to_vec();
    assert_eq!((opcodes, out[13]), (vec![0xA, 0x9, 0x8], b'q'));
    let mut pong = frame(0x8A, b"q");
    assert_eq!(connection.poll_event(&mut pong, &mut 0, &mut []), Some(Event::Pong(b"q".to_vec())));
}

#[test]
fn a_ping_goes_out_alone_if_nothing_else_waits() {
    let (mut connection, mut out) = (connection(), Vec::new());
    connection.ping(b"q".to_vec());
    connection.poll_transmit(no_mask, &mut out);
    assert_eq!((&out[..], connection.has_transmit()), (&b"\x89\x81\0\0\0\0q"[..], false));
}

#[test]
fn an_abandoned_connection_says_why_and_hears_no_more() {
    let mut connection = connection();
    let mut message = connection.begin_message(Kind::Binary, 3).in_frames();
    let mut out = Vec::new();
    send_piece(&mut connection, &mut message, b"ab", false, &mut out);
    assert_eq!(out[..2], [0x02, 0x82], "a frame of a message that goes on");
    assert!(!connection.is_deaf());
    connection.abandon(Close::because(CloseCode::INTERNAL_ERROR, &"x".repeat(124)));
    assert!(connection.is_deaf());
    out.clear();
    connection.poll_transmit(no_mask, &mut out);
    assert_eq!((out[0], &out[6..]), (0x88, &[3, 0xF3][..]), "1011, and no reason that is too long");
    assert_eq!(connection.poll_event(&mut frame(0x81, b"late"), &mut 0, &mut []), None);
}

#[test]
fn payload_that_passes_by_is_counted_and_seen_by_nobody() {
    let mut connection = connection();
    assert_eq!(connection.passable(), 0, "no frame");
    let poll =
        |connection: &mut Connection, chunk: &[u8]| connection.poll_event(&mut chunk.to_vec(), &mut 0, &mut [0; 10]);
    assert!(matches!(poll(&mut connection, &[0x02, 10]), Some(Event::Begin { kind: Kind::Binary, size_hint: 10 })));
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

#[test]
fn the_position_is_the_payload_that_is_left_or_the_header_that_has_begun() {
    let mut connection = connection();
    assert_eq!(connection.position(), (0, &[][..]));
    for (chunk, remaining, header) in [
        (&[0x82, 126][..], 0, &[0x82, 126][..]),
        (&[1, 0, 7, 7], 254, &[]),
        (&[7; 253], 1, &[]),
        (&[7, 0x82], 0, &[0x82]),
        (&[1, 7], 0, &[]),
    ] {
        feed(&mut connection, chunk, chunk.len());
        assert_eq!(connection.position(), (remaining, header), "{chunk:02x?}");
    }
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
    connection.close(Close::new(CloseCode::NORMAL, "done".into()).unwrap());
    connection.poll_transmit(no_mask, &mut out);
    assert_eq!(out, b"\x88\x86\0\0\0\0\x03\xE8done");
    out.clear();
    connection.poll_transmit(no_mask, &mut out);
    assert!(out.is_empty(), "once");
}

/// RFC 7692 §7.2.3.1: "Hello", compressed.
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
        frame(0xC2, b"\xf2\x00\x11\x00\x00"), // refers to the window of the earlier messages
        frame(0xC1, b"\x00"),
    ];
    let expected = [text("Hello"), text("plain"), text("Hello"), Seen::Binary(b"Hello".to_vec()), text("")];
    assert_eq!(read_compressed("", &bytes.concat()).0, expected);
}

#[test]
fn what_is_inflated_and_what_a_stream_that_begins_anew_copies_is_counted_once() {
    let mut connection = compressing(Role::Client, "");
    feed(&mut connection, &[frame(0x81, b"plain"), frame(0xC1, HELLO)].concat(), 100);
    assert_eq!((connection.take_inflated(), connection.take_inflated()), (5, 0));
    let last = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"; // RFC 7692 §7.2.3.4: it ends the stream
    assert_eq!(feed(&mut connection, &frame(0xC1, last), 100), [text("Hello")]);
    assert_eq!(connection.take_inflated(), 5 + 10);
    assert_eq!(self::connection().take_inflated(), 0, "without compression");
}

#[test]
fn without_server_context_takeover_each_message_inflates_by_itself() {
    let (seen, _) = read_compressed(
        "; server_no_context_takeover",
        &[frame(0xC1, HELLO), frame(0xC1, b"\xf2\x00\x11\x00\x00")].concat(),
    );
    assert_eq!(seen, [text("Hello"), Seen::Failed(FaultKind::NotDeflated)]);
}

#[test]
fn what_does_not_inflate_is_answered_with_1007() {
    for wrong in [&b"\xFF\xFF"[..], b"\x06"] {
        let (seen, out) = read_compressed("", &frame(0xC1, wrong));
        assert_eq!(seen, [Seen::Failed(FaultKind::NotDeflated)], "{wrong:02x?}");
        assert_eq!(out[6..8], 1007u16.to_be_bytes());
    }
}

#[test]
fn inflated_text_must_be_utf8() {
    let mut compressed = Vec::new();
    assert!(super::deflate::Deflater::new(false, 6, 15).deflate(b"caf\xE9", true, &mut compressed));
    assert_eq!(read_compressed("", &frame(0xC1, &compressed)).0, [Seen::Failed(FaultKind::NotUtf8)]);
}

#[test]
fn a_decompression_bomb_stops_at_the_limit() {
    let mut bomb = Vec::new();
    assert!(super::deflate::Deflater::new(false, 9, 15).deflate(&vec![0; 1 << 20], true, &mut bomb));
    assert!(bomb.len() < 1100, "{}", bomb.len());
    let fragments: Vec<u8> = bomb
        .chunks(500)
        .enumerate()
        .flat_map(|(index, piece)| frame(if index == 0 { 0x42 } else { 0x00 }, piece))
        .collect();
    let (seen, out) = read_compressed("", &fragments);
    assert_eq!(seen, [Seen::Failed(FaultKind::TooBig)]);
    assert_eq!(out[6..8], 1009u16.to_be_bytes());
}

#[test]
fn a_compressed_message_without_an_agreement_is_a_fault() {
    assert_eq!(read(&frame(0xC1, HELLO)).0, [Seen::Failed(FaultKind::Frame)]);
}

#[test]
fn what_is_sent_compressed_is_what_a_server_inflates() {
    let mut sender = compressing(Role::Client, "");
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
    let expected = [text(&payload), text("short"), Seen::Binary(payload.clone().into_bytes()), text(&payload)];
    assert_eq!(read_with(|| compressing(Role::Server, ""), &out).0, expected);
}

/// The same frames as a client sends them, each with a different key.
fn masked(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        let header = match frame[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        let key = [7, index as u8, 0xA5, 0xFF];
        out.extend([frame[0], frame[1] | 0x80]);
        out.extend(&frame[2..header]);
        out.extend(key);
        out.extend(frame[header..].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
    out
}

#[test]
fn a_server_reads_masked_frames_as_a_client_reads_plain_ones() {
    let frames = [
        frame(0x81, b"Hello"),
        frame(0x01, "h€".as_bytes()),
        frame(0x89, b"ping"),
        frame(0x80, &[b'x'; 300]),
        frame(0x82, &[9; 130]),
        frame(0xC1, HELLO),
        frame(0x42, &HELLO[..3]),
        frame(0x80, &HELLO[3..]),
        frame(0x81, &[0xFF]),
    ];
    let (expected, _) = read_compressed("", &frames.concat());
    assert_eq!(expected.len(), 6);
    let (seen, out) = read_with(|| compressing(Role::Server, ""), &masked(&frames));
    assert_eq!(seen, expected);
    assert_eq!(out[..6], *b"\x8A\x04ping", "what a server sends is not masked");
    assert_eq!((out[6], &out[8..10]), (0x88, &1007u16.to_be_bytes()[..]));
}

#[test]
fn a_frame_that_is_masked_for_a_client_or_not_for_a_server_is_answered_with_1002() {
    for (role, bytes) in [(Role::Client, masked(&[frame(0x81, b"x")])), (Role::Server, frame(0x81, b"x"))] {
        let (seen, _) = read_with(|| Connection::new(role, None, LIMIT), &bytes);
        assert_eq!(seen, [Seen::Failed(FaultKind::Frame)], "{role:?}");
    }
}

#[test]
fn a_server_sends_without_masks_what_a_client_reads() {
    let (mut server, mut out) = (compressing(Role::Server, "; server_no_context_takeover"), Vec::new());
    let payload = "abc".repeat(330);
    let never = || panic!("a server draws no mask key");
    server.send(Kind::Text, b"Hello", never, &mut out);
    server.send(Kind::Text, payload.as_bytes(), never, &mut out);
    assert_eq!(out[..7], *b"\x81\x05Hello");
    let mut message = server.begin_message(Kind::Binary, 6);
    for (piece, last) in [(b"abc", false), (b"def", true)] {
        send_piece(&mut server, &mut message, piece, last, &mut out);
    }
    let seen = read_compressed("; server_no_context_takeover", &out).0;
    assert_eq!(seen, [text("Hello"), Seen::Text(payload, true), Seen::Binary(b"abcdef".to_vec())]);
}

#[test]
fn a_message_that_compression_makes_no_smaller_is_sent_as_it_is_unless_later_ones_may_refer_to_it() {
    let mut state = 1u32;
    let noise: Vec<u8> = (0..2000)
        .map(|_| {
            state = state.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
            (state >> 24) as u8
        })
        .collect();
    for (parameters, first) in [("; server_no_context_takeover", 0x82), ("", 0xC2)] {
        let (mut server, mut out) = (compressing(Role::Server, parameters), Vec::new());
        server.send(Kind::Binary, &noise, no_mask, &mut out);
        assert_eq!((out[0], out.ends_with(&noise)), (first, first == 0x82), "{parameters}");
    }
}
