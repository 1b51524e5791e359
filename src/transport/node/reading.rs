//! What arrives on one connection: chunks to messages, and messages to the listener.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::Node;
use super::ending::of_fault;
use super::events::is_watched;
use super::{memory, socket, windows};
use crate::channel::Report;
use crate::protocol::{Event, Kind, Role, Source, Whole};
use crate::transport::Trampoline;

/// A message that arrived.
#[derive(Clone)]
pub(crate) enum Incoming {
    /// It is in the chunk that is being read, or inflated in the window for that, from `start` to `end`.
    Whole { kind: Kind, inflated: bool, start: u32, end: u32, ascii: bool },
    /// It arrived in pieces, and is a string or a `Uint8Array` now.
    Assembled(Kind, JsValue),
}

thread_local! {
    /// The memory of [`Node::read_masked`], kept for the next chunk.
    static BATCH: Cell<Vec<Whole>> = const { Cell::new(Vec::new()) };
    /// The work of inflating, in bytes, since a connection last let other events have a turn.
    static INFLATED: Cell<usize> = const { Cell::new(0) };
}

/// After this much work, other events get a turn. A few bytes may inflate to thousands of times their size, and libuv reads 32 chunks of a
/// socket in one turn.
const INFLATED_A_TURN: usize = 4 << 20;

impl Node {
    /// Handles the first `len` bytes of the receive window. Returns how many of the next ones may bypass wasm.
    pub(super) fn handle_data(self: &Rc<Self>, len: usize) -> f64 {
        self.pinging.handle_heard();
        if self.is_holding() {
            self.hold_rest(socket::take_rest(0));
            return 0.0;
        }
        // What is dropped is not observed either: its last frame may never end.
        if is_watched() && !self.wire.borrow().connection.is_deaf() {
            self.look_at_received(len);
        }
        self.read(len);
        self.passable()
    }

    /// This many bytes have bypassed wasm. Returns how many more may.
    pub(super) fn handle_passed(self: &Rc<Self>, len: u64) -> f64 {
        self.wire.borrow_mut().connection.pass(len);
        self.handle_data(0)
    }

    /// Reads the chunk. Returns whether its rest was left for a later turn.
    pub(super) fn read(self: &Rc<Self>, len: usize) -> bool {
        let mut at = 0;
        loop {
            match self.role {
                Role::Client => self.read_whole(len, &mut at),
                Role::Server => self.read_masked(len, &mut at),
            }
            let event = windows::with_received(len, |chunk, scratch| {
                let connection = &mut self.wire.borrow_mut().connection;
                let event = connection.poll_event(chunk, &mut at, scratch);
                INFLATED.set(INFLATED.get().saturating_add(connection.take_inflated()));
                event
            });
            let Some(event) = event else { break };
            // Behind these, nothing is left in the memory that all connections share.
            let may_yield = event.source() == Some(Source::Scratch) || matches!(event, Event::End { .. });
            self.handle_event(event);
            if may_yield && INFLATED.get() > INFLATED_A_TURN {
                break;
            }
        }
        self.flush();
        memory::grow_ahead();
        let must_yield = INFLATED.get() > INFLATED_A_TURN;
        if must_yield {
            INFLATED.set(0);
            self.leave_rest(len, at);
        }
        must_yield
    }

    /// Leaves the rest of the chunk for a later turn: what is in the window from `at` on, where some of it is unmasked already, and what follows.
    #[cold]
    fn leave_rest(&self, len: usize, at: usize) {
        let unread = windows::with_received(len, |chunk, _| chunk.get(at..).unwrap_or_default().to_vec());
        if is_watched() && !unread.is_empty() {
            self.expect_again(unread.len());
        }
        if self.socket().is_some() {
            self.hold_rest(socket::copied(&unread));
            self.hold_rest(socket::take_rest(len as u32));
            self.wait_a_turn();
        }
    }

    /// Delivers the messages that are entirely in the chunk, until anything else comes. This is the hot loop.
    fn read_whole(self: &Rc<Self>, len: usize, at: &mut usize) {
        while let Some(Whole { kind, start, end, ascii }) =
            windows::with_received(len, |chunk, _| self.wire.borrow().connection.poll_whole(chunk, at))
        {
            let (start, end) = (start as u32, end as u32);
            self.driver.message(self, Incoming::Whole { kind, inflated: false, start, end, ascii });
        }
    }

    /// The same for a client's messages. All of them are unmasked before the first is delivered, so that one call copies them to JavaScript.
    fn read_masked(self: &Rc<Self>, len: usize, at: &mut usize) {
        let mut batch = BATCH.take();
        windows::with_received(len, |chunk, _| {
            let wire = self.wire.borrow();
            while let Some(whole) = wire.connection.poll_whole(chunk, at) {
                batch.push(whole);
            }
        });
        if let (Some(first), Some(last)) = (batch.first(), batch.last()) {
            socket::unmasked(first.start as u32, last.end as u32);
        }
        for Whole { kind, start, end, ascii } in batch.drain(..) {
            let (start, end) = (start as u32, end as u32);
            self.driver.message(self, Incoming::Whole { kind, inflated: false, start, end, ascii });
        }
        BATCH.set(batch);
    }

    fn handle_event(self: &Rc<Self>, event: Event) {
        if let Event::Message { source: Source::Chunk, payload, .. }
        | Event::Piece { source: Source::Chunk, payload, .. } = &event
            && self.role == Role::Server
        {
            socket::unmasked(payload.start as u32, payload.end as u32);
        }
        match event {
            Event::Message { kind, source, payload, ascii } => {
                let (start, end) = (payload.start as u32, payload.end as u32);
                let inflated = source == Source::Scratch;
                self.driver.message(self, Incoming::Whole { kind, inflated, start, end, ascii });
            }
            Event::Begin { kind, size_hint } => {
                let size_hint = size_hint as f64;
                let (message, may_pass) = match (kind, self.role) {
                    (Kind::Text, _) => (socket::assemble_text(), 0.0),
                    (Kind::Binary, Role::Client) => (socket::assemble_binary(size_hint), size_hint),
                    (Kind::Binary, Role::Server) => (socket::assemble_binary(size_hint), 0.0), // masked payload cannot bypass wasm
                };
                self.with_socket(|socket| socket.begin_message(&message, may_pass));
            }
            Event::Piece { source, payload, ascii } => {
                let (start, end) = (payload.start as u32, payload.end as u32);
                let inflated = source == Source::Scratch;
                self.with_socket(|socket| socket::deliver_piece(&socket.message(), inflated, start, end, ascii));
            }
            Event::End { kind } => {
                let Some(socket) = self.socket() else { return };
                self.driver.message(self, Incoming::Assembled(kind, socket.end_message()));
            }
            Event::Close(close) => {
                self.peer_closed.set(true);
                self.wire.borrow_mut().outgoing.drop_messages();
                self.drain(); // a close frame of ours may have waited behind them
                self.driver.report(Report::PeerClose(close));
                self.conclude_if_closed();
            }
            Event::Pong(payload) => self.handle_pong(&payload),
            Event::Failed(fault) => self.fail(of_fault(fault)),
        }
    }
}

/// Makes the string or the view that the listener gets.
#[inline(always)]
pub(super) fn hand_over(listener: &Trampoline, message: Incoming) {
    match message {
        Incoming::Whole { kind: Kind::Text, inflated, start, end, ascii: true } => {
            socket::deliver_ascii(listener, inflated, start, end);
        }
        Incoming::Whole { kind: Kind::Text, inflated, start, end, .. } => {
            match windows::units_of(inflated, start, end) {
                Some(units) => socket::deliver_units(listener, units.count as u32, units.narrow),
                None => socket::deliver_utf8(listener, inflated, start, end),
            }
        }
        Incoming::Whole { kind: Kind::Binary, inflated, start, end, .. } => {
            socket::deliver_binary(listener, inflated, start, end);
        }
        Incoming::Assembled(Kind::Text, text) => listener.text(&text),
        Incoming::Assembled(Kind::Binary, bytes) => listener.binary(&bytes),
    }
}
