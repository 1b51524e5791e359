//! What a connection writes without compression.

use super::*;

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
