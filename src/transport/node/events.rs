//! `eventService`: reports what happens on every channel of the process (Gecko's nsIWebSocketEventService).
//!
//! Without a listener nothing is allocated. Listeners are called in a microtask, so they may call anything.

use std::cell::{Cell, RefCell, RefMut};

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Node;
use super::names::object;
use super::reading::{Incoming, hand_over};
use super::socket::{Assembly, assemble_binary};
use super::windows;
use crate::protocol::{FrameObserver, Head, MAX_HEADER, Observed};
use crate::transport::{Trampoline, report};

thread_local! {
    static LISTENERS: RefCell<Vec<JsValue>> = RefCell::default();
    /// The number of the current watch, which lasts from the first listener to the last; 0 while there is no listener.
    static WATCH: Cell<u32> = const { Cell::new(0) };
    /// How many watches there were.
    static WATCHES: Cell<u32> = const { Cell::new(0) };
    /// The calls that are still to be made: a method and its arguments.
    static NEWS: RefCell<Vec<(&'static str, Array)>> = RefCell::default();
    /// Takes the place of a channel's listener when messages are made for the service.
    static RECEIVER: Trampoline = receiver();
    /// The serial of the channel whose messages those are.
    static SERIAL: Cell<u32> = const { Cell::new(0) };
}

/// Observes the frames of one connection.
#[derive(Default)]
pub(super) struct Watched {
    /// The watch it belongs to. Between two watches, frames passed unseen.
    watch: u32,
    /// Whether `received` has begun: with a chunk, where the reader is.
    has_joined: bool,
    /// How many of the next bytes it has seen already.
    ahead: usize,
    received: Direction,
    sent: Direction,
}

#[derive(Default)]
struct Direction {
    observer: FrameObserver,
    frame: Option<(Head, f64, Assembly)>,
}

/// Whether there is a listener.
#[inline]
pub(super) fn is_watched() -> bool {
    WATCH.get() != 0
}

/// Queues a call of every listener.
#[cold]
fn notify(method: &'static str, arguments: Array) {
    let is_first = NEWS.with_borrow_mut(|news| {
        news.push((method, arguments));
        news.len() == 1
    });
    if is_first {
        spawn_local(async { notify_all() });
    }
}

fn notify_all() {
    for (method, arguments) in NEWS.take() {
        for listener in LISTENERS.with_borrow(Clone::clone) {
            let called = Reflect::get(&listener, &method.into()).and_then(|it| match it.dyn_ref::<Function>() {
                Some(function) => function.apply(&listener, &arguments),
                None => Ok(JsValue::UNDEFINED),
            });
            if let Err(error) = called {
                report(&error);
            }
        }
    }
}

/// The arguments of a call.
macro_rules! arguments {
    ($($argument:expr),*) => { Array::from_iter([$(JsValue::from($argument)),*]) };
}

impl Node {
    fn serial(&self) -> u32 {
        self.attributes.node.serial.get()
    }

    /// Reports that `asyncOpen` or `asyncAccept` has succeeded.
    pub(super) fn tell_created(&self, uri: &str, protocols: &[String]) {
        if is_watched() {
            notify("webSocketCreated", arguments![self.serial(), uri, protocols.join(", ")]);
        }
    }

    /// Reports that the handshake has succeeded.
    pub(super) fn tell_opened(&self) {
        if is_watched() {
            let it = &self.attributes;
            let (uri, protocol) = (it.uri.borrow().as_deref().map(JsValue::from), it.protocol.borrow().clone());
            notify("webSocketOpened", arguments![self.serial(), uri, protocol, it.extensions.borrow().as_str()]);
        }
    }

    /// Reports a message that is about to be delivered.
    pub(super) fn tell_message(&self, message: &Incoming) {
        SERIAL.set(self.serial());
        RECEIVER.with(|receiver| hand_over(receiver, message.clone()));
    }

    /// Observes the first `len` bytes of the receive window, before anything is unmasked there.
    #[cold]
    pub(super) fn look_at_received(&self, len: usize) {
        let mut seen = Vec::new();
        {
            let watched = &mut **self.watched();
            if !std::mem::replace(&mut watched.has_joined, true) {
                let wire = self.wire.borrow();
                let (remaining, header) = wire.connection.position();
                watched.received.observer = FrameObserver::joining(remaining, header);
            }
            let from = watched.ahead.min(len);
            watched.ahead -= from;
            windows::with_received(len, |bytes, _| {
                watched.received.observer.look(bytes.get(from..).unwrap_or_default(), |it| seen.push(it));
            });
        }
        self.tell_frames(|watched| &mut watched.received, "frameReceived", seen);
    }

    /// The last `len` bytes that were received will come again, because the engine has not read them. They are observed once.
    pub(super) fn expect_again(&self, len: usize) {
        let watched = &mut **self.watched();
        watched.ahead = if watched.has_joined { len } else { 0 };
    }

    /// Observes frames that are about to be written.
    #[cold]
    pub(super) fn look_at_sent(&self, frames: &[u8]) {
        let seen = self.observe_sent(frames, true);
        self.tell_frames(|watched| &mut watched.sent, "frameSent", seen);
    }

    /// Observes the send window from `start` on, with `len` bytes of payload.
    #[cold]
    pub(super) fn look_at_window(&self, start: usize, len: usize) {
        let begins = start < MAX_HEADER; // otherwise it is a piece without a header
        let seen =
            windows::with_filled(len, |window| self.observe_sent(window.get(start..).unwrap_or_default(), begins));
        self.tell_frames(|watched| &mut watched.sent, "frameSent", seen);
    }

    fn observe_sent(&self, bytes: &[u8], begins: bool) -> Vec<Observed> {
        let mut seen = Vec::new();
        let sent = &mut self.watched().sent.observer;
        if begins || sent.is_in_frame() {
            sent.look(bytes, |it| seen.push(it));
        }
        seen
    }

    /// Reports what was observed in one direction. Nothing is borrowed while JavaScript runs, which may throw when it has no memory left.
    fn tell_frames(&self, direction: fn(&mut Watched) -> &mut Direction, method: &'static str, seen: Vec<Observed>) {
        let mut frame = direction(&mut self.watched()).frame.take();
        for observed in seen {
            match observed {
                Observed::Begin(head) => frame = Some((head, now(), assemble_binary(head.len as f64))),
                Observed::Payload(bytes) => {
                    if let Some((_, _, payload)) = &frame {
                        payload.append(&bytes);
                    }
                }
                Observed::End => {
                    if let Some((head, time, payload)) = frame.take() {
                        notify(method, arguments![self.serial(), frame_object(&head, time, &payload.finish())]);
                    }
                }
            }
        }
        direction(&mut self.watched()).frame = frame;
    }

    /// The observer of the current watch.
    fn watched(&self) -> RefMut<'_, Box<Watched>> {
        RefMut::map(self.watched.borrow_mut(), |watched| {
            if watched.as_ref().is_some_and(|it| it.watch != WATCH.get()) {
                *watched = None;
            }
            watched.get_or_insert_with(|| Box::new(Watched { watch: WATCH.get(), ..Watched::default() }))
        })
    }

    /// How many of the next bytes may bypass wasm: none while they are observed, or must wait.
    pub(super) fn passable(&self) -> f64 {
        if is_watched() || self.is_holding() { 0.0 } else { self.wire.borrow().connection.passable() as f64 }
    }
}

/// Reports that the channel has stopped.
pub(crate) fn tell_closed(serial: u32, was_clean: bool, code: u16, reason: &str) {
    if is_watched() {
        notify("webSocketClosed", arguments![serial, was_clean, code, reason]);
    }
}

/// A frame, with the property names of nsIWebSocketEventService.
fn frame_object(head: &Head, time: f64, payload: &JsValue) -> Object {
    object([
        ("timeStamp", time.into()),
        ("finBit", head.fin.into()),
        ("rsvBit1", head.rsv[0].into()),
        ("rsvBit2", head.rsv[1].into()),
        ("rsvBit3", head.rsv[2].into()),
        ("opCode", head.opcode.into()),
        ("maskBit", head.mask.is_some().into()),
        ("mask", head.mask.map_or(0, u32::from_be_bytes).into()),
        ("payload", payload.clone()),
    ])
}

fn receiver() -> Trampoline {
    let method = |kind: &'static str| {
        Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
            // The user may change the view that the channel's listener gets.
            let message = if kind == "binary" { Uint8Array::new(&message).into() } else { message };
            notify("webSocketMessageAvailable", arguments![SERIAL.get(), message, kind]);
        })
        .into_js_value()
    };
    object([("text", method("text")), ("binary", method("binary"))]).unchecked_into()
}

/// Adds a listener, once.
pub(crate) fn add_listener(listener: &JsValue) {
    if position(listener).is_none() {
        LISTENERS.with_borrow_mut(|listeners| listeners.push(listener.clone()));
    }
    if !is_watched() {
        WATCHES.set(WATCHES.get().wrapping_add(1).max(1));
        WATCH.set(WATCHES.get());
    }
}

/// Removes a listener. Returns whether it was one.
pub(crate) fn remove_listener(listener: &JsValue) -> bool {
    let Some(at) = position(listener) else { return false };
    LISTENERS.with_borrow_mut(|listeners| {
        listeners.remove(at);
        if listeners.is_empty() {
            WATCH.set(0);
        }
    });
    true
}

/// The listener's place in the list, if it is there. (Nothing is borrowed while JavaScript compares.)
fn position(listener: &JsValue) -> Option<usize> {
    let listeners = LISTENERS.with_borrow(Clone::clone);
    listeners.iter().position(|it| Object::is(it, listener))
}

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the process began.
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}
