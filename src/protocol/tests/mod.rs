//! Whole connections. `read` feeds its bytes in one chunk, and in chunks of one, three and seven bytes.

mod compressed;
mod contexts;
mod reading;
mod roles;
mod sending;

use std::ops::Range;

use super::*;
use crate::close::{Close, CloseCode};

/// An event with the bytes that its ranges stand for.
#[derive(Clone, PartialEq, Debug)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Close(u16, String),
    Failed(FaultKind),
}

/// RFC 7692 §7.2.3.1: "Hello", compressed.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

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
                    let text = text(&bytes_of(source, payload));
                    assert_eq!(ascii, text.is_ascii());
                    Seen::Text(text)
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
                Event::End { kind: Kind::Text } => Seen::Text(text(&std::mem::take(&mut gathered))),
                Event::End { kind: Kind::Binary } => Seen::Binary(std::mem::take(&mut gathered)),
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
    Seen::Text(text.to_owned())
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

/// Appends to `out` what a driver writes for one piece of a message.
fn send_piece(connection: &mut Connection, message: &mut Fragments, piece: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut piece = [&[0; MAX_HEADER], piece].concat();
    if let Some(start) = connection.continue_message(message, &mut piece, last, no_mask, out) {
        out.extend_from_slice(&piece[start..]);
    }
}
