//! A connection that an HTTP server of the host's has accepted: [`crate::accepting`] over its socket.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::link::{Link, SocketHandler};
use super::session::fields_object;
use super::socket::Socket;
use super::transport::LINGER_MS;
use super::{Node, windows};
use crate::accepting::{self, Denial, Request, Terms, Upgrade};
use crate::channel::Ending;
use crate::http::{Field, Response};
use crate::opening::Loss;
use crate::protocol::Role;
use crate::status::Status;
use crate::transport::{Attributes, Driver, JsHost, Refusal};
use crate::uri::Uri;

/// An upgrade request, and what this end makes of it.
pub(crate) struct Acceptance {
    pub(crate) request: Request,
    /// Where the client wanted to go; `None` if that is no URI.
    pub(crate) uri: Option<Uri>,
    /// The request's socket.
    pub(crate) socket: JsValue,
    /// What came right behind the request.
    pub(crate) head: Vec<u8>,
    pub(crate) terms: Terms,
    pub(crate) max_message_size: u32,
    /// Seconds: `pingInterval`, 0 for none, and `pingTimeout`.
    pub(crate) ping: (u32, u32),
    /// Where to leave what the channel's attributes show.
    pub(crate) attributes: Rc<Attributes>,
}

/// Denies an upgrade request, and ends the connection; over HTTP/2, the stream. `Err` is what Node refuses in the user's fields.
pub(crate) fn deny(request: &Request, socket: &JsValue, denial: &Denial, fields: &[Field]) -> Result<(), JsValue> {
    if request.is_http2() {
        return super::socket::answer_on_stream(
            socket,
            &fields_object(&denial.to_fields(fields)),
            &denial.message,
            LINGER_MS,
        );
    }
    super::socket::answer(socket, &denial.to_bytes(fields), LINGER_MS);
    Ok(())
}

impl Node {
    /// Takes the socket over and answers the request. The listener is told later.
    #[cold]
    pub(crate) fn accept(driver: &Rc<Driver>, acceptance: Acceptance) -> Result<Rc<Self>, Refusal> {
        let Acceptance { request, uri, socket: accepted, head, terms, max_message_size, ping, attributes } = acceptance;
        let node = Self::new(driver, Role::Server, &attributes, max_message_size, ping)?;
        windows::prepare();
        let link = Link::new(node.clone());
        let socket = Rc::new(Socket::new(SocketHandler::new(link.clone()), node.is_ref()));
        if !socket.adopt(&accepted) {
            link.detach();
            let message = "asyncAccept: another channel has this socket. Accept each upgrade once.";
            return Err(Refusal::invalid(message));
        }
        let href = uri.as_ref().map_or("", |uri| &uri.href);
        node.dialed(&socket);
        socket.check_certificates();
        let answer = match &uri {
            Some(_) => accepting::accept(&request, &terms),
            None => {
                Err(Denial { status: 400, message: "The request's target and Host field do not form a URI.".into() })
            }
        };
        respond(&socket, &request, &answer).map_err(|cause| {
            link.detach();
            socket.detach();
            let message = "asyncAccept: Node does not accept one of the option headers over HTTP/2. Remove it: the error's cause says which.";
            Refusal::invalid(message).because(cause)
        })?;
        node.tell_created(href, &terms.protocols);
        let accepted = node.clone();
        spawn_local(async move {
            match answer {
                Ok(upgrade) => accepted.handle_accepted(&link, upgrade, &head),
                Err(denial) => accepted.conclude(ending_of(&denial), |socket| {
                    socket.end();
                    socket.linger(LINGER_MS);
                }),
            }
        });
        Ok(node)
    }

    fn handle_accepted(self: &Rc<Self>, link: &Link, upgrade: Upgrade, head: &[u8]) {
        let Some(socket) = self.socket() else { return }; // the channel was closed meanwhile
        let lost = link.with_mailbox(|mailbox| mailbox.lost.take()).flatten();
        link.open(self.clone());
        if lost.is_some() || socket.is_destroyed() {
            let loss = lost.unwrap_or_else(Loss::ended);
            return self.handle_closed(loss);
        }
        let Upgrade { fields, protocol, extensions, deflate } = upgrade;
        let fields = fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        let status = if socket.is_stream() { 200 } else { 101 };
        let response = Response { version: 1, status, fields, body: Vec::new() };
        self.settle(deflate, protocol, extensions, response);
        self.start(head);
        self.with_socket(|socket| socket.listen(self.is_suspended()));
    }
}

fn respond(socket: &Socket, request: &Request, answer: &Result<Upgrade, Denial>) -> Result<(), JsValue> {
    match (answer, request.is_http2()) {
        (Ok(upgrade), false) => socket.respond(&upgrade.to_bytes()),
        (Err(denial), false) => socket.respond(&denial.to_bytes(&[])),
        (Ok(upgrade), true) => socket.respond_on_stream(&fields_object(&upgrade.to_fields()))?,
        (Err(denial), true) => {
            socket.respond_on_stream(&fields_object(&denial.to_fields(&[])))?;
            socket.respond(denial.message.as_bytes());
        }
    }
    Ok(())
}

fn ending_of(denial: &Denial) -> Ending<JsHost> {
    let message = format!("The upgrade request was answered with {}: {}", denial.status, denial.message);
    Ending { status: Status::CONNECTION_REFUSED, message: message.into(), ..Ending::default() }
}
