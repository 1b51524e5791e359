//! What a connection reads from uncompressed frames, and what it answers.

use super::*;

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
    assert_eq!(poll(&mut connection, b""), Some(Event::End { kind: Kind::Binary }));
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
