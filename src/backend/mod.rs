//! How messages really move. A backend translates: [`Command`](crate::channel::Command)s into what its host can do,
//! what happens there into [`Report`](crate::channel::Report)s. The rules are the channel's.
//!
//! Which backend is built is decided here and nowhere else. Both offer the same functions:
//!
//! - `Backend::open(&Rc<Session>, Target)`: start connecting; `Err` refuses an argument.
//! - `outgoing(&self, payload, kind, open)`: make a message of JavaScript's value, and say its size in bytes.
//! - `send`, `close`, `abort`: the commands.
//! - `deliver(&self, &Listener, message)`: hand a message that came in to the listener.
//! - `handle_timeout(&self)`: a last chance to report something better than a timeout.

mod listener;
mod session;
mod timer;

#[cfg(not(feature = "node"))]
mod browser;
#[cfg(feature = "node")]
mod node;

#[cfg(not(feature = "node"))]
pub(crate) use browser::{Browser as Backend, Incoming, Outgoing};
#[cfg(feature = "node")]
pub(crate) use node::{Incoming, Node as Backend, Outgoing};

pub use listener::Listener;
pub(crate) use session::Session;

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::channel::Host;
use crate::status::Status;

/// The channel's words for messages and evidence, in JavaScript's world.
pub(crate) struct JsHost;

impl Host for JsHost {
    type Outgoing = Outgoing;
    type Incoming = Incoming;
    type Evidence = Evidence;
}

/// What `onStop`'s detail has from the host alone.
pub(crate) struct Evidence {
    /// `{ status, headers, body }` of an HTTP response that was no upgrade, or null.
    pub(crate) http: JsValue,
    /// The system's error, or null.
    pub(crate) cause: JsValue,
    /// A sentence more precise than the ending's own, or null.
    pub(crate) words: JsValue,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { http: JsValue::NULL, cause: JsValue::NULL, words: JsValue::NULL }
    }
}

/// What a payload is made of, as JavaScript hands it over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    /// A string.
    Text,
    /// A `Uint8Array`.
    Binary,
    /// Bytes still to come: what the host's JavaScript makes of `sendBinaryStream`'s arguments, with their `length`.
    Stream,
}

/// Where to connect and how, as `arguments.js` has read it.
pub(crate) struct Target<'a> {
    /// A `URL`: ws or wss, without a fragment.
    pub(crate) url: &'a JsValue,
    /// Distinct tokens.
    pub(crate) protocols: Array,
    pub(crate) max_message_size: u32,
    /// What only this host honours, and the origin; a browser honours nothing more.
    #[allow(dead_code)]
    pub(crate) host_options: JsValue,
}

/// Why a call throws: becomes a `ChannelError`.
pub(crate) struct Refusal {
    pub(crate) status: Status,
    pub(crate) message: &'static str,
    /// The host's own exception, or undefined.
    pub(crate) cause: JsValue,
}

impl Refusal {
    pub(crate) fn new(status: Status, message: &'static str) -> Self {
        Self { status, message, cause: JsValue::UNDEFINED }
    }
}
