//! A browser: what a page cannot do is refused with NS_ERROR_NOT_IMPLEMENTED and what to do instead.

use alloc::borrow::Cow;
use alloc::rc::Rc;
use alloc::string::String;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use crate::channel::Stop;
use crate::facade::WebSocketChannel;
use crate::facade::channel::Inner;
use crate::status::Status;
use crate::transport::{Attributes, ChannelError, Driver, HostOptions, JsHost, Payload, PingTimes, sentence};

pub(in crate::facade) fn start() {}

pub(in crate::facade) fn attributes(_serial: u32) -> Rc<Attributes> {
    Rc::default()
}

#[wasm_bindgen(module = "/src/transport/browser.js")]
extern "C" {
    /// The base of relative URIs: the document's base URI, or in a worker the script's URL.
    #[wasm_bindgen(js_name = baseUri)]
    pub(in crate::facade) fn base() -> JsValue;
    #[wasm_bindgen(js_name = pageOrigin)]
    fn page_origin() -> JsValue;
}

/// What a page cannot do.
#[cold]
pub(in crate::facade) fn not_implemented(message: impl Into<Cow<'static, str>>) -> ChannelError {
    ChannelError::new(Status::NOT_IMPLEMENTED, message)
}

pub(in crate::facade) fn options_for(_: HostOptions, _: PingTimes, _origin: Option<String>) -> HostOptions {
    HostOptions
}

pub(in crate::facade) fn check_origin(origin: &str) -> Result<(), ChannelError> {
    if page_origin().as_string().as_deref() == Some(origin) {
        return Ok(());
    }
    Err(not_implemented("asyncOpen: a browser sends the page's own origin. Pass null, \"\" or that origin."))
}

pub(in crate::facade) fn send_ping(_driver: &Driver, _data: &JsValue) -> Result<Promise, ChannelError> {
    Err(not_implemented("sendPing: a page cannot send pings. Send a message that the server answers."))
}

pub(in crate::facade) fn parse_ping(name: &str, _min: u32, seconds: &JsValue) -> Result<u32, ChannelError> {
    let (default, advice) = match name {
        "pingInterval" => (PingTimes::DEFAULT.interval, ": a page cannot send pings. Leave it at 0."),
        _ => (PingTimes::DEFAULT.timeout, ": a page cannot send pings. Leave it at 10."),
    };
    if seconds.as_f64() == Some(f64::from(default)) {
        return Ok(default);
    }
    Err(not_implemented(sentence(&[name, advice])))
}

pub(in crate::facade) fn suspend(_driver: &Driver) -> Result<(), ChannelError> {
    Err(not_implemented("suspend: a page cannot make its browser wait. Ask the server to wait instead."))
}

pub(in crate::facade) fn resume(_driver: &Driver) -> Result<(), ChannelError> {
    Err(not_implemented("resume: a channel cannot be suspended in a browser. Remove the call."))
}

/// A page has no process to keep alive.
pub(in crate::facade) fn set_ref(_driver: &Driver, _is_ref: bool) {}

pub(in crate::facade) fn callbacks(_channel: &Inner) -> JsValue {
    JsValue::NULL
}

/// There are no callbacks that an opening would need.
pub(in crate::facade) fn hold_callbacks(_channel: &Inner) {}

pub(in crate::facade) fn release_callbacks(_attributes: &Attributes) {}

pub(in crate::facade) fn set_callbacks(_channel: &Inner, callbacks: &JsValue) -> Result<(), ChannelError> {
    if callbacks.is_null() {
        return Ok(());
    }
    Err(not_implemented("notificationCallbacks: a browser makes no such calls. Leave it null."))
}

pub(in crate::facade) fn http_response(_attributes: &Attributes) -> JsValue {
    JsValue::NULL
}

pub(in crate::facade) fn security_info(_attributes: &Attributes) -> JsValue {
    JsValue::NULL
}

/// The browser itself limits the memory that a page takes.
pub(in crate::facade) fn can_queue(_count: usize) -> bool {
    true
}

/// A browser compresses by itself.
pub(in crate::facade) fn compression_memory() -> f64 {
    0.0
}

pub(in crate::facade) fn set_compression_memory(bytes: &JsValue) -> Result<(), ChannelError> {
    if bytes.is_null() || bytes.is_undefined() {
        return Ok(());
    }
    Err(not_implemented("compressionMemory: a browser compresses by itself. Set it in Node only."))
}

/// A browser frames each message by itself.
pub(in crate::facade) fn broadcast(_payload: &JsValue, _parsed: Payload) -> JsValue {
    JsValue::UNDEFINED
}

pub(in crate::facade) fn add_listener(_listener: &JsValue) -> Result<(), ChannelError> {
    Err(not_implemented("addListener: a page sees no frames. Look at them in the browser's tools."))
}

pub(in crate::facade) fn remove_listener(_listener: &JsValue) -> bool {
    false
}

pub(in crate::facade) fn stopped(_attributes: &Attributes, _stop: &Stop<JsHost>) {}

/// Only Node's `console.log` calls this.
pub(in crate::facade) fn inspect(_channel: &Inner) -> JsValue {
    JsValue::UNDEFINED
}

/// What a page cannot do.
#[wasm_bindgen]
impl WebSocketChannel {
    /// `asyncAccept`: throws NS_ERROR_NOT_IMPLEMENTED.
    #[wasm_bindgen(js_name = asyncAccept)]
    pub fn async_accept(&self) -> Result<(), JsValue> {
        Err(not_implemented("asyncAccept: a page cannot be a server. Accept connections in Node.").into())
    }

    /// `refuse`, likewise.
    pub fn refuse(&self) -> Result<(), JsValue> {
        Err(not_implemented("refuse: a page cannot be a server. Accept connections in Node.").into())
    }
}

#[wasm_bindgen(module = "/src/transport/browser.js")]
extern "C" {
    /// Calls back when the signal is aborted. Returns a function that removes the callback.
    #[wasm_bindgen(catch, js_name = whenAborted)]
    pub(in crate::facade) fn when_aborted(signal: &JsValue, callback: &JsValue) -> Result<Function, JsValue>;
}
