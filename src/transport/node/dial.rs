//! The opening's sockets, over `socket.js`; and which of the options `tls` and `socket` go where.

use std::net::IpAddr;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::intern;
use wasm_bindgen::prelude::*;

use super::link::Link;
use super::link::SocketHandler;
use super::socket::Socket;
use super::{Node, windows};
use crate::opening::{self, Hop, Loss, TlsPeer};
use crate::transport::{as_error, object};

/// Makes sockets for one channel.
pub(super) struct Dialer {
    pub(super) node: Rc<Node>,
    /// The option `tls`, by its own keys.
    pub(super) tls: Object,
    /// The option `socket`, by its own keys.
    pub(super) socket: Object,
}

/// What of `socket` says where the first origin is.
const PRIVATE_SOCKET: &[&str] = &["path"];
/// What of `tls` may be used for every origin: nothing that says who the user is.
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
/// What of `tls` is for a proxy, too.
const PROXY_TLS: &[&str] = &["ca", "rejectUnauthorized"];

impl Dialer {
    /// What `tls.connect` is given for this peer.
    fn tls_options(&self, peer: &TlsPeer) -> Result<Object, JsValue> {
        let servername = if is_address(&peer.host) { "" } else { &peer.host };
        let options = object([("servername", servername.into()), ("host", peer.host.as_str().into())]);
        let chosen = match peer {
            TlsPeer { is_proxy: true, .. } => only(&self.tls, PROXY_TLS),
            TlsPeer { is_foreign: true, .. } => only(&self.tls, PUBLIC_TLS),
            _ => self.tls.clone(),
        };
        if !peer.is_proxy {
            Reflect::set(&options, &intern("ALPNProtocols").into(), &Array::of1(&"http/1.1".into()))?;
        }
        Object::assign(&options, &chosen);
        // What the user's function throws must not end the process.
        let check = Reflect::get(&options, &intern("checkServerIdentity").into())?;
        if check.is_function() {
            Reflect::set(&options, &intern("checkServerIdentity").into(), &guard_check(&check))?;
        }
        Reflect::set(&options, &intern("port").into(), &peer.port.into())?;
        Ok(options)
    }
}

impl opening::Dial for Dialer {
    type Socket = Dialed;
    type Cause = JsValue;

    fn connect(&self, hop: &Hop) -> Result<Dialed, JsValue> {
        windows::prepare();
        let starts_secure = hop.will_be_secure && !hop.is_proxy;
        let secure_context = match hop {
            Hop { will_be_secure: true, is_proxy: true, is_foreign, .. } => {
                // What Node refuses in the options for TLS shows here: asyncOpen throws it.
                let chosen = if *is_foreign { only(&self.tls, PUBLIC_TLS) } else { self.tls.clone() };
                Some(create_secure_context(&chosen)?)
            }
            _ => None,
        };
        let options = object([("noDelay", true.into())]);
        if starts_secure {
            let peer = TlsPeer { host: hop.host.clone(), port: hop.port, is_proxy: false, is_foreign: hop.is_foreign };
            Object::assign(&options, &self.tls_options(&peer)?);
        }
        Object::assign(&options, &self.socket);
        if hop.is_foreign || hop.is_proxy {
            for name in PRIVATE_SOCKET {
                Reflect::delete_property(&options, &intern(name).into())?;
            }
        }
        let lookup = Reflect::get(&options, &intern("lookup").into())?;
        if lookup.is_function() {
            Reflect::set(&options, &intern("lookup").into(), &guard_lookup(&lookup))?;
        }
        let unix = !Reflect::get(&options, &intern("path").into())?.is_undefined();
        Reflect::set(&options, &intern("host").into(), &hop.host.as_str().into())?;
        Reflect::set(&options, &intern("port").into(), &hop.port.into())?;
        let link = Link::new(self.node.clone());
        let socket = Rc::new(Socket::new(SocketHandler::new(link.clone()), self.node.is_ref()));
        let connected =
            if starts_secure { socket.connect_secure(&options) } else { socket.connect(&options, hop.is_wrapped) };
        if let Err(error) = connected {
            link.detach();
            socket.detach();
            return Err(error);
        }
        self.node.dialed(&socket);
        let dialer = Self { node: self.node.clone(), tls: self.tls.clone(), socket: self.socket.clone() };
        let looks_up = !unix && !is_address(&hop.host);
        Ok(Dialed { dialer, socket, link, looks_up, starts_secure, secure_context, is_kept: false })
    }
}

/// A socket while its connection comes about.
pub(super) struct Dialed {
    dialer: Dialer,
    socket: Rc<Socket>,
    link: Rc<Link>,
    looks_up: bool,
    /// TLS comes with the connection.
    starts_secure: bool,
    /// What tls.createSecureContext made for the server.
    secure_context: Option<JsValue>,
    /// The connection is open: the socket is the transport's.
    is_kept: bool,
}

impl Dialed {
    /// The connection is open.
    pub(super) fn keep(mut self) -> (Rc<Socket>, Rc<Link>) {
        self.is_kept = true;
        (self.socket.clone(), self.link.clone())
    }
}

impl Drop for Dialed {
    fn drop(&mut self) {
        if !self.is_kept {
            self.link.detach();
            self.socket.destroy();
            self.socket.detach();
        }
    }
}

impl opening::Socket for Dialed {
    type Cause = JsValue;

    fn looks_up(&self) -> bool {
        self.looks_up
    }

    async fn resolved(&mut self) -> Result<(), Loss<JsValue>> {
        self.link.wait(|mailbox| (mailbox.resolved || mailbox.connected).then_some(())).await
    }

    async fn connected(&mut self) -> Result<(), Loss<JsValue>> {
        self.link.wait(|mailbox| mailbox.connected.then_some(())).await
    }

    async fn secure(&mut self, peer: &TlsPeer) -> Result<(), Loss<JsValue>> {
        if self.starts_secure {
            return self.link.wait(|mailbox| mailbox.secured.then_some(())).await;
        }
        self.link.begin_tls(peer.is_proxy);
        let early = self.link.with_mailbox(|mailbox| {
            (mailbox.secured, mailbox.ended) = (false, false);
            std::mem::take(&mut mailbox.received)
        });
        if let Some(early) = early.filter(|early| !early.is_empty()) {
            self.socket.unread(&early); // TLS's first bytes
        }
        let secured = self.dialer.tls_options(peer).and_then(|options| {
            if let Some(context) = self.secure_context.as_ref().filter(|_| !peer.is_proxy) {
                Reflect::set(&options, &"secureContext".into(), context)?;
            }
            self.socket.secure(&options)
        });
        secured.map_err(loss_of)?;
        self.link.wait(|mailbox| mailbox.secured.then_some(())).await
    }

    fn write(&mut self, bytes: &[u8]) {
        self.socket.write(bytes, 0, 0);
    }

    async fn read(&mut self) -> Result<Vec<u8>, Loss<JsValue>> {
        let look = |mailbox: &mut super::link::Mailbox| match std::mem::take(&mut mailbox.received) {
            received if !received.is_empty() || mailbox.ended => Some(received),
            _ => None,
        };
        self.link.wait(look).await
    }

    fn unread(&mut self, bytes: Vec<u8>) {
        self.link.with_mailbox(|mailbox| drop(mailbox.received.splice(..0, bytes)));
    }

    fn has_shaken_hands(&self) -> bool {
        self.link.has_shaken_hands()
    }
}

/// These own keys of `options`.
fn only(options: &Object, keys: &[&str]) -> Object {
    let chosen = Object::new();
    for key in keys {
        let key = JsValue::from_str(key);
        if Object::has_own(options, &key)
            && let Ok(value) = Reflect::get(options, &key)
        {
            let _ = Reflect::set(&chosen, &key, &value); // a plain object takes any
        }
    }
    chosen
}

/// An IP address rather than a name.
fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

/// What an error of Node's says. Of several addresses, none of which answered, it is the first one's code.
pub(super) fn loss_of(error: JsValue) -> Loss<JsValue> {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
    let code_of = |error: &JsValue| get(error, "code").and_then(|code| code.as_string());
    let first = || get(&error, "errors").filter(JsValue::is_object).and_then(|errors| code_of(&get(&errors, "0")?));
    let code = code_of(&error).or_else(first).unwrap_or_default();
    let (cause, _) = as_error(error.clone());
    let message = get(&cause, "message").and_then(|message| message.as_string()).unwrap_or_default();
    Loss { code, message, cause: Some(cause) }
}

#[wasm_bindgen(module = "/src/transport/node/callback.js")]
extern "C" {
    #[wasm_bindgen(js_name = guardCheck)]
    fn guard_check(check: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = guardLookup)]
    fn guard_lookup(lookup: &JsValue) -> JsValue;
}

#[wasm_bindgen(raw_module = "node:tls")]
extern "C" {
    #[wasm_bindgen(js_name = createSecureContext, catch)]
    fn create_secure_context(options: &Object) -> Result<JsValue, JsValue>;
}
