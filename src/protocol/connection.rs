//! One connection, from the upgrade request to the close frames.

use std::ops::Range;

use super::fault::{Fault, FaultKind};
use super::frame::{self, Header, MAX_CONTROL, MAX_SERVER_HEADER, MaskKey, Masking, Opcode};
use super::handshake::{Handshake, HttpAnswer, Outcome, Request};
use super::utf8::{self, Utf8};
use crate::close::{Close, CloseCode};

/// What a message is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

/// What happened. Ranges are of the chunk that `poll_event` was given.
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
    /// A message that lies wholly inside the chunk.
    Message {
        /// Text or binary.
        kind: Kind,
        /// Its payload.
        payload: Range<usize>,
        /// Every byte is below 0x80.
        ascii: bool,
    },
    /// A message begins that comes in pieces.
    Begin {
        /// Text or binary.
        kind: Kind,
        /// How long its first frame is; the message may be longer.
        first_frame: u64,
    },
    /// Its next bytes.
    Piece(Range<usize>),
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
    /// The longest message, in payload bytes.
    pub message: u64,
}

/// The client's end of one connection. See the [module](super) for how to drive it.
pub struct Connection {
    phase: Phase,
    limits: Limits,
    /// The beginning of a header whose end is in a later chunk.
    header: Vec<u8>,
    /// The frame whose payload is coming.
    frame: Option<Frame>,
    /// The message whose frames are coming.
    message: Option<Message>,
    /// The payload so far of the control frame that is coming.
    control: Vec<u8>,
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

struct Frame {
    header: Header,
    remaining: u64,
}

struct Message {
    kind: Kind,
    size: u64,
    utf8: Utf8,
}

/// Pings beyond so many unanswered ones are answered by the latest only (RFC 6455 §5.5.3 allows as much).
const MAX_PONGS: usize = 32;

impl Connection {
    /// A connection that has yet to ask for its upgrade. `nonce` must be random (RFC 6455 §4.1, item 7).
    pub fn new(request: Request, nonce: [u8; 16], limits: Limits) -> Self {
        Self {
            phase: Phase::Handshake(Box::new(Handshake::new(request, nonce))),
            limits,
            header: Vec::new(),
            frame: None,
            message: None,
            control: Vec::new(),
            pongs: Vec::new(),
            close: None,
        }
    }

    /// The next event in `chunk`, from `*at` on; `None` when the whole chunk is read. `at` starts at 0 for each chunk.
    #[inline]
    pub fn poll_event(&mut self, chunk: &[u8], at: &mut usize) -> Option<Event> {
        let event = match &mut self.phase {
            Phase::Open => self.read_frames(chunk, at),
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

    /// Writes a whole message.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8], mut keys: impl FnMut() -> MaskKey, out: &mut Vec<u8>) {
        self.write_pongs(&mut keys, out);
        write_frame(kind.opcode(), payload, keys(), out);
    }

    /// Writes the beginning of a message of `len` bytes; append all of them with [`Masking::append`] before anything else.
    pub fn begin_message(
        &mut self,
        kind: Kind,
        len: u64,
        mut keys: impl FnMut() -> MaskKey,
        out: &mut Vec<u8>,
    ) -> Masking {
        self.write_pongs(&mut keys, out);
        let key = keys();
        frame::write_header(true, kind.opcode(), len, key, out);
        Masking::new(key)
    }

    /// Has the next `poll_transmit` write a close frame. Nothing may be sent behind it (RFC 6455 §5.5.1).
    pub fn close(&mut self, close: Close) {
        self.close = Some(close);
    }

    fn conclude(&mut self, outcome: Outcome) -> Event {
        match outcome {
            Outcome::Opened { protocol, extensions } => {
                self.phase = Phase::Open;
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
        (self.message, self.frame) = (None, None);
        self.close = fault.kind.close_code().and_then(|code| Close::new(code, fault.message.to_owned()));
        Event::Failed(fault)
    }

    /// Reads frames until one of them is an event.
    #[inline]
    fn read_frames(&mut self, chunk: &[u8], at: &mut usize) -> Result<Option<Event>, Fault> {
        loop {
            let rest = chunk.get(*at..).unwrap_or_default();
            let event = match &self.frame {
                Some(frame) if frame.header.opcode.is_control() => self.read_control(rest, at)?,
                Some(_) => self.read_payload(rest, at)?,
                None if rest.is_empty() => return Ok(None),
                None => match self.read_header(rest, at)? {
                    Some(header) => self.begin_frame(header, chunk, at)?,
                    None => return Ok(None),
                },
            };
            if event.is_some() {
                return Ok(event);
            }
            if *at >= chunk.len() && self.frame.as_ref().is_none_or(|frame| frame.remaining > 0) {
                return Ok(None);
            }
        }
    }

    /// The next header, once all of it is there.
    #[inline]
    fn read_header(&mut self, rest: &[u8], at: &mut usize) -> Result<Option<Header>, Fault> {
        if self.header.is_empty() {
            if let Some((header, size)) = frame::parse_header(rest)? {
                *at += size;
                return Ok(Some(header));
            }
            self.header.extend_from_slice(rest); // at most nine bytes: with ten, every header is complete
            *at += rest.len();
            return Ok(None);
        }
        let before = self.header.len();
        self.header.extend(rest.iter().take(MAX_SERVER_HEADER.saturating_sub(before)));
        let parsed = frame::parse_header(&self.header)?;
        let read = parsed.map_or(self.header.len(), |(_, size)| size);
        *at += read.saturating_sub(before);
        if parsed.is_some() {
            self.header = Vec::new();
        }
        Ok(parsed.map(|(header, _)| header))
    }

    /// Checks the header against the frames before it; answers the message at once if it is all there.
    #[inline]
    fn begin_frame(&mut self, header: Header, chunk: &[u8], at: &mut usize) -> Result<Option<Event>, Fault> {
        let kind = match header.opcode {
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            Opcode::Continuation => return self.continue_message(header),
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                self.frame = Some(Frame { header, remaining: header.len });
                return Ok(None);
            }
        };
        if self.message.is_some() {
            return Err(FaultKind::Frame.because("A new message began before the last one had ended."));
        }
        self.check_size(0, header.len)?;
        let end = usize::try_from(header.len).ok().and_then(|len| at.checked_add(len));
        if let (true, Some(payload)) = (header.fin, end.and_then(|end| chunk.get(*at..end))) {
            let ascii = kind == Kind::Text && utf8::check_whole(payload).map_err(|_| not_utf8())?;
            let payload = *at..*at + payload.len();
            *at = payload.end;
            return Ok(Some(Event::Message { kind, payload, ascii }));
        }
        self.message = Some(Message { kind, size: header.len, utf8: Utf8::default() });
        self.frame = Some(Frame { header, remaining: header.len });
        Ok(Some(Event::Begin { kind, first_frame: header.len }))
    }

    fn continue_message(&mut self, header: Header) -> Result<Option<Event>, Fault> {
        let Some(message) = &self.message else {
            return Err(FaultKind::Frame.because("A continuation frame came without a message to continue."));
        };
        let size = message.size;
        self.check_size(size, header.len)?;
        if let Some(message) = &mut self.message {
            message.size = size.saturating_add(header.len);
        }
        self.frame = Some(Frame { header, remaining: header.len });
        Ok(None)
    }

    #[inline]
    fn check_size(&self, before: u64, more: u64) -> Result<(), Fault> {
        if before.saturating_add(more) > self.limits.message {
            return Err(FaultKind::TooBig.because("A message is longer than maxMessageSize."));
        }
        Ok(())
    }

    /// The next piece of a data frame's payload, or the message's end.
    fn read_payload(&mut self, rest: &[u8], at: &mut usize) -> Result<Option<Event>, Fault> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else { return Ok(None) };
        if frame.remaining > 0 {
            let len = usize::try_from(frame.remaining).unwrap_or(usize::MAX).min(rest.len());
            let piece = rest.get(..len).unwrap_or_default();
            if message.kind == Kind::Text {
                message.utf8.check(piece).map_err(|_| not_utf8())?;
            }
            frame.remaining -= len as u64;
            let start = *at;
            *at += len;
            return Ok((len > 0).then_some(Event::Piece(start..start + len)));
        }
        let fin = frame.header.fin;
        self.frame = None;
        if !fin {
            return Ok(None);
        }
        let Some(Message { kind, utf8, .. }) = self.message.take() else { return Ok(None) };
        let ascii = utf8.finish().map_err(|_| not_utf8())?;
        Ok(Some(Event::End { kind, ascii }))
    }

    /// Gathers a control frame's payload and obeys it.
    fn read_control(&mut self, rest: &[u8], at: &mut usize) -> Result<Option<Event>, Fault> {
        let Some(frame) = &mut self.frame else { return Ok(None) };
        let len = usize::try_from(frame.remaining.min(MAX_CONTROL)).unwrap_or_default().min(rest.len());
        self.control.extend_from_slice(rest.get(..len).unwrap_or_default());
        frame.remaining -= len as u64;
        *at += len;
        if frame.remaining > 0 {
            return Ok(None);
        }
        let opcode = frame.header.opcode;
        self.frame = None;
        let payload = std::mem::take(&mut self.control);
        match opcode {
            Opcode::Ping => {
                if self.pongs.len() >= MAX_PONGS {
                    self.pongs.clear();
                }
                self.pongs.push(payload);
                Ok(None)
            }
            Opcode::Close => {
                let close = parse_close(&payload)?;
                self.phase = Phase::Deaf;
                Ok(Some(Event::Close(close)))
            }
            _ => Ok(None), // a pong nobody asked for is allowed (RFC 6455 §5.5.3)
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
    frame::write_header(true, opcode, payload.len() as u64, key, out);
    Masking::new(key).append(payload, out);
}

/// RFC 6455 §5.5.1: nothing, or two bytes of code and a reason in UTF-8.
fn parse_close(payload: &[u8]) -> Result<Close, Fault> {
    let (code, reason) = match payload {
        [] => return Ok(Close::EMPTY),
        [_] => return Err(FaultKind::Frame.because("A close frame's payload is one byte long.")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    let Some(code) = CloseCode::from_peer(code) else {
        return Err(FaultKind::Frame.because("A close frame has a code that must not be sent."));
    };
    let reason =
        std::str::from_utf8(reason).map_err(|_| FaultKind::NotUtf8.because("A close frame's reason is not UTF-8."))?;
    // Never too long: a control frame's payload has at most 125 bytes.
    Close::new(code, reason.to_owned()).ok_or(FaultKind::Frame.because("A close frame's reason is too long."))
}

fn not_utf8() -> Fault {
    FaultKind::NotUtf8.because("A text message is not UTF-8.")
}
