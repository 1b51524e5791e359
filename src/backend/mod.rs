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

mod host;
mod listener;
mod session;

#[cfg(not(feature = "node"))]
mod browser;
#[cfg(feature = "node")]
mod node;

#[cfg(not(feature = "node"))]
pub(crate) use browser::{Browser as Backend, HOST, HostOptions, Incoming, Outgoing};
#[cfg(feature = "node")]
pub(crate) use node::{HOST, HostOptions, Incoming, Node as Backend, Outgoing};

pub(crate) use host::Url;
pub(crate) use listener::Listener;
pub(crate) use session::Session;

use alloc::borrow::Cow;

use wasm_bindgen::JsValue;

use crate::channel::{Host, Subprotocols};
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
}

/// What a payload is made of, as JavaScript hands it over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    /// A string.
    Text,
    /// A `Uint8Array`.
    Binary,
}

/// Where to connect and how; everything the host's own rules do not decide is already checked.
pub(crate) struct Target {
    /// ws or wss, without a fragment.
    pub(crate) url: Url,
    pub(crate) protocols: Subprotocols,
    pub(crate) max_message_size: u64,
    pub(crate) host_options: HostOptions,
}

/// Why a call throws: becomes a `ChannelError`.
pub(crate) struct Refusal {
    pub(crate) status: Status,
    pub(crate) message: Cow<'static, str>,
    /// The host's own exception, or undefined.
    pub(crate) cause: JsValue,
}

impl Refusal {
    pub(crate) fn new(status: Status, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into(), cause: JsValue::UNDEFINED }
    }
}
