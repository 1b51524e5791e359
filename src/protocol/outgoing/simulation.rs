//! A driver of [`OutgoingQueue`] that follows its documentation, with payloads in memory and a peer that reads every write.

use std::collections::VecDeque;

use super::super::{Agreement, DeflateOptions, Event, Role, Source, agree_as_client};
use super::*;

/// A payload in memory. A stream has its bytes in portions.
#[derive(Clone, Debug)]
pub(super) struct Fake {
    pub(super) bytes: Vec<u8>,
    pub(super) at: usize,
    /// `None` if it is not a stream.
    pub(super) portions: Option<VecDeque<Portion>>,
}

/// What a stream returns the next time it is asked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Portion {
    /// Up to this many of its bytes.
    Bytes(usize),
    Pending,
    Failed,
}

impl Payload for Fake {
    fn kind(&self) -> Kind {
        Kind::Binary
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn is_stream(&self) -> bool {
        self.portions.is_some()
    }
}

impl Fake {
    /// Bytes that differ from one message to the next and compress by about half.
    pub(super) fn new(size: usize, seed: usize) -> Self {
        let bytes = (0..size).map(|index| ((index * index) >> 7) as u8 & 15 | seed as u8).collect();
        Self { bytes, at: 0, portions: None }
    }

    pub(super) fn stream(self, portions: &[Portion]) -> Self {
        Self { portions: Some(portions.iter().copied().collect()), ..self }
    }

    fn fill(&mut self, window: &mut Vec<u8>) -> Fill {
        let rest = self.bytes.len() - self.at;
        let most = match self.portions.as_mut().and_then(VecDeque::pop_front) {
            Some(Portion::Pending) => return Fill::Pending,
            Some(Portion::Failed) => return Fill::Failed,
            Some(Portion::Bytes(len)) => len,
            None => rest,
        };
        let len = rest.min(most).min(WINDOW);
        window.resize(MAX_HEADER, 0);
        window.extend_from_slice(&self.bytes[self.at..self.at + len]);
        self.at += len;
        Fill::Bytes { len, last: self.at == self.bytes.len() }
    }
}

/// A sender and the other end, usually a client and a server.
pub(super) struct Sender {
    role: Role,
    pub(super) connection: Connection,
    pub(super) outgoing: OutgoingQueue<Fake>,
    pub(super) tick: bool,
    pub(super) turn: bool,
    /// A stream has no data now.
    pub(super) is_pending: bool,
    /// The message that was filled last is a stream.
    is_stream: bool,
    /// Everything that was written.
    pub(super) wire: Vec<u8>,
    /// The sizes of the writes.
    pub(super) writes: Vec<usize>,
    /// The number of them that the system has not taken.
    pub(super) untaken: usize,
    /// The most untaken writes allowed while a long message goes out. It continues for one turn when there are at most [`MAX_WRITES`].
    /// Writes from before it began do not count against it.
    most_ahead: usize,
    /// The other end.
    peer: Connection,
    pub(super) seen: Vec<Seen>,
    gathered: Vec<u8>,
    /// What [`Done`] says that the other end has: whole messages, and bytes of the next.
    pub(super) done: (usize, usize),
    is_compressed: bool,
    /// How many bytes of the current message have been filled.
    begun: usize,
    keys: u32,
}

/// What the other end has seen.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Seen {
    Message(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16),
}

/// The default offer, agreed on.
pub(super) fn deflate() -> Option<Agreement> {
    agree_as_client(Some(&DeflateOptions::default()), "permessage-deflate").unwrap()
}

impl Sender {
    pub(super) fn new(agreement: Option<Agreement>) -> Self {
        Self::with_role(Role::Client, agreement)
    }

    pub(super) fn with_role(role: Role, agreement: Option<Agreement>) -> Self {
        let other = if role == Role::Client { Role::Server } else { Role::Client };
        Self {
            role,
            connection: Connection::new(role, agreement, 1 << 30),
            outgoing: OutgoingQueue::default(),
            tick: false,
            turn: false,
            is_pending: false,
            is_stream: false,
            wire: Vec::new(),
            writes: Vec::new(),
            untaken: 0,
            most_ahead: 0,
            peer: Connection::new(other, agreement, 1 << 30),
            seen: Vec::new(),
            gathered: Vec::new(),
            done: (0, 0),
            is_compressed: agreement.is_some(),
            begun: 0,
            keys: 0,
        }
    }

    /// Sends a message. If `now`, it skips the queue when it may.
    pub(super) fn send(&mut self, payload: Fake, now: bool) {
        let fits = payload.bytes.len() <= WINDOW && !payload.is_stream();
        if now && fits && self.outgoing.is_free() {
            let mut window = [&[0; MAX_HEADER], &payload.bytes[..]].concat();
            let keys = keys(&mut self.keys);
            let framed = self.outgoing.frame(&mut self.connection, payload.kind(), &mut window, keys);
            self.obey(framed, &window);
        } else {
            self.outgoing.push(payload);
        }
        self.pump();
    }

    /// Whether it can send a frame that other connections send.
    pub(super) fn can_share(&self) -> bool {
        self.role == Role::Server && self.outgoing.is_free()
    }

    /// Sends a message that other connections send too. Call it only if [`can_share`](Self::can_share).
    pub(super) fn broadcast(&mut self, message: &mut Shared) {
        let keys = keys(&mut self.keys);
        let framed = self.outgoing.share(&mut self.connection, message, keys);
        self.obey(framed, &[]);
        self.pump();
    }

    pub(super) fn close(&mut self, code: u16) -> bool {
        let first = self.outgoing.close(Close::with_code(crate::close::CloseCode::from_peer(code).unwrap()));
        self.pump();
        first
    }

    /// A ping arrives.
    pub(super) fn receive_ping(&mut self, payload: u8) {
        let (plain, masked) = ([0x89, 1, payload], [0x89, 0x81, 0, 0, 0, 0, payload]);
        let mut frame = if self.role == Role::Client { plain.to_vec() } else { masked.to_vec() };
        let event = self.connection.poll_event(&mut frame, &mut 0, &mut []);
        assert_eq!(event, None);
        self.flush();
    }

    /// Ends the tick, if that was asked for.
    pub(super) fn end_tick(&mut self) {
        if std::mem::take(&mut self.tick) {
            self.outgoing.handle_tick();
            self.flush();
            self.pump();
        }
    }

    /// Gives other events a turn, if that was asked for.
    pub(super) fn end_turn(&mut self) {
        if std::mem::take(&mut self.turn) {
            self.outgoing.handle_turn();
            self.pump();
        }
    }

    /// The stream that was pending has more.
    pub(super) fn get_ready(&mut self) {
        if std::mem::take(&mut self.is_pending) {
            self.outgoing.handle_ready();
            self.pump();
        }
    }

    /// The system takes the oldest write.
    pub(super) fn take_write(&mut self) {
        if self.untaken > 0 {
            self.untaken -= 1;
            self.outgoing.handle_written();
            self.pump();
            self.flush();
        }
    }

    /// Does everything that was asked for, until nothing is left.
    pub(super) fn settle(&mut self) {
        while self.tick || self.turn || self.is_pending || self.untaken > 0 {
            self.end_tick();
            self.end_turn();
            self.get_ready();
            self.take_write();
        }
    }

    /// Sends pieces as long as there are any, then asks when to go on.
    pub(super) fn pump(&mut self) {
        let mut pieces = 0;
        while let Some(mut piece) = self.outgoing.poll_piece(&mut self.connection) {
            assert!(!self.outgoing.is_free() && !self.is_pending);
            let is_long = piece.fragments.as_ref().is_some_and(|fragments| !fragments.is_single());
            pieces = if piece.payload.at == 0 { 1 } else { pieces + 1 };
            if piece.payload.at == 0 {
                self.most_ahead = self.untaken.max(MAX_WRITES as usize + 1) + PIECES_A_TURN as usize + 1;
            }
            assert!(!is_long || pieces <= PIECES_A_TURN, "{pieces} pieces of one message in a turn");
            let mut window = vec![0; MAX_HEADER];
            let fill = piece.payload.fill(&mut window);
            self.is_pending = fill == Fill::Pending;
            self.is_stream = piece.payload.is_stream();
            self.begun = piece.payload.at;
            let is_last = matches!(fill, Fill::Bytes { last: true, .. });
            let keys = keys(&mut self.keys);
            let framed = self.outgoing.handle_piece(&mut self.connection, piece, fill, &mut window, keys);
            self.obey(framed, &window);
            self.begun = if is_last { 0 } else { self.begun };
            assert!(!is_long || self.untaken <= self.most_ahead, "{} writes are ahead", self.untaken);
        }
        while let Some(wake) = self.outgoing.poll_wake() {
            let told = match wake {
                Wake::Tick => &mut self.tick,
                Wake::Turn => &mut self.turn,
            };
            assert!(!std::mem::replace(told, true), "{wake:?} was asked for twice");
            assert!(wake == Wake::Tick || !self.is_pending, "a pending stream asks for no turn");
        }
    }

    fn obey(&mut self, framed: Framed, window: &[u8]) {
        match framed {
            Framed::Later => {}
            Framed::Full => self.flush(),
            Framed::InPlace { start, done } => {
                self.flush();
                self.write(&window[start..], done);
            }
            Framed::Failed => {
                let code = crate::close::CloseCode::INTERNAL_ERROR;
                self.connection.abandon(Close::with_code(code));
                self.outgoing.stop();
                self.flush();
            }
        }
    }

    /// Writes what there is to write.
    pub(super) fn flush(&mut self) {
        if let Some((frame, done)) = self.outgoing.poll_shared(&self.connection) {
            return self.write(&frame, done);
        }
        let keys = keys(&mut self.keys);
        if let Some((out, done)) = self.outgoing.poll_transmit(&mut self.connection, keys) {
            self.write(&out, done);
            OutgoingQueue::<Fake>::recycle(out);
        }
    }

    /// The other end reads the write. Then it has exactly what [`Done`] says.
    fn write(&mut self, bytes: &[u8], done: Done) {
        assert!(!bytes.is_empty());
        self.wire.extend_from_slice(bytes);
        self.writes.push(bytes.len());
        self.untaken += 1;
        self.read(bytes);
        if done.messages > 0 {
            self.done = (self.done.0 + done.messages as usize, 0);
        }
        self.done.1 += done.part as usize;
        assert_eq!(self.done.0, self.messages().len(), "whole messages");
        if self.is_compressed {
            assert!(self.done.1 <= self.begun, "bytes of the next, which the compressor may keep");
        } else {
            let expected = if self.is_stream { self.gathered.len() } else { 0 };
            assert_eq!(self.done.1, expected, "bytes of the next, if it is a stream");
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let (mut chunk, mut at, mut scratch) = (bytes.to_vec(), 0, vec![0; 4096]);
        while let Some(event) = self.peer.poll_event(&mut chunk, &mut at, &mut scratch) {
            let bytes = |source, payload: std::ops::Range<usize>| match source {
                Source::Chunk => chunk[payload].to_vec(),
                Source::Scratch => scratch[payload].to_vec(),
            };
            match event {
                Event::Message { source, payload, .. } => self.seen.push(Seen::Message(bytes(source, payload))),
                Event::Begin { .. } => assert!(self.gathered.is_empty()),
                Event::Piece { source, payload, .. } => self.gathered.extend(bytes(source, payload)),
                Event::End { .. } => self.seen.push(Seen::Message(std::mem::take(&mut self.gathered))),
                Event::Pong(payload) => self.seen.push(Seen::Pong(payload)),
                Event::Close(close) => {
                    self.seen.push(Seen::Close(close.reported_code()));
                    self.gathered.clear(); // it is never complete
                    self.done.1 = 0;
                }
                Event::Failed(fault) => panic!("the server sees a fault: {fault:?}"),
            }
        }
    }

    /// The messages that the server has.
    pub(super) fn messages(&self) -> Vec<&[u8]> {
        let messages = self.seen.iter().filter_map(|seen| match seen {
            Seen::Message(bytes) => Some(&bytes[..]),
            Seen::Pong(_) | Seen::Close(_) => None,
        });
        messages.collect()
    }

    /// Whether the server has a close frame.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.seen.last(), Some(Seen::Close(_)))
    }
}

/// Mask keys, a different one for each frame.
fn keys(state: &mut u32) -> impl FnMut() -> MaskKey {
    move || {
        *state = state.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
        state.to_be_bytes()
    }
}
