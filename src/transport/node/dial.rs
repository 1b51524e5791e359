//! The opening's sockets, over `socket.js`, and which peers get which parts of the options `tls` and `socket`.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::intern;
use wasm_bindgen::prelude::*;

use super::link::Link;
use super::link::SocketHandler;
use super::session::{RouteKey, Session, Stream, fields_object, response_of};
use super::socket::Socket;
use super::{Node, windows};
use crate::http::{Response, error_name};
use crate::opening::{self, Hop, Loss, Route, TlsPeer};
use crate::transport::{as_error, object};

/// Makes sockets for one channel.
#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) node: Rc<Node>,
    /// The option `tls`, with Node's keys.
    pub(super) tls: Object,
    /// The option `socket`, with Node's keys.
    pub(super) socket: Object,
    /// Keeps the HTTP/2 session of the last response for the next request: a redirect, or an answer to a challenge.
    pub(super) spare: Rc<RefCell<Option<Stream>>>,
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

impl Dialer {
    /// A socket that is not connected.
    fn socket_and_link(&self) -> (Rc<Socket>, Rc<Link>) {
        let link = Link::new(self.node.clone());
        (Rc::new(Socket::new(SocketHandler::new(link.clone()), self.node.is_ref())), link)
    }

    fn keep_spare(&self, stream: Option<Stream>) {
        let before = self.spare.replace(stream);
        drop(before); // which may end its session
    }

    /// What two interchangeable sessions have in common: the server, the proxy, and the options that apply there.
    fn route_key(&self, route: &Route) -> RouteKey {
        let is_foreign = route.server.is_foreign;
        let tls = if is_foreign { only(&self.tls, PUBLIC_TLS) } else { self.tls.clone() };
        let socket: Object = Object::assign(&Object::new(), &self.socket);
        if is_foreign || route.proxy.is_some() {
            for name in PRIVATE_SOCKET {
                let _ = Reflect::delete_property(&socket, &intern(name).into()); // cannot fail on a plain object
            }
        }
        RouteKey { host: route.server.host.clone(), port: route.server.port, proxy: route.proxy.clone(), tls, socket }
    }

    /// The options of `tls.connect` for this peer.
    fn tls_options(&self, peer: &TlsPeer) -> Result<Object, JsValue> {
        let servername = if is_address(&peer.host) { "" } else { &peer.host };
        let options = object([("servername", servername.into()), ("host", peer.host.as_str().into())]);
        let chosen = match peer {
            TlsPeer { is_proxy: true, .. } => only(&self.tls, PROXY_TLS),
            TlsPeer { is_foreign: true, .. } => only(&self.tls, PUBLIC_TLS),
            _ => self.tls.clone(),
        };
        let http1 = "http/1.1".into();
        if !peer.is_proxy && !peer.offers_http2 {
            Reflect::set(&options, &intern("ALPNProtocols").into(), &Array::of1(&http1))?;
        }
        Object::assign(&options, &chosen);
        if peer.offers_http2 {
            Reflect::set(&options, &intern("ALPNProtocols").into(), &Array::of2(&"h2".into(), &http1))?;
        }
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
        self.keep_spare(None);
        let starts_secure = hop.will_be_secure && !hop.is_proxy;
        let secure_context = match hop {
            Hop { will_be_secure: true, is_proxy: true, is_foreign, .. } => {
                // If Node refuses one of the TLS options, it throws here, and so does asyncOpen.
                let chosen = if *is_foreign { only(&self.tls, PUBLIC_TLS) } else { self.tls.clone() };
                Some(create_secure_context(&chosen)?)
            }
            _ => None,
        };
        let options = object([("noDelay", true.into())]);
        if starts_secure {
            let Hop { port, is_foreign, offers_http2, .. } = *hop;
            let peer = TlsPeer { host: hop.host.clone(), port, is_proxy: false, is_foreign, offers_http2 };
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
        let (socket, link) = self.socket_and_link();
        let connected = if starts_secure {
            socket.connect_secure(&options, hop.offers_http2)
        } else {
            socket.connect(&options, hop.is_wrapped)
        };
        if let Err(error) = connected {
            link.detach();
            socket.detach();
            return Err(error);
        }
        self.node.dialed(&socket);
        let looks_up = !unix && !is_address(&hop.host);
        let is_read = !(starts_secure && hop.offers_http2);
        Ok(Dialed {
            dialer: self.clone(),
            socket,
            link,
            looks_up,
            starts_secure,
            secure_context,
            is_read,
            stream: None,
            is_joined: false,
            is_kept: false,
        })
    }

    fn join(&self, route: &Route) -> Option<Dialed> {
        let stream = Session::join(&self.route_key(route), self.node.is_ref())?;
        self.keep_spare(None);
        let (socket, link) = self.socket_and_link();
        Some(Dialed {
            dialer: self.clone(),
            socket,
            link,
            looks_up: false,
            starts_secure: true,
            secure_context: None,
            is_read: false,
            stream: Some(stream),
            is_joined: true,
            is_kept: false,
        })
    }
}

/// A socket while its connection is being established.
pub(super) struct Dialed {
    dialer: Dialer,
    socket: Rc<Socket>,
    link: Rc<Link>,
    looks_up: bool,
    /// TLS starts with the connection.
    starts_secure: bool,
    /// What tls.createSecureContext made for the server.
    secure_context: Option<JsValue>,
    /// Whether it reads what arrives.
    is_read: bool,
    /// The place in an HTTP/2 session: the socket is a stream, or will be.
    stream: Option<Stream>,
    /// The session existed before.
    is_joined: bool,
    /// The connection is open, and the socket belongs to the transport.
    is_kept: bool,
}

impl Dialed {
    /// Hands over the socket, because the connection is open.
    pub(super) fn keep(mut self) -> Kept {
        self.is_kept = true;
        Kept { socket: self.socket.clone(), link: self.link.clone(), stream: self.stream.take(), is_read: self.is_read }
    }
}

/// What an open connection consists of.
pub(super) struct Kept {
    pub(super) socket: Rc<Socket>,
    pub(super) link: Rc<Link>,
    /// The place in an HTTP/2 session, if the socket is a stream of one.
    pub(super) stream: Option<Stream>,
    /// Whether it reads what arrives. If not, it must be told to.
    pub(super) is_read: bool,
}

impl Drop for Dialed {
    fn drop(&mut self) {
        if !self.is_kept {
            self.link.detach();
            self.socket.destroy();
            self.socket.detach();
            self.dialer.keep_spare(self.stream.take());
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
            self.is_read = !peer.offers_http2;
            self.socket.secure(&options, peer.offers_http2)
        });
        secured.map_err(loss_of)?;
        self.link.wait(|mailbox| mailbox.secured.then_some(())).await
    }

    fn is_joined(&self) -> bool {
        self.is_joined
    }

    fn speaks_http2(&self) -> bool {
        self.stream.is_some() || self.socket.alpn().is_some_and(|protocol| protocol == "h2")
    }

    async fn share(&mut self, route: &Route) -> Result<Option<usize>, Loss<JsValue>> {
        if self.is_joined {
            return Ok(Some(0)); // nobody follows it
        }
        let connection = self.socket.hand_over();
        self.link.detach();
        (self.socket, self.link) = self.dialer.socket_and_link();
        let node = &self.dialer.node;
        let security = node.attributes.node.security.borrow().clone();
        let stream = Session::open(connection, self.dialer.route_key(route), security, node.is_ref()).await?;
        let room = stream.room_for_others().await?;
        self.stream = Some(stream);
        Ok(room)
    }

    async fn request(&mut self, fields: &[(String, String)]) -> Result<Response, Loss<JsValue>> {
        let Some(stream) = &self.stream else { return Err(loss_of(JsValue::UNDEFINED)) };
        self.is_read = false;
        self.socket.request(stream.session(), &fields_object(fields)).map_err(loss_of)?;
        self.dialer.node.dialed(&self.socket);
        self.dialer.node.attributes.node.security.replace(stream.security());
        let fields = self.link.wait(|mailbox| mailbox.response.take()).await?;
        Ok(response_of(&fields))
    }

    fn write(&mut self, bytes: &[u8]) {
        self.socket.write(bytes, 0, 0);
    }

    async fn read(&mut self) -> Result<Vec<u8>, Loss<JsValue>> {
        if !std::mem::replace(&mut self.is_read, true) {
            self.socket.listen(false);
        }
        let look = |mailbox: &mut super::link::Mailbox| match std::mem::take(&mut mailbox.received) {
            received if !received.is_empty() || mailbox.ended => Some(received),
            _ => None,
        };
        let read = self.link.wait(look).await;
        if self.link.unpause() {
            self.socket.resume();
        }
        read
    }

    fn unread(&mut self, bytes: Vec<u8>) {
        self.link.with_mailbox(|mailbox| drop(mailbox.received.splice(..0, bytes)));
    }

    fn has_shaken_hands(&self) -> bool {
        self.link.has_shaken_hands()
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
fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

/// The loss that an error of Node's describes. If none of several addresses answered, the code is the first one's.
pub(super) fn loss_of(error: JsValue) -> Loss<JsValue> {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
    let code_of = |error: &JsValue| get(error, "code").and_then(|code| code.as_string());
    let first = || get(&error, "errors").filter(JsValue::is_object).and_then(|errors| code_of(&get(&errors, "0")?));
    let code = code_of(&error).or_else(first).unwrap_or_default();
    let (cause, _) = as_error(error.clone());
    let message = get(&cause, "message").and_then(|message| message.as_string()).unwrap_or_default();
    Loss { code, message, cause: Some(cause) }
}

/// The loss of a socket or a stream. `reset` is the code that a stream was reset with, or 0. A system error says more than that code. If
/// there is none, and the stream's session `is_lost`, Node itself resets the stream.
pub(super) fn loss_of_stream(error: JsValue, reset: u32, is_lost: bool) -> Loss<JsValue> {
    let loss = if error.is_null() { Loss::ended() } else { loss_of(error) };
    let is_node_own = loss.code.is_empty() || loss.code.starts_with("ERR_HTTP2_");
    match error_name(reset).filter(|name| is_node_own && !(is_lost && *name == "CANCEL")) {
        Some(name) => Loss { code: name.into(), ..loss },
        None => loss,
    }
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
