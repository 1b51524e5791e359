//! The browser's backend: the native `WebSocket`.
//!
//! What it cannot do for us (a status code of its own choosing, its own headers, the reason of a failure) nobody can
//! do in a page; README.md lists the differences.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::timer::Timer;
use super::{Evidence, Listener, PayloadKind, Refusal, Session, Target};
use crate::channel::{Ending, Report, State, Taken};
use crate::close::{Close, CloseCode};
use crate::status::Status;

/// A string, a `Uint8Array` that nobody else writes to, or a `Source` (source.js).
pub(crate) struct Outgoing {
    payload: JsValue,
    /// In bytes.
    size: f64,
    /// It is a `Source`, which is to be told if it is not sent.
    stream: bool,
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if self.stream {
            cancel(&self.payload);
        }
    }
}

/// A string or an `ArrayBuffer`, as the `MessageEvent` carried it.
pub(crate) struct Incoming(JsValue);

/// One native `WebSocket`.
pub(crate) struct Browser {
    socket: WebSocket,
    sender: Sender,
    session: Rc<Session>,
    max_message_size: f64,
    /// Until the end, when they are taken off the socket and freed.
    handlers: RefCell<Option<Handlers>>,
    /// Looks at `bufferedAmount`, which changes without an event.
    poll: Timer,
    /// Milliseconds to the next look; 0 when none is due.
    poll_delay: Cell<u32>,
}

/// One signature for all: each costs a page some hundred bytes.
struct Handlers {
    open: Closure<dyn FnMut(JsValue)>,
    message: Closure<dyn FnMut(JsValue)>,
    close: Closure<dyn FnMut(JsValue)>,
    failed: Closure<dyn FnMut(JsValue)>,
}

/// When to look first, in milliseconds, unless a message comes before; sooner would cost an echo more than it tells.
const FIRST_POLL_DELAY: u32 = 4;
/// `bufferedAmount` falls within a few milliseconds as a rule; a peer that does not read is asked for less often.
const MAX_POLL_DELAY: u32 = 64;

impl Browser {
    pub(crate) fn open(session: &Rc<Session>, target: Target<'_>) -> Result<Rc<Self>, Refusal> {
        let Target { url, protocols, max_message_size, .. } = target;
        let socket = new_socket(url, &protocols).map_err(|cause| Refusal {
            cause,
            ..Refusal::new(Status::NOT_IMPLEMENTED, "The browser refuses to connect from this page to this URI.")
        })?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let browser = Rc::new(Self {
            sender: Sender::new(&socket),
            socket,
            session: session.clone(),
            max_message_size: max_message_size.into(),
            handlers: RefCell::new(None),
            poll: Timer::default(),
            poll_delay: Cell::new(0),
        });
        browser.listen();
        Ok(browser)
    }

    pub(crate) fn outgoing(&self, payload: &JsValue, kind: PayloadKind, open: bool) -> (Outgoing, u64) {
        let (payload, size) = match kind {
            PayloadKind::Text => (payload.clone(), utf8_length(payload)),
            PayloadKind::Binary => {
                let bytes: &Uint8Array = payload.unchecked_ref();
                // While connecting it waits: the caller must be free to write to its memory again.
                let held = if open { bytes.clone() } else { bytes.slice(0, bytes.length()) };
                (held.into(), bytes.length().into())
            }
            PayloadKind::Stream => (payload.clone(), length(payload)),
        };
        (Outgoing { payload, size, stream: kind == PayloadKind::Stream }, size as u64)
    }

    pub(crate) fn send(self: &Rc<Self>, mut message: Outgoing) {
        message.stream = false;
        // Throws only while connecting, when nothing is sent, or for shared memory, which the bindings have copied.
        let _ = self.sender.send(&message.payload, message.size);
        if self.poll_delay.get() == 0 {
            self.poll_soon(FIRST_POLL_DELAY);
        }
    }

    pub(crate) fn close(&self, close: Close) {
        // A page may send few codes (WHATWG WebSockets); any other closes without one, which the peer sees as 1005.
        let code = close.code().filter(|code| code.may_be_sent_by_a_page());
        self.sender.close(code.map_or(0, CloseCode::number), close.reason());
    }

    pub(crate) fn abort(&self, _farewell: Option<Close>) {
        self.release();
        let _ = self.socket.close();
    }

    pub(crate) fn handle_timeout(&self) {}

    pub(crate) fn deliver(&self, listener: &Listener, Incoming(data): Incoming) {
        match data.dyn_ref::<ArrayBuffer>() {
            Some(buffer) => listener.binary(&Uint8Array::new(buffer)),
            None => listener.text(&data),
        }
    }

    fn listen(self: &Rc<Self>) {
        let on = |handle: fn(&Rc<Self>, JsValue)| {
            let browser = self.clone();
            Closure::new(move |event| handle(&browser, event))
        };
        let handlers = Handlers {
            open: on(Self::opened),
            message: on(Self::received),
            close: on(Self::closed),
            failed: on(Self::stream_failed),
        };
        self.sender.set_failed(handlers.failed.as_ref());
        self.socket.set_onopen(Some(handlers.open.as_ref().unchecked_ref()));
        self.socket.set_onmessage(Some(handlers.message.as_ref().unchecked_ref()));
        self.socket.set_onclose(Some(handlers.close.as_ref().unchecked_ref()));
        *self.handlers.borrow_mut() = Some(handlers);
    }

    /// Takes the handlers off the socket and frees them; they held this object alive.
    fn release(&self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.poll.clear();
        self.sender.release();
        let handlers = self.handlers.borrow_mut().take();
        drop(handlers);
    }

    fn opened(self: &Rc<Self>, _event: JsValue) {
        let socket = self.socket.unchecked_ref::<RawSocket>();
        self.session.selected(socket.protocol(), socket.extensions());
        self.session.report(Report::Opened);
    }

    fn received(self: &Rc<Self>, event: JsValue) {
        let data = event.unchecked_into::<MessageEvent>().data();
        if self.session.awaits_acknowledgement() {
            self.look(); // an echo: what it answers has been sent
        }
        if size_of(&data, self.max_message_size) > self.max_message_size {
            self.abort(None);
            let message = "A message is longer than maxMessageSize.";
            self.session.report(Report::Gone(Ending { status: Status::FILE_TOO_BIG, message, ..Ending::default() }));
        } else {
            self.session.report(Report::Message(Incoming(data)));
        }
    }

    fn closed(self: &Rc<Self>, event: JsValue) {
        let event: CloseEvent = event.unchecked_into();
        self.look();
        self.release();
        let message = match self.session.state() {
            State::Connecting => "The connection did not open; why, a browser tells its console but no page.",
            _ => "The connection was lost.",
        };
        let close = match CloseCode::from_peer(event.code()) {
            Some(code) => Close::new(code, event.reason()),
            None => Some(Close::EMPTY),
        };
        let ending = match close {
            Some(close) if event.was_clean() => {
                self.session.report(Report::PeerClose(close));
                Ending::clean()
            }
            _ => Ending { message, ..Ending::default() },
        };
        self.session.report(Report::Gone(ending));
    }

    /// A message that was announced cannot be sent.
    fn stream_failed(self: &Rc<Self>, cause: JsValue) {
        self.abort(None);
        let message = "sendBinaryStream failed.";
        let evidence = Some(Evidence { cause, ..Evidence::default() });
        self.session.report(Report::Gone(Ending {
            status: Status::UNEXPECTED,
            message,
            evidence,
            ..Ending::default()
        }));
    }

    fn look(self: &Rc<Self>) {
        self.session.report(Report::Sent(Taken::AllBut(self.sender.buffered_amount() as u64)));
    }

    fn poll_soon(self: &Rc<Self>, delay: u32) {
        self.poll_delay.set(delay);
        let browser = self.clone();
        self.poll.set(delay, move || {
            browser.poll_delay.set(0);
            browser.look();
            if browser.session.awaits_acknowledgement() && browser.poll_delay.get() == 0 {
                browser.poll_soon(delay.saturating_mul(2).min(MAX_POLL_DELAY));
            }
        });
    }
}

#[wasm_bindgen(module = "/src/backend/browser.js")]
extern "C" {
    #[wasm_bindgen(js_name = utf8Length)]
    fn utf8_length(text: &JsValue) -> f64;
    #[wasm_bindgen(js_name = sizeOf)]
    fn size_of(data: &JsValue, limit: f64) -> f64;
    fn length(source: &JsValue) -> f64;
    fn cancel(source: &JsValue);

    type Sender;
    #[wasm_bindgen(constructor)]
    fn new(socket: &WebSocket) -> Sender;
    #[wasm_bindgen(method, setter)]
    fn set_failed(this: &Sender, failed: &JsValue);
    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    fn buffered_amount(this: &Sender) -> f64;
    #[wasm_bindgen(method, catch)]
    fn send(this: &Sender, payload: &JsValue, size: f64) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &Sender, code: u16, reason: &str);
    #[wasm_bindgen(method)]
    fn release(this: &Sender);
}

// web-sys knows these only with arguments converted to Rust's strings and back.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = WebSocket)]
    type RawSocket;
    #[wasm_bindgen(constructor, js_class = "WebSocket", catch)]
    fn new(url: &JsValue, protocols: &Array) -> Result<RawSocket, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &RawSocket) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn extensions(this: &RawSocket) -> JsValue;
}

fn new_socket(url: &JsValue, protocols: &Array) -> Result<WebSocket, JsValue> {
    RawSocket::new(url, protocols).map(JsCast::unchecked_into)
}
