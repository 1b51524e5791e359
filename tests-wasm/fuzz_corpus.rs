//! Runs the fuzz targets without the fuzzer: over the corpora, over some seconds of random bytes, and over the failures that they once found.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[path = "fuzz/src/lib.rs"]
mod targets;

/// Replays `fuzz/corpus/<name>/`. Fails if the folder has no files.
fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-wasm/fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        println!("{}", file.display()); // shown if it fails
        target(&fs::read(&file).unwrap());
    }
}

#[test]
fn the_corpus_of_connection_holds() {
    replay("connection", targets::connection);
}

/// The role is one bit of the settings. An input that matters for one role also matters for the other.
#[test]
fn the_corpus_of_connection_holds_with_the_roles_swapped() {
    replay("connection", |data| {
        let mut data = data.to_vec();
        if let Some(settings) = data.first_mut() {
            *settings ^= 0x10;
        }
        targets::connection(&data);
    });
}

#[test]
fn the_corpus_of_extension_holds() {
    replay("extension", targets::extension);
}

#[test]
fn the_corpus_of_frames_holds() {
    replay("frames", targets::frames);
}

#[test]
fn the_corpus_of_outgoing_holds() {
    replay("outgoing", targets::outgoing);
}

#[test]
fn the_corpus_of_channel_holds() {
    replay("channel", targets::channel);
}

#[test]
fn the_corpus_of_response_holds() {
    replay("response", targets::response);
}

#[test]
fn the_corpus_of_challenge_holds() {
    replay("challenge", targets::challenge);
}

#[test]
fn the_corpus_of_socks5_holds() {
    replay("socks5", targets::socks5);
}

#[test]
fn the_corpus_of_connect_holds() {
    replay("connect", targets::connect);
}

#[test]
fn the_corpus_of_upgrade_holds() {
    replay("upgrade", targets::upgrade);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn random_bytes_hold(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        targets::connection(&data);
        targets::extension(&data);
        targets::frames(&data);
        targets::channel(&data);
        targets::challenge(&data);
        targets::socks5(&data);
        targets::connect(&data);
        targets::upgrade(&data);
    }

    /// Mostly odd bytes, from which `arbitrary` makes long lists.
    #[test]
    fn random_stories_of_channels_hold(
        stories in proptest::collection::vec(proptest::collection::vec(any::<u8>().prop_map(|byte| byte | u8::from(byte > 40)), 0..600), 30),
    ) {
        stories.iter().for_each(|story| targets::channel(story));
    }

    #[test]
    fn random_response_heads_hold(
        settings in any::<[u8; 2]>(),
        lines in proptest::collection::vec(proptest::sample::select(LINES), 0..12),
        rest in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        targets::response(&[&settings[..], lines.concat().as_bytes(), &rest].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn random_stories_of_outgoing_queues_hold(
        story in proptest::collection::vec(any::<u8>().prop_map(|byte| byte | u8::from(byte > 40)), 0..900),
    ) {
        targets::outgoing(&story);
    }
}

// Failures that the fuzzer found.

#[test]
fn a_final_block_whose_last_bits_were_already_taken_ends_the_message_and_not_the_connection() {
    // `frames`: scratch memory of 3 bytes, a final block that inflates to 19,469 bytes, which 3 does not divide.
    let block =
        b"\x12\x13\xa3\x1e\x00\x00\x00\x00\xff\xff\xed\xc1\x81\x00\x00\x00\x00\xc3\x20\x8b\xfb\xa3\x4e\xe1\x00\x15\
                  \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xb0\x5f\x00";
    let frame = [&[0xC2, block.len() as u8][..], block].concat();
    for scratch in 0..4 {
        for settings in [0x0B, 0x1B] {
            targets::connection(&[&[settings, scratch, 5][..], &frame].concat());
        }
    }
}

#[test]
fn a_message_that_ends_within_a_block_fails() {
    // To zlib, the tail begins a stored block, and the bytes that follow are the rest of that block.
    targets::connection(b"\x85\x01\x2b\xc1\x07\xf2\x48\x85\x01\x09\x02\x00\xc1\x03\x00\x68\xfd\x03");
}

#[test]
fn a_compressor_that_served_before_may_compress_differently() {
    // `outgoing`: zlib-rs chooses other matches after a reset. What it writes is as valid.
    let first = [
        &[0xA7; 10][..],
        b"\x01\x00\x00\x00\x00\x00\x00\x00",
        &[0xA7; 44],
        b"\x58",
        &[0xA7; 28],
        b"\x2d\x24\x2f\x02\x30\x71",
        &[0xA7; 10],
        b"\xa6",
        &[0xA7; 21],
        b"\x24\x2f\x02\x30\x71\x01\x07\x23\x17\x17",
    ]
    .concat();
    let second = [
        &[0xA7; 10][..],
        b"\x01\x00\x00\x00\x00\x00\x00\x00",
        &[0xA7; 9],
        b"\x8b\x00",
        &[0xA7; 33],
        b"\x58",
        &[0xA7; 26],
        b"\x24\x2f\x02\x30\x71\x01\x07\x23\x17\x17",
    ]
    .concat();
    targets::outgoing(&first);
    targets::outgoing(&second);
}

const LINES: &[&str] = &[
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 404 Not Found\r\n",
    "Upgrade: websocket\r\n",
    "Connection: Upgrade\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    "Sec-WebSocket-Protocol: chat\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 3\r\n",
    "X: 1\n",
    "\r\n",
    "\n",
    "1\r\nx\r\n",
    "10\r\n\r\n",
    "0\r\n\r\n",
];
