//! A connection that the host's HTTP server has accepted: [`crate::accepting`] over its socket.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::ending::LINGER_MS;
use super::fields::{field_lines, fields_object};
use super::link::{Link, SocketHandler};
use super::socket::Socket;
use super::{Node, windows};
use crate::accepting::{self, Denial, Request, Terms, Upgrade};
use crate::channel::Ending;
use crate::http::{Field, Response};
use crate::opening::Loss;
use crate::protocol::Role;
use crate::status::Status;
use crate::transport::timer::microtask;
use crate::transport::{Attributes, ChannelError, Driver, JsHost, PingTimes};
use crate::uri::Uri;

/// An upgrade request, and what this end needs to answer it.
pub(crate) struct Acceptance {
    pub(crate) request: Request,
    /// The URI that the client asked for; `None` if it is not valid.
    pub(crate) uri: Option<Uri>,
    /// The connection behind the socket.
    pub(crate) connection: JsValue,
    /// The request's socket.
    pub(crate) socket: JsValue,
    /// What came right behind the request.
    pub(crate) head: Vec<u8>,
    pub(crate) terms: Terms,
    pub(crate) max_message_size: u32,
    pub(crate) ping: PingTimes,
    /// Where to store the values of the channel's attributes.
    pub(crate) attributes: Rc<Attributes>,
}

/// What became of a request.
enum Outcome {
    Open,
    Denied(Denial),
    /// An earlier request on its connection has no response yet.
    Early,
    /// The client is gone.
    Left,
}

/// Denies an upgrade request, and ends the connection; over HTTP/2, the stream. Does nothing if the client is gone. Gives no answer if an earlier
/// request on the connection has none: the client would take this for its answer.
pub(crate) fn deny(
    request: &Request,
    socket: &JsValue,
    connection: &JsValue,
    denial: &Denial,
    fields: &[Field],
) -> Result<(), ChannelError> {
    let is_early = !request.is_http2 && super::socket::has_response(connection);
    let answered = if is_early {
        super::socket::drop_unanswered(socket)
    } else if request.is_http2 {
        let answer = fields_object(&denial.to_fields(fields));
        super::socket::answer_on_stream(socket, &answer, denial.content(), LINGER_MS)
            .map_err(|cause| not_accepted("refuse", cause))?
    } else {
        super::socket::answer(socket, &denial.to_bytes(&request.method, fields), LINGER_MS)
    };
    if answered { Ok(()) } else { Err(answered_already("refuse")) }
}

fn answered_already(method: &str) -> ChannelError {
    ChannelError::invalid(format!("{method}: this request was answered already. Answer each upgrade once."))
}

fn let_go(link: &Link, socket: &Socket) {
    link.detach();
    let _ = socket.hand_over(); // what it throws says no more than what has been thrown
}

/// A member of the socket throws. It can still be refused.
fn unusable(link: &Link, socket: &Socket, cause: JsValue) -> ChannelError {
    let_go(link, socket);
    ChannelError::invalid("asyncAccept: socket cannot be used. See the error's cause.").because(cause)
}

/// Node throws because of a field of an HTTP/2 response, or because there was a response already.
fn not_accepted(method: &str, cause: JsValue) -> ChannelError {
    if crate::transport::property(&cause, "code").as_string().as_deref() == Some("ERR_HTTP2_HEADERS_SENT") {
        return answered_already(method).because(cause);
    }
    let message =
        "Node does not accept one of the option headers over HTTP/2. Remove it: the error's cause says which.";
    ChannelError::invalid(format!("{method}: {message}")).because(cause)
}

impl Node {
    /// Takes over the socket and answers the request. The listener is told later.
    #[cold]
    pub(crate) fn accept(driver: &Rc<Driver>, acceptance: Acceptance) -> Result<Rc<Self>, ChannelError> {
        let Acceptance { request, uri, connection, socket: accepted, head, terms, max_message_size, ping, attributes } =
            acceptance;
        let node = Self::new(driver, Role::Server, &attributes, max_message_size, ping)?;
        windows::prepare();
        let (link, socket) = node.take_over(&accepted)?;
        let href = uri.as_ref().map_or("", |uri| &uri.href);
        let answer = accepting::accept(&request, uri.as_ref(), &terms);
        // If the client has left meanwhile, that is not the caller's mistake: onStop reports it.
        let is_gone =
            socket.check_certificates().and_then(|()| socket.is_gone(request.is_http2 && request.method == "HEAD"));
        let is_gone = is_gone.map_err(|cause| unusable(&link, &socket, cause))?;
        let is_early = super::socket::has_response(&connection);
        if !is_gone && !is_early {
            respond(&socket, &request, &answer).map_err(|cause| {
                if !request.is_http2 {
                    return unusable(&link, &socket, cause);
                }
                let_go(&link, &socket);
                not_accepted("asyncAccept", cause)
            })?;
        }
        node.tell_created(href, &terms.protocols);
        let outcome = match answer {
            _ if is_gone => Outcome::Left, // whatever it asked for, there was no answer
            _ if is_early => Outcome::Early,
            Err(denial) => Outcome::Denied(denial),
            Ok(upgrade) => {
                node.attributes.uri.replace(Some(Rc::new(href.into()))); // the event service reports it
                node.settle_upgrade(&socket, upgrade);
                link.open(node.clone());
                driver.begin_open();
                Outcome::Open
            }
        };
        let accepted = node.clone();
        // A microtask of its own, so that the listener is called in the caller's AsyncLocalStorage context: futures share one.
        microtask(Box::new(move || accepted.handle_accepted(outcome, &head, &link)));
        Ok(node)
    }

    /// Takes over a socket that no channel has had.
    fn take_over(self: &Rc<Self>, accepted: &JsValue) -> Result<(Rc<Link>, Rc<Socket>), ChannelError> {
        let link = Link::new(self.clone());
        let socket = Rc::new(Socket::new(SocketHandler::new(link.clone()), self.is_ref()));
        match socket.adopt(accepted) {
            Ok(true) => {
                self.dialed(&socket);
                Ok((link, socket))
            }
            Ok(false) => {
                link.detach();
                socket.detach();
                Err(answered_already("asyncAccept"))
            }
            Err(cause) => Err(unusable(&link, &socket, cause)),
        }
    }

    /// The request was answered, and `asyncAccept` has returned.
    fn handle_accepted(self: &Rc<Self>, outcome: Outcome, head: &[u8], link: &Link) {
        match outcome {
            Outcome::Open => {
                self.start(head, false);
            }
            Outcome::Denied(denial) => self.conclude(ending_of(&denial), |socket| {
                socket.end();
                socket.linger(LINGER_MS);
            }),
            Outcome::Early => self.conclude(too_early(), Socket::destroy),
            Outcome::Left => self.handle_left(link),
        }
    }

    fn settle_upgrade(&self, socket: &Socket, upgrade: Upgrade) {
        let Upgrade { fields, protocol, extensions, deflate } = upgrade;
        let status = if socket.is_stream() { 200 } else { 101 };
        let response = Response { version: 1, status, fields: field_lines(fields), body: Vec::new() };
        self.settle(deflate, protocol, extensions, response);
    }

    /// The client had left before it was answered.
    fn handle_left(self: &Rc<Self>, link: &Link) {
        let Some(socket) = self.socket() else { return }; // the channel was closed meanwhile
        let lost = link.with_mailbox(|mailbox| mailbox.lost.take()).flatten();
        link.open(self.clone());
        socket.destroy();
        self.conclude_closed(lost.unwrap_or_else(Loss::ended));
    }
}

fn respond(socket: &Socket, request: &Request, answer: &Result<Upgrade, Denial>) -> Result<(), JsValue> {
    match (answer, request.is_http2) {
        (Ok(upgrade), false) => socket.respond(&upgrade.to_bytes()),
        (Err(denial), false) => socket.respond(&denial.to_bytes(&request.method, &[])),
        (Ok(upgrade), true) => socket.respond_on_stream(&fields_object(&upgrade.to_fields())),
        (Err(denial), true) => {
            socket.respond_on_stream(&fields_object(&denial.to_fields(&[])))?;
            socket.respond(denial.content().as_bytes())
        }
    }
}

/// The earlier request's response would come behind the 101, and be taken for frames.
fn too_early() -> Ending<JsHost> {
    let message = "The upgrade request came before an earlier request on its connection was answered.";
    Ending { status: Status::CONNECTION_REFUSED, message: message.into(), ..Ending::default() }
}

fn ending_of(denial: &Denial) -> Ending<JsHost> {
    let message = format!("The upgrade request was answered with {}: {}", denial.status, denial.message);
    Ending { status: Status::CONNECTION_REFUSED, message: message.into(), ..Ending::default() }
}
