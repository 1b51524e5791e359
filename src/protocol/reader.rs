//! Frames in, messages out (RFC 6455 §5.4 to §5.6, RFC 7692 §7.2.2).

mod compressed;

use compressed::Inflating;

use super::event::{Event, Kind, Source, Whole};
use super::fault::{Fault, FaultKind};
use super::frame::{self, Header, MAX_CONTROL, MAX_HEADER, MaskKey, Opcode, Parsed, Role};
use super::inflate::Inflater;
use super::utf8::{self, Utf8};
use crate::close::{Close, CloseCode};

/// Reads the frames of one connection.
pub(super) struct Reader {
    /// Which end reads.
    role: Role,
    /// The most payload bytes of a message, on the wire and inflated.
    limit: u64,
    /// Set if permessage-deflate was negotiated.
    inflater: Option<Box<Inflater>>,
    /// The beginning of a header that continues in a later chunk.
    header: Vec<u8>,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// The message whose frames are being read.
    message: Option<Message>,
    /// The payload so far of the control frame that is being read.
    control: Vec<u8>,
}

/// What was read.
pub(super) enum Read {
    Event(Event),
    Ping(Vec<u8>),
    Close(Close),
}

struct Frame {
    header: Header,
    remaining: u64,
    /// In a client's frame: the mask key, rotated to the first payload byte that is still masked.
    key: Option<MaskKey>,
    /// The number of next payload bytes that are already unmasked in the chunk.
    clear: usize,
}

impl Frame {
    fn new(Parsed { header, key, .. }: Parsed) -> Self {
        Self { header, remaining: header.len, key, clear: 0 }
    }

    /// Unmasks the next payload bytes in place, each byte once.
    #[inline]
    fn unmask(&mut self, payload: &mut [u8]) {
        let Some(key) = &mut self.key else { return };
        let masked = payload.get_mut(self.clear..).unwrap_or_default();
        frame::mask(masked, *key);
        key.rotate_left(masked.len() % 4);
        self.clear += masked.len();
    }

    /// Counts this many payload bytes as read.
    #[inline]
    fn advance(&mut self, len: usize) {
        self.remaining = self.remaining.saturating_sub(len as u64);
        self.clear = self.clear.saturating_sub(len);
    }
}

struct Message {
    kind: Kind,
    /// The sum of the payload lengths in its frame headers so far.
    wire_size: u64,
    utf8: Utf8,
    /// Set if it is compressed.
    inflating: Option<Inflating>,
}

type Step = Result<Option<Read>, Fault>;

impl Reader {
    pub(super) fn new(role: Role, limit: u64) -> Self {
        Self { role, limit, inflater: None, header: Vec::new(), frame: None, message: None, control: Vec::new() }
    }

    /// Permits compressed messages.
    pub(super) fn inflate_with(&mut self, inflater: Inflater) {
        self.inflater = Some(Box::new(inflater));
    }

    /// Frees everything: nothing more is read.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.role, self.limit);
    }

    /// See [`Connection::poll_whole`](super::Connection::poll_whole).
    #[inline(always)]
    pub(super) fn poll_whole(&self, chunk: &mut [u8], at: &mut usize) -> Option<Whole> {
        if self.frame.is_some() || self.message.is_some() || !self.header.is_empty() {
            return None;
        }
        if self.role == Role::Server {
            return self.poll_whole_masked(chunk, at);
        }
        let (opcode, header_size, payload) = frame::parse_whole(chunk.get(*at..)?)?;
        let kind = if opcode == Opcode::Text { Kind::Text } else { Kind::Binary };
        let ascii = kind == Kind::Text && utf8::check_whole(payload).ok()?;
        if payload.len() as u64 > self.limit {
            return None;
        }
        let start = *at + header_size;
        *at = start + payload.len();
        Some(Whole { kind, start, end: *at, ascii })
    }

    /// The same for a client's frames. It unmasks the payload in place.
    fn poll_whole_masked(&self, chunk: &mut [u8], at: &mut usize) -> Option<Whole> {
        let Parsed { header, key, size } = frame::parse_header(chunk.get(*at..)?, self.role).ok()??;
        let kind = match header.opcode {
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            _ => return None,
        };
        if !header.fin || header.rsv1 || header.len > self.limit {
            return None;
        }
        let start = at.checked_add(size)?;
        let end = start.checked_add(usize::try_from(header.len).ok()?)?;
        let (payload, key) = (chunk.get_mut(start..end)?, key?);
        frame::mask(payload, key);
        let checked = if kind == Kind::Text { utf8::check_whole(payload) } else { Ok(false) };
        let Ok(ascii) = checked else {
            frame::mask(payload, key); // restores it: `poll` reads it again and reports the fault
            return None;
        };
        *at = end;
        Some(Whole { kind, start, end, ascii })
    }

    /// See [`Connection::position`](super::Connection::position).
    pub(super) fn position(&self) -> (u64, &[u8]) {
        (self.frame.as_ref().map_or(0, |frame| frame.remaining), &self.header)
    }

    /// See [`Connection::passable`](super::Connection::passable).
    pub(super) fn passable(&self) -> u64 {
        match (&self.frame, &self.message) {
            (Some(frame), Some(Message { kind: Kind::Binary, inflating: None, .. }))
                if !frame.header.opcode.is_control() && frame.key.is_none() =>
            {
                frame.remaining
            }
            _ => 0,
        }
    }

    /// See [`Connection::pass`](super::Connection::pass).
    pub(super) fn pass(&mut self, len: u64) {
        if let Some(frame) = &mut self.frame {
            frame.remaining = frame.remaining.saturating_sub(len);
        }
    }

    /// Reads on in `chunk` from `*at`. Returns `None` when the whole chunk has been read. Compressed messages are inflated into
    /// `scratch`. Nothing else may write to it before the next call.
    pub(super) fn poll(&mut self, chunk: &mut [u8], at: &mut usize, scratch: &mut [u8]) -> Step {
        loop {
            let rest = chunk.get_mut(*at..).unwrap_or_default();
            let read = match &self.frame {
                Some(frame) if frame.header.opcode.is_control() => self.read_control(rest, at)?,
                Some(_) => self.read_payload(rest, at, scratch)?,
                None if rest.is_empty() => return self.empty_scratch(scratch),
                None => match self.read_header(rest, at)? {
                    Some(parsed) => self.begin_frame(parsed)?,
                    None => return self.empty_scratch(scratch),
                },
            };
            if read.is_some() {
                return Ok(read);
            }
            if *at >= chunk.len() && self.frame.as_ref().is_some_and(|frame| frame.remaining > 0) {
                return self.empty_scratch(scratch);
            }
        }
    }

    /// The next header, or `None` if the chunk ends inside it.
    fn read_header(&mut self, rest: &[u8], at: &mut usize) -> Result<Option<Parsed>, Fault> {
        if self.header.is_empty() {
            if let Some(parsed) = frame::parse_header(rest, self.role)? {
                *at += parsed.size;
                return Ok(Some(parsed));
            }
            self.header.extend_from_slice(rest); // fewer than MAX_HEADER bytes: with that many, every header is complete
            *at += rest.len();
            return Ok(None);
        }
        let before = self.header.len();
        self.header.extend(rest.iter().take(MAX_HEADER.saturating_sub(before)));
        let parsed = frame::parse_header(&self.header, self.role)?;
        let read = parsed.map_or(self.header.len(), |parsed| parsed.size);
        *at += read.saturating_sub(before);
        if parsed.is_some() {
            self.header = Vec::new();
        }
        Ok(parsed)
    }

    /// Checks the header against the frames before it.
    fn begin_frame(&mut self, parsed: Parsed) -> Step {
        let header = parsed.header;
        let kind = match header.opcode {
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            _ if header.rsv1 => {
                return Err(FaultKind::Frame.because("A frame that does not begin a message has RSV1 set."));
            }
            Opcode::Continuation => return self.continue_message(parsed),
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                self.frame = Some(Frame::new(parsed));
                return Ok(None);
            }
        };
        if self.message.is_some() {
            return Err(FaultKind::Frame.because("A new message began before the previous one ended."));
        }
        if header.rsv1 && self.inflater.is_none() {
            return Err(FaultKind::Frame.because("A frame has RSV1 set, but no extension was negotiated."));
        }
        self.check_size(0, header.len)?;
        let inflating = header.rsv1.then(Inflating::default);
        let begin = inflating.is_none().then_some(Read::Event(Event::Begin { kind, size_hint: header.len }));
        self.message = Some(Message { kind, wire_size: header.len, utf8: Utf8::default(), inflating });
        self.frame = Some(Frame::new(parsed));
        Ok(begin)
    }

    fn continue_message(&mut self, parsed: Parsed) -> Step {
        let Some(size) = self.message.as_ref().map(|message| message.wire_size) else {
            return Err(FaultKind::Frame.because("A continuation frame arrived without a message to continue."));
        };
        self.check_size(size, parsed.header.len)?;
        if let Some(message) = &mut self.message {
            message.wire_size = size.saturating_add(parsed.header.len);
        }
        self.frame = Some(Frame::new(parsed));
        Ok(None)
    }

    fn check_size(&self, before: u64, more: u64) -> Result<(), Fault> {
        if before.saturating_add(more) > self.limit { Err(too_big()) } else { Ok(()) }
    }

    /// Reads a data frame's payload. Returns the next piece, or the end of the message.
    fn read_payload(&mut self, rest: &mut [u8], at: &mut usize, scratch: &mut [u8]) -> Step {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else { return Ok(None) };
        let available = usize::try_from(frame.remaining).unwrap_or(usize::MAX).min(rest.len());
        let input = rest.get_mut(..available).unwrap_or_default();
        if message.inflating.is_some() {
            return self.read_compressed(input, at, scratch);
        }
        frame.unmask(input);
        if frame.remaining > 0 {
            let ascii = message.kind == Kind::Text && message.utf8.check(input).map_err(|_| not_utf8())?;
            frame.advance(input.len());
            let start = *at;
            *at += input.len();
            let piece = Event::Piece { source: Source::Chunk, payload: start..*at, ascii };
            return Ok((!input.is_empty()).then_some(Read::Event(piece)));
        }
        let fin = frame.header.fin;
        self.frame = None;
        if fin { self.end_message() } else { Ok(None) }
    }

    fn end_message(&mut self) -> Step {
        let Some(Message { kind, utf8, .. }) = self.message.take() else { return Ok(None) };
        utf8.finish().map_err(|_| not_utf8())?;
        Ok(Some(Read::Event(Event::End { kind })))
    }

    /// Collects a control frame's payload. Returns the frame once it is complete.
    fn read_control(&mut self, rest: &mut [u8], at: &mut usize) -> Step {
        let Some(frame) = &mut self.frame else { return Ok(None) };
        let len = usize::try_from(frame.remaining.min(MAX_CONTROL as u64)).unwrap_or_default().min(rest.len());
        let payload = rest.get_mut(..len).unwrap_or_default();
        frame.unmask(payload);
        self.control.extend_from_slice(payload);
        frame.advance(len);
        *at += len;
        if frame.remaining > 0 {
            return Ok(None);
        }
        let opcode = frame.header.opcode;
        self.frame = None;
        let payload = std::mem::take(&mut self.control);
        match opcode {
            Opcode::Ping => Ok(Some(Read::Ping(payload))),
            Opcode::Close => parse_close(&payload).map(Read::Close).map(Some),
            _ => Ok(Some(Read::Event(Event::Pong(payload)))),
        }
    }
}

/// Parses a close frame's payload: empty, or a two-byte code and a reason in UTF-8 (RFC 6455 §5.5.1).
fn parse_close(payload: &[u8]) -> Result<Close, Fault> {
    let (code, reason) = match payload {
        [] => return Ok(Close::EMPTY),
        [_] => return Err(FaultKind::Frame.because("A close frame's payload is one byte long.")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    let Some(code) = CloseCode::from_peer(code) else {
        return Err(FaultKind::Frame.because("A close frame has a code that must not be sent."));
    };
    let reason = std::str::from_utf8(reason)
        .map_err(|_| FaultKind::NotUtf8.because("A close frame's reason is not valid UTF-8."))?;
    // It is never too long: a control frame's payload has at most 125 bytes.
    Close::new(code, reason.to_owned()).ok_or_else(|| FaultKind::Frame.because("A close frame's reason is too long."))
}

fn not_utf8() -> Fault {
    FaultKind::NotUtf8.because("A text message is not valid UTF-8.")
}

fn too_big() -> Fault {
    FaultKind::TooBig.because("The message is longer than this end accepts.")
}
