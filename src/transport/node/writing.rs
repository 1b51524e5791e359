//! What goes out of one connection: [`crate::protocol::OutgoingQueue`] over the socket and the send window.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::due::Due;
use super::events::is_watched;
use super::keys::{self, mask_key};
use super::memory;
use super::payload::Outgoing;
use super::socket::Socket;
use super::transport::Node;
use super::windows::{self, fill_bytes, fill_text};
use crate::channel::{Ending, Report, State, Taken};
use crate::close::{Close, CloseCode};
use crate::protocol::{self, Connection, Done, Fill, Framed, Kind, MAX_HEADER, Role, Shared, WINDOW, Wake};
use crate::status::Status;
use crate::transport::{Driver, Evidence, JsHost, Payload, PayloadKind, as_error};

/// The protocol's side of one connection: what it reads and what it writes.
pub(super) struct Wire {
    pub(super) connection: Connection,
    pub(super) outgoing: protocol::OutgoingQueue<Outgoing>,
    /// The longest message, in bytes.
    pub(super) limit: u64,
}

impl Wire {
    /// Before the connection is open. Nothing is read or written, so its role does not matter.
    pub(super) fn unopened(limit: u64) -> Self {
        Self { connection: Connection::new(Role::Client, None, limit), outgoing: Default::default(), limit }
    }

    /// Whether nothing more will be sent and the system has taken everything.
    pub(super) fn is_over(&self) -> bool {
        self.outgoing.is_over() && !self.connection.has_transmit()
    }
}

/// Puts a payload into the send window. Returns `None` if it does not fit, or is not of this kind.
#[inline]
pub(crate) fn fill(payload: &JsValue, kind: PayloadKind) -> Option<usize> {
    keys::prepare().ok()?; // the slow path reports the error. (A server needs no keys, but who sends is not known yet.)
    let filled = match kind {
        PayloadKind::Text => fill_text(payload),
        PayloadKind::Binary => fill_bytes(payload),
    };
    usize::try_from(filled).ok()
}

/// The largest message that is framed once for many connections, in bytes. It is in wasm's memory three times: the payload, its frame, and what is
/// joined with other frames. Larger messages stay in the host's memory.
const MAX_SHARED: usize = 4 * WINDOW;

/// Copies a payload to Rust's own memory. Returns `None` if it is too large, or if it is empty: an array that was detached is empty too.
pub(crate) fn gather(payload: Payload) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let take = |len, bytes: &mut Vec<u8>| {
        windows::with_filled(len, |window| bytes.extend_from_slice(window.get(MAX_HEADER..).unwrap_or_default()));
    };
    let filled = match &payload {
        Payload::Text(text) => fill(text, PayloadKind::Text),
        Payload::Binary(array) if array.length() == 0 => return None,
        Payload::Binary(array) => fill(array, PayloadKind::Binary),
        Payload::Stream(_) => return None,
    };
    if let Some(len) = filled {
        take(len, &mut bytes);
        return Some(bytes);
    }
    let mut pieces = Outgoing::new(payload, true);
    let size = protocol::Payload::size(&pieces);
    // What `has_memory` leaves to others is enough for the two other copies.
    let size = usize::try_from(size).ok().filter(|size| *size <= MAX_SHARED && protocol::has_memory(*size))?;
    bytes.reserve_exact(size);
    while let Fill::Bytes { len, last } = pieces.fill().ok()? {
        take(len, &mut bytes);
        if last {
            return Some(bytes);
        }
    }
    None
}

impl From<PayloadKind> for Kind {
    fn from(kind: PayloadKind) -> Self {
        match kind {
            PayloadKind::Text => Self::Text,
            PayloadKind::Binary => Self::Binary,
        }
    }
}

/// What is left to do for a message that was sent.
pub(crate) struct Unfinished {
    framed: Framed,
    wake: Option<Wake>,
    len: usize,
}

impl Unfinished {
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        self.framed != Framed::Later || self.wake.is_some()
    }
}

impl Node {
    /// Sends the payload in the send window at once if nothing waits before it. It draws no mask keys, because the generator is JavaScript, and a test's
    /// could change the window: the slow path draws them.
    #[inline]
    pub(crate) fn send_filled(&self, driver: &Driver, kind: PayloadKind, len: usize) -> Option<Unfinished> {
        let Wire { connection, outgoing, .. } = &mut *self.wire.borrow_mut();
        if (self.role == Role::Client && !keys::are_ready()) || !outgoing.is_free() || !driver.accept_now(len as u64) {
            return None;
        }
        let framed = windows::with_filled(len, |window| outgoing.frame(connection, kind.into(), window, mask_key));
        Some(Unfinished { framed, wake: outgoing.poll_wake(), len })
    }

    /// Sends a message that other connections send too, if its frame can be shared: by a server, if nothing waits before it.
    pub(crate) fn send_shared(&self, driver: &Driver, message: &mut Shared) -> Option<Unfinished> {
        let Wire { connection, outgoing, .. } = &mut *self.wire.borrow_mut();
        if self.role != Role::Server || !outgoing.is_free() || !driver.accept_now(message.size()) {
            return None;
        }
        let framed = outgoing.share(connection, message, mask_key);
        Some(Unfinished { framed, wake: outgoing.poll_wake(), len: 0 })
    }

    /// Does what a sent message has left to do.
    pub(crate) fn finish(&self, Unfinished { framed, wake, len }: Unfinished) {
        self.obey(framed, len);
        self.wake(wake);
    }

    /// A message that may have to wait.
    pub(crate) fn outgoing(&self, payload: Payload, state: State) -> (Outgoing, u64) {
        let is_free = state == State::Open && self.wire.borrow().outgoing.is_free();
        let outgoing = Outgoing::new(payload, is_free);
        let size = protocol::Payload::size(&outgoing);
        (outgoing, size)
    }

    pub(super) fn push(self: &Rc<Self>, mut message: Outgoing) {
        message.on_ready(self);
        self.wire.borrow_mut().outgoing.push(message);
        self.drain();
    }

    #[cold]
    pub(super) fn push_close(&self, close: Close) {
        self.wire.borrow_mut().outgoing.close(close);
        self.drain();
    }

    /// Sends nothing more except a close frame: one that waits, or `farewell`. Returns whether there is anything to write.
    pub(super) fn abandon(&self, farewell: Option<Close>) -> bool {
        let mut wire = self.wire.borrow_mut();
        let Wire { connection, outgoing, .. } = &mut *wire;
        let was_closing = outgoing.is_closing();
        let close = outgoing.stop().or(farewell.filter(|_| !was_closing));
        if let Some(close) = close {
            connection.close(close);
        }
        connection.has_transmit() || outgoing.has_collected()
    }

    pub(super) fn handle_tick(&self) {
        self.wire.borrow_mut().outgoing.handle_tick();
        self.flush();
        memory::grow_ahead();
    }

    pub(super) fn handle_turn(&self) {
        self.wire.borrow_mut().outgoing.handle_turn();
        self.drain();
    }

    /// A stream has something to send, has ended, or has failed.
    pub(super) fn handle_ready(self: &Rc<Self>) {
        self.driver.report(Report::Sent(Taken::Part(0))); // it makes progress, so what waits behind it still has time
        self.wire.borrow_mut().outgoing.handle_ready();
        self.drain();
    }

    /// The system has taken a write.
    pub(super) fn handle_written(&self, messages: u32, part: u32) {
        let is_progress = {
            let outgoing = &mut self.wire.borrow_mut().outgoing;
            outgoing.handle_written() && outgoing.is_busy()
        };
        if messages > 0 {
            self.driver.report(Report::Sent(Taken::Messages(messages as usize)));
        }
        if part > 0 || (messages == 0 && is_progress) {
            self.driver.report(Report::Sent(Taken::Part(part.into()))); // the peer still reads it, so close() has time
        }
        self.drain();
        self.flush();
        self.conclude_if_closed();
    }

    /// Sends what waits, as far as this turn goes, and the close frame behind it.
    pub(super) fn drain(&self) {
        loop {
            let piece = {
                let mut wire = self.wire.borrow_mut();
                let Wire { connection, outgoing, .. } = &mut *wire;
                outgoing.poll_piece(connection)
            };
            let Some(mut piece) = piece else { break };
            let is_stream = protocol::Payload::is_stream(&piece.payload);
            let (fill, failed) = match self.prepare_keys().and_then(|()| piece.payload.fill()) {
                Ok(fill) => (fill, None),
                Err(thrown) => (Fill::Failed, Some(thrown)),
            };
            let len = if let Fill::Bytes { len, .. } = fill { len } else { 0 };
            let framed = windows::with_filled(len, |window| {
                let mut wire = self.wire.borrow_mut();
                let Wire { connection, outgoing, .. } = &mut *wire;
                outgoing.handle_piece(connection, piece, fill, window, mask_key)
            });
            match failed {
                Some(thrown) => return self.fail_message(thrown, is_stream),
                None => self.obey(framed, len),
            }
        }
        loop {
            let wake = self.wire.borrow_mut().outgoing.poll_wake();
            if wake.is_none() {
                return;
            }
            self.wake(wake);
        }
    }

    /// Does what framing has left to do. `len` bytes of payload are in the window.
    fn obey(&self, framed: Framed, len: usize) {
        match framed {
            Framed::Later | Framed::Failed => {}
            Framed::Full => self.flush(),
            Framed::InPlace { start, done } => self.write_window(start, len, done),
        }
    }

    /// Writes the send window from `start` on, behind what was framed before.
    fn write_window(&self, start: usize, len: usize, done: Done) {
        let due = self.poll_due();
        if let Some((due, _)) = &due {
            self.look_at_due(due);
        }
        if is_watched() {
            self.look_at_window(start, len);
        }
        let Some((due, before)) = due else {
            return self.with_socket(|socket| {
                socket.write_window(start, MAX_HEADER + len - start, done.messages, done.part);
            });
        };
        // The first write may run code of a stream made in JavaScript, which may send on another channel and so use the window.
        let frame = windows::with_filled(len, |window| window.get(start..).unwrap_or_default().to_vec());
        self.with_socket(|socket| {
            due.write(socket, before);
            socket.write(&frame, done.messages, done.part);
        });
    }

    fn wake(&self, wake: Option<Wake>) {
        match wake {
            Some(Wake::Tick) => self.with_socket(Socket::tick),
            Some(Wake::Turn) => self.with_socket(Socket::turn),
            None => {}
        }
    }

    /// Writes what there is to write.
    #[inline]
    pub(super) fn flush(&self) {
        if let Some((due, done)) = self.poll_due() {
            self.look_at_due(&due);
            self.with_socket(|socket| due.write(socket, done));
        }
    }

    /// The same to a socket that the transport no longer has.
    pub(super) fn write_out(&self, socket: &Socket) {
        if let Some((due, done)) = self.poll_due() {
            self.look_at_due(&due);
            due.write(socket, done);
        }
    }

    /// Mask keys for what is framed next: only a client masks.
    #[inline]
    fn prepare_keys(&self) -> Result<(), JsValue> {
        if self.role == Role::Client { keys::prepare() } else { Ok(()) }
    }

    #[inline]
    fn poll_due(&self) -> Option<(Due, Done)> {
        let _ = self.prepare_keys(); // if the generator fails, what is left is enough for the pings, pongs and the close frame of one write
        let mut wire = self.wire.borrow_mut();
        let Wire { connection, outgoing, .. } = &mut *wire;
        if let Some((frame, done)) = outgoing.poll_shared(connection) {
            return Some((Due::Shared(frame), done));
        }
        outgoing.poll_transmit(connection, mask_key).map(|(out, done)| (Due::Own(out), done))
    }

    #[inline]
    fn look_at_due(&self, due: &Due) {
        if is_watched() {
            match due {
                Due::Own(out) => self.look_at_sent(out),
                Due::Shared(frame) => self.look_at_sent(frame),
            }
        }
    }

    /// A message that was begun cannot be completed. This is our failure, and a close frame tells the peer.
    #[cold]
    fn fail_message(&self, thrown: JsValue, is_stream: bool) {
        // The peer is not told why, because an error's message may say what it must not see.
        let close = Close::because(CloseCode::INTERNAL_ERROR, "The message cannot be completed.");
        self.wire.borrow_mut().connection.abandon(close);
        let (cause, message) = as_error(thrown);
        let what = if is_stream { "sendBinaryStream" } else { "Sending a message" };
        let message = format!("{what} failed: {message}").into();
        let ending: Ending<JsHost> =
            Ending { status: Status::UNEXPECTED, message, evidence: Evidence::cause(cause), ..Ending::default() };
        self.fail(ending);
    }
}
