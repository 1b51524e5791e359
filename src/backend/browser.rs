//! The browser's backend: the native `WebSocket`.
//!
//! What it cannot do for us (a status code of its own choosing, its own headers, the reason of a failure) nobody can
//! do in a page; README.md lists the differences.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::host::Timer;
use super::{Listener, PayloadKind, Refusal, Session, Target, Url};
use crate::channel::{Ending, Report, Taken};
use crate::close::{Close, CloseCode};
use crate::status::Status;

/// What this build calls its host in messages.
pub(crate) const HOST: &str = "a browser";

/// A page has no options of its own beyond those that both hosts share.
#[derive(Default)]
pub(crate) struct HostOptions;

impl HostOptions {
    /// Takes the option if this host has it: never.
    pub(crate) fn set(&mut self, _name: &str, _value: &JsValue) -> Option<Result<(), &'static str>> {
        None
    }

    /// The origin is the page's own, and the browser writes it.
    pub(crate) fn set_origin(&mut self, origin: &str) -> Result<(), Refusal> {
        if origin == page_origin().as_string().unwrap_or_default() {
            return Ok(());
        }
        let message = "origin: a browser sends the page's own. Pass null, \"\" or that origin.";
        Err(Refusal::new(Status::NOT_IMPLEMENTED, message))
    }

    /// Credentials in the URI are the browser's business.
    pub(crate) fn check_url(&self, _url: &Url) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A string or a `Uint8Array` that nobody else writes to.
pub(crate) struct Outgoing(JsValue);

/// A string or an `ArrayBuffer`, as the `MessageEvent` carried it.
pub(crate) struct Incoming(JsValue);

/// One native `WebSocket`.
pub(crate) struct Browser {
    socket: WebSocket,
    session: Rc<Session>,
    max_message_size: f64,
    /// Until the end, when they are taken off the socket and freed.
    handlers: RefCell<Option<Handlers>>,
    /// Looks at `bufferedAmount`, which changes without an event.
    poll: Timer,
    /// Milliseconds to the next look; 0 when none is due.
    poll_delay: Cell<u32>,
}

struct Handlers {
    open: Closure<dyn FnMut()>,
    message: Closure<dyn FnMut(MessageEvent)>,
    close: Closure<dyn FnMut(CloseEvent)>,
}

/// `bufferedAmount` falls within a few milliseconds as a rule; a peer that does not read is asked for less often.
const MAX_POLL_DELAY: u32 = 64;

impl Browser {
    pub(crate) fn open(session: &Rc<Session>, target: Target) -> Result<Rc<Self>, Refusal> {
        let Target { url, protocols, max_message_size, host_options: HostOptions } = target;
        let protocols: Array = protocols.as_slice().iter().map(JsValue::from).collect();
        let socket = WebSocket::new_with_str_sequence(&url.href(), &protocols).map_err(|cause| Refusal {
            cause,
            ..Refusal::new(Status::NOT_IMPLEMENTED, "The browser refuses to connect from this page to this URI.")
        })?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let browser = Rc::new(Self {
            socket,
            session: session.clone(),
            max_message_size: max_message_size as f64,
            handlers: RefCell::new(None),
            poll: Timer::default(),
            poll_delay: Cell::new(0),
        });
        browser.listen();
        Ok(browser)
    }

    pub(crate) fn outgoing(&self, payload: &JsValue, kind: PayloadKind, open: bool) -> (Outgoing, u64) {
        match kind {
            PayloadKind::Text => (Outgoing(payload.clone()), utf8_length(payload) as u64),
            PayloadKind::Binary => {
                let bytes: &Uint8Array = payload.unchecked_ref();
                // While connecting it waits: the caller must be free to write to its memory again.
                let held = if open { bytes.clone() } else { bytes.slice(0, bytes.length()) };
                (Outgoing(held.into()), u64::from(bytes.length()))
            }
        }
    }

    pub(crate) fn send(self: &Rc<Self>, message: Outgoing) {
        // Throws only while connecting, when nothing is sent, or for shared memory, which the bindings have copied.
        let _ = send(&self.socket, &message.0);
        if self.poll_delay.get() == 0 {
            self.poll_soon(1);
        }
    }

    pub(crate) fn close(&self, close: Close) {
        // A page may send few codes (WHATWG WebSockets); any other closes without one, which the peer sees as 1005.
        let _ = match close.code().filter(|code| code.may_be_sent_by_a_page()) {
            Some(code) => self.socket.close_with_code_and_reason(code.number(), close.reason()),
            None => self.socket.close(),
        };
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
        let on = |handle: fn(&Rc<Self>)| {
            let browser = self.clone();
            move || handle(&browser)
        };
        let (on_message, on_close) = (self.clone(), self.clone());
        let handlers = Handlers {
            open: Closure::new(on(Self::opened)),
            message: Closure::new(move |event: MessageEvent| on_message.received(event.data())),
            close: Closure::new(move |event: CloseEvent| on_close.closed(&event)),
        };
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
        let handlers = self.handlers.borrow_mut().take();
        drop(handlers);
    }

    fn opened(self: &Rc<Self>) {
        self.session.selected(self.socket.protocol(), self.socket.extensions());
        self.session.report(Report::Opened);
    }

    fn received(self: &Rc<Self>, data: JsValue) {
        if self.session.awaits_acknowledgement() {
            self.look(); // an echo: what it answers has been sent
        }
        if size(&data, self.max_message_size) > self.max_message_size {
            self.abort(None);
            let message = "A message is longer than maxMessageSize.".into();
            self.session.report(Report::Gone(Ending { status: Status::FILE_TOO_BIG, message, ..Ending::default() }));
        } else {
            self.session.report(Report::Message(Incoming(data)));
        }
    }

    fn closed(self: &Rc<Self>, event: &CloseEvent) {
        self.look();
        self.release();
        let close = match CloseCode::from_peer(event.code()) {
            Some(code) => Close::new(code, event.reason()),
            None => Some(Close::EMPTY),
        };
        let ending = match close {
            Some(close) if event.was_clean() => {
                self.session.report(Report::PeerClose(close));
                Ending::clean()
            }
            _ => Ending {
                message: "The connection failed or was lost; why, a browser tells its console but no page.".into(),
                ..Ending::default()
            },
        };
        self.session.report(Report::Gone(ending));
    }

    fn look(self: &Rc<Self>) {
        self.session.report(Report::Sent(Taken::AllBut(self.socket.buffered_amount().into())));
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

/// The size of a message that came, in payload bytes; exact only where it is near `limit`.
fn size(data: &JsValue, limit: f64) -> f64 {
    match data.dyn_ref::<ArrayBuffer>() {
        Some(buffer) => f64::from(buffer.byte_length()),
        // A UTF-16 unit is at most three bytes of UTF-8.
        None if string_length(data) * 3.0 <= limit => 0.0,
        None => utf8_length(data),
    }
}

#[wasm_bindgen(module = "/src/backend/browser.js")]
extern "C" {
    #[wasm_bindgen(js_name = utf8Length)]
    fn utf8_length(text: &JsValue) -> f64;
    #[wasm_bindgen(js_name = stringLength)]
    fn string_length(text: &JsValue) -> f64;
    #[wasm_bindgen(js_name = pageOrigin)]
    fn page_origin() -> JsValue;
    #[wasm_bindgen(catch)]
    fn send(socket: &WebSocket, payload: &JsValue) -> Result<(), JsValue>;
}
