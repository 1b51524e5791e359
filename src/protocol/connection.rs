//! One connection, from the upgrade request to the close frames.

use std::ops::Range;

use super::deflate::{Deflater, Inflater};
use super::extension::Agreement;
use super::fault::Fault;
use super::frame::{self, Header, MAX_HEADER, MaskKey, Opcode};
use super::handshake::{Handshake, HttpAnswer, Outcome, Request};
use super::reader::{Read, Reader};
use crate::close::Close;

/// What a message is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

/// Where an event's payload lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// In the chunk that `poll_event` was given.
    Chunk,
    /// In its scratch memory, inflated; there until the next call.
    Scratch,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The response was good.
    Opened {
        /// The subprotocol the server selected, or `""`.
        protocol: String,
        /// The `Sec-WebSocket-Extensions` header, or `""`.
        extensions: String,
    },
    /// The server answered with an HTTP response that is no upgrade. The last event.
    Refused(HttpAnswer),
    /// A message that is all there.
    Message {
        /// Text or binary.
        kind: Kind,
        /// Where its payload lies.
        source: Source,
        /// Its payload.
        payload: Range<usize>,
        /// Every byte is below 0x80.
        ascii: bool,
    },
    /// A message begins that comes in pieces.
    Begin {
        /// Text or binary.
        kind: Kind,
        /// How long its first frame is, or a guess; the message may be longer.
        first_frame: u64,
    },
    /// Its next bytes.
    Piece {
        /// Where they lie.
        source: Source,
        /// They.
        payload: Range<usize>,
        /// It is text, and these bytes are characters by themselves, each below 0x80.
        ascii: bool,
    },
    /// It is complete, and if it is text it is UTF-8.
    End {
        /// Text or binary.
        kind: Kind,
        /// Every byte is below 0x80.
        ascii: bool,
    },
    /// A pong came with this payload; one that nobody asked for is allowed (RFC 6455 §5.5.3).
    Pong(Vec<u8>),
    /// The server's close frame. Messages never follow it.
    Close(Close),
    /// The peer broke the protocol. The last event.
    Failed(Fault),
}

/// A message that lies whole in the chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whole {
    /// Text or binary.
    pub kind: Kind,
    /// Where its payload begins.
    pub start: usize,
    /// Where its payload ends.
    pub end: usize,
    /// It is text, and every byte is below 0x80.
    pub ascii: bool,
}

/// What the peer may ask of our memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest message, in payload bytes, on the wire and inflated.
    pub message: u64,
}

/// The client's end of one connection. See the [module](super) for how to drive it.
pub struct Connection {
    phase: Phase,
    reader: Reader,
    /// Set if permessage-deflate was agreed on.
    compression: Option<Box<Compression>>,
    /// Pings to answer, oldest first; at most [`MAX_PONGS`].
    pongs: Vec<Vec<u8>>,
    /// Pings to send.
    pings: Vec<Vec<u8>>,
    /// A close frame to send.
    close: Option<Close>,
}

enum Phase {
    Handshake(Box<Handshake>),
    Open,
    /// The server's close frame came, or the connection failed: whatever still comes is dropped (RFC 6455 §1.4).
    Deaf,
}

struct Compression {
    agreement: Agreement,
    deflater: Deflater,
}

/// A message that is being sent in pieces.
pub struct Fragments {
    kind: Kind,
    compressed: bool,
    begun: bool,
    /// Its length, if it goes in a single frame.
    single: Option<u64>,
    /// The key of that frame, from its first piece on, as it applies to the next byte.
    key: Option<MaskKey>,
}

/// Uncompressed messages up to this size go in one frame, which is less for the peer to put together; longer ones in a
/// frame for each piece, so that control frames get between.
const MAX_SINGLE: u64 = 1 << 20;

/// Pings beyond so many unanswered ones are answered by the latest only (RFC 6455 §5.5.3 allows as much).
const MAX_PONGS: usize = 32;

impl Connection {
    /// A connection that has yet to ask for its upgrade. `nonce` must be random (RFC 6455 §4.1, item 7).
    #[cold]
    pub fn new(request: Request, nonce: [u8; 16], limits: Limits) -> Self {
        Self {
            phase: Phase::Handshake(Box::new(Handshake::new(request, nonce))),
            reader: Reader::new(limits.message),
            compression: None,
            pongs: Vec::new(),
            pings: Vec::new(),
            close: None,
        }
    }

    /// The message at `*at`, if it lies whole in `chunk`, in one frame, not compressed: the common case apart from all
    /// others, because it is the hot one. `None` leaves it to [`poll_event`](Self::poll_event), which asks here, too: a driver
    /// that does not mind an [`Event`]'s size may do without this.
    #[inline(always)]
    pub fn poll_whole(&self, chunk: &[u8], at: &mut usize) -> Option<Whole> {
        if matches!(self.phase, Phase::Open) { self.reader.poll_whole(chunk, at) } else { None }
    }

    /// The next event in `chunk`, from `*at` on; `None` when the whole chunk is read. `at` starts at 0 for each chunk.
    /// Compressed messages are inflated into `scratch`, some kilobytes that nobody else writes to until the event is
    /// dealt with.
    pub fn poll_event(&mut self, chunk: &[u8], at: &mut usize, scratch: &mut [u8]) -> Option<Event> {
        if let Some(Whole { kind, start, end, ascii }) = self.poll_whole(chunk, at) {
            return Some(Event::Message { kind, source: Source::Chunk, payload: start..end, ascii });
        }
        let event = match &mut self.phase {
            Phase::Open => self.read(chunk, at, scratch),
            Phase::Deaf => {
                *at = chunk.len();
                Ok(None)
            }
            Phase::Handshake(handshake) => match handshake.read(chunk, at) {
                Ok(outcome) => Ok(outcome.map(|outcome| self.conclude(outcome))),
                Err(fault) => Err(fault),
            },
        };
        event.unwrap_or_else(|fault| Some(self.fail(fault)))
    }

    /// How many of the bytes that come next are a message's payload that nothing need be known of: uncompressed and binary.
    /// The driver may keep them from `poll_event`, gather them itself, and say so with [`pass`](Self::pass).
    pub fn passable(&self) -> u64 {
        if matches!(self.phase, Phase::Open) { self.reader.passable() } else { 0 }
    }

    /// So many of the [`passable`](Self::passable) bytes have passed by. Call `poll_event` afterwards: the message may be
    /// complete.
    pub fn pass(&mut self, len: u64) {
        self.reader.pass(len);
    }

    /// The stream has ended: what that means for the handshake, or `None` if it was over.
    pub fn handle_end(&mut self) -> Option<Event> {
        let Phase::Handshake(handshake) = &mut self.phase else { return None };
        Some(match handshake.end() {
            Ok(outcome) => self.conclude(outcome),
            Err(fault) => self.fail(fault),
        })
    }

    /// Whether `poll_transmit` has something to write.
    pub fn has_transmit(&self) -> bool {
        self.close.is_some() || !self.pongs.is_empty() || !self.pings.is_empty()
    }

    /// Whether a close frame is among it.
    pub fn has_close(&self) -> bool {
        self.close.is_some()
    }

    /// Writes what the protocol itself has to say: the upgrade request, pongs, pings, the close frame.
    ///
    /// `keys` draws a mask key; it must be unpredictable (RFC 6455 §10.3).
    pub fn poll_transmit(&mut self, mut keys: impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        if let Phase::Handshake(handshake) = &mut self.phase {
            handshake.write_request(out);
            return;
        }
        self.write_controls(&mut keys, out);
        if let Some(close) = self.close.take() {
            let mut body = Vec::new();
            if let Some(code) = close.code() {
                body.extend_from_slice(&code.number().to_be_bytes());
                body.extend_from_slice(close.reason().as_bytes());
            }
            write_frame(Header::whole(Opcode::Close), &body, keys(), out);
        }
    }

    /// Writes a whole message, compressed if it was agreed on and is worth it.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8], mut keys: impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        self.write_controls(&mut keys, out);
        match &mut self.compression {
            Some(compression) if compression.agreement.compresses(payload.len() as u64) => {
                compression.send(kind, payload, keys(), out);
            }
            _ => write_frame(Header::whole(kind.opcode()), payload, keys(), out),
        }
    }

    /// Begins a message of `len` bytes that is sent in pieces; go on with [`continue_message`](Self::continue_message).
    pub fn begin_message(&self, kind: Kind, len: u64) -> Fragments {
        let compressed = self.compression.as_ref().is_some_and(|compression| compression.agreement.compresses(len));
        let single = (!compressed && len <= MAX_SINGLE).then_some(len);
        Fragments { kind, compressed, begun: false, single, key: None }
    }

    /// Makes frames of a message's next bytes. Other messages must wait for the `last` of them; control frames need not
    /// (RFC 6455 §5.4), unless [`is_single`](Fragments::is_single).
    ///
    /// `piece` is [`MAX_HEADER`] bytes of room and then the payload. Uncompressed, it becomes wire bytes where it lies, and
    /// the answer is where in `piece` they begin; `out` goes before them. Compressed, a frame is appended to `out`, unless
    /// the compressor keeps the bytes for a later one, and the answer is `None`.
    pub fn continue_message(
        &mut self,
        message: &mut Fragments,
        piece: &mut [u8],
        last: bool,
        mut keys: impl FnMut() -> MaskKey,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        if let Some(key) = &mut message.key {
            let payload = piece.get_mut(MAX_HEADER..).unwrap_or_default();
            frame::mask(payload, *key);
            key.rotate_left(payload.len() % 4);
            return Some(MAX_HEADER);
        }
        self.write_controls(&mut keys, out);
        let mut header = Header { fin: last, rsv1: false, opcode: Opcode::Continuation, len: 0 };
        let Some(compression) = self.compression.as_mut().filter(|_| message.compressed) else {
            message.begin(&mut header);
            let (len, mut key) = (piece.len().saturating_sub(MAX_HEADER), keys());
            header.len = message.single.unwrap_or(len as u64);
            header.fin |= message.single.is_some();
            let start = frame::frame_in_place(header, key, piece);
            key.rotate_left(len % 4);
            message.key = message.single.map(|_| key);
            return Some(start);
        };
        let mut compressed = Vec::new();
        compression.deflater.deflate(piece.get(MAX_HEADER..).unwrap_or_default(), last, &mut compressed);
        if last || !compressed.is_empty() {
            message.begin(&mut header);
            write_frame(header, &compressed, keys(), out);
        }
        None
    }

    /// Has the next frame that is written, of whatever kind, preceded by a ping: at most 125 bytes of payload (RFC 6455 §5.5.2).
    pub fn ping(&mut self, payload: Vec<u8>) {
        self.pings.push(payload);
    }

    /// Fails the connection for a reason of our own (RFC 6455 §7.1.7): the next `poll_transmit` writes this close frame, and what still
    /// comes is dropped. A message that is under way, if it goes in frames, ends there.
    pub fn abandon(&mut self, close: Close) {
        self.deafen();
        self.close = Some(close);
    }

    /// Has the next `poll_transmit` write a close frame. Nothing may be sent behind it (RFC 6455 §5.5.1).
    pub fn close(&mut self, close: Close) {
        self.close = Some(close);
    }

    #[cold]
    fn conclude(&mut self, outcome: Outcome) -> Event {
        match outcome {
            Outcome::Opened { protocol, extensions, deflate } => {
                self.phase = Phase::Open;
                if let Some(agreement) = deflate {
                    self.reader.inflate_with(Inflater::new(agreement.server_takeover));
                    self.compression = Some(Box::new(Compression::new(agreement)));
                }
                Event::Opened { protocol, extensions }
            }
            Outcome::Refused(answer) => {
                self.phase = Phase::Deaf;
                Event::Refused(answer)
            }
        }
    }

    /// The one place where a fault becomes the end: its close frame, its event, and deafness.
    #[cold]
    fn fail(&mut self, fault: Fault) -> Event {
        self.deafen();
        self.close = fault.kind.close_code().map(|code| Close::because(code, &fault.message));
        Event::Failed(fault)
    }

    /// Whatever still comes is dropped.
    fn deafen(&mut self) {
        self.phase = Phase::Deaf;
        self.reader.clear();
    }

    fn read(&mut self, chunk: &[u8], at: &mut usize, scratch: &mut [u8]) -> Result<Option<Event>, Fault> {
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

    #[inline]
    fn write_controls(&mut self, keys: &mut impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        for (opcode, payloads) in [(Opcode::Pong, &mut self.pongs), (Opcode::Ping, &mut self.pings)] {
            if !payloads.is_empty() {
                for payload in std::mem::take(payloads) {
                    write_frame(Header::whole(opcode), &payload, keys(), out);
                }
            }
        }
    }
}

impl Compression {
    fn new(agreement: Agreement) -> Self {
        let Agreement { client_takeover, level, client_window_bits, .. } = agreement;
        Self { agreement, deflater: Deflater::new(client_takeover, level, client_window_bits) }
    }

    fn send(&mut self, kind: Kind, payload: &[u8], key: MaskKey, out: &mut Vec<u8>) {
        let mut compressed = Vec::new();
        self.deflater.deflate(payload, true, &mut compressed);
        let header = Header::whole(kind.opcode());
        if compressed.len() >= payload.len() && !self.agreement.client_takeover {
            return write_frame(header, payload, key, out); // nothing depends on the compressor having seen it
        }
        write_frame(Header { rsv1: true, ..header }, &compressed, key, out);
    }
}

impl Fragments {
    /// Each piece becomes a frame, however short the message is: for one that may never be complete.
    pub fn in_frames(self) -> Self {
        Self { single: None, ..self }
    }

    /// All of its pieces are one frame: nothing else may be written before the last of them is.
    pub fn is_single(&self) -> bool {
        self.single.is_some()
    }

    /// What the first frame's header has that those of the others have not.
    fn begin(&mut self, header: &mut Header) {
        if !std::mem::replace(&mut self.begun, true) {
            header.opcode = self.kind.opcode();
            header.rsv1 = self.compressed;
        }
    }
}

impl Kind {
    fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }
}

/// Appends a frame; its header's length is the payload's.
#[inline]
fn write_frame(header: Header, payload: &[u8], key: MaskKey, out: &mut Vec<u8>) {
    frame::write_header(Header { len: payload.len() as u64, ..header }, key, out);
    frame::append_masked(payload, key, out);
}
