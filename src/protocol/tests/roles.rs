//! The server's end: it demands masks, and sends none.

use super::*;

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
    assert_eq!(seen, [text("Hello"), Seen::Text(payload), Seen::Binary(b"abcdef".to_vec())]);
}
