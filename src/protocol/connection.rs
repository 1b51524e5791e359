//! One connection, from the upgrade request to the close frames.

use std::ops::Range;

use super::deflate::{Deflater, Inflater};
use super::extension::Agreement;
use super::fault::Fault;
use super::frame::{self, Header, MaskKey, Masking, Opcode};
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
    /// The server's close frame. Messages never follow it.
    Close(Close),
    /// The peer broke the protocol. The last event.
    Failed(Fault),
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
    compression: Option<Compression>,
    /// Pings to answer, oldest first; at most [`MAX_PONGS`].
    pongs: Vec<Vec<u8>>,
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

/// A message that is being sent in fragments.
pub struct Fragments {
    kind: Kind,
    compressed: bool,
    begun: bool,
}

/// Pings beyond so many unanswered ones are answered by the latest only (RFC 6455 §5.5.3 allows as much).
const MAX_PONGS: usize = 32;

impl Connection {
    /// A connection that has yet to ask for its upgrade. `nonce` must be random (RFC 6455 §4.1, item 7).
    pub fn new(request: Request, nonce: [u8; 16], limits: Limits) -> Self {
        Self {
            phase: Phase::Handshake(Box::new(Handshake::new(request, nonce))),
            reader: Reader::new(limits.message),
            compression: None,
            pongs: Vec::new(),
            close: None,
        }
    }

    /// The next event in `chunk`, from `*at` on; `None` when the whole chunk is read. `at` starts at 0 for each chunk.
    /// Compressed messages are inflated into `scratch`, some kilobytes that nobody else writes to until the event is
    /// dealt with.
    #[inline]
    pub fn poll_event(&mut self, chunk: &[u8], at: &mut usize, scratch: &mut [u8]) -> Option<Event> {
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
        self.close.is_some() || !self.pongs.is_empty()
    }

    /// Whether a close frame is among it.
    pub fn has_close(&self) -> bool {
        self.close.is_some()
    }

    /// Writes what the protocol itself has to say: the upgrade request, pongs, the close frame.
    ///
    /// `keys` draws a mask key; it must be unpredictable (RFC 6455 §10.3).
    pub fn poll_transmit(&mut self, mut keys: impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        if let Phase::Handshake(handshake) = &mut self.phase {
            handshake.write_request(out);
            return;
        }
        self.write_pongs(&mut keys, out);
        if let Some(close) = self.close.take() {
            let mut body = Vec::new();
            if let Some(code) = close.code() {
                body.extend_from_slice(&code.number().to_be_bytes());
                body.extend_from_slice(close.reason().as_bytes());
            }
            write_frame(Opcode::Close, &body, keys(), out);
        }
    }

    /// Writes a whole message, compressed if it was agreed on and is worth it.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8], mut keys: impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        self.write_pongs(&mut keys, out);
        match &mut self.compression {
            Some(compression) if compression.agreement.compresses(payload.len() as u64) => {
                compression.send(kind, payload, keys(), out);
            }
            _ => write_frame(kind.opcode(), payload, keys(), out),
        }
    }

    /// Begins a message of `len` bytes that is sent in fragments; go on with [`continue_message`](Self::continue_message).
    pub fn begin_message(&self, kind: Kind, len: u64) -> Fragments {
        let compressed = self.compression.as_ref().is_some_and(|compression| compression.agreement.compresses(len));
        Fragments { kind, compressed, begun: false }
    }

    /// Writes a message's next bytes, as a frame of their own unless the compressor keeps them for a later one. Other
    /// messages must wait for the `last` of them; control frames need not (RFC 6455 §5.4).
    pub fn continue_message(
        &mut self,
        message: &mut Fragments,
        piece: &[u8],
        last: bool,
        mut keys: impl FnMut() -> MaskKey,
        out: &mut Vec<u8>,
    ) {
        self.write_pongs(&mut keys, out);
        let mut compressed = Vec::new();
        let payload = match &mut self.compression {
            Some(compression) if message.compressed => {
                compression.deflater.deflate(piece, last, &mut compressed);
                &compressed[..]
            }
            _ => piece,
        };
        if payload.is_empty() && !last {
            return;
        }
        let begins = !std::mem::replace(&mut message.begun, true);
        let opcode = if begins { message.kind.opcode() } else { Opcode::Continuation };
        let rsv1 = begins && message.compressed;
        let key = keys();
        frame::write_header(Header { fin: last, rsv1, opcode, len: payload.len() as u64 }, key, out);
        Masking::new(key).append(payload, out);
    }

    /// Has the next `poll_transmit` write a close frame. Nothing may be sent behind it (RFC 6455 §5.5.1).
    pub fn close(&mut self, close: Close) {
        self.close = Some(close);
    }

    fn conclude(&mut self, outcome: Outcome) -> Event {
        match outcome {
            Outcome::Opened { protocol, extensions, deflate } => {
                self.phase = Phase::Open;
                if let Some(agreement) = deflate {
                    self.reader.inflate_with(Inflater::new(agreement.server_takeover));
                    self.compression = Some(Compression::new(agreement));
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
    fn fail(&mut self, fault: Fault) -> Event {
        self.phase = Phase::Deaf;
        self.reader.clear();
        self.close = fault
            .kind
            .close_code()
            .map(|code| Close::new(code, fault.message.clone().into_owned()).unwrap_or_else(|| Close::with_code(code)));
        Event::Failed(fault)
    }

    #[inline]
    fn read(&mut self, chunk: &[u8], at: &mut usize, scratch: &mut [u8]) -> Result<Option<Event>, Fault> {
        loop {
            match self.reader.poll(chunk, at, scratch)? {
                None => return Ok(None),
                Some(Read::Event(event)) => return Ok(Some(event)),
                Some(Read::Close(close)) => {
                    self.phase = Phase::Deaf;
                    self.reader.clear();
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
    fn write_pongs(&mut self, keys: &mut impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        if self.pongs.is_empty() {
            return;
        }
        for payload in std::mem::take(&mut self.pongs) {
            write_frame(Opcode::Pong, &payload, keys(), out);
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
        if compressed.len() >= payload.len() && !self.agreement.client_takeover {
            return write_frame(kind.opcode(), payload, key, out); // nothing depends on the compressor having seen it
        }
        let header = Header { fin: true, rsv1: true, opcode: kind.opcode(), len: compressed.len() as u64 };
        frame::write_header(header, key, out);
        Masking::new(key).append(&compressed, out);
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

#[inline]
fn write_frame(opcode: Opcode, payload: &[u8], key: MaskKey, out: &mut Vec<u8>) {
    frame::write_header(Header { fin: true, rsv1: false, opcode, len: payload.len() as u64 }, key, out);
    Masking::new(key).append(payload, out);
}
