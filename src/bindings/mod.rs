//! What JavaScript sees.
//!
//! [`RawChannel`] is the channel as wasm exports it; `channel.js` beside it is the class that users hold. It adds what
//! wasm-bindgen has no words for (compiling the wasm on first use, the load group's iteration) and no rules.

mod error;
mod options;
mod uri;

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::backend::{Listener, PayloadKind, Refusal, Session, Target};
use crate::channel::{State, Subprotocols};
use crate::close::{Close, CloseCode, MAX_REASON};
use crate::status::Status;
use options::Options;

/// One channel, from before `asyncOpen` to after `onStop`.
#[wasm_bindgen(skip_typescript)]
pub struct RawChannel {
    session: Rc<Session>,
    uri: RefCell<Option<String>>,
    /// The list asked for, as it was written.
    requested_protocols: RefCell<String>,
}

#[wasm_bindgen]
impl RawChannel {
    /// An idle channel.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)] // JavaScript has no Default
    pub fn new() -> Self {
        Self {
            session: Rc::default(),
            uri: RefCell::default(),
            requested_protocols: RefCell::default(),
        }
    }

    /// `asyncOpen`; `options` are the constructor's.
    #[wasm_bindgen(js_name = asyncOpen)]
    pub fn async_open(
        &self,
        uri: &JsValue,
        origin: &JsValue,
        listener: Listener,
        options: &JsValue,
    ) -> Result<(), JsValue> {
        Ok(self.open(uri, origin, listener, options)?)
    }

    /// `sendMsg`, of what is a string.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&self, text: &JsValue) -> Result<bool, JsValue> {
        Ok(self.session.send(text, PayloadKind::Text)?)
    }

    /// `sendBinaryMsg`, of what is a `Uint8Array` over memory that is not shared.
    #[wasm_bindgen(js_name = sendBytes)]
    pub fn send_bytes(&self, bytes: &JsValue) -> Result<bool, JsValue> {
        Ok(self.session.send(bytes, PayloadKind::Binary)?)
    }

    /// `close`, its arguments still anything.
    pub fn close(&self, code: &JsValue, reason: &JsValue) -> Result<(), JsValue> {
        Ok(self.session.close(parse_close(code, reason)?)?)
    }

    /// What a load group does to its members.
    pub fn cancel(&self, status: u32) {
        self.session.cancel(Status(status));
    }

    /// `URI` and `originalURI`, which nothing tells apart yet.
    #[wasm_bindgen(getter, js_name = uri)]
    pub fn uri(&self) -> Result<String, JsValue> {
        let uri = self.uri.borrow().clone();
        let refusal = || Refusal::new(Status::NOT_INITIALIZED, "This channel has no URI before asyncOpen.");
        Ok(uri.ok_or_else(refusal)?)
    }

    /// The list asked for; once open the one selected, or `""`.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> String {
        match self.session.state() {
            State::Idle | State::Connecting => self.requested_protocols.borrow().clone(),
            State::Open | State::Closing | State::Stopped => self.session.protocol(),
        }
    }

    /// Asks for subprotocols: a comma-separated list.
    #[wasm_bindgen(js_name = setProtocol)]
    pub fn set_protocol(&self, list: String) -> Result<(), JsValue> {
        if self.session.state() != State::Idle {
            let message = "protocol is read-only once the channel is opened: set it before asyncOpen.";
            return Err(Refusal::new(Status::ALREADY_OPENED, message).into());
        }
        *self.requested_protocols.borrow_mut() = list;
        Ok(())
    }

    /// The `Sec-WebSocket-Extensions` header of the response, or `""`.
    #[wasm_bindgen(getter)]
    pub fn extensions(&self) -> String {
        self.session.extensions()
    }

    /// The state's place in the order idle, connecting, open, closing, stopped.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> u8 {
        self.session.state() as u8
    }

    /// An nsresult.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> u32 {
        self.session.status().0
    }

    /// Payload bytes accepted and not acknowledged.
    #[wasm_bindgen(getter, js_name = bufferedAmount)]
    pub fn buffered_amount(&self) -> f64 {
        self.session.buffered_amount() as f64
    }
}

impl RawChannel {
    fn open(
        &self,
        uri: &JsValue,
        origin: &JsValue,
        listener: Listener,
        options: &JsValue,
    ) -> Result<(), Refusal> {
        if self.session.state() != State::Idle {
            let message = "This channel was opened before. A channel opens once: make a new WebSocketChannel.";
            return Err(Refusal::new(Status::ALREADY_OPENED, message));
        }
        let url = uri::parse(uri)?;
        let Options { timeouts, max_message_size, mut host_options } = Options::parse(options)?;
        host_options.check_url(&url)?;
        if let Some(origin) = parse_origin(origin)? {
            host_options.set_origin(&origin)?;
        }
        let protocols = Subprotocols::parse(&self.requested_protocols.borrow()).map_err(|item| {
            let message = ["protocol: \"", &item, "\" is no subprotocol (a token, RFC 6455 §4.1) or stands twice."];
            Refusal::new(Status::INVALID_ARG, message.concat())
        })?;
        let href = url.href();
        self.session.open(Target { url, protocols, max_message_size, host_options }, timeouts, listener)?;
        *self.uri.borrow_mut() = Some(href);
        Ok(())
    }
}

/// null, undefined and "" mean none.
fn parse_origin(origin: &JsValue) -> Result<Option<String>, Refusal> {
    if origin.is_null() || origin.is_undefined() {
        return Ok(None);
    }
    let refusal = || Refusal::new(Status::INVALID_ARG, "origin: pass a string, or null to send none.");
    Ok(Some(origin.as_string().ok_or_else(refusal)?).filter(|origin| !origin.is_empty()))
}

/// Undefined means 1000 and "".
fn parse_close(code: &JsValue, reason: &JsValue) -> Result<Close, Refusal> {
    let invalid = |message| Refusal::new(Status::INVALID_ARG, message);
    let number = if code.is_undefined() { Some(1000.0) } else { code.as_f64() };
    let code = number
        .filter(|number| f64::from(*number as u16) == *number) // `as` saturates, and turns NaN into 0
        .and_then(|number| CloseCode::for_close(number as u16))
        .ok_or_else(|| invalid("close: this code may not be sent. Use 1000 to 1004, 1007 to 1014, or 3000 to 4999."))?;
    let reason = if reason.is_undefined() { Some(String::new()) } else { reason.as_string() };
    let reason = reason.ok_or_else(|| invalid("close: the reason is no string."))?;
    const { assert!(MAX_REASON == 123) };
    Close::new(code, reason).ok_or_else(|| invalid("close: the reason is longer than 123 bytes in UTF-8."))
}
