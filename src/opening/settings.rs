//! The settings that a channel opens with.

use super::dial::Parse;
use super::proxy::Proxy;
use crate::http::Field;
use crate::protocol::DeflateOptions;

/// The settings that a channel opens with, all of them validated.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `Origin` field.
    pub origin: Option<Field>,
    /// The fields that the user adds.
    pub headers: Vec<Field>,
    /// Whether this is the connection of a web class, for which Fetch's rules apply: its request asks caches for nothing, and some ports are blocked.
    pub is_web: bool,
    /// The subprotocols asked for, in order of preference.
    pub protocols: Vec<String>,
    /// permessage-deflate, if it is offered.
    pub deflate: Option<DeflateOptions>,
    /// The most redirects to follow.
    pub redirects: u32,
    /// The option `proxy`.
    pub proxy: ProxySetting,
    /// Whether the channel waits until no other channel that has this setting is connecting to the host.
    pub one_connecting_per_host: bool,
    /// Whether HTTP/2 is offered over TLS.
    pub http2: bool,
    /// The option `socket.path` is set.
    pub unix_socket: bool,
    /// The host's own URL parser.
    pub parse: Parse,
    /// Random bytes from a cryptographic generator.
    pub random: fn() -> [u8; 16],
}

/// The option `proxy`.
#[derive(Clone, Debug, Default)]
pub enum ProxySetting {
    /// No proxy.
    #[default]
    None,
    /// This proxy for every host.
    Fixed(Proxy),
    /// The proxy that the environment names for a host. The function looks up a variable.
    Environment(fn(&str) -> Option<String>),
}
