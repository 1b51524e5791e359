//! The browser's transport: the native `WebSocket`.
//!
//! What it cannot do (send any status code, send request headers, give the reason for a failure), no page can do. docs/reference.md
//! lists the differences ("What differs in a browser, and why").

mod collecting;
mod sending;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

pub(crate) use self::sending::Outgoing;
use self::sending::Queued;
use super::timer::microtask;
use super::{
    Attributes, Bytes, ChannelError, Driver, Evidence, JsHost, Listener, PayloadKind, TOO_BIG, Target, Timer, as_error,
    bytes_of, global_property, property, sentence, to_text,
};
use crate::channel::{Ending, Report, State, Timer as _, Transport};
use crate::close::{Close, CloseCode, NO_STATUS};
use crate::status::Status;

/// A browser honours no options beyond those that all hosts share.
#[derive(Clone, Default)]
pub(crate) struct HostOptions;

/// What a sent message leaves to do: never anything in a browser.
pub(crate) enum Unfinished {}

impl Unfinished {
    pub(crate) fn is_due(&self) -> bool {
        false
    }
}

/// The name of a property. A page reads few, so it keeps none.
pub(crate) fn js_name(name: &'static str) -> JsValue {
    name.into()
}

/// Always `None`: no message skips the channel's queues, whose cost is negligible next to that of the event.
pub(crate) fn fill(_payload: &JsValue, _kind: PayloadKind) -> Option<usize> {
    None
}

/// A string or an `ArrayBuffer`, as the `MessageEvent` carried it.
pub(crate) struct Incoming(JsValue);

/// One native `WebSocket`.
pub(crate) struct Browser {
    socket: WebSocket,
    driver: Rc<Driver>,
    attributes: Rc<Attributes>,
    max_message_size: f64,
    /// Set until the end. Then they are removed from the socket and freed.
    handlers: RefCell<Option<Handlers>>,
    /// A stream that is being collected, then everything that waits behind it.
    queue: RefCell<VecDeque<Queued>>,
    /// Until the channel is open, waits for `close` behind `error`. Then polls `bufferedAmount`, which changes without an event.
    timer: Timer,
    /// Milliseconds until the next poll; 0 if none is due.
    poll_delay: Cell<u32>,
}

/// They all have one signature, because each signature costs a page a few hundred bytes.
struct Handlers {
    open: Closure<dyn Fn(JsValue)>,
    message: Closure<dyn Fn(JsValue)>,
    error: Closure<dyn Fn(JsValue)>,
    close: Closure<dyn Fn(JsValue)>,
}

/// How long to wait for the `close` event after the `error` event, in milliseconds. Chromium fires no `close` if the page's policy forbids the connection.
const CLOSE_DELAY: u32 = 100;
/// The message for a connection that did not open.
const NOT_OPENED: &str =
    "The connection did not open. The browser logs the reason: look at its console and network panel.";

impl Browser {
    pub(crate) fn connect(driver: &Rc<Driver>, target: Target) -> Result<Rc<Self>, ChannelError> {
        let HostOptions = target.options; // nothing to honour
        let protocols: Array = target.protocols.iter().map(|token| JsValue::from_str(token)).collect();
        let socket = RawSocket::new(&target.uri.href, &protocols).map_err(|cause| {
            let (status, message) = if global_property("WebSocket").is_undefined() {
                (
                    Status::NOT_AVAILABLE,
                    "asyncOpen: there is no WebSocket here. For Node, bundle with the export condition \"node\".",
                )
            } else {
                let message =
                    "asyncOpen: the browser does not let this page connect to this URI. The error's cause says why.";
                (Status::NOT_IMPLEMENTED, message)
            };
            ChannelError::new(status, message).because(cause)
        })?;
        let socket: WebSocket = socket.unchecked_into();
        socket.set_binary_type(BinaryType::Arraybuffer);
        let browser = Rc::new(Self {
            socket,
            driver: driver.clone(),
            attributes: target.attributes,
            max_message_size: target.max_message_size.into(),
            handlers: RefCell::new(None),
            queue: RefCell::default(),
            timer: Timer::default(),
            poll_delay: Cell::new(0),
        });
        browser.listen();
        Ok(browser)
    }

    /// Never called, because `fill` always returns `None`.
    pub(crate) fn send_filled(&self, _driver: &Driver, _kind: PayloadKind, _len: usize) -> Option<Unfinished> {
        None
    }

    pub(crate) fn finish(&self, _rest: Unfinished) {}

    fn listen(self: &Rc<Self>) {
        let on = |handle: fn(&Rc<Self>, JsValue)| {
            let browser = self.clone();
            Closure::new(move |event| handle(&browser, event))
        };
        let handlers = Handlers {
            open: on(Self::opened),
            message: on(Self::received),
            error: on(Self::failed),
            close: on(Self::closed),
        };
        self.socket.set_onopen(Some(handlers.open.as_ref().unchecked_ref()));
        self.socket.set_onmessage(Some(handlers.message.as_ref().unchecked_ref()));
        self.socket.set_onerror(Some(handlers.error.as_ref().unchecked_ref()));
        self.socket.set_onclose(Some(handlers.close.as_ref().unchecked_ref()));
        *self.handlers.borrow_mut() = Some(handlers);
    }

    /// Removes the handlers from the socket and frees them. They kept this object alive.
    fn release(&self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onerror(None);
        self.socket.set_onclose(None);
        self.timer.clear();
        let queue = self.queue.take();
        drop(queue);
        let handlers = self.handlers.borrow_mut().take();
        drop(handlers);
    }

    fn opened(self: &Rc<Self>, _event: JsValue) {
        // (null in workerd if there is no value)
        let text = |name: &'static str| property(&self.socket, name).as_string().unwrap_or_default();
        self.attributes.protocol.replace(text("protocol"));
        self.attributes.extensions.replace(text("extensions"));
        self.driver.report(Report::Opened);
    }

    fn received(self: &Rc<Self>, event: JsValue) {
        let data = event.unchecked_into::<MessageEvent>().data();
        if self.driver.awaits_acknowledgement() {
            self.look(); // this may be an echo, so the message it answers was sent
        }
        if size_of(&data, self.max_message_size) > self.max_message_size {
            self.fail(Status::FILE_TOO_BIG, TOO_BIG.into(), None);
        } else {
            self.driver.report(Report::Message(Incoming(data)));
        }
    }

    fn failed(self: &Rc<Self>, _event: JsValue) {
        if self.driver.state() != State::Connecting {
            return; // close follows
        }
        let browser = self.clone();
        // Any other end of the channel clears this task. With `OK`, the channel chooses the status.
        self.timer.set(CLOSE_DELAY, move || browser.fail(Status::OK, NOT_OPENED.into(), None));
    }

    fn closed(self: &Rc<Self>, event: JsValue) {
        let event: CloseEvent = event.unchecked_into();
        self.look();
        self.release();
        let message = match self.driver.state() {
            State::Connecting => NOT_OPENED,
            _ => "The connection was lost.",
        };
        let close = match CloseCode::from_peer(event.code()) {
            Some(code) => Close::new(code, event.reason()),
            None => (event.code() == NO_STATUS).then_some(Close::EMPTY),
        };
        let has_close = close.is_some();
        if let Some(close) = close {
            self.driver.report(Report::PeerClose(close)); // it may come without a clean end: Firefox also waits for the server's FIN
        }
        let ending = if !event.was_clean() {
            Ending { message: message.into(), ..Ending::default() }
        } else if has_close {
            Ending::clean()
        } else {
            let message = "The peer closed with a code that no close frame may have.".into();
            Ending { status: Status::ILLEGAL_VALUE, message, ..Ending::default() }
        };
        self.driver.report(Report::Gone(ending));
    }

    /// Drops the connection because of a failure, and reports it.
    fn fail(&self, status: Status, message: Cow<'static, str>, evidence: Option<Evidence>) {
        self.abort(None);
        self.driver.report(Report::Gone(Ending { status, message, evidence, ..Ending::default() }));
    }

    /// The browser rejected a message, usually because it is too long. The listener is told later, because one of its methods may be running.
    fn handle_send_failed(self: &Rc<Self>, thrown: JsValue) {
        self.abort(None);
        let browser = self.clone();
        microtask(Box::new(move || browser.fail_because("The browser does not send a message: ", thrown)));
    }

    fn fail_because(&self, what: &str, thrown: JsValue) {
        let (cause, message) = as_error(thrown);
        self.fail(Status::UNEXPECTED, sentence(&[what, &*message]).into(), Evidence::cause(cause));
    }
}

impl Transport<JsHost> for Browser {
    fn send(self: &Rc<Self>, message: Outgoing) {
        self.send_behind_queue(message);
    }

    fn close(&self, close: Close) {
        self.close_behind_queue(close);
    }

    fn abort(&self, _farewell: Option<Close>) {
        self.release();
        let _ = self.socket.close();
    }

    fn deliver(&self, listener: &Listener, Incoming(data): Incoming) {
        match data.dyn_ref::<ArrayBuffer>() {
            Some(buffer) => listener.trampoline.binary(&Uint8Array::new(buffer)),
            None if data.is_string() => listener.trampoline.text(&data),
            None => deliver_other(listener, &data),
        }
    }

    fn explain_timeout(&self) -> Option<Ending<JsHost>> {
        None
    }
}

/// Delivers what no WebSocket of this realm has: another realm's has other classes, a replacement may have anything, and a program may dispatch events.
#[cold]
fn deliver_other(listener: &Listener, data: &JsValue) {
    match bytes_of(data) {
        Bytes::Plain(bytes) => listener.trampoline.binary(&bytes),
        _ => listener.trampoline.text(&to_text(data).unwrap_or_default().into()),
    }
}

#[wasm_bindgen(module = "/src/transport/browser.js")]
extern "C" {
    #[wasm_bindgen(js_name = utf8Length)]
    fn utf8_length(text: &JsValue) -> f64;
    #[wasm_bindgen(js_name = sizeOf)]
    fn size_of(data: &JsValue, limit: f64) -> f64;
}

// web-sys has a signature for each kind of argument; a page downloads them all.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = WebSocket)]
    type RawSocket;
    #[wasm_bindgen(constructor, js_class = "WebSocket", catch)]
    fn new(url: &str, protocols: &Array) -> Result<RawSocket, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn send(this: &RawSocket, payload: &JsValue) -> Result<(), JsValue>;
    /// (It may exceed 4 GiB. web-sys returns a `u32`.)
    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    fn buffered_amount(this: &RawSocket) -> f64;
}
