//! What the peer did wrong, and what else ends a connection in the same way.

use std::borrow::Cow;

use crate::close::CloseCode;

/// A fault of the peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The kind, which decides the close code.
    pub kind: FaultKind,
    /// A sentence for people, which the close frame carries too.
    pub message: Cow<'static, str>,
}

/// The kinds of faults. Each has its close code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// A wrong frame (RFC 6455 §5).
    Frame,
    /// Text or a close reason that is not UTF-8 (RFC 6455 §8.1).
    NotUtf8,
    /// A message over the limit (RFC 6455 §10.4).
    TooBig,
    /// Compressed data that does not inflate (RFC 7692 §7.2.2).
    NotDeflated,
    /// There is no memory to inflate a compressed message. This is not the peer's fault.
    NoMemory,
}

impl FaultKind {
    /// The code of the close frame that answers it (RFC 6455 §7.4.1).
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::Frame => CloseCode::PROTOCOL_ERROR,
            Self::NotUtf8 | Self::NotDeflated => CloseCode::INVALID_PAYLOAD,
            Self::TooBig => CloseCode::MESSAGE_TOO_BIG,
            Self::NoMemory => CloseCode::INTERNAL_ERROR,
        }
    }

    pub(super) fn because(self, message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { kind: self, message: message.into() }
    }
}
