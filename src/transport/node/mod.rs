//! Node's transport: the opening and the RFC 6455 engine over `socket.js`.
//!
//! | file | |
//! |---|---|
//! | `transport.rs` | one connection: its parts, and what the channel asks of it |
//! | `reading.rs`, `held.rs`, `ending.rs` | what arrives, what of it must wait, and how a connection ends |
//! | `writing.rs`, `due.rs`, `payload.rs` | what goes out |
//! | `opening.rs`, `dial.rs`, `peer_options.rs`, `ask.rs` | how a connection is established: [`crate::opening`] over Node's sockets and the user's callbacks |
//! | `accepting.rs` | the same for a connection that a server has accepted: [`crate::accepting`] |
//! | `link.rs`, `socket.rs` | the socket: what it reports, and how it is called |
//! | `session.rs`, `route_key.rs`, `fields.rs` | HTTP/2: sessions, whose streams replace sockets; who shares one; fields |
//! | `windows.rs`, `memory.rs` | the memory that both languages access; how wasm's memory grows |
//! | `events.rs` | `eventService`: reports the frames and messages of every channel |
//! | `pinging.rs`, `security.rs`, `keys.rs`, `names.rs` | pings; certificates; mask keys; property names |

mod accepting;
mod ask;
mod dial;
mod due;
mod ending;
mod events;
mod fields;
mod held;
mod keys;
mod link;
mod loss;
mod memory;
mod names;
mod opening;
mod payload;
mod peer_options;
mod pinging;
mod reading;
mod route_key;
mod security;
mod session;
mod socket;
mod transport;
mod windows;
mod writing;

pub(crate) use accepting::{Acceptance, deny};
pub(crate) use events::{add_listener, remove_listener, tell_closed};
pub(crate) use fields::fields_of;
pub(crate) use memory::can_queue;
pub(crate) use names::js_name;
pub(crate) use opening::{env, parse as parse_uri};
pub(crate) use payload::Outgoing;
pub(crate) use reading::Incoming;
pub(crate) use transport::Node;
pub(crate) use writing::{Unfinished, fill, gather};

use std::cell::{Cell, RefCell};

use js_sys::Object;
use wasm_bindgen::JsValue;

use crate::http::Field;
use crate::opening::ProxySetting;
use crate::protocol::DeflateOptions;
use crate::transport::PingTimes;

/// The options that only Node honours, validated.
#[derive(Clone)]
pub(crate) struct HostOptions {
    /// permessage-deflate, if it is offered.
    pub(crate) deflate: Option<DeflateOptions>,
    /// Extra request headers.
    pub(crate) headers: Vec<Field>,
    /// The most redirects to follow.
    pub(crate) redirects: u32,
    pub(crate) proxy: ProxySetting,
    /// Whether the channel waits until no other channel with this option is connecting to the host.
    pub(crate) one_connecting_per_host: bool,
    /// Whether to offer HTTP/2.
    pub(crate) http2: bool,
    /// Options for `tls.connect`, with Node's keys.
    pub(crate) tls: Object,
    /// Options for `net.connect`, with Node's keys.
    pub(crate) socket: Object,
    /// The attributes `pingInterval` and `pingTimeout`.
    pub(crate) ping: PingTimes,
    /// The `Origin` to send.
    pub(crate) origin: Option<String>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            deflate: Some(DeflateOptions::default()),
            headers: Vec::new(),
            redirects: 10,
            proxy: ProxySetting::None,
            one_connecting_per_host: false,
            http2: false,
            tls: Object::new(),
            socket: Object::new(),
            ping: PingTimes::DEFAULT,
            origin: None,
        }
    }
}

/// The values of the channel's attributes that only Node has.
pub(crate) struct Attributes {
    pub(crate) http_response: RefCell<opening::HttpResponse>,
    pub(crate) security: RefCell<Option<Box<security::Security>>>,
    /// The attribute `notificationCallbacks`, while the channel is active.
    pub(crate) callbacks: RefCell<JsValue>,
    /// `sendPing`'s promises.
    pub(crate) pings: pinging::Promised,
    /// The attribute `serial`.
    pub(crate) serial: Cell<u32>,
    /// The channel is the connection of a web class, whose standards demand more: its clean end is reported when TCP is closed, not when both
    /// close frames have been exchanged, its request asks caches for nothing, and ports that Fetch blocks are blocked in redirects too.
    pub(crate) is_web: Cell<bool>,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            http_response: RefCell::default(),
            security: RefCell::default(),
            callbacks: RefCell::new(JsValue::NULL),
            pings: Default::default(),
            serial: Cell::default(),
            is_web: Cell::default(),
        }
    }
}

/// A Rust value as a plain JavaScript object.
pub(crate) fn to_js(value: &impl serde::Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    Ok(value.serialize(&serializer)?)
}
