//! One open connection, up to the close frames.

use super::event::{Event, Kind, Source, Whole};
use super::extension::Agreement;
use super::fault::Fault;
use super::frame::{self, Header, MAX_HEADER, MaskKey, Opcode, Role};
use super::inflate::Inflater;
use super::reader::{Read, Reader};
use super::sending::{Compression, Fragments, MAX_SINGLE, write_frame};
use super::shared::Agreed;
use crate::close::Close;

/// One end of one connection. The [module](super) says how to drive it.
pub struct Connection {
    role: Role,
    /// The peer's close frame arrived, or the connection failed. Everything that still arrives is dropped (RFC 6455 §1.4).
    is_deaf: bool,
    reader: Reader,
    /// Set if permessage-deflate was negotiated.
    compression: Option<Box<Compression>>,
    /// The payloads of pongs to send, oldest first. At most [`MAX_PONGS`].
    pongs: Vec<Vec<u8>>,
    /// The payloads of pings to send.
    pings: Vec<Vec<u8>>,
    /// A close frame to send.
    close: Option<Close>,
    /// A close frame was written. There is only one (RFC 6455 §5.5.1).
    has_closed: bool,
}

/// The most pongs that wait. If one more ping arrives, only that ping is answered (RFC 6455 §5.5.3 allows that).
const MAX_PONGS: usize = 32;

impl Connection {
    /// A connection whose opening handshake is done. `deflate` is what the handshake negotiated. `limit` is the most payload
    /// bytes of a message, both on the wire and inflated.
    #[cold]
    pub fn new(role: Role, deflate: Option<Agreement>, limit: u64) -> Self {
        let mut reader = Reader::new(role, limit);
        let compression = deflate.map(|agreement| {
            let peer = agreement.side(role.peer());
            reader.inflate_with(Inflater::new(peer.takeover.then_some(peer.window_bits)));
            Box::new(Compression::new(agreement, role))
        });
        Self {
            role,
            is_deaf: false,
            reader,
            compression,
            pongs: Vec::new(),
            pings: Vec::new(),
            close: None,
            has_closed: false,
        }
    }

    /// The message at `*at`, if it is entirely in `chunk`, in one uncompressed frame. This is the hot path. Everything else
    /// returns `None` and goes through [`poll_event`](Self::poll_event). That also returns what this returns, so a driver only
    /// needs this to avoid the cost of an [`Event`]. For a server, it unmasks the payload in the chunk.
    #[inline(always)]
    pub fn poll_whole(&self, chunk: &mut [u8], at: &mut usize) -> Option<Whole> {
        if self.is_deaf { None } else { self.reader.poll_whole(chunk, at) }
    }

    /// Returns the next event in `chunk` from `*at` on, or `None` when the whole chunk has been read. `at` starts at 0 for each
    /// chunk. Compressed messages are inflated into `scratch`, a buffer of some kilobytes. Nothing else may write to it until
    /// the event has been handled. For a server, this unmasks payload in the chunk.
    pub fn poll_event(&mut self, chunk: &mut [u8], at: &mut usize, scratch: &mut [u8]) -> Option<Event> {
        if let Some(Whole { kind, start, end, ascii }) = self.poll_whole(chunk, at) {
            return Some(Event::Message { kind, source: Source::Chunk, payload: start..end, ascii });
        }
        if self.is_deaf {
            *at = chunk.len();
            return None;
        }
        self.read(chunk, at, scratch).unwrap_or_else(|fault| Some(self.fail(fault)))
    }

    /// Where the next bytes belong: the number of payload bytes left in the current frame, and the beginning of a header that they continue.
    pub fn position(&self) -> (u64, &[u8]) {
        self.reader.position()
    }

    /// The number of next bytes that are unmasked, uncompressed, binary payload, which needs no checks. The driver may gather
    /// these bytes itself instead of giving them to `poll_event`, and then calls [`pass`](Self::pass).
    pub fn passable(&self) -> u64 {
        if self.is_deaf { 0 } else { self.reader.passable() }
    }

    /// The driver has gathered this many of the [`passable`](Self::passable) bytes itself. Call `poll_event` afterwards, because
    /// the message may be complete.
    pub fn pass(&mut self, len: u64) {
        self.reader.pass(len);
    }

    /// The work of inflating since the last call, in bytes. A driver lets other events have a turn after some of it.
    pub fn take_inflated(&mut self) -> usize {
        self.reader.take_inflated()
    }

    /// Whether `poll_transmit` has something to write.
    pub fn has_transmit(&self) -> bool {
        self.close.is_some() || !self.pongs.is_empty() || !self.pings.is_empty()
    }

    /// Whether `poll_transmit` has a close frame to write.
    pub fn has_close(&self) -> bool {
        self.close.is_some()
    }

    /// Appends the control frames that wait to `out`: pongs, pings, the close frame.
    ///
    /// `keys` draws a mask key for each frame of a client. Keys must be unpredictable (RFC 6455 §10.3).
    pub fn poll_transmit(&mut self, mut keys: impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        self.write_controls(&mut keys, out);
        if let Some(close) = self.close.take() {
            self.has_closed = true;
            let mut body = Vec::new();
            if let Some(code) = close.code() {
                body.extend_from_slice(&code.number().to_be_bytes());
                body.extend_from_slice(close.reason().as_bytes());
            }
            write_frame(Header::whole(Opcode::Close), &body, self.role.key(&mut keys), out);
        }
    }

    /// Appends a whole message to `out`, behind the control frames that wait. It is compressed if that was negotiated and the
    /// message is long enough.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8], mut keys: impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        self.write_controls(&mut keys, out);
        match &mut self.compression {
            Some(compression) if compression.compresses(payload.len() as u64) => {
                compression.send(kind, payload, self.role.key(&mut keys), out);
            }
            _ => write_frame(Header::whole(kind.opcode()), payload, self.role.key(&mut keys), out),
        }
    }

    /// What the shared frame of a message of `len` bytes depends on.
    pub(super) fn agreed(&self, len: u64) -> Agreed {
        let compression = self.compression.as_ref().filter(|compression| compression.compresses(len))?;
        Some((compression.agreement.level, compression.window_bits))
    }

    /// A server's frame that refers to no earlier message.
    pub(super) fn frame_alone(&self, kind: Kind, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match &self.compression {
            Some(compression) if compression.compresses(payload.len() as u64) => {
                compression.without_takeover().send(kind, payload, None, &mut out);
            }
            _ => {
                out.reserve_exact(MAX_HEADER + payload.len());
                write_frame(Header::whole(kind.opcode()), payload, None, &mut out);
            }
        }
        out
    }

    /// Makes the next compressed message refer to no earlier one.
    pub(super) fn start_afresh(&mut self) {
        if let Some(compression) = &mut self.compression {
            compression.deflater.context.give_back();
        }
    }

    /// Begins a message of `len` payload bytes that is sent in pieces. Continue with
    /// [`continue_message`](Self::continue_message).
    pub fn begin_message(&self, kind: Kind, len: u64) -> Fragments {
        let compressed = self.compression.as_ref().is_some_and(|compression| compression.compresses(len));
        let single = (!compressed && len <= MAX_SINGLE).then_some(len);
        Fragments { kind, compressed, begun: false, single, in_frame: false, key: None }
    }

    /// Frames a message's next piece. Other messages must wait until the `last` piece. Control frames may go out between pieces
    /// (RFC 6455 §5.4), unless the message [`is_single`](Fragments::is_single).
    ///
    /// `piece` is [`MAX_HEADER`] bytes of room followed by the payload. An uncompressed piece becomes wire bytes in place: the
    /// return value is the offset in `piece` where they begin. Write `out` before them. A compressed piece is appended to `out`
    /// as a frame, unless the compressor keeps the bytes for a later frame, and the return value is `None`.
    pub fn continue_message(
        &mut self,
        message: &mut Fragments,
        piece: &mut [u8],
        last: bool,
        mut keys: impl FnMut() -> MaskKey,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        if message.in_frame {
            if let Some(key) = &mut message.key {
                let payload = piece.get_mut(MAX_HEADER..).unwrap_or_default();
                frame::mask(payload, *key);
                key.rotate_left(payload.len() % 4);
            }
            return Some(MAX_HEADER);
        }
        self.write_controls(&mut keys, out);
        let mut header = Header { fin: last, rsv1: false, opcode: Opcode::Continuation, len: 0 };
        if let Some(compression) = self.compression.as_mut().filter(|_| message.compressed) {
            let mut compressed = Vec::new();
            let payload = piece.get(MAX_HEADER..).unwrap_or_default();
            if compression.deflater.deflate(payload, last, &mut compressed) {
                if last || !compressed.is_empty() {
                    message.begin(&mut header);
                    write_frame(header, &compressed, self.role.key(&mut keys), out);
                }
                return None;
            }
            message.compressed = false; // there is no memory for a compressor
        }
        message.begin(&mut header);
        let (len, key) = (piece.len().saturating_sub(MAX_HEADER), self.role.key(&mut keys));
        header.len = message.single.unwrap_or(len as u64);
        header.fin |= message.single.is_some();
        message.in_frame = message.single.is_some();
        message.key = key.map(|mut key| {
            key.rotate_left(len % 4);
            key
        });
        Some(frame::frame_in_place(header, key, piece))
    }

    /// Queues a ping with at most 125 bytes of payload (RFC 6455 §5.5.2). It goes out before the next frame.
    pub fn ping(&mut self, payload: Vec<u8>) {
        self.pings.push(payload);
    }

    /// Fails the connection for a reason of this end (RFC 6455 §7.1.7). The next `poll_transmit` writes this close frame, and
    /// everything that still arrives is dropped. A message of several frames that is being sent stays incomplete.
    pub fn abandon(&mut self, close: Close) {
        self.deafen();
        self.close(close);
    }

    /// Queues a close frame, which the next `poll_transmit` writes, unless one was written. No message may be sent behind it
    /// (RFC 6455 §5.5.1).
    pub fn close(&mut self, close: Close) {
        if !self.has_closed {
            self.close = Some(close);
        }
    }

    /// The one place where a fault ends the connection: stops reading, queues the close frame unless one was written, makes the event.
    #[cold]
    fn fail(&mut self, fault: Fault) -> Event {
        self.deafen();
        self.close(Close::because(fault.kind.close_code(), &fault.message));
        Event::Failed(fault)
    }

    /// Everything that arrives is dropped.
    pub fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// From now on, everything that arrives is dropped.
    fn deafen(&mut self) {
        self.is_deaf = true;
        self.reader.clear();
    }

    fn read(&mut self, chunk: &mut [u8], at: &mut usize, scratch: &mut [u8]) -> Result<Option<Event>, Fault> {
        loop {
            match self.reader.poll(chunk, at, scratch)? {
                None => return Ok(None),
                Some(Read::Event(event)) => return Ok(Some(event)),
                Some(Read::Close(close)) => {
                    self.deafen();
                    return Ok(Some(Event::Close(close)));
                }
                Some(Read::Ping(payload)) => {
                    if self.pongs.len() >= MAX_PONGS {
                        self.pongs.clear();
                    }
                    self.pongs.push(payload);
                }
            }
        }
    }

    /// Appends the pongs and pings that wait to `out`.
    #[inline]
    pub(super) fn write_controls(&mut self, keys: &mut impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        if !self.pongs.is_empty() || !self.pings.is_empty() {
            self.write_waiting(keys, out);
        }
    }

    #[cold]
    fn write_waiting(&mut self, keys: &mut impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        for (opcode, payloads) in [(Opcode::Pong, &mut self.pongs), (Opcode::Ping, &mut self.pings)] {
            for payload in std::mem::take(payloads) {
                write_frame(Header::whole(opcode), &payload, self.role.key(keys), out);
            }
        }
    }
}
