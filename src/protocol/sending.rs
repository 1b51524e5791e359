//! How a message becomes frames: whole or in pieces, compressed or not.

use super::deflate::Deflater;
use super::event::Kind;
use super::extension::{Agreement, Side};
use super::frame::{self, Header, MaskKey, Role};

/// permessage-deflate as this end sends with it.
pub(super) struct Compression {
    pub(super) agreement: Agreement,
    pub(super) deflater: Deflater,
    /// This end's compressor keeps its window from one message to the next.
    pub(super) takeover: bool,
    /// The size of the window that this end compresses with, as a power of two.
    pub(super) window_bits: u8,
}

/// A message that is being sent in pieces.
pub struct Fragments {
    pub(super) kind: Kind,
    pub(super) compressed: bool,
    pub(super) begun: bool,
    /// The payload length, if the message is a single frame.
    pub(super) single: Option<u64>,
    /// The header of that frame has been written.
    pub(super) in_frame: bool,
    /// The mask key, rotated to the next byte of that frame. `None` if frames are not masked.
    pub(super) key: Option<MaskKey>,
}

/// Uncompressed messages up to this size are sent in one frame, so that the peer has nothing to reassemble. Longer messages
/// are sent in one frame per piece, so that control frames can go out between them.
pub(super) const MAX_SINGLE: u64 = 1 << 20;

impl Role {
    /// The other end.
    pub(super) fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The key of the next frame that this end sends.
    #[inline]
    pub(super) fn key(self, keys: &mut impl FnMut() -> MaskKey) -> Option<MaskKey> {
        match self {
            Self::Client => Some(keys()),
            Self::Server => None,
        }
    }
}

impl Compression {
    pub(super) fn new(agreement: Agreement, role: Role) -> Self {
        let Side { takeover, window_bits } = agreement.side(role);
        Self { takeover, window_bits, agreement, deflater: Deflater::new(takeover, agreement.level, window_bits) }
    }

    /// The same agreement, for one message that refers to no earlier one.
    pub(super) fn without_takeover(&self) -> Self {
        let Self { agreement, window_bits, .. } = *self;
        Self { takeover: false, window_bits, agreement, deflater: Deflater::new(false, agreement.level, window_bits) }
    }

    /// Whether to compress a message of `len` bytes.
    #[inline]
    pub(super) fn compresses(&self, len: u64) -> bool {
        self.agreement.compresses(len, self.window_bits)
    }

    pub(super) fn send(&mut self, kind: Kind, payload: &[u8], key: Option<MaskKey>, out: &mut Vec<u8>) {
        let header = Header::whole(kind.opcode());
        let mut compressed = Vec::new();
        let is_compressed = self.deflater.deflate(payload, true, &mut compressed);
        // Without context takeover no later message refers to this one.
        if !is_compressed || (compressed.len() >= payload.len() && !self.takeover) {
            return write_frame(header, payload, key, out);
        }
        write_frame(Header { rsv1: true, ..header }, &compressed, key, out);
    }
}

impl Fragments {
    /// Makes each piece a frame, even if the message is short. Use it for a message that may never be complete.
    pub fn in_frames(self) -> Self {
        Self { single: None, ..self }
    }

    /// Whether all pieces form one frame. Then nothing else may be written before the last piece.
    pub fn is_single(&self) -> bool {
        self.single.is_some()
    }

    /// Sets what only the first frame's header has: the opcode and RSV1.
    pub(super) fn begin(&mut self, header: &mut Header) {
        if !std::mem::replace(&mut self.begun, true) {
            header.opcode = self.kind.opcode();
            header.rsv1 = self.compressed;
        }
    }
}

/// Appends a frame. The length in its header is the payload's.
#[inline]
pub(super) fn write_frame(header: Header, payload: &[u8], key: Option<MaskKey>, out: &mut Vec<u8>) {
    frame::write_header(Header { len: payload.len() as u64, ..header }, key, out);
    frame::append_payload(payload, key, out);
}
