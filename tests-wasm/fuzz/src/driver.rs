//! Drives a [`Connection`] as its documentation says, and asserts what its events promise.

use websocket_channel::protocol::{
    Connection, DEFAULT_BUDGET, Event, FaultKind, Kind, MaskKey, Role, Source, Whole, set_budget,
};

/// An event with the bytes of its ranges. The pieces of a message are joined.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Seen {
    Message { text: bool, bytes: Vec<u8> },
    Close(u16, String),
    Failed(FaultKind),
}

impl Seen {
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::Close(..) | Self::Failed(_))
    }
}

/// Returns the mask keys for the frames of the targets, a different key for each frame.
pub(crate) fn keys() -> impl FnMut() -> MaskKey {
    let mut state = 0x9E37_79B9u32;
    move || {
        state = state.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
        state.to_be_bytes()
    }
}

/// Gives up every compression context that is between two messages, as happens with many connections.
pub(crate) fn press() {
    set_budget(0);
    set_budget(DEFAULT_BUDGET);
}

/// How a driver asks for events. Both must see the same.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Path {
    /// With `poll_event` alone.
    Slow,
    /// With `poll_whole` first, as the Node transport does.
    Fast,
}

pub(crate) struct Driver {
    pub(crate) connection: Connection,
    pub(crate) seen: Vec<Seen>,
    path: Path,
    scratch: Vec<u8>,
    limit: usize,
    /// The message that is arriving in pieces.
    gathering: Option<(Kind, Vec<u8>)>,
}

impl Driver {
    pub(crate) fn new(connection: Connection, path: Path, limit: usize, scratch: usize) -> Self {
        assert!(!connection.has_transmit(), "an open connection has nothing to say yet");
        Self { connection, seen: Vec::new(), path, scratch: vec![0xA5; scratch.max(1)], limit, gathering: None }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.seen.last().is_some_and(Seen::is_last)
    }

    /// Feeds one chunk.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        let (mut chunk, mut at) = (chunk.to_vec(), 0);
        loop {
            if self.path == Path::Fast {
                while let Some(whole) = self.poll_whole(&mut chunk, &mut at) {
                    assert!(!self.is_over(), "{whole:?} came after {:?}", self.seen.last());
                    self.whole_message(whole.kind, chunk[whole.start..whole.end].to_vec(), whole.ascii);
                }
            }
            let before = at;
            let event = self.connection.poll_event(&mut chunk, &mut at, &mut self.scratch);
            assert!(before <= at && at <= chunk.len(), "at went from {before} to {at} of {}", chunk.len());
            let Some(event) = event else { break };
            assert!(!self.is_over(), "{event:?} came after {:?}", self.seen.last());
            if self.path == Path::Fast
                && let Event::Message { source: Source::Chunk, .. } = event
            {
                panic!("poll_whole missed {event:?}");
            }
            self.take(event, &chunk, at);
        }
        assert_eq!(at, chunk.len(), "the whole chunk is read");
    }

    fn poll_whole(&self, chunk: &mut [u8], at: &mut usize) -> Option<Whole> {
        let before = *at;
        let whole = self.connection.poll_whole(chunk, at);
        match whole {
            Some(Whole { start, end, .. }) => assert!(before < start && start <= end && end == *at),
            None => assert_eq!(*at, before, "nothing was read"),
        }
        whole
    }

    /// Feeds `bytes` in chunks whose sizes `cuts` gives in turn. Gives up every compression context in between.
    pub(crate) fn feed_cut(&mut self, mut bytes: &[u8], mut cuts: impl FnMut() -> usize) {
        while !bytes.is_empty() {
            let (chunk, rest) = bytes.split_at(cuts().clamp(1, bytes.len()));
            self.feed(chunk);
            press();
            bytes = rest;
        }
    }

    /// Returns what the protocol itself has to send now.
    pub(crate) fn transmit(&mut self) -> Vec<u8> {
        let (mut out, has) = (Vec::new(), self.connection.has_transmit());
        self.connection.poll_transmit(keys(), &mut out);
        assert_eq!(has, !out.is_empty());
        assert!(!self.connection.has_transmit() && !self.connection.has_close());
        out
    }

    fn take(&mut self, event: Event, chunk: &[u8], at: usize) {
        let scratch = &self.scratch;
        let bytes = |source, range: std::ops::Range<usize>| match source {
            Source::Chunk => {
                assert_eq!(range.end, at, "what was read ends where the payload does");
                chunk[range].to_vec()
            }
            Source::Scratch => scratch[range].to_vec(),
        };
        match event {
            Event::Begin { kind, .. } => {
                assert!(self.gathering.replace((kind, Vec::new())).is_none(), "a message began in a message");
            }
            Event::Piece { source, payload, ascii } => {
                let piece = bytes(source, payload);
                assert!(!piece.is_empty());
                let (kind, gathered) = self.gathering.as_mut().expect("a piece without a message");
                let whole_characters = std::str::from_utf8(gathered).is_ok();
                let alone = *kind == Kind::Text && whole_characters && piece.is_ascii();
                assert_eq!(ascii, alone, "a piece is ASCII by itself, or not");
                gathered.extend(piece);
                assert!(gathered.len() <= self.limit, "pieces went over the limit");
            }
            Event::End { kind } => {
                let (begun, gathered) = self.gathering.take().expect("an end without a message");
                assert_eq!(kind, begun);
                self.message(kind, gathered);
            }
            Event::Message { kind, source, payload, ascii } => {
                assert!(self.gathering.is_none(), "a message inside another");
                let bytes = bytes(source, payload);
                self.whole_message(kind, bytes, ascii);
            }
            Event::Pong(payload) => assert!(payload.len() <= 125),
            Event::Close(close) => self.seen.push(Seen::Close(close.reported_code(), close.reason().to_owned())),
            Event::Failed(fault) => {
                assert!(!fault.message.is_empty());
                self.seen.push(Seen::Failed(fault.kind));
            }
        }
    }

    fn whole_message(&mut self, kind: Kind, bytes: Vec<u8>, ascii: bool) {
        assert_eq!(ascii, kind == Kind::Text && bytes.is_ascii());
        self.message(kind, bytes);
    }

    fn message(&mut self, kind: Kind, bytes: Vec<u8>) {
        assert!(bytes.len() <= self.limit, "a message of {} bytes over the limit of {}", bytes.len(), self.limit);
        if kind == Kind::Text {
            assert!(std::str::from_utf8(&bytes).is_ok(), "a text that is not UTF-8");
        }
        self.seen.push(Seen::Message { text: kind == Kind::Text, bytes });
    }
}

/// A frame as one end must write it (RFC 6455 §5.2, §5.3), unmasked.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// Returns its size on the wire.
    pub(crate) fn size(&self, role: Role) -> usize {
        let length = match self.payload.len() {
            0..126 => 2,
            126..0x1_0000 => 4,
            _ => 10,
        };
        length + if role == Role::Client { 4 } else { 0 } + self.payload.len()
    }
}

/// Reads what the end with this `role` wrote, and asserts everything that can be checked for a frame alone.
pub(crate) fn frames(mut bytes: &[u8], role: Role) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (first, second) = (bytes[0], bytes[1]);
        assert_eq!(first & 0x30, 0, "RSV2, RSV3");
        assert_eq!(second & 0x80 != 0, role == Role::Client, "a client masks, a server does not");
        let (len, at) = match second & 0x7F {
            126 => (u64::from(u16::from_be_bytes(bytes[2..4].try_into().unwrap())), 4),
            127 => (u64::from_be_bytes(bytes[2..10].try_into().unwrap()), 10),
            short => (u64::from(short), 2),
        };
        let shortest = if len < 126 {
            2
        } else if len < 0x1_0000 {
            4
        } else {
            10
        };
        assert_eq!(at, shortest, "the length's shortest form");
        let (key, start) = match role {
            Role::Client => (&bytes[at..at + 4], at + 4),
            Role::Server => (&[0; 4][..], at),
        };
        let end = start + usize::try_from(len).unwrap();
        let payload = bytes[start..end].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        let frame = Frame { fin: first & 0x80 != 0, rsv1: first & 0x40 != 0, opcode: first & 0x0F, payload };
        assert!([0, 1, 2, 8, 9, 10].contains(&frame.opcode));
        if frame.opcode >= 8 {
            assert!(frame.fin && !frame.rsv1 && len <= 125, "a control frame: {frame:?}");
        }
        frames.push(frame);
        bytes = &bytes[end..];
    }
    frames
}

/// Returns a server's frames as a client sends them, that is, masked. A frame that is already masked becomes unmasked, so that
/// both ends see the same fault.
pub(crate) fn masked(mut bytes: &[u8], mut keys: impl FnMut() -> MaskKey) -> Vec<u8> {
    let mut out = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        out.extend([*first, second ^ 0x80]);
        let digits = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if second & 0x80 != 0 || rest.len() < digits {
            out.extend(rest);
            return out;
        }
        let (digits, rest) = rest.split_at(digits);
        let len = match digits {
            [] => u64::from(second & 0x7F),
            digits => digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit)),
        };
        let (payload, rest) = rest.split_at(usize::try_from(len).unwrap_or(usize::MAX).min(rest.len()));
        let key = keys();
        out.extend(digits);
        out.extend(key);
        out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes = rest;
    }
    out.extend(bytes);
    out
}

/// Asserts that the connection sends, after `seen`, only pongs and, after a fault, its close frame. Returns the pongs' payloads.
pub(crate) fn check_transmit(out: &[u8], seen: &[Seen], role: Role) -> Vec<Vec<u8>> {
    let mut frames = frames(out, role);
    let code = match seen.last() {
        Some(Seen::Failed(FaultKind::Frame)) => Some(1002u16),
        Some(Seen::Failed(FaultKind::NotUtf8 | FaultKind::NotDeflated)) => Some(1007),
        Some(Seen::Failed(FaultKind::TooBig)) => Some(1009),
        _ => None,
    };
    if let Some(code) = code {
        let close = frames.pop().expect("a fault is answered with a close frame");
        assert_eq!((close.opcode, &close.payload[..2]), (8, &code.to_be_bytes()[..]));
        assert!(std::str::from_utf8(&close.payload[2..]).is_ok());
    }
    frames
        .into_iter()
        .map(|frame| {
            assert_eq!(frame.opcode, 10, "only pongs");
            frame.payload
        })
        .collect()
}

/// Returns random cuts from a seed, by xorshift32.
pub(crate) fn cuts(seed: u32, most: usize) -> impl FnMut() -> usize {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        1 + state as usize % most
    }
}
