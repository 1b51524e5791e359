//! Node's backend: `protocol::Connection` over `socket.js`. What comes in is here, what goes out in `sending.rs`.

mod failure;
mod keys;
mod opening;
mod request;
mod sending;
mod socket;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use self::opening::Opening;
pub(crate) use self::sending::Outgoing;
use self::sending::Sending;
use self::socket::Socket;
use super::{Evidence, JsHost, Listener, Refusal, Session, Target};
use crate::channel::{Ending, Report, State, Taken, TimedOut};
use crate::protocol::{Connection, Event, Kind, Limits, Source, Whole};
use crate::status::Status;

/// A message that came in.
pub(crate) enum Incoming {
    /// It lies in the chunk that is being read, or inflated in the window for that, from start to end.
    Whole { kind: Kind, inflated: bool, start: u32, end: u32, ascii: bool },
    /// It came in pieces, and is a string or a `Uint8Array` now.
    Gathered(Kind, JsValue),
}

/// One connection and its socket.
pub(crate) struct Node {
    session: Rc<Session>,
    /// Where to connect to, and how.
    opening: Opening,
    protocols: Array,
    limits: Limits,
    connection: RefCell<Connection>,
    socket: RefCell<Option<Rc<Socket>>>,
    sending: Sending,
    /// How often the caller has suspended reading and not resumed it.
    suspended: Cell<u32>,
    /// The peer's close frame came.
    peer_closed: Cell<bool>,
    /// What the peer did wrong; its close frame goes out first.
    fault: RefCell<Option<Ending<JsHost>>>,
}

/// How long a socket whose channel is done waits for the peer's end.
const LINGER_MS: u32 = 2_000;

impl Node {
    #[cold]
    pub(crate) fn open(session: &Rc<Session>, target: Target<'_>) -> Result<Rc<Self>, Refusal> {
        socket::prepare_windows();
        let opening = Opening::new(target.url, &target.host_options);
        let limits = Limits { message: target.max_message_size.into() };
        let connection = Connection::new(request::of(&opening, &target.protocols)?, keys::nonce(), limits);
        let node = Rc::new(Self {
            session: session.clone(),
            opening,
            protocols: target.protocols,
            limits,
            connection: RefCell::new(connection),
            socket: RefCell::default(),
            sending: Sending::default(),
            suspended: Cell::new(0),
            peer_closed: Cell::new(false),
            fault: RefCell::default(),
        });
        node.connect()?;
        Ok(node)
    }

    /// `suspend`: reads no more from the socket, so that in the end the peer cannot write. The handshake is read all the
    /// same, and so is everything after `close`: the peer's close frame would not be seen otherwise.
    pub(crate) fn suspend(&self) {
        self.suspended.set(self.suspended.get().saturating_add(1));
        if self.session.state() == State::Open {
            self.with_socket(Socket::pause);
        }
    }

    /// `resume`: reads on, once for each `suspend`. False if there was none.
    pub(crate) fn resume(&self) -> bool {
        let Some(left) = self.suspended.get().checked_sub(1) else { return false };
        self.suspended.set(left);
        if left == 0 {
            self.with_socket(Socket::resume);
        }
        true
    }

    pub(crate) fn handle_timeout(self: &Rc<Self>) {
        if self.session.state() == State::Connecting {
            self.open_timed_out();
        }
    }

    #[inline(always)] // so that the message stays in registers
    pub(crate) fn deliver(&self, listener: &Listener, message: Incoming) {
        match message {
            Incoming::Whole { kind, inflated, start, end, ascii } => {
                let Some(socket) = self.socket() else { return };
                match kind {
                    Kind::Text if ascii => socket.deliver_ascii(listener, inflated, start, end),
                    Kind::Text => {
                        let units = socket::units_of(inflated, start, end); // there are some: the text is UTF-8
                        socket.deliver_units(
                            listener,
                            units.map_or(0, |it| it.count as u32),
                            units.is_some_and(|it| it.narrow),
                        );
                    }
                    Kind::Binary => socket.deliver_binary(listener, inflated, start, end),
                }
            }
            Incoming::Gathered(Kind::Text, text) => listener.text(&text),
            Incoming::Gathered(Kind::Binary, bytes) => listener.binary(&bytes),
        }
    }

    fn socket(&self) -> Option<Rc<Socket>> {
        self.socket.borrow().clone()
    }

    /// Reads the first `len` bytes of the receive window.
    fn handle_received(self: &Rc<Self>, len: usize) {
        let mut at = 0;
        loop {
            self.handle_whole(len, &mut at);
            let event = socket::with_received(len, |chunk, scratch| {
                self.connection.borrow_mut().poll_event(chunk, &mut at, scratch)
            });
            match event {
                Some(event) => self.handle_event(event),
                None => break,
            }
        }
        self.flush();
    }

    /// The messages that lie whole in the chunk, as far as nothing else lies between: the hot loop.
    fn handle_whole(self: &Rc<Self>, len: usize, at: &mut usize) {
        while let Some(Whole { kind, start, end, ascii }) =
            socket::with_received(len, |chunk, _| self.connection.borrow().poll_whole(chunk, at))
        {
            let (start, end) = (start as u32, end as u32);
            self.session.message(self, Incoming::Whole { kind, inflated: false, start, end, ascii });
        }
    }

    fn handle_event(self: &Rc<Self>, event: Event) {
        let report = match event {
            Event::Message { kind, source, payload, ascii } => {
                let (start, end) = (payload.start as u32, payload.end as u32);
                let inflated = source == Source::Scratch;
                return self.session.message(self, Incoming::Whole { kind, inflated, start, end, ascii });
            }
            Event::Begin { kind, first_frame } => {
                let gathering = socket::gathered(kind == Kind::Text, first_frame as f64);
                let may_pass = if kind == Kind::Binary { first_frame as f64 } else { 0.0 };
                return self.with_socket(|socket| socket.begin(gathering, may_pass));
            }
            Event::Piece { source, payload, ascii } => {
                let (start, end) = (payload.start as u32, payload.end as u32);
                return self.with_socket(|socket| socket.piece(source == Source::Scratch, start, end, ascii));
            }
            Event::End { kind, .. } => {
                let Some(socket) = self.socket() else { return };
                return self.session.message(self, Incoming::Gathered(kind, socket.finish()));
            }
            Event::Opened { protocol, extensions } => {
                self.session.selected(protocol.into(), extensions.into());
                self.with_socket(Socket::opened);
                if self.suspended.get() > 0 {
                    self.with_socket(Socket::pause);
                }
                Report::Opened
            }
            Event::Close(close) => {
                self.peer_closed.set(true);
                self.sending.drop_messages();
                self.send_queue(); // a close frame of ours may have waited behind them
                self.session.report(Report::PeerClose(close));
                return self.conclude_if_closed();
            }
            Event::Refused(answer) => return self.refused(answer, false),
            Event::Pong(payload) => return self.with_socket(|socket| socket.pong(&payload)),
            Event::Failed(fault) => match fault.kind.close_code() {
                None => return self.conclude(failure::of_fault(&self.opening, fault), Socket::destroy),
                Some(_) => return self.fail(failure::of_fault(&self.opening, fault)),
            },
        };
        self.session.report(report);
    }

    /// The connection has its close frame: that goes out, and then this is how it ended.
    #[cold]
    fn fail(&self, ending: Ending<JsHost>) {
        self.sending.stop();
        *self.fault.borrow_mut() = Some(ending);
        self.flush();
        self.with_socket(|socket| socket.end(LINGER_MS));
    }

    fn with_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some(socket) = self.socket() {
            act(&socket);
        }
    }

    /// Once every byte of ours is with the system: a fault's close frame is out, or both close frames are exchanged.
    fn conclude_if_closed(&self) {
        if !self.sending.is_over() || self.connection.borrow().has_transmit() {
            return;
        }
        let fault = self.fault.borrow_mut().take();
        match fault {
            Some(ending) => self.conclude(ending, |_| ()),
            // The server ends the TCP connection first (RFC 6455 §7.1.1).
            None if self.peer_closed.get() => self.conclude(Ending::clean(), |socket| socket.linger(LINGER_MS)),
            None => {}
        }
    }

    /// Lets go of the socket and reports the end.
    #[cold]
    fn conclude(&self, ending: Ending<JsHost>, farewell: impl FnOnce(&Socket)) {
        self.let_go(farewell);
        self.session.report(Report::Gone(ending));
    }

    /// What the socket does from here on is nobody's business.
    #[cold]
    fn let_go(&self, farewell: impl FnOnce(&Socket)) {
        let socket = self.socket.borrow_mut().take();
        if let Some(socket) = socket {
            farewell(&socket);
            socket.detach();
        }
    }
}

/// What `socket.js` calls. Each method says what has happened.
#[wasm_bindgen(skip_typescript)]
pub struct Engine(Rc<Node>);

#[wasm_bindgen]
impl Engine {
    /// The socket is ready for HTTP.
    #[wasm_bindgen(js_name = handleConnected)]
    pub fn handle_connected(&self) {
        self.0.with_socket(|socket| self.0.write_out(socket));
    }

    /// So many bytes are in the receive window. Answers how many of the next ones may pass by.
    #[wasm_bindgen(js_name = handleData)]
    pub fn handle_data(&self, len: usize) -> f64 {
        self.0.handle_received(len);
        self.0.connection.borrow().passable() as f64
    }

    /// So many bytes have passed by, into the message that is being gathered. Answers how many more may.
    #[wasm_bindgen(js_name = handlePassed)]
    pub fn handle_passed(&self, len: f64) -> f64 {
        self.0.connection.borrow_mut().pass(len as u64);
        self.handle_data(0)
    }

    /// The tick is over that sent something.
    #[wasm_bindgen(js_name = handleTick)]
    pub fn handle_tick(&self) {
        self.0.handle_tick();
    }

    /// Other things had their turn while a large message is being sent.
    #[wasm_bindgen(js_name = handleTurn)]
    pub fn handle_turn(&self) {
        self.0.handle_turn();
    }

    /// A stream that is being sent has bytes again, its end, or an error.
    #[wasm_bindgen(js_name = handleReady)]
    pub fn handle_ready(&self) {
        self.0.session.report(Report::Sent(Taken::Messages(0))); // it goes on: what waits behind it still has time
        self.0.handle_ready();
    }

    /// Sends a ping of at most 125 bytes: whether the channel is open.
    #[wasm_bindgen(js_name = sendPing)]
    pub fn send_ping(&self, payload: Vec<u8>) -> bool {
        let open = self.0.session.state() == State::Open;
        if open {
            self.0.connection.borrow_mut().ping(payload);
            self.0.flush_soon();
        }
        open
    }

    /// Nothing came since a ping, for longer than pingTimeout.
    #[wasm_bindgen(js_name = handleSilence)]
    pub fn handle_silence(&self, words: JsValue) {
        if self.0.session.state() == State::Open {
            let evidence = Some(Evidence { words, ..Evidence::default() });
            let timed_out = Some(TimedOut::Ping);
            let ending = Ending { status: Status::NET_TIMEOUT, timed_out, evidence, ..Ending::default() };
            self.0.conclude(ending, Socket::destroy);
        }
    }

    /// The system has taken a write, and with it the ends of so many messages.
    #[wasm_bindgen(js_name = handleWritten)]
    pub fn handle_written(&self, messages: usize) {
        self.0.handle_written();
        if self.0.sending.is_busy() || messages > 0 {
            self.0.session.report(Report::Sent(Taken::Messages(messages)));
        }
        self.0.flush();
        self.0.conclude_if_closed();
    }

    /// The peer has ended its side.
    #[wasm_bindgen(js_name = handleEnd)]
    pub fn handle_end(&self) {
        let event = self.0.connection.borrow_mut().handle_end();
        if let Some(event) = event {
            self.0.handle_event(event);
        }
    }

    /// The socket is closed, the last call.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(&self, reached: &str, cause: JsValue) {
        let fault = self.0.fault.borrow_mut().take();
        let ending = fault.unwrap_or_else(|| failure::of_socket(&self.0.opening, reached, cause));
        self.0.socket.borrow_mut().take();
        self.0.session.report(Report::Gone(ending));
    }
}
