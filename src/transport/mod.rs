//! Moves messages over a real connection. A transport only translates: [`Command`](crate::channel::Command)s into calls of its
//! host, and the host's events into [`Report`](crate::channel::Report)s. The rules are in the channel.
//!
//! This file alone decides which transport is built. Besides the trait [`Transport`](crate::channel::Transport), both offer
//! the same items to the façade:
//!
//! - `connect(&Rc<Driver>, Target) -> Result<Rc<Self>, ChannelError>`: start to connect; `Err` says which argument is wrong.
//! - `fill(payload, kind) -> Option<usize>`: put a payload where it can be sent at once, if there is such a place.
//! - `send_filled(&self, &Driver, kind, len) -> Option<Unfinished>`: send it if nothing waits before it. Calls no JavaScript.
//! - `finish(&self, Unfinished)`: do what `send_filled` has left to do.
//! - `outgoing(&self, payload, state) -> (Outgoing, u64)`: a message that may have to wait, and its size in bytes.
//! - `js_name(name) -> JsValue`: the name of a property, or another text of the program.
//! - `HostOptions`: the options that only this host honours, validated.

mod byte_stream;
mod bytes;
mod listener;
mod timer;
mod url;

#[cfg(not(feature = "node"))]
mod browser;
#[cfg(feature = "node")]
pub(crate) mod node;

#[cfg(not(feature = "node"))]
pub(crate) use browser::{Browser as HostTransport, HostOptions, Incoming, Outgoing, Unfinished, fill, js_name};
#[cfg(feature = "node")]
pub(crate) use node::{HostOptions, Incoming, Node as HostTransport, Outgoing, Unfinished, fill, js_name};

pub(crate) use byte_stream::{ByteStream, function};
pub(crate) use bytes::{Bytes, of as bytes_of};
#[cfg(feature = "node")]
pub(crate) use listener::report;
pub(crate) use listener::{Listener, Trampoline, settled};
pub(crate) use timer::{MAX_DELAY_MS, Timer};
pub(crate) use url::parse_url;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::channel::{self, Host};
use crate::status::Status;
use crate::uri::Uri;

/// What onStop says with [`Status::FILE_TOO_BIG`].
const TOO_BIG: &str = "A message is longer than maxMessageSize. Raise the option if you expect such messages.";

/// A JavaScript host.
pub(crate) struct JsHost;

impl Host for JsHost {
    type Transport = HostTransport;
    type Listener = Listener;
    type Timer = Timer;
    type Outgoing = Outgoing;
    type Incoming = Incoming;
    type Evidence = Evidence;
}

/// The driver of a channel on this host.
pub(crate) type Driver = channel::Driver<JsHost>;

/// The parts of `onStop`'s detail that only the host knows.
pub(crate) struct Evidence {
    /// `{ status, headers, body }` of an HTTP response that was not an upgrade, or null.
    pub(crate) http: JsValue,
    /// The system's error, or what the user's code threw, or null.
    pub(crate) cause: JsValue,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { http: JsValue::NULL, cause: JsValue::NULL }
    }
}

impl Evidence {
    /// An error and nothing else.
    pub(crate) fn cause(cause: JsValue) -> Option<Self> {
        Some(Self { cause, ..Self::default() })
    }
}

/// The kind of a payload that JavaScript passes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    /// A string.
    Text,
    /// Bytes: an `ArrayBuffer` or a view.
    Binary,
}

impl PayloadKind {
    pub(crate) fn of(is_text: bool) -> Self {
        if is_text { Self::Text } else { Self::Binary }
    }
}

/// A message that may have to wait.
pub(crate) enum Payload {
    /// A string.
    Text(JsValue),
    /// A plain `Uint8Array` over memory that is not shared.
    Binary(js_sys::Uint8Array),
    /// Bytes that are still to come.
    Stream(ByteStream),
}

/// The attributes `pingInterval` and `pingTimeout`.
#[derive(Clone, Copy)]
pub(crate) struct PingTimes {
    /// Seconds of silence after which a ping goes out; 0 for none.
    pub(crate) interval: u32,
    /// Seconds from such a ping until the channel stops, unless something arrives.
    pub(crate) timeout: u32,
}

impl PingTimes {
    pub(crate) const DEFAULT: Self = Self { interval: 0, timeout: 10 };
}

/// Where and how to connect. All of it is validated.
pub(crate) struct Target {
    /// A ws or wss URI without a fragment.
    pub(crate) uri: Uri,
    /// Distinct tokens.
    pub(crate) protocols: Vec<String>,
    /// The most payload bytes of a message that arrives.
    pub(crate) max_message_size: u32,
    /// What only this host honours.
    pub(crate) options: HostOptions,
    /// Where the transport stores the values of the channel's attributes.
    pub(crate) attributes: Rc<Attributes>,
}

/// The values of the channel's attributes that come from the transport.
#[derive(Default)]
pub(crate) struct Attributes {
    /// The current URI, after redirects. `None` before there is one.
    pub(crate) uri: RefCell<Option<Rc<String>>>,
    /// The subprotocol that the server has selected.
    pub(crate) protocol: RefCell<String>,
    /// The response's `Sec-WebSocket-Extensions`.
    pub(crate) extensions: RefCell<String>,
    /// Attributes that only Node fills.
    #[cfg(feature = "node")]
    pub(crate) node: node::Attributes,
}

/// Why a call throws. JavaScript gets it as its `ChannelError`.
pub(crate) struct ChannelError(pub(crate) Box<Reason>);

/// The content of the error.
pub(crate) struct Reason {
    pub(crate) status: Status,
    /// The status's name; 0x80070057 has two.
    pub(crate) name: &'static str,
    /// `where: what is wrong. What to do.`
    pub(crate) message: Cow<'static, str>,
    /// The host's own exception, or undefined.
    pub(crate) cause: JsValue,
}

impl ChannelError {
    pub(crate) fn new(status: Status, message: impl Into<Cow<'static, str>>) -> Self {
        Self::boxed(status, message.into())
    }

    #[cold]
    fn boxed(status: Status, message: Cow<'static, str>) -> Self {
        Self(Box::new(Reason { status, name: status.error_name(), message, cause: JsValue::UNDEFINED }))
    }

    /// NS_ERROR_INVALID_ARG.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::INVALID_ARG, message)
    }

    /// The same error, with what the host threw as its cause.
    pub(crate) fn because(mut self, cause: JsValue) -> Self {
        self.0.cause = cause;
        self
    }
}

/// Joins these parts, as `concat` and `format!` do, but without the code that they would add to a page's download.
pub(crate) fn sentence(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// An object's property; undefined if there is none, or if reading it throws.
pub(crate) fn property(object: &JsValue, name: &'static str) -> JsValue {
    read(object, &js_name(name))
}

/// A global variable; undefined if there is none.
pub(crate) fn global_property(name: &'static str) -> JsValue {
    GLOBAL.with(|global| property(global, name))
}

/// What was thrown, as an Error, and its message as one sentence.
pub(crate) fn as_error(thrown: JsValue) -> (JsValue, String) {
    // instanceof does not recognize another realm's Error.
    let is_error = thrown.is_instance_of::<js_sys::Error>() || tag_of(&thrown).is_ok_and(|tag| tag == "[object Error]");
    let message = if is_error { property(&thrown, "message").as_string() } else { None };
    let (error, message) = match message {
        Some(message) => (thrown, message),
        None => {
            let message = to_text(&thrown).unwrap_or_else(|| "something was thrown that is not an Error".into());
            (js_sys::Error::new(&message).into(), message)
        }
    };
    let end = if message.ends_with('.') { "" } else { "." };
    (error, sentence(&[&message, end]))
}

/// `Array.isArray`, which throws for a Proxy that was revoked: that is none.
pub(crate) fn is_array(value: &JsValue) -> bool {
    is_an_array(value).unwrap_or_default()
}

/// What `String(value)` returns, or `None` if it throws.
pub(crate) fn to_text(value: &JsValue) -> Option<String> {
    string(value).ok()
}

#[wasm_bindgen(module = "/src/transport/value.js")]
extern "C" {
    #[wasm_bindgen(js_name = property)]
    fn read(object: &JsValue, name: &JsValue) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: JsValue;
    #[wasm_bindgen(js_name = String, catch)]
    fn string(value: &JsValue) -> Result<String, JsValue>;
    #[wasm_bindgen(js_namespace = ["Object", "prototype", "toString"], js_name = call, catch)]
    fn tag_of(value: &JsValue) -> Result<String, JsValue>;
    #[wasm_bindgen(js_namespace = Array, js_name = isArray, catch)]
    fn is_an_array(value: &JsValue) -> Result<bool, JsValue>;
}
