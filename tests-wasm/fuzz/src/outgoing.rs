//! Drives the outgoing queue as its documentation says: messages and streams, with ticks, turns and writes in any order. A small
//! peer reads the result.

use std::collections::VecDeque;

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::close::{Close, CloseCode};
use websocket_channel::protocol::{
    Connection, DeflateOptions, Done, Fill, Framed, Kind, MAX_HEADER, OutgoingQueue, Payload, Role, WINDOW, Wake,
    agree_as_client,
};

use super::driver;
use super::frames::Content;
use super::receiver::{self, Received};

pub(crate) fn run(data: &[u8]) {
    if let Ok(plan) = Plan::arbitrary_take_rest(Unstructured::new(data)) {
        let [fast, slow] = [true, false].map(|fast| {
            driver::press(); // a compressor that has served before may choose other matches than a new one
            plan.run(fast)
        });
        assert!(fast == slow, "both paths write the same");
    }
}

#[derive(Arbitrary, Debug)]
struct Plan {
    as_server: bool,
    /// The level of compression, and whether contexts are taken over.
    deflate: Option<(u8, bool)>,
    acts: Vec<Act>,
}

#[derive(Arbitrary, Debug)]
enum Act {
    Send {
        text: bool,
        content: Content,
        now: bool,
    },
    /// A message of more than a mebibyte. Only the first one counts.
    Long(u8),
    Stream {
        content: Content,
        portions: Vec<Portion>,
    },
    Ping(u8),
    PeerPings(u8),
    Tick,
    Turn,
    Ready,
    /// The system completes this many writes.
    Taken(u8),
    Close(u16),
    /// The peer has closed, so the waiting messages are dropped.
    PeerCloses,
    /// The peer breaks the protocol.
    PeerFails,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Portion {
    Bytes(u16),
    Pending,
    Failed,
}

#[derive(Clone)]
struct Held {
    text: bool,
    bytes: Vec<u8>,
    at: usize,
    portions: Option<VecDeque<Portion>>,
}

impl Payload for Held {
    fn kind(&self) -> Kind {
        if self.text { Kind::Text } else { Kind::Binary }
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn is_stream(&self) -> bool {
        self.portions.is_some()
    }
}

impl Held {
    fn fill(&mut self, window: &mut Vec<u8>) -> Fill {
        let most = match self.portions.as_mut().and_then(VecDeque::pop_front) {
            Some(Portion::Pending) => return Fill::Pending,
            Some(Portion::Failed) => return Fill::Failed,
            Some(Portion::Bytes(len)) => usize::from(len),
            None => usize::MAX,
        };
        let len = (self.bytes.len() - self.at).min(most).min(WINDOW);
        window.extend_from_slice(&self.bytes[self.at..self.at + len]);
        self.at += len;
        Fill::Bytes { len, last: self.at == self.bytes.len() }
    }
}

/// A driver of the queue, and a record of what it did.
struct Sender<K> {
    role: Role,
    connection: Connection,
    outgoing: OutgoingQueue<Held>,
    keys: K,
    tick: bool,
    turn: bool,
    is_pending: bool,
    /// A close frame was requested, the stream failed, or the peer failed. Messages accepted from now on are not sent.
    is_closing: bool,
    has_failed: bool,
    was_dropped: bool,
    accepted: Vec<(bool, Vec<u8>)>,
    wire: Vec<u8>,
    /// The end of each write, and how many messages the peer has then.
    writes: Vec<(usize, usize)>,
    untaken: usize,
    /// How many bytes of the next message are done.
    part: usize,
}

impl Plan {
    /// Returns what is written.
    fn run(&self, fast: bool) -> Vec<u8> {
        let role = if self.as_server { Role::Server } else { Role::Client };
        let mut sender = Sender::new(role, self.connection(role), driver::keys());
        let mut has_long = false;
        for act in self.acts.iter().take(60) {
            sender.act(act, fast, &mut has_long);
            assert!(!sender.outgoing.is_over() || sender.untaken == 0);
            if sender.has_failed {
                break;
            }
        }
        sender.settle();
        self.check(&sender);
        sender.wire
    }

    fn connection(&self, role: Role) -> Connection {
        let agreement = self.deflate.and_then(|(level, takeover)| {
            let offer = DeflateOptions { level: i32::from(level % 10), ..DeflateOptions::default() };
            let header = match (takeover, role) {
                (true, _) => "permessage-deflate",
                (false, Role::Client) => "permessage-deflate; client_no_context_takeover",
                (false, Role::Server) => "permessage-deflate; server_no_context_takeover",
            };
            agree_as_client(Some(&offer), header).expect("the offer allows it")
        });
        Connection::new(role, agreement, 1 << 20)
    }

    fn check<K>(&self, sender: &Sender<K>) {
        let takeover = self.deflate.map(|(_, takeover)| takeover);
        let reading = receiver::read(&sender.wire, sender.role, takeover, 1 << 15);
        let mut ends = Vec::new();
        let mut has_closed = false;
        for (received, end) in reading.received {
            match received {
                Received::Message { text, bytes } => {
                    assert!(!has_closed, "a message behind the close frame");
                    let (expected_text, expected) = &sender.accepted[ends.len()];
                    assert!(text == *expected_text && bytes == *expected, "message {} arrives as another", ends.len());
                    ends.push(end);
                }
                Received::Close(_) => {
                    assert!(!has_closed, "a second close frame");
                    has_closed = true;
                }
                Received::Ping(_) | Received::Pong(_) => {}
            }
        }
        assert_eq!(has_closed, sender.is_closing);
        assert!(sender.has_failed || sender.was_dropped || ends.len() == sender.accepted.len(), "a message is missing");
        assert!(!reading.is_incomplete || sender.has_failed || sender.was_dropped, "a message without an end");
        for (end, messages) in &sender.writes {
            let arrived = ends.iter().filter(|at| *at <= end).count();
            assert_eq!(arrived, *messages, "the messages that the peer has when {end} bytes are taken");
        }
    }
}

impl<K: FnMut() -> [u8; 4]> Sender<K> {
    fn new(role: Role, connection: Connection, keys: K) -> Self {
        Self {
            role,
            connection,
            outgoing: OutgoingQueue::default(),
            keys,
            tick: false,
            turn: false,
            is_pending: false,
            is_closing: false,
            has_failed: false,
            was_dropped: false,
            accepted: Vec::new(),
            wire: Vec::new(),
            writes: Vec::new(),
            untaken: 0,
            part: 0,
        }
    }

    fn act(&mut self, act: &Act, fast: bool, has_long: &mut bool) {
        match act {
            Act::Send { text, content, now } => self.send(*text, content.bytes(140_000), None, *now && fast),
            Act::Long(size) if !std::mem::replace(has_long, true) => {
                // Often a little more than one turn, sometimes more than the writes that may be outstanding.
                let size = ((1 + usize::from(size >> 6 == 3)) << 20) + (usize::from(*size & 0x3F) << 12);
                self.send(false, (0..size).map(|index| (index >> 3) as u8).collect(), None, false);
            }
            Act::Long(_) => {}
            Act::Stream { content, portions } => {
                let portions = portions.iter().take(30).copied().collect();
                self.send(true, content.bytes(140_000), Some(portions), false);
            }
            Act::Ping(payload) => {
                self.connection.ping(vec![*payload]);
                self.outgoing.tick_soon();
                self.pump();
            }
            Act::PeerPings(payload) => self.receive(&[0x89, 1, *payload]),
            Act::Tick => self.end_tick(),
            Act::Turn => self.end_turn(),
            Act::Ready => self.get_ready(),
            Act::Taken(count) => (0..count % 40).for_each(|_| self.take_write()),
            Act::Close(code) => {
                let close = Close::with_code(CloseCode::for_close(*code).unwrap_or(CloseCode::NORMAL));
                assert_eq!(self.outgoing.close(close), !self.is_closing);
                self.is_closing = true;
                self.pump();
            }
            Act::PeerCloses => {
                self.receive(&[0x88, 0]);
                self.outgoing.drop_messages();
                self.was_dropped = true;
                self.is_pending = false;
                if !self.is_closing {
                    self.is_closing = true;
                    assert!(self.outgoing.close(Close::EMPTY), "the answer");
                }
                self.pump();
            }
            Act::PeerFails if !self.was_dropped => {
                self.receive(&[0xFF, 0]);
                self.stop();
            }
            Act::PeerFails => {} // the connection no longer reads
        }
    }

    fn send(&mut self, text: bool, bytes: Vec<u8>, portions: Option<VecDeque<Portion>>, now: bool) {
        if !self.is_closing {
            self.accepted.push((text, bytes.clone()));
        }
        let fits = bytes.len() <= WINDOW && portions.is_none();
        let payload = Held { text, bytes, at: 0, portions };
        if now && fits && self.outgoing.is_free() {
            let mut window = [&[0; MAX_HEADER], &payload.bytes[..]].concat();
            let framed = self.outgoing.frame(&mut self.connection, payload.kind(), &mut window, &mut self.keys);
            self.obey(framed, &window);
        } else {
            self.outgoing.push(payload);
        }
        self.pump();
    }

    fn receive(&mut self, frame: &[u8]) {
        let mut chunk = if self.role == Role::Client { frame.to_vec() } else { driver::masked(frame, || [7; 4]) };
        let mut at = 0;
        while self.connection.poll_event(&mut chunk, &mut at, &mut [0; 16]).is_some() {}
        self.flush();
    }

    /// The connection has failed.
    fn stop(&mut self) {
        self.outgoing.stop();
        self.is_closing = true;
        self.has_failed = true;
        self.is_pending = false;
        assert!(!self.outgoing.is_over() || !self.connection.has_close());
        self.flush();
    }

    fn end_tick(&mut self) {
        if std::mem::take(&mut self.tick) {
            self.outgoing.handle_tick();
            self.flush();
            self.pump();
        }
    }

    fn end_turn(&mut self) {
        if std::mem::take(&mut self.turn) {
            self.outgoing.handle_turn();
            self.pump();
        }
    }

    fn get_ready(&mut self) {
        if std::mem::take(&mut self.is_pending) {
            self.outgoing.handle_ready();
            self.pump();
        }
    }

    fn take_write(&mut self) {
        if self.untaken > 0 {
            self.untaken -= 1;
            self.outgoing.handle_written();
            self.pump();
            self.flush();
        }
    }

    /// Lets everything happen that was requested. After that, nothing waits any more.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if !(self.tick || self.turn || self.is_pending || self.untaken > 0) {
                assert!(!self.outgoing.is_busy() && !self.connection.has_transmit(), "something is left behind");
                assert_eq!(self.outgoing.is_over(), self.is_closing);
                return;
            }
            self.end_tick();
            self.end_turn();
            self.get_ready();
            self.take_write();
        }
        panic!("it never comes to rest");
    }

    fn pump(&mut self) {
        let mut pieces = 0;
        while let Some(mut piece) = self.outgoing.poll_piece(&mut self.connection) {
            pieces += 1;
            assert!(pieces < 10_000 && !self.is_pending, "a busy loop");
            let mut window = vec![0; MAX_HEADER];
            let fill = piece.payload.fill(&mut window);
            self.is_pending = fill == Fill::Pending;
            let framed = self.outgoing.handle_piece(&mut self.connection, piece, fill, &mut window, &mut self.keys);
            self.obey(framed, &window);
        }
        while let Some(wake) = self.outgoing.poll_wake() {
            assert!(wake == Wake::Tick || !self.is_pending, "a pending stream asks for no turn");
            let told = if wake == Wake::Tick { &mut self.tick } else { &mut self.turn };
            assert!(!std::mem::replace(told, true), "{wake:?} was asked for twice");
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
                self.connection.abandon(Close::with_code(CloseCode::INTERNAL_ERROR));
                self.stop();
            }
        }
    }

    fn flush(&mut self) {
        if let Some((out, done)) = self.outgoing.poll_transmit(&mut self.connection, &mut self.keys) {
            self.write(&out, done);
            OutgoingQueue::<Held>::recycle(out);
        }
    }

    fn write(&mut self, bytes: &[u8], done: Done) {
        assert!(!bytes.is_empty());
        self.wire.extend_from_slice(bytes);
        self.untaken += 1;
        let messages = self.writes.last().map_or(0, |write| write.1) + done.messages as usize;
        self.writes.push((self.wire.len(), messages));
        self.part = done.part as usize + if done.messages > 0 { 0 } else { self.part };
        let most = self.accepted.get(messages).map_or(0, |message| message.1.len());
        assert!(self.part <= most, "{} bytes done of {most}", self.part);
    }
}
