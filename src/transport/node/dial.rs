//! The opening's sockets, over `socket.js`.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use super::fields::{fields_object, response_of};
use super::link::{Link, SocketHandler};
use super::loss::loss_of;
use super::peer_options::{PeerOptions, is_address};
use super::route_key::RouteKey;
use super::session::{Place, Session};
use super::socket::{Socket, drop_unanswered};
use super::{Node, windows};
use crate::http::Response;
use crate::opening::{self, Hop, HopTls, Loss, Party, Route, TlsPeer};
use crate::transport::property;

/// Makes sockets for one channel.
#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) node: Rc<Node>,
    pub(super) options: PeerOptions,
    /// Keeps the HTTP/2 session of the last response for the next request: a redirect, or an answer to a challenge.
    pub(super) spare: Rc<RefCell<Option<Place>>>,
}

impl Dialer {
    /// A socket that is not connected.
    fn socket_and_link(&self) -> (Rc<Socket>, Rc<Link>) {
        let link = Link::new(self.node.clone());
        (Rc::new(Socket::new(SocketHandler::new(link.clone()), self.node.is_ref())), link)
    }

    fn keep_spare(&self, place: Option<Place>) {
        let before = self.spare.replace(place);
        drop(before); // which may end its session
    }
}

impl opening::Dial for Dialer {
    type Socket = Dialed;
    type Cause = JsValue;
    type Key = RouteKey;

    fn connect(&self, hop: &Hop) -> Result<Dialed, JsValue> {
        windows::prepare();
        self.keep_spare(None);
        let starts_secure = hop.tls == HopTls::Server;
        let secure_context = self.options.secure_context(hop)?;
        let options = self.options.connect_options(hop)?;
        let unix = !property(&options, "path").is_undefined();
        let (socket, link) = self.socket_and_link();
        let connected = match hop.tls {
            HopTls::Server => socket.connect_secure(&options, hop.offers_http2),
            HopTls::None => socket.connect(&options),
            HopTls::Proxy | HopTls::Tunnel => socket.connect_for_tls(&options),
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
            place: None,
            is_joined: false,
            is_established: false,
        })
    }

    fn key(&self, route: &Route) -> RouteKey {
        self.options.route_key(route)
    }

    fn join(&self, key: &RouteKey) -> Option<Dialed> {
        let place = Session::join(key, self.node.is_ref())?;
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
            place: Some(place),
            is_joined: true,
            is_established: false,
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
    place: Option<Place>,
    /// The session existed before.
    is_joined: bool,
    /// The connection is open, and the socket belongs to the transport.
    is_established: bool,
}

impl Dialed {
    /// Hands over the socket, because the connection is open.
    pub(super) fn into_established(mut self) -> Established {
        self.is_established = true;
        Established {
            socket: self.socket.clone(),
            link: self.link.clone(),
            place: self.place.take(),
            is_read: self.is_read,
        }
    }
}

/// What an open connection consists of.
pub(super) struct Established {
    pub(super) socket: Rc<Socket>,
    pub(super) link: Rc<Link>,
    /// The place in an HTTP/2 session, if the socket is a stream of one.
    pub(super) place: Option<Place>,
    /// Whether it reads what arrives. If not, it must be told to.
    pub(super) is_read: bool,
}

impl Drop for Dialed {
    fn drop(&mut self) {
        if !self.is_established {
            if let Some(place) = self.place.as_ref().filter(|_| self.dialer.node.has_timed_out.get()) {
                place.withdraw();
            }
            self.link.detach();
            self.socket.destroy();
            self.socket.detach();
            self.dialer.keep_spare(self.place.take());
        }
    }
}

impl opening::Socket for Dialed {
    type Cause = JsValue;
    type Key = RouteKey;

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
        self.link.begin_tls(peer.party);
        let early = self.link.with_mailbox(|mailbox| {
            (mailbox.secured, mailbox.ended) = (false, false);
            std::mem::take(&mut mailbox.received)
        });
        if let Some(early) = early.filter(|early| !early.is_empty()) {
            self.socket.unread(&early); // TLS's first bytes
        }
        let secured = self.dialer.options.tls_options(peer).and_then(|options| {
            if let Some(context) = self.secure_context.as_ref().filter(|_| peer.party == Party::Server) {
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
        self.place.is_some() || self.socket.alpn().is_some_and(|protocol| protocol == "h2")
    }

    async fn share(&mut self, key: RouteKey) -> Result<Option<usize>, Loss<JsValue>> {
        if self.is_joined {
            return Ok(Some(0)); // nobody follows it
        }
        let connection = self.socket.hand_over().map_err(loss_of)?;
        self.link.detach();
        (self.socket, self.link) = self.dialer.socket_and_link();
        let node = &self.dialer.node;
        let security = node.attributes.node.security.borrow().clone();
        let place = Session::open(connection.clone(), key, security, node.is_ref()).inspect_err(|_| {
            drop_unanswered(&connection); // nobody else has it
        })?;
        let room = place.room_for_others().await?;
        self.place = Some(place);
        Ok(room)
    }

    async fn request(&mut self, fields: &[(String, String)]) -> Result<Response, Loss<JsValue>> {
        let Some(place) = &self.place else { return Err(loss_of(JsValue::UNDEFINED)) };
        self.is_read = false;
        self.socket.request(place.session(), &fields_object(fields)).map_err(loss_of)?;
        self.dialer.node.dialed(&self.socket);
        self.dialer.node.attributes.node.security.replace(place.security());
        let fields = self.link.wait(|mailbox| mailbox.response.take()).await?;
        Ok(response_of(&fields))
    }

    fn is_going_away(&self) -> bool {
        self.place.as_ref().is_some_and(Place::is_going_away)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.socket.write(bytes, 0, 0);
    }

    async fn read(&mut self) -> Result<Vec<u8>, Loss<JsValue>> {
        if !std::mem::replace(&mut self.is_read, true) {
            self.socket.listen();
            self.socket.resume();
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
