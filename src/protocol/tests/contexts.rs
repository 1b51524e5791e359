//! Compressing and decompressing, and contexts that give way.

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

use super::super::contexts::{self, press};
use super::super::deflate::Deflater;
use super::super::inflate::{Inflater, TAIL};

/// Inflates a message through an output of `room` bytes.
fn inflate(inflater: &mut Inflater, message: &[u8], room: usize) -> Vec<u8> {
    let input = [message, &TAIL].concat();
    let (mut at, mut whole, mut output) = (0, Vec::new(), vec![0; room]);
    loop {
        let (taken, made) = inflater.inflate(&input[at..], &mut output).unwrap();
        at += taken;
        whole.extend_from_slice(&output[..made]);
        if at == input.len() && made < room {
            inflater.finish();
            return whole;
        }
    }
}

#[test]
fn rfc_7692s_examples_inflate_to_hello() {
    // §7.2.3.1, then §7.2.3.2 with the window of the first; §7.2.3.3 no compression; §7.2.3.4 a final block
    let mut inflater = Inflater::new(Some(15));
    assert_eq!(inflate(&mut inflater, b"\xf2\x48\xcd\xc9\xc9\x07\x00", 100), b"Hello");
    assert_eq!(inflate(&mut inflater, b"\xf2\x00\x11\x00\x00", 100), b"Hello");
    for message in [&b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"[..], b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"] {
        assert_eq!(inflate(&mut Inflater::new(None), message, 100), b"Hello");
    }
    // §7.2.3.5, two blocks; §7.2.3.6, an empty message
    assert_eq!(inflate(&mut inflater, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 100), b"Hello");
    assert_eq!(inflate(&mut inflater, b"\x00", 100), b"");
}

#[test]
fn a_message_is_complete_if_the_tail_is_all_that_it_lacks() {
    let compressed = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    for (payload, is_complete) in [
        (&compressed[..], true),
        (&compressed[..6], false), // the end of the block, but no header of an empty one
        (&compressed[..5], false),
        (&compressed[..1], false),
        (b"", false),
        (b"\x00", true),
        (b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", true),
        (b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f", false),
        (b"\x00\x05\x00\xfa\xff\x48", false), // the tail would be the rest of the block
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", true), // a final block, and the byte behind it
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00", true), // which some senders leave out
        (b"\xf3\x48\xcd\xc9\xc9\x07", false),
    ] {
        let mut inflater = Inflater::new(Some(15));
        inflater.inflate(payload, &mut [0; 100]).unwrap();
        assert_eq!(inflater.read_tail() == Ok(true), is_complete, "{payload:x?}");
        if is_complete {
            inflater.finish();
            assert_eq!(inflate(&mut inflater, compressed, 100), b"Hello", "the next message after {payload:x?}");
        }
    }
}

#[test]
fn a_message_may_refer_to_one_that_ended_with_a_final_block() {
    let (text, mut second) = (b"HelloWorldHelloWorld", vec![0; 100]);
    let mut first = vec![0; 100];
    let mut deflate = Deflate::new(6, false, 15);
    deflate.compress(text, &mut first, DeflateFlush::Finish).unwrap();
    first.truncate(deflate.total_out() as usize);
    first.push(0); // the header of an empty stored block (RFC 7692 §7.2.3.4)
    let mut deflate = Deflate::new(6, false, 15);
    deflate.set_dictionary(text).unwrap();
    deflate.compress(text, &mut second, DeflateFlush::SyncFlush).unwrap();
    second.truncate(deflate.total_out() as usize - TAIL.len());
    let mut inflater = Inflater::new(Some(15));
    assert_eq!(inflate(&mut inflater, &first, 100), text);
    assert!(second.len() < 10, "it refers to the first");
    assert_eq!(inflate(&mut inflater, &second, 100), text);
}

#[test]
fn compressed_data_inflates_to_the_original_with_all_settings() {
    let text: Vec<u8> = (0..60_000u32).flat_map(|number| (number % 613).to_string().into_bytes()).collect();
    for (takeover, level, bits) in [(true, 6, 15), (true, 1, 9), (false, 9, 12), (false, 0, 10)] {
        let (mut deflater, mut inflater) =
            (Deflater::new(takeover, level, bits), Inflater::new(takeover.then_some(15)));
        for len in [1, 5, 500, text.len()] {
            for pieces in [1, 3] {
                let mut compressed = Vec::new();
                let mut chunks = text[..len].chunks(len.div_ceil(pieces)).peekable();
                while let Some(chunk) = chunks.next() {
                    assert!(deflater.deflate(chunk, chunks.peek().is_none(), &mut compressed));
                }
                assert_eq!(inflate(&mut inflater, &compressed, 777), text[..len], "{takeover} {level} {bits} {len}");
            }
        }
    }
}

/// No match reaches back further than the window, so a payload of two equal halves compresses badly with a small window.
#[test]
fn the_compressor_uses_no_more_than_the_agreed_window() {
    let mut state = 1u32; // xorshift32
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    let noise: Vec<u8> = (0..4096).map(|_| random()).collect();
    let twice = [&noise[..], &noise].concat();
    let size = |bits| {
        let mut out = Vec::new();
        assert!(Deflater::new(false, 9, bits).deflate(&twice, true, &mut out));
        out.len()
    };
    assert!(size(9) > 7000, "with a window of 512 bytes: {}", size(9));
    assert!(size(15) < 5000, "with a window of 32 KiB: {}", size(15));
}

#[test]
fn data_that_is_not_deflate_is_an_error() {
    assert!(Inflater::new(Some(15)).inflate(b"\xFF\xFF\xFF\xFF", &mut [0; 100]).is_err());
}

/// Messages that resemble each other.
fn message(number: usize) -> Vec<u8> {
    format!("{{\"symbol\":\"ABC{}\",\"price\":{}}}", number % 7, number * 31).repeat(1 + number % 60).into_bytes()
}

#[test]
fn a_decompressor_that_gave_way_reads_what_refers_to_messages_before() {
    for bits in [9, 12, 15] {
        let mut peer = Deflate::new(6, false, bits); // which never starts afresh
        let mut inflater = Inflater::new(Some(bits));
        for number in 0..300 {
            let mut compressed = vec![0; 20_000];
            let before = peer.total_out();
            peer.compress(&message(number), &mut compressed, DeflateFlush::SyncFlush).unwrap();
            compressed.truncate((peer.total_out() - before) as usize - TAIL.len());
            assert_eq!(inflate(&mut inflater, &compressed, 1000), message(number), "{bits} {number}");
            if number % 3 > 0 {
                press();
                assert!(!inflater.context.is_there());
            }
            let window = inflater.window.as_ref().map(|window| window.bytes.capacity());
            assert!(window <= Some(1 << bits), "{window:?}");
        }
    }
}

#[test]
fn what_a_compressor_sends_that_gave_way_is_read_by_a_decompressor_that_did_not() {
    let (mut deflater, mut peer) = (Deflater::new(true, 6, 15), Inflate::new(false, 15));
    let mut sizes = Vec::new();
    for number in 0..300 {
        let mut compressed = Vec::new();
        assert!(deflater.deflate(&message(number), true, &mut compressed));
        sizes.push(compressed.len());
        compressed.extend_from_slice(&TAIL);
        let (mut output, before) = (vec![0; 20_000], peer.total_out());
        peer.decompress(&compressed, &mut output, InflateFlush::SyncFlush).unwrap();
        output.truncate((peer.total_out() - before) as usize);
        assert_eq!(output, message(number), "{number}");
        if number % 3 > 0 {
            press();
            assert!(!deflater.context.is_there());
        }
    }
    assert!(3 * sizes[298] < 2 * sizes[297], "only before 298 it was kept: {:?}", &sizes[297..]);
}

#[test]
fn a_context_in_the_middle_of_a_message_does_not_give_way() {
    let (mut deflater, mut inflater) = (Deflater::new(true, 6, 15), Inflater::new(Some(15)));
    let mut compressed = Vec::new();
    assert!(deflater.deflate(b"the first half, ", false, &mut compressed));
    press();
    assert!(deflater.deflate(b"the second half", true, &mut compressed));
    let mut output = [0; 100];
    let (taken, made) = inflater.inflate(&compressed[..4], &mut output).unwrap();
    press();
    let rest = [&compressed[taken..], &TAIL].concat();
    let (_, more) = inflater.inflate(&rest, &mut output[made..]).unwrap();
    assert_eq!(&output[..made + more], b"the first half, the second half");
}

#[test]
fn a_context_that_was_left_in_the_middle_of_a_message_is_nobodys_next() {
    let compress = |deflater: &mut Deflater| {
        let mut compressed = Vec::new();
        assert!(deflater.deflate(&message(50), true, &mut compressed));
        compressed
    };
    let expected = compress(&mut Deflater::new(true, 6, 15));
    let mut half = Deflater::new(true, 6, 15);
    assert!(half.deflate(&message(59), false, &mut Vec::new()));
    drop(half);
    assert_eq!(compress(&mut Deflater::new(true, 6, 15)), expected);
    assert_eq!(contexts::in_use(), (0, 0));
}

#[test]
fn the_contexts_of_many_connections_stay_within_the_budget() {
    const BUDGET: usize = 2 << 20;
    contexts::set_budget(BUDGET);
    let mut connections: Vec<_> = (0..50).map(|_| (Deflater::new(true, 6, 15), Inflater::new(Some(15)))).collect();
    for number in 0..400 {
        let (deflater, inflater) = &mut connections[number * 7 % 50];
        let mut compressed = Vec::new();
        assert!(deflater.deflate(&message(number), true, &mut compressed));
        assert_eq!(inflate(inflater, &compressed, 5000), message(number));
        assert!(contexts::used() <= BUDGET, "{}", contexts::used());
    }
    assert!(contexts::in_use().0 > BUDGET / 2, "as many stay as fit: {:?}", contexts::in_use());
    drop(connections);
    assert_eq!(contexts::in_use(), (0, 0));
}
