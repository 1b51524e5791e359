//! Pings of one channel: `sendPing`'s promises and the keep-alive, over the clock and timers of the host.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::socket::Socket;
use super::transport::Node;
use crate::channel::{Ending, KeepAlive, Look, MAX_OUTSTANDING, Pings, State, TimedOut, Timer as _};
use crate::status::Status;
use crate::transport::{ChannelError, PingTimes, Timer};

/// The keep-alive of one channel.
pub(super) struct Pinging {
    times: PingTimes,
    keep_alive: RefCell<Option<Box<KeepAlive>>>,
    /// There is a keep-alive, which must know whenever bytes arrive.
    hears: Cell<bool>,
    timer: Timer,
}

/// The pings of one channel that no pong has answered. Made when the first is sent, because few channels send any.
#[derive(Default)]
pub(crate) struct Promised(RefCell<Option<Box<Pings<Waiting>>>>);

/// A promise of `sendPing`'s.
struct Waiting {
    resolve: Function,
    reject: Function,
}

impl Promised {
    /// The channel has stopped. Rejects what waits with `error`.
    pub(crate) fn end(&self, error: impl FnOnce() -> JsValue) {
        let pings = self.0.take();
        let Some(mut pings) = pings else { return };
        let error = error();
        for Waiting { reject, .. } in pings.end() {
            let _ = reject.call1(&JsValue::UNDEFINED, &error); // a promise's functions do not throw
        }
    }

    fn handle_pong(&self, payload: &[u8]) {
        let now = now();
        let answered = self.0.borrow_mut().as_mut().map(|pings| pings.handle_pong(payload, now));
        for (Waiting { resolve, .. }, ms) in answered.unwrap_or_default() {
            let _ = resolve.call1(&JsValue::UNDEFINED, &ms.into());
        }
    }
}

impl Pinging {
    pub(super) fn new(times: PingTimes) -> Self {
        let timer = Timer::default();
        timer.set_ref(false); // the socket keeps the process alive, if anything does
        Self { times, keep_alive: RefCell::default(), hears: Cell::new(false), timer }
    }

    /// The connection is open, and the listener has not been told. Sends the pings that waited for that. Those of `onStart` follow them.
    pub(super) fn send_waiting(node: &Node) {
        let now = now();
        let waiting =
            node.attributes.node.pings.0.borrow_mut().as_mut().map(|pings| pings.start(now)).unwrap_or_default();
        for payload in waiting {
            node.transmit_ping(payload.to_vec());
        }
    }

    /// The channel is open. Starts its keep-alive.
    pub(super) fn start(node: &Rc<Node>) {
        let now = now();
        let PingTimes { interval, timeout } = node.pinging.times;
        if interval > 0 {
            let (interval, timeout) = (f64::from(interval) * 1000.0, f64::from(timeout) * 1000.0);
            node.pinging.keep_alive.replace(Some(Box::new(KeepAlive::new(interval, timeout, now))));
            node.pinging.hears.set(true);
            node.pinging.look_after(&Rc::downgrade(node), interval);
        }
    }

    /// Bytes arrived.
    #[inline]
    pub(super) fn handle_heard(&self) {
        if !self.hears.get() {
            return;
        }
        let now = now();
        if let Some(keep_alive) = self.keep_alive.borrow_mut().as_mut() {
            keep_alive.handle_heard(now);
        }
    }

    /// The connection has ended. Stops pinging.
    pub(super) fn stop(&self) {
        self.timer.clear();
        self.hears.set(false);
        let keep_alive = self.keep_alive.take();
        drop(keep_alive);
    }

    fn look_after(&self, node: &Weak<Node>, ms: f64) {
        let node = node.clone();
        self.timer.set(ms.max(1.0).ceil() as u32, move || {
            // First let the loop read what arrived while it was busy.
            if let Some(open) = node.upgrade() {
                let node = node.clone();
                open.pinging.timer.set(0, move || {
                    if let Some(node) = node.upgrade() {
                        node.look();
                    }
                });
            }
        });
    }
}

impl Node {
    /// `sendPing`: returns a promise of the milliseconds until the pong. Call it only while connecting or open.
    pub(crate) fn send_ping(&self, payload: Option<Vec<u8>>) -> Result<Promise, ChannelError> {
        if self.attributes.node.pings.0.borrow().as_ref().is_some_and(|pings| pings.is_full()) {
            let message =
                format!("sendPing: {MAX_OUTSTANDING} pings have no pong yet. Wait for one before you send more.");
            return Err(ChannelError::new(Status::NOT_AVAILABLE, message));
        }
        let mut transmit = None;
        let now = now();
        let promise = Promise::new(&mut |resolve: Function, reject: Function| {
            let mut pings = self.attributes.node.pings.0.borrow_mut();
            let pings = pings.get_or_insert_default();
            transmit = Some(pings.add(payload.clone(), now, Waiting { resolve, reject }));
        });
        if self.driver.state() == State::Open
            && let Some(payload) = transmit
        {
            self.transmit_ping(payload.to_vec());
        }
        Ok(promise)
    }

    pub(super) fn handle_pong(&self, payload: &[u8]) {
        self.attributes.node.pings.handle_pong(payload);
    }

    fn transmit_ping(&self, payload: Vec<u8>) {
        {
            let mut wire = self.wire.borrow_mut();
            wire.connection.ping(payload);
            wire.outgoing.tick_soon();
        }
        self.drain();
    }

    /// The keep-alive's timer is due.
    fn look(self: &Rc<Self>) {
        if self.driver.state() != State::Open {
            return; // closing has a timeout of its own
        }
        let Some(socket) = self.socket() else { return };
        let (now, backlog) = (now(), socket.backlog() as u64);
        let look = {
            let mut keep_alive = self.pinging.keep_alive.borrow_mut();
            let Some(keep_alive) = keep_alive.as_mut() else { return };
            if self.is_suspended() {
                keep_alive.handle_heard(now); // a channel that does not read hears nothing
            }
            keep_alive.look(now, backlog)
        };
        match look {
            Look::Wait(ms) => self.pinging.look_after(&Rc::downgrade(self), ms),
            Look::Ping(ms) => {
                self.transmit_ping(Vec::new());
                self.pinging.look_after(&Rc::downgrade(self), ms);
            }
            Look::GiveUp => {
                let PingTimes { timeout, .. } = self.pinging.times;
                let message = format!(
                    "Nothing arrived within {timeout} s after a ping (pingTimeout). The peer or the network path to it is gone."
                );
                self.withdraw_session();
                let timed_out = Some(TimedOut::Ping);
                let ending =
                    Ending { status: Status::NET_TIMEOUT, message: message.into(), timed_out, ..Ending::default() };
                self.conclude(ending, Socket::destroy);
            }
        }
    }
}

#[wasm_bindgen]
extern "C" {
    /// Milliseconds of a clock that does not run backwards.
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}
