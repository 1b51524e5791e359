//! What JavaScript sees.
//!
//! [`RawChannel`] is the channel as wasm exports it; `channel.js` beside it is the class that users hold. It adds what
//! is JavaScript's own: compiling the wasm on first use, reading arguments (`arguments.js`), the load group's iteration.

mod error;

use alloc::rc::Rc;
use alloc::string::String;

use js_sys::Array;
use wasm_bindgen::prelude::*;

pub use crate::backend::Listener;
use crate::backend::{PayloadKind, Refusal, Session, Target};
use crate::channel::Timeouts;
use crate::close::{Close, CloseCode, MAX_REASON};
use crate::status::Status;

/// What becomes of a message: a number for `channel.js`, because what may throw costs every call something.
#[wasm_bindgen(skip_typescript)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is not sent: the channel closes or is closed.
    Refused = 0,
    /// It is sent, or will be.
    Accepted = 1,
    /// `asyncOpen` was not called yet.
    NotOpened = 2,
}

impl From<Result<bool, Status>> for Answer {
    fn from(accepted: Result<bool, Status>) -> Self {
        match accepted {
            Ok(true) => Self::Accepted,
            Ok(false) => Self::Refused,
            Err(_) => Self::NotOpened,
        }
    }
}

/// One channel, from before `asyncOpen` to after `onStop`.
#[wasm_bindgen(skip_typescript)]
pub struct RawChannel {
    session: Rc<Session>,
}

#[wasm_bindgen]
impl RawChannel {
    /// An idle channel.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)] // JavaScript has no Default
    pub fn new() -> Self {
        Self { session: Rc::default() }
    }

    /// `asyncOpen`, its arguments read and checked by `arguments.js`: a ws or wss `URL`, an array of tokens, options.
    #[wasm_bindgen(js_name = asyncOpen)]
    #[allow(clippy::too_many_arguments)] // an object would have to be taken apart again
    pub fn async_open(
        &self,
        url: &JsValue,
        protocols: Array,
        open_timeout_ms: u32,
        close_timeout_ms: u32,
        max_message_size: u32,
        host_options: JsValue,
        listener: Listener,
    ) -> Result<(), JsValue> {
        let timeouts = Timeouts { open: open_timeout_ms, close: close_timeout_ms };
        let target = Target { url, protocols, max_message_size, host_options };
        Ok(self.session.open(target, timeouts, listener)?)
    }

    /// `sendMsg`, of what is a string.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&self, text: &JsValue) -> Answer {
        self.session.send(text, PayloadKind::Text).into()
    }

    /// `sendBinaryMsg`, of what is a `Uint8Array` over memory that is not shared.
    #[wasm_bindgen(js_name = sendBytes)]
    pub fn send_bytes(&self, bytes: &JsValue) -> Answer {
        self.session.send(bytes, PayloadKind::Binary).into()
    }

    /// `sendBinaryStream`.
    #[wasm_bindgen(js_name = sendStream)]
    pub fn send_stream(&self, stream: &JsValue) -> Answer {
        self.session.send(stream, PayloadKind::Stream).into()
    }

    /// Either, of what `windows.js` has written into the send window: whether it was sent. If not, it is the other methods'.
    #[cfg(feature = "node")]
    #[wasm_bindgen(js_name = sendFilled)]
    pub fn send_filled(&self, text: bool, len: usize) -> bool {
        self.session.backend().is_some_and(|backend| backend.send_filled(&self.session, text, len))
    }

    /// `suspend`: whether there is a connection to suspend.
    #[cfg(feature = "node")]
    pub fn suspend(&self) -> bool {
        self.session.backend().map(|backend| backend.suspend()).is_some()
    }

    /// `resume`: whether it was suspended.
    #[cfg(feature = "node")]
    pub fn resume(&self) -> bool {
        self.session.backend().is_some_and(|backend| backend.resume())
    }

    /// `ref` and `unref`: whether the timeouts keep the process alive.
    #[cfg(feature = "node")]
    #[wasm_bindgen(js_name = setRef)]
    pub fn set_ref(&self, keep: bool) {
        self.session.keep_alive(keep);
    }

    /// `close`, its arguments still anything.
    pub fn close(&self, code: &JsValue, reason: &JsValue) -> Result<(), JsValue> {
        Ok(self.session.close(parse_close(code, reason)?)?)
    }

    /// What a load group does to its members.
    pub fn cancel(&self, status: u32) {
        self.session.cancel(Status(status));
    }

    /// The subprotocol that the server selected, a string; undefined if it never answered.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> JsValue {
        self.session.protocol()
    }

    /// The `Sec-WebSocket-Extensions` header of the response, likewise.
    #[wasm_bindgen(getter)]
    pub fn extensions(&self) -> JsValue {
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
