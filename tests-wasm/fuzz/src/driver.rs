//! Drives a [`Connection`] as its documentation asks, and asserts what its events promise.

use websocket_channel::protocol::{Connection, Event, FaultKind, HttpAnswer, Kind, MaskKey, Source};

/// An event with the bytes that its ranges stood for, pieces joined.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Seen {
    Opened { protocol: String, extensions: String },
    Refused(HttpAnswer),
    Message { text: bool, bytes: Vec<u8> },
    Close(u16, String),
    Failed(FaultKind),
}

impl Seen {
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Close(..) | Self::Failed(_))
    }
}

/// RFC 6455 §1.3's example.
pub(crate) const NONCE: [u8; 16] = *b"the sample nonce";
pub(crate) const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                               Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

/// The key that the frames of the targets are masked with; another one each time.
pub(crate) fn keys() -> impl FnMut() -> MaskKey {
    let mut state = 0x9E37_79B9u32;
    move || {
        state = state.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
        state.to_be_bytes()
    }
}

pub(crate) struct Driver {
    pub(crate) connection: Connection,
    pub(crate) seen: Vec<Seen>,
    scratch: Vec<u8>,
    limit: usize,
    /// The message that comes in pieces.
    gathering: Option<(Kind, Vec<u8>)>,
}

impl Driver {
    pub(crate) fn new(mut connection: Connection, limit: usize, scratch: usize) -> Self {
        let mut request = Vec::new();
        connection.poll_transmit(|| [0; 4], &mut request);
        assert!(request.ends_with(b"\r\n\r\n"));
        Self { connection, seen: Vec::new(), scratch: vec![0xA5; scratch.max(1)], limit, gathering: None }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.seen.last().is_some_and(Seen::is_last)
    }

    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        let mut at = 0;
        loop {
            let before = at;
            let event = self.connection.poll_event(chunk, &mut at, &mut self.scratch);
            assert!(before <= at && at <= chunk.len(), "at went from {before} to {at} of {}", chunk.len());
            let Some(event) = event else { break };
            assert!(!self.is_over(), "{event:?} came after {:?}", self.seen.last());
            self.take(event, chunk, at);
        }
        assert_eq!(at, chunk.len(), "the whole chunk is read");
    }

    /// Feeds `bytes` in chunks whose sizes `cuts` gives in turn.
    pub(crate) fn feed_cut(&mut self, mut bytes: &[u8], mut cuts: impl FnMut() -> usize) {
        while !bytes.is_empty() {
            let (chunk, rest) = bytes.split_at(cuts().clamp(1, bytes.len()));
            self.feed(chunk);
            bytes = rest;
        }
    }

    /// The end of the stream.
    pub(crate) fn end(&mut self) {
        let in_handshake = self.seen.is_empty();
        let event = self.connection.handle_end();
        assert_eq!(event.is_some(), in_handshake, "the end concludes the handshake and nothing else: {event:?}");
        if let Some(event) = event {
            self.take(event, &[], 0);
            assert!(self.is_over());
        }
        assert!(self.connection.handle_end().is_none(), "once");
    }

    /// What the protocol itself has to say now.
    pub(crate) fn transmit(&mut self) -> Vec<u8> {
        let (mut out, has) = (Vec::new(), self.connection.has_transmit());
        self.connection.poll_transmit(keys(), &mut out);
        assert_eq!(has, !out.is_empty());
        assert!(!self.connection.has_transmit() && !self.connection.has_close());
        out
    }

    /// Whether nothing is to be said, now that the handshake has failed.
    pub(crate) fn transmit_nothing(&mut self) -> bool {
        !self.connection.has_transmit() && self.transmit().is_empty()
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
            Event::End { kind, ascii } => {
                let (begun, gathered) = self.gathering.take().expect("an end without a message");
                assert_eq!(kind, begun);
                self.message(kind, gathered, ascii);
            }
            Event::Message { kind, source, payload, ascii } => {
                assert!(self.gathering.is_none(), "a message inside another");
                let bytes = bytes(source, payload);
                self.message(kind, bytes, ascii);
            }
            Event::Pong(payload) => assert!(payload.len() <= 125),
            Event::Close(close) => self.seen.push(Seen::Close(close.reported_code(), close.reason().to_owned())),
            Event::Failed(fault) => {
                assert!(!fault.message.is_empty());
                self.seen.push(Seen::Failed(fault.kind));
            }
            Event::Opened { protocol, extensions } => self.seen.push(Seen::Opened { protocol, extensions }),
            Event::Refused(answer) => {
                assert!(answer.body.len() <= 4096, "a refusal's body is bounded");
                self.seen.push(Seen::Refused(answer));
            }
        }
    }

    fn message(&mut self, kind: Kind, bytes: Vec<u8>, ascii: bool) {
        assert!(bytes.len() <= self.limit, "a message of {} bytes over the limit of {}", bytes.len(), self.limit);
        if kind == Kind::Text {
            assert!(std::str::from_utf8(&bytes).is_ok(), "a text that is not UTF-8");
            assert_eq!(ascii, bytes.is_ascii());
        }
        self.seen.push(Seen::Message { text: kind == Kind::Text, bytes });
    }
}

/// A frame as a client must write it (RFC 6455 §5.2, §5.3), unmasked.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// Reads what a client wrote, and asserts all that a frame alone can get wrong.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (first, second) = (bytes[0], bytes[1]);
        assert_eq!(first & 0x30, 0, "RSV2, RSV3");
        assert_eq!(second & 0x80, 0x80, "a client masks");
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
        let (key, end) = (&bytes[at..at + 4], at + 4 + usize::try_from(len).unwrap());
        let payload = bytes[at + 4..end].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
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

/// Asserts that what goes out after `seen` is pongs and, after a fault, its close frame. Answers the pongs' payloads.
pub(crate) fn check_transmit(out: &[u8], seen: &[Seen]) -> Vec<Vec<u8>> {
    let mut frames = frames(out);
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

/// xorshift32: cuts from a seed.
pub(crate) fn cuts(seed: u32, most: usize) -> impl FnMut() -> usize {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        1 + state as usize % most
    }
}
