//! The options `tls` and `socket`, and which of their keys a peer gets.

use std::net::IpAddr;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::names::{js_name, object};
use super::route_key::RouteKey;
use crate::opening::{Hop, HopTls, Party, Route, TlsPeer};

/// The two options, with Node's keys.
#[derive(Clone)]
pub(super) struct PeerOptions {
    pub(super) tls: Object,
    pub(super) socket: Object,
}

/// The keys of `socket` that say where the first origin is.
const PRIVATE_SOCKET: &[&str] = &["path"];
/// The keys of `tls` that may be used for every origin. None of them says who the user is.
const PUBLIC_TLS: &[&str] = &[
    "ca",
    "crl",
    "rejectUnauthorized",
    "checkServerIdentity",
    "minVersion",
    "maxVersion",
    "secureProtocol",
    "secureOptions",
    "ciphers",
    "ecdhCurve",
    "sigalgs",
    "minDHSize",
    "ALPNProtocols",
];
/// The keys of `tls` that are used for a proxy too.
const PROXY_TLS: &[&str] = &["ca", "rejectUnauthorized"];

impl PeerOptions {
    /// What two interchangeable sessions have in common: the server, the proxy, and the options that apply there.
    pub(super) fn route_key(&self, route: &Route) -> RouteKey {
        let is_foreign = route.server.is_foreign;
        let (tls, socket) = (self.tls_for(is_foreign), self.socket_for(is_foreign || route.proxy.is_some()));
        RouteKey { host: route.server.host.clone(), port: route.server.port, proxy: route.proxy.clone(), tls, socket }
    }

    /// The options of `tls.connect` for this peer.
    pub(super) fn tls_options(&self, peer: &TlsPeer) -> Result<Object, JsValue> {
        let servername = if is_address(&peer.host) { "" } else { &peer.host };
        let options = object([("servername", servername.into()), ("host", peer.host.as_str().into())]);
        let chosen = match peer {
            TlsPeer { party: Party::Proxy, .. } => only(&self.tls, PROXY_TLS),
            TlsPeer { is_foreign, .. } => self.tls_for(*is_foreign),
        };
        let http1 = "http/1.1".into();
        if peer.party == Party::Server && !peer.offers_http2 {
            Reflect::set(&options, &js_name("ALPNProtocols"), &Array::of1(&http1))?;
        }
        Object::assign(&options, &chosen);
        if peer.offers_http2 {
            Reflect::set(&options, &js_name("ALPNProtocols"), &Array::of2(&"h2".into(), &http1))?;
        }
        // What the user's function throws must not end the process.
        let check = Reflect::get(&options, &js_name("checkServerIdentity"))?;
        if check.is_function() {
            Reflect::set(&options, &js_name("checkServerIdentity"), &guard_check(&check))?;
        }
        Reflect::set(&options, &js_name("port"), &peer.port.into())?;
        Ok(options)
    }

    /// The options of `net.connect` for this hop; of `tls.connect`, if TLS starts with the connection.
    pub(super) fn connect_options(&self, hop: &Hop) -> Result<Object, JsValue> {
        let options = object([("noDelay", true.into())]);
        if hop.tls == HopTls::Server {
            let Hop { port, is_foreign, offers_http2, .. } = *hop;
            let peer = TlsPeer { host: hop.host.clone(), port, party: Party::Server, is_foreign, offers_http2 };
            Object::assign(&options, &self.tls_options(&peer)?);
        }
        Object::assign(&options, &self.socket_for(hop.is_foreign || hop.to == Party::Proxy));
        let lookup = Reflect::get(&options, &js_name("lookup"))?;
        if lookup.is_function() {
            Reflect::set(&options, &js_name("lookup"), &guard_lookup(&lookup))?;
        }
        Reflect::set(&options, &js_name("host"), &hop.host.as_str().into())?;
        Reflect::set(&options, &js_name("port"), &hop.port.into())?;
        Ok(options)
    }

    /// The context for TLS that starts behind a proxy: the user's, or a new one. If Node refuses one of the TLS options, it throws here, and so does `asyncOpen`.
    pub(super) fn secure_context(&self, hop: &Hop) -> Result<Option<JsValue>, JsValue> {
        if hop.tls != HopTls::Tunnel {
            return Ok(None);
        }
        let tls = self.tls_for(hop.is_foreign);
        let own = js_name("secureContext");
        if Object::has_own(&tls, &own) {
            let own = Reflect::get(&tls, &own)?;
            if own.is_truthy() {
                return Ok(Some(own));
            }
        }
        create_secure_context(&tls).map(Some)
    }

    /// The option `tls`, for a server of the first origin or of another.
    fn tls_for(&self, is_foreign: bool) -> Object {
        if is_foreign { only(&self.tls, PUBLIC_TLS) } else { self.tls.clone() }
    }

    /// The option `socket`, for the first origin or for a peer that is elsewhere.
    fn socket_for(&self, is_elsewhere: bool) -> Object {
        let socket: Object = Object::assign(&Object::new(), &self.socket);
        if is_elsewhere {
            for name in PRIVATE_SOCKET {
                let _ = Reflect::delete_property(&socket, &js_name(name)); // cannot fail on a plain object
            }
        }
        socket
    }
}

/// A copy of `options` that has only these own keys.
fn only(options: &Object, keys: &[&str]) -> Object {
    let chosen = Object::new();
    for key in keys {
        let key = JsValue::from_str(key);
        if Object::has_own(options, &key)
            && let Ok(value) = Reflect::get(options, &key)
        {
            let _ = Reflect::set(&chosen, &key, &value); // cannot fail on a plain object
        }
    }
    chosen
}

/// Whether `host` is an IP address rather than a name.
pub(super) fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

#[wasm_bindgen(module = "/src/transport/node/callback.js")]
extern "C" {
    #[wasm_bindgen(js_name = guardCheck)]
    fn guard_check(check: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = guardLookup)]
    fn guard_lookup(lookup: &JsValue) -> JsValue;
}

#[wasm_bindgen(module = "/src/transport/node/builtin.js")]
extern "C" {
    #[wasm_bindgen(js_name = createSecureContext, catch)]
    fn create_secure_context(options: &Object) -> Result<JsValue, JsValue>;
}
