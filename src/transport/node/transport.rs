//! One connection: its parts, and what the channel asks of it. What arrives is in `reading.rs`, what goes out in `writing.rs`, and how it
//! ends in `ending.rs`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::ending::LINGER_MS;
use super::events::{Watched, is_watched};
use super::held::Held;
use super::memory;
use super::opening::{self, OpeningTask};
use super::payload::Outgoing;
use super::pinging::Pinging;
use super::reading::{Incoming, hand_over};
use super::security::{Certificates, Security};
use super::session::Place;
use super::socket::{Socket, copied};
use super::writing::Wire;
use crate::channel::{Ending, Report, State, Timer as _, Transport};
use crate::close::Close;
use crate::protocol::Role;
use crate::status::Status;
use crate::transport::{Attributes, ChannelError, Driver, JsHost, Listener, MAX_DELAY_MS, PingTimes, Target, Timer};

/// One connection, from `asyncOpen` or `asyncAccept` to its end.
pub(crate) struct Node {
    pub(super) driver: Rc<Driver>,
    pub(super) role: Role,
    pub(super) attributes: Rc<Attributes>,
    /// Set until the connection is open.
    pub(super) opening: RefCell<Option<OpeningTask>>,
    pub(super) wire: RefCell<Wire>,
    /// The socket that connects now, then the open connection's.
    pub(super) socket: RefCell<Option<Rc<Socket>>>,
    /// What has arrived and is read in a later turn.
    pub(super) held: RefCell<Option<Box<Held>>>,
    /// Observes the frames while `eventService` has a listener.
    pub(super) watched: RefCell<Option<Box<Watched>>>,
    /// The place in an HTTP/2 session, if the socket is a stream of one.
    pub(super) place: RefCell<Option<Place>>,
    /// openTimeoutMs or closeTimeoutMs has run out.
    pub(super) has_timed_out: Cell<bool>,
    pub(super) pinging: Pinging,
    /// Whether the channel keeps the process alive.
    is_ref: Cell<bool>,
    /// The open connection's socket is read. Before that, resuming it would lose what arrives.
    is_read: Cell<bool>,
    /// A write has failed. The connection is about to end.
    write_failed: Cell<bool>,
    /// How many times the caller has suspended reading and not resumed it.
    suspended: Cell<u32>,
    /// Runs while reading is suspended. A socket that does not read keeps no process alive, but its open channel must.
    pub(super) paused: Timer,
    /// The peer's close frame has arrived.
    pub(super) peer_closed: Cell<bool>,
    /// The system has taken our close frame. Pongs may have been written behind it, which a peer that is gone does not read.
    pub(super) close_taken: Cell<bool>,
    /// Both close frames are exchanged, and the channel ends with the socket.
    pub(super) lingers: Cell<bool>,
    /// The peer broke the protocol, or a stream failed: the channel ends once its close frame is out.
    pub(super) has_failed: Cell<bool>,
}

impl Node {
    /// Starts to connect.
    #[cold]
    pub(crate) fn connect(driver: &Rc<Driver>, target: Target) -> Result<Rc<Self>, ChannelError> {
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
        ping: PingTimes,
    ) -> Result<Rc<Self>, ChannelError> {
        memory::grow_ahead();
        if !memory::can_open() {
            let method = if role == Role::Client { "asyncOpen" } else { "asyncAccept" };
            let message = format!("{method}: there is no memory left for another channel. Close others first.");
            return Err(ChannelError::new(Status::OUT_OF_MEMORY, message));
        }
        Ok(Rc::new(Self {
            driver: driver.clone(),
            role,
            attributes: attributes.clone(),
            opening: RefCell::default(),
            wire: RefCell::new(Wire::unopened(max_message_size.into())),
            socket: RefCell::default(),
            held: RefCell::default(),
            watched: RefCell::default(),
            place: RefCell::default(),
            has_timed_out: Cell::new(false),
            pinging: Pinging::new(ping),
            is_ref: Cell::new(driver.timer().is_ref()),
            is_read: Cell::new(false),
            write_failed: Cell::new(false),
            suspended: Cell::new(0),
            paused: Timer::default(),
            peer_closed: Cell::new(false),
            close_taken: Cell::new(false),
            lingers: Cell::new(false),
            has_failed: Cell::new(false),
        }))
    }

    /// Lets no more channels join the HTTP/2 session, if the socket is a stream of one, because a timeout has run out.
    pub(super) fn withdraw_session(&self) {
        if let Some(place) = &*self.place.borrow() {
            place.withdraw();
        }
    }

    /// `ref` and `unref`.
    pub(crate) fn set_ref(&self, is_ref: bool) {
        self.is_ref.set(is_ref);
        self.paused.set_ref(is_ref);
        self.with_socket(|socket| socket.set_ref(is_ref));
        let place = self.place.take();
        if let Some(place) = &place {
            place.set_ref(is_ref);
        }
        self.place.replace(place);
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
        self.paused.set_ref(self.is_ref());
        self.paused.set(MAX_DELAY_MS, || {});
    }

    /// Nothing holds back reading any more.
    pub(super) fn unpause(&self) {
        self.paused.clear();
        if self.is_read.get() {
            self.read_on();
        }
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

    /// Whether to read: the caller has not suspended it. That has no effect after `close()`, or once a write has failed.
    pub(super) fn may_read(&self) -> bool {
        !self.is_suspended() || self.driver.state() >= State::Closing || self.write_failed.get()
    }

    /// A write has failed, so nothing more is acknowledged. Who waits for that before `resume` must get the end instead.
    pub(super) fn handle_write_failed(&self) {
        let could_read = self.may_read();
        self.write_failed.set(true);
        if !could_read && self.is_holding() {
            self.with_socket(Socket::read_later);
        }
    }

    /// The opening has made a socket.
    pub(super) fn dialed(&self, socket: &Rc<Socket>) {
        let before = self.socket.replace(Some(socket.clone()));
        drop(before);
        self.attributes.node.security.take(); // an earlier hop's says nothing about this one
    }

    pub(super) fn handle_certificates(&self, certificates: Certificates, reason: JsValue) {
        let security = Security::of(certificates, &reason, self.role); // this may call a user's getter
        let before = self.attributes.node.security.replace(Some(Box::new(security)));
        drop(before);
    }

    /// The connection is open. `rest` is the frames that arrived right behind the response. `is_read`: the socket is read already.
    pub(super) fn start(self: &Rc<Self>, rest: &[u8], is_read: bool) {
        self.is_read.set(is_read);
        if !self.may_read() {
            self.pause();
        }
        if self.driver.state() == State::Connecting {
            Pinging::send_waiting(self);
        }
        self.driver.report(Report::Opened);
        if self.driver.state() < State::Closing {
            Pinging::start(self);
        }
        if !rest.is_empty() {
            let rest = copied(rest);
            if self.may_read() {
                self.with_socket(|socket| socket.replay(&rest));
            } else {
                self.hold_rest(rest);
            }
        }
        if !is_read {
            self.listen();
        }
    }

    /// Begins to read a socket that was not read before.
    fn listen(&self) {
        self.is_read.set(true);
        self.with_socket(Socket::listen);
        if self.may_read() {
            self.read_on();
        }
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
        self.has_timed_out.set(true);
        self.withdraw_session();
        self.opening.borrow().as_ref().map(OpeningTask::timed_out)
    }
}
