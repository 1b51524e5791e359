//! What arrives on one connection, and how it ends. What goes out is in `writing.rs`.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::events::{Watched, is_watched};
use super::memory;
use super::opening::{self, Opening};
use super::payload::Outgoing;
use super::pinging::Pinging;
use super::security::{Certificates, Security};
use super::session::Stream;
use super::socket::{self, Socket};
use super::windows;
use super::writing::Wire;
use crate::channel::{Ending, Report, State, Timer as _, Transport};
use crate::close::Close;
use crate::opening::{Loss, explain_loss};
use crate::protocol::{Event, Fault, FaultKind, Kind, Role, Source, Whole};
use crate::status::Status;
use crate::transport::{Attributes, Driver, Evidence, JsHost, Listener, Refusal, Target, Timer, Trampoline};
use crate::uri::Uri;

/// A message that arrived.
#[derive(Clone)]
pub(crate) enum Incoming {
    /// It is in the chunk that is being read, or inflated in the window for that, from `start` to `end`.
    Whole { kind: Kind, inflated: bool, start: u32, end: u32, ascii: bool },
    /// It arrived in pieces, and is a string or a `Uint8Array` now.
    Assembled(Kind, JsValue),
}

/// One connection, from `asyncOpen` to its end.
pub(crate) struct Node {
    pub(super) driver: Rc<Driver>,
    pub(super) role: Role,
    pub(super) attributes: Rc<Attributes>,
    /// Set until the connection is open.
    pub(super) opening: RefCell<Option<Opening>>,
    pub(super) wire: RefCell<Wire>,
    /// The socket that connects now, then the open connection's.
    pub(super) socket: RefCell<Option<Rc<Socket>>>,
    /// Observes the frames while `eventService` has a listener.
    pub(super) watched: RefCell<Option<Box<Watched>>>,
    /// The place in an HTTP/2 session, if the socket is a stream of one.
    pub(super) stream: RefCell<Option<Stream>>,
    pub(super) pinging: Pinging,
    /// Whether the channel keeps the process alive.
    is_ref: Cell<bool>,
    /// How many times the caller has suspended reading and not resumed it.
    suspended: Cell<u32>,
    /// Runs while reading is suspended. A socket that does not read keeps no process alive, but its open channel must.
    paused: Timer,
    /// The peer's close frame has arrived.
    pub(super) peer_closed: Cell<bool>,
    /// The system has taken our close frame. Pongs may have been written behind it, which a peer that is gone does not read.
    close_taken: Cell<bool>,
    /// Both close frames are exchanged, and the channel ends with the socket.
    lingers: Cell<bool>,
    /// How the channel ends once its close frame is out, because the peer broke the protocol or a stream failed.
    fault: RefCell<Option<Ending<JsHost>>>,
}

thread_local! {
    /// The memory of [`Node::read_masked`], kept for the next chunk.
    static BATCH: Cell<Vec<Whole>> = const { Cell::new(Vec::new()) };
}

/// How long a socket whose channel is done waits for the peer's end, in milliseconds.
pub(super) const LINGER_MS: u32 = 2_000;
/// The longest delay of `setTimeout`, in milliseconds.
const MAX_DELAY_MS: u32 = 0x7FFF_FFFF;

impl Node {
    /// Starts to connect.
    #[cold]
    pub(crate) fn connect(driver: &Rc<Driver>, target: Target) -> Result<Rc<Self>, Refusal> {
        let node = Self::new(driver, Role::Client, &target.attributes, target.max_message_size, target.options.ping)?;
        let created = is_watched().then(|| (target.uri.href.clone(), target.protocols.clone()));
        opening::begin(&node, target)?;
        if let Some((uri, protocols)) = created {
            node.tell_created(&uri, &protocols);
        }
        Ok(node)
    }

    /// A connection that has no socket yet.
    pub(super) fn new(
        driver: &Rc<Driver>,
        role: Role,
        attributes: &Rc<Attributes>,
        max_message_size: u32,
        ping: (u32, u32),
    ) -> Result<Rc<Self>, Refusal> {
        memory::grow_ahead();
        if !memory::can_open() {
            let method = if role == Role::Client { "asyncOpen" } else { "asyncAccept" };
            let message = format!("{method}: there is no memory left for another channel. Close others first.");
            return Err(Refusal::new(Status::OUT_OF_MEMORY, message));
        }
        Ok(Rc::new(Self {
            driver: driver.clone(),
            role,
            attributes: attributes.clone(),
            opening: RefCell::default(),
            wire: RefCell::new(Wire::unopened(max_message_size.into())),
            socket: RefCell::default(),
            watched: RefCell::default(),
            stream: RefCell::default(),
            pinging: Pinging::new(ping),
            is_ref: Cell::new(driver.timer().keeps_alive()),
            suspended: Cell::new(0),
            paused: Timer::default(),
            peer_closed: Cell::new(false),
            close_taken: Cell::new(false),
            lingers: Cell::new(false),
            fault: RefCell::default(),
        }))
    }

    /// `ref` and `unref`.
    pub(crate) fn set_ref(&self, is_ref: bool) {
        self.is_ref.set(is_ref);
        self.paused.keep_alive(is_ref);
        self.with_socket(|socket| socket.set_ref(is_ref));
        if let Some(stream) = &*self.stream.borrow() {
            stream.set_ref(is_ref);
        }
    }

    pub(super) fn is_ref(&self) -> bool {
        self.is_ref.get()
    }

    /// `suspend`: stops reading until `resume` has been called as many times. TCP back-pressure then stops the peer. The handshake is
    /// still read, and so is everything after `close`, because otherwise the peer's close frame would not be seen.
    pub(crate) fn suspend(&self) {
        self.suspended.set(self.suspended.get().saturating_add(1));
        if self.driver.state() == State::Open {
            self.pause();
        }
    }

    fn pause(&self) {
        self.with_socket(Socket::pause);
        self.paused.keep_alive(self.is_ref());
        self.paused.set(MAX_DELAY_MS, || {});
    }

    fn unpause(&self) {
        self.paused.clear();
        self.with_socket(Socket::resume);
    }

    /// `resume`: takes back one `suspend`. Reading goes on after the last one. Returns false if there was none.
    pub(crate) fn resume(&self) -> bool {
        let Some(left) = self.suspended.get().checked_sub(1) else { return false };
        self.suspended.set(left);
        if left == 0 {
            self.unpause();
        }
        true
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.suspended.get() > 0
    }

    /// The opening has made a socket.
    pub(super) fn dialed(&self, socket: &Rc<Socket>) {
        let before = self.socket.replace(Some(socket.clone()));
        drop(before);
        self.attributes.node.security.take(); // an earlier hop's says nothing about this one
    }

    pub(super) fn handle_certificates(&self, certificates: Certificates, reason: JsValue) {
        let security = Security::of(certificates, &reason, self.role); // this may call a user's getter
        let before = self.attributes.node.security.replace(security);
        drop(before);
    }

    /// The connection is open. `rest` is the frames that arrived right behind the response.
    pub(super) fn start(self: &Rc<Self>, rest: &[u8]) {
        if self.is_suspended() {
            self.pause();
        }
        if self.driver.state() == State::Connecting {
            Pinging::send_waiting(self);
        }
        self.driver.report(Report::Opened);
        if self.driver.state() < State::Closing {
            Pinging::start(self);
        }
        self.with_socket(|socket| socket.replay(rest));
    }

    /// Handles the first `len` bytes of the receive window. Returns how many of the next ones may bypass wasm.
    pub(super) fn handle_data(self: &Rc<Self>, len: usize) -> f64 {
        self.pinging.handle_heard();
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

    fn read(self: &Rc<Self>, len: usize) {
        let mut at = 0;
        loop {
            match self.role {
                Role::Client => self.read_whole(len, &mut at),
                Role::Server => self.read_masked(len, &mut at),
            }
            let event = windows::with_received(len, |chunk, scratch| {
                self.wire.borrow_mut().connection.poll_event(chunk, &mut at, scratch)
            });
            match event {
                Some(event) => self.handle_event(event),
                None => break,
            }
        }
        self.flush();
        memory::grow_ahead();
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
            Event::Begin { kind, first_frame } => {
                let message = socket::assemble(kind == Kind::Text, first_frame as f64);
                // Masked payload cannot bypass wasm.
                let may_pass = if kind == Kind::Binary && self.role == Role::Client { first_frame as f64 } else { 0.0 };
                self.with_socket(|socket| socket.begin_message(&message, may_pass));
            }
            Event::Piece { source, payload, ascii } => {
                let (start, end) = (payload.start as u32, payload.end as u32);
                let inflated = source == Source::Scratch;
                self.with_socket(|socket| socket::deliver_piece(&socket.message(), inflated, start, end, ascii));
            }
            Event::End { kind, .. } => {
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

    /// The connection has its last close frame. Sends it, and then ends the channel with `ending`.
    #[cold]
    pub(super) fn fail(&self, ending: Ending<JsHost>) {
        let waiting = self.wire.borrow_mut().outgoing.stop();
        drop(waiting);
        let before = self.fault.replace(Some(ending));
        drop(before);
        self.flush();
        self.with_socket(|socket| {
            socket.end();
            socket.linger(LINGER_MS);
        });
    }

    #[inline]
    pub(super) fn socket(&self) -> Option<Rc<Socket>> {
        self.socket.borrow().clone()
    }

    #[inline]
    pub(super) fn with_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some(socket) = self.socket() {
            act(&socket);
        }
    }

    /// Once the system has taken our close frame and everything before it, ends the channel if there was a fault, or if the peer's close
    /// frame has arrived.
    pub(super) fn conclude_if_closed(&self) {
        if self.wire.borrow().is_over() {
            self.close_taken.set(true);
        }
        if !self.close_taken.get() {
            return;
        }
        let fault = self.fault.borrow_mut().take();
        match fault {
            Some(ending) => self.conclude(ending, |_| ()),
            None if self.peer_closed.get() => self.conclude_cleanly(),
            None => {}
        }
    }

    /// Both close frames have been exchanged. The channel ends now, or with the socket ([`Node::handle_closed`]).
    fn conclude_cleanly(&self) {
        let ends_with_tcp = self.attributes.node.is_web.get();
        if ends_with_tcp && let Some(socket) = self.socket().filter(|it| !it.is_stream()) {
            if !self.lingers.replace(true) {
                socket.linger(LINGER_MS);
            }
            return;
        }
        // The server ends the TCP connection first (RFC 6455 §7.1.1). A stream of HTTP/2 need not wait for that.
        self.conclude(Ending::clean(), |socket| {
            if self.role == Role::Server || socket.is_stream() {
                socket.end();
            }
            socket.linger(LINGER_MS);
        });
    }

    /// Lets go of the socket and reports the end.
    #[cold]
    pub(super) fn conclude(&self, ending: Ending<JsHost>, farewell: impl FnOnce(&Socket)) {
        self.let_go(farewell);
        self.driver.report(Report::Gone(ending));
    }

    /// Lets go of the socket. What it does from now on does not matter.
    #[cold]
    fn let_go(&self, farewell: impl FnOnce(&Socket)) {
        self.pinging.stop();
        self.paused.clear();
        let socket = self.socket.borrow_mut().take();
        if let Some(socket) = socket {
            farewell(&socket);
            if self.role == Role::Client {
                socket.set_ref(false); // the program need not wait; a server's program may wait for its last connection
            }
            socket.detach();
        }
        self.stream.take();
    }

    /// The peer has ended its side. If it has not sent a close frame, nothing more will arrive. What is being sent may still go out.
    pub(super) fn handle_end(&self) {
        if self.peer_closed.get() || self.fault.borrow().is_some() {
            return; // a close frame of ours is on its way
        }
        self.conclude(self.of_loss(Loss::ended()), |socket| {
            socket.end();
            socket.linger(LINGER_MS);
        });
    }

    /// The socket is closed.
    pub(super) fn handle_closed(&self, loss: Loss<JsValue>) {
        self.pinging.stop();
        self.paused.clear();
        let socket = self.socket.borrow_mut().take();
        drop(socket);
        self.stream.take();
        let fault = self.fault.borrow_mut().take();
        let ending = || if self.lingers.get() { Ending::clean() } else { self.of_loss(loss) };
        self.driver.report(Report::Gone(fault.unwrap_or_else(ending)));
    }

    fn of_loss(&self, loss: Loss<JsValue>) -> Ending<JsHost> {
        let server = (self.role == Role::Client).then(|| self.uri());
        let (status, message) = explain_loss(server.as_ref(), &loss);
        let evidence = Some(Evidence { cause: loss.cause.unwrap_or(JsValue::NULL), ..Evidence::default() });
        Ending { status, message: message.into(), evidence, ..Ending::default() }
    }

    fn uri(&self) -> Uri {
        let href = self.attributes.uri.borrow().clone();
        crate::transport::parse_url(&href.into(), &JsValue::UNDEFINED).unwrap_or_default()
    }
}

impl Transport<JsHost> for Node {
    fn send(self: &Rc<Self>, message: Outgoing) {
        self.push(message);
    }

    fn close(&self, close: Close) {
        self.unpause();
        self.push_close(close);
    }

    /// What was accepted in this tick still goes out.
    #[cold]
    fn abort(&self, farewell: Option<Close>) {
        let opening = self.opening.borrow_mut().take();
        drop(opening);
        let has_more = self.abandon(farewell);
        self.let_go(|socket| {
            if has_more {
                self.write_out(socket);
                socket.end();
                socket.linger(LINGER_MS);
            } else {
                socket.destroy();
            }
        });
    }

    #[inline(always)] // so that the message stays in registers
    fn deliver(&self, listener: &Listener, message: Incoming) {
        if is_watched() {
            self.tell_message(&message);
        }
        hand_over(&listener.trampoline, message);
    }

    fn explain_timeout(&self) -> Option<Ending<JsHost>> {
        if self.lingers.get() {
            return Some(Ending::clean()); // the peer need not end TCP in time
        }
        self.opening.borrow().as_ref().map(Opening::timed_out)
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

/// The peer broke the protocol.
#[cold]
fn of_fault(fault: Fault) -> Ending<JsHost> {
    let status = match fault.kind {
        FaultKind::Frame => Status::ILLEGAL_VALUE,
        FaultKind::NotUtf8 => Status::CANNOT_CONVERT_DATA,
        FaultKind::TooBig => Status::FILE_TOO_BIG,
        FaultKind::NotDeflated => Status::INVALID_CONTENT_ENCODING,
        FaultKind::NoMemory => Status::OUT_OF_MEMORY,
    };
    let message: Cow<'static, str> = fault.message;
    Ending { status, message, ..Ending::default() }
}
