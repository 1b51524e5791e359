//! What a connection reads.

use std::ops::Range;

use super::fault::Fault;
use super::frame::Opcode;
use crate::close::Close;

/// The type of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

/// Where an event's payload is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// In the chunk that `poll_event` was given.
    Chunk,
    /// In the scratch memory, inflated. It stays there until the next call.
    Scratch,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A whole message.
    Message {
        /// Text or binary.
        kind: Kind,
        /// Where its payload is.
        source: Source,
        /// The byte range of its payload.
        payload: Range<usize>,
        /// It is text, and every byte is below 0x80.
        ascii: bool,
    },
    /// A message that arrives in pieces begins.
    Begin {
        /// Text or binary.
        kind: Kind,
        /// The payload length of its first frame; of a compressed message, an estimate. The message may be longer.
        size_hint: u64,
    },
    /// The next bytes of that message.
    Piece {
        /// Where they are.
        source: Source,
        /// The byte range.
        payload: Range<usize>,
        /// The message is text, no character is incomplete before these bytes, and each of them is below 0x80.
        ascii: bool,
    },
    /// That message is complete. If it is text, it is valid UTF-8.
    End {
        /// Text or binary.
        kind: Kind,
    },
    /// A pong with this payload. Unsolicited ones are allowed (RFC 6455 §5.5.3).
    Pong(Vec<u8>),
    /// The peer's close frame. No event follows it.
    Close(Close),
    /// The peer broke the protocol. No event follows.
    Failed(Fault),
}

impl Event {
    /// Where its payload is, if it is a message or a piece of one.
    pub fn source(&self) -> Option<Source> {
        match self {
            Self::Message { source, .. } | Self::Piece { source, .. } => Some(*source),
            _ => None,
        }
    }
}

/// A message that is entirely in the chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whole {
    /// Text or binary.
    pub kind: Kind,
    /// The offset of its payload in the chunk.
    pub start: usize,
    /// The offset of the payload's end.
    pub end: usize,
    /// It is text, and every byte is below 0x80.
    pub ascii: bool,
}

impl Kind {
    pub(super) fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }
}
