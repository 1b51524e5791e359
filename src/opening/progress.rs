//! What is known while a connection is being established, in case openTimeoutMs runs out.

use std::cell::{Cell, RefCell};

use super::dial::Socket;
use super::explanation::{self, Peer};
use super::failure::{Failure, Obstacle};
use crate::http::{Expect, Malformed, Response, ResponseReader};
use crate::status::Status;

/// What is known so far. A refusal whose body is still arriving says more than a timeout does.
#[derive(Default)]
pub struct Progress {
    point: Cell<Point>,
    server: RefCell<Peer>,
    proxy: RefCell<Option<Peer>>,
    /// The response that is being read.
    reader: RefCell<Option<ResponseReader>>,
    /// It has waited for another channel that was connecting.
    has_followed: Cell<bool>,
    has_timed_out: Cell<bool>,
    /// The refusal on a stream, with as much of its body as has arrived.
    refusal: RefCell<Option<Response>>,
}

/// What the opening waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Point {
    /// Nothing yet.
    #[default]
    Start,
    /// Other channels, which are connecting to the host.
    Turn,
    /// The address of the proxy, or of the server if there is no proxy.
    Lookup,
    /// The connection to that address.
    Connect,
    /// TLS with the proxy, or the tunnel through it.
    Proxy,
    /// TLS with the server.
    Tls,
    /// An HTTP/2 session: the server's settings, or another channel that connects.
    Session,
    /// The server's response.
    Response,
    OnAuthRequired,
    OnRedirect,
}

impl Progress {
    /// How the opening ends because openTimeoutMs has run out.
    pub fn timed_out<C>(&self) -> Failure<C> {
        self.has_timed_out.set(true);
        let refusal = self.reader.borrow_mut().take().and_then(|mut reader| reader.refusal());
        let refusal = refusal.or_else(|| self.refusal.take());
        let (server, proxy) = (self.server.borrow(), self.proxy.borrow());
        if let Some(response) = refusal {
            let peer = proxy.as_ref().filter(|_| self.point.get() == Point::Proxy).unwrap_or(&server);
            let (status, message) = explanation::of_refusal(peer, response.status);
            return Failure { http: Some(response), ..Failure::new(status, message) };
        }
        let message = explanation::of_timeout(&server, proxy.as_ref(), self.point.get(), self.has_followed.get());
        Failure { timed_out: true, ..Failure::new(Status::NET_TIMEOUT, message) }
    }

    /// A connection to `server` starts, through `proxy` if there is one.
    pub(super) fn start(&self, server: Peer, proxy: Option<Peer>) {
        self.server.replace(server);
        self.proxy.replace(proxy);
    }

    pub(super) fn has_timed_out(&self) -> bool {
        self.has_timed_out.get()
    }

    /// The opening waits for something else now.
    pub(super) fn reach(&self, point: Point) {
        self.point.set(point);
    }

    /// The opening waits for another channel that is connecting.
    pub(super) fn follow(&self) {
        self.reach(Point::Session);
        self.has_followed.set(true);
    }

    /// Reads a response. Also returns the bytes behind a successful one. If the connection is lost in the middle of a refusal's
    /// body, the refusal is the response, because it says more than the loss.
    pub(super) async fn read_response<S: Socket>(
        &self,
        socket: &mut S,
        expect: Expect,
    ) -> Result<(Response, Vec<u8>), Obstacle<S::Cause>> {
        self.reader.replace(Some(ResponseReader::new(expect)));
        loop {
            let bytes = match socket.read().await {
                Ok(bytes) => bytes,
                Err(loss) => {
                    let reader = self.reader.borrow_mut().take();
                    let refusal = reader.and_then(|mut reader| reader.refusal());
                    return refusal.map(|refusal| (refusal, Vec::new())).ok_or(Obstacle::Lost(loss));
                }
            };
            if let Some(done) = self.handle_bytes(&bytes)? {
                self.reader.take();
                return Ok(done);
            }
        }
    }

    /// Reads the body of a refusal on a stream.
    pub(super) async fn read_body<S: Socket>(&self, socket: &mut S, refusal: Response) -> Response {
        self.refusal.replace(Some(refusal));
        // If the stream is lost in the middle, the refusal says more than the loss.
        while let Ok(bytes) = socket.read().await {
            let is_complete = self.refusal.borrow_mut().as_mut().is_none_or(|refusal| refusal.extend_body(&bytes));
            if bytes.is_empty() || is_complete {
                break;
            }
        }
        self.refusal.take().unwrap_or_default()
    }

    /// Empty `bytes` mean the end of the connection.
    fn handle_bytes(&self, bytes: &[u8]) -> Result<Option<(Response, Vec<u8>)>, Malformed> {
        match self.reader.borrow_mut().as_mut() {
            Some(reader) if bytes.is_empty() => reader.end().map(|response| Some((response, Vec::new()))),
            Some(reader) => reader.read(bytes),
            None => Ok(None),
        }
    }
}
