//! Connections that negotiated permessage-deflate.

use super::*;

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
