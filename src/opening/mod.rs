//! Establishes a connection: from `asyncOpen` to the first frame, as one async function, `Opening::run`.
//!
//! Generic over [`Dial`], which makes sockets, and [`Ask`], the user's callbacks. No JavaScript, no clock: the caller that drives the
//! future drops it when the time is up or the channel is closed. The future depends on no runtime.
//!
//! | file | |
//! |---|---|
//! | `plan.rs` | where to go next, and what to show there |
//! | `account.rs` | a user name and password for one origin |
//! | `proxy.rs`, `tunnel.rs`, `socks5.rs` | which proxy, and the tunnel through it |
//! | `handshake.rs` | the upgrade request and its response |
//! | `follow.rs` | what follows a refusal: a redirect, a question to the user, or the end |
//! | `explanation.rs`, `tls.rs` | every failure's status and sentence |
//! | `turn.rs` | one connection at a time to a host, if that is wanted |
//! | `http2.rs`, `candidate.rs` | the request on an HTTP/2 stream; which opening connects if channels share a session |
//! | `progress.rs` | what is known when openTimeoutMs runs out |

mod account;
mod ask;
mod candidate;
mod dial;
mod explanation;
mod failure;
mod follow;
mod handshake;
mod http2;
mod loss;
mod plan;
mod progress;
mod proxy;
mod settings;
mod socks5;
mod tls;
mod tunnel;
mod turn;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub use account::Credentials;
pub use ask::{Answer, Ask, AuthRequest, Stage};
pub use dial::{Dial, Hop, HopTls, Parse, Party, Route, Socket, TlsPeer};
pub use failure::{Failure, InvalidArgument};
pub use loss::{Loss, explain_loss};
pub use progress::Progress;
pub use proxy::Proxy;
pub use settings::{ProxySetting, Settings};

use std::pin::Pin;
use std::rc::Rc;

use candidate::{Candidate, News};
use failure::Obstacle;
use handshake::Settled;
use loss::Leg;
use plan::Plan;
use progress::Point;
use proxy::ProxyKind;
use turn::Turn;

use crate::http::{Expect, Response, isomorphic_encode};
use crate::protocol::Agreement;
use crate::status::Status;
use crate::uri::Uri;

/// An open connection.
#[derive(Debug)]
pub struct Opened<S> {
    /// The connection. What it reads next is frames.
    pub socket: S,
    /// The subprotocol that the server has selected, or empty.
    pub protocol: String,
    /// The `Sec-WebSocket-Extensions` field as the server sent it, or empty.
    pub extensions: String,
    /// What was agreed on for permessage-deflate.
    pub deflate: Option<Agreement>,
    /// The response.
    pub response: Response,
    /// Frames that came right behind the response.
    pub rest: Vec<u8>,
}

/// What is known so far, and the future that opens the channel.
pub type Begun<F> = (Rc<Progress>, F);

/// The result of an opening.
pub type Outcome<D> = Result<Opened<<D as Dial>::Socket>, Failure<<D as Dial>::Cause>>;

/// Validates the settings and starts the first connection, because `asyncOpen` throws the errors of both. `uri` must come from
/// [`Uri::websocket`]. The future does the rest; dropping it abandons everything. No callback runs before the future is polled.
pub fn begin<D: Dial, A: Ask<Cause = D::Cause>>(
    uri: Uri,
    settings: Settings,
    dial: D,
    ask: A,
) -> Result<Begun<impl Future<Output = Outcome<D>>>, InvalidArgument<D::Cause>> {
    let plan = Plan::new(uri, settings)?;
    let progress = Rc::new(Progress::default());
    let mut opening = Opening { plan, dial, ask, progress: progress.clone(), turn: None, candidate: None, refusals: 0 };
    if !opening.take_turn() {
        return Ok((progress, opening.run(None)));
    }
    let socket = opening.try_dial();
    let socket = socket.map_err(|Failure { message, cause, .. }| {
        InvalidArgument { status: Status::INVALID_ARG, message, cause } // asyncOpen throws it, so it is an argument
    })?;
    Ok((progress, opening.run(socket)))
}

/// One opening.
struct Opening<D, A> {
    plan: Plan,
    dial: D,
    ask: A,
    progress: Rc<Progress>,
    /// Held while it connects, if only one channel at a time may connect.
    turn: Option<Turn>,
    /// Set while others may wait for its HTTP/2 session, or it waits for theirs.
    candidate: Option<Candidate>,
    /// How often the server has refused a stream without processing the request.
    refusals: u32,
}

/// It has failed if its time has run out, and has only been closed otherwise.
impl<D, A> Drop for Opening<D, A> {
    fn drop(&mut self) {
        if let Some(candidate) = self.candidate.take().filter(|_| self.progress.has_timed_out()) {
            candidate.tell(News::Failure);
        }
    }
}

/// Puts a future that not every opening needs into a function and memory of its own. The host compiles a function when it is first called, and
/// the first opening took a millisecond longer when all of this was one function.
fn apart<'a, T>(future: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(future)
}

/// The server's response.
enum Exchange {
    Upgraded(Settled, Response, Vec<u8>),
    Refused(Response),
    /// None: send the request again, on another connection.
    Again,
}

impl<D: Dial, A: Ask<Cause = D::Cause>> Opening<D, A> {
    async fn run(mut self, first: Option<D::Socket>) -> Outcome<D> {
        let outcome = self.connect_until_open(first).await;
        if outcome.is_err() {
            self.tell_followers(News::Failure);
        }
        outcome
    }

    /// Makes one connection after the other, as redirects and authorization require.
    async fn connect_until_open(&mut self, mut first: Option<D::Socket>) -> Outcome<D> {
        loop {
            let mut socket = match first.take() {
                Some(socket) => socket,
                None => apart(self.dial_in_turn()).await?,
            };
            if let Some(refusal) = self.reach(&mut socket).await? {
                drop(socket);
                self.tell_followers(News::None); // the user may think for long
                apart(self.follow(refusal, Party::Proxy)).await?;
                continue;
            }
            match self.exchange(&mut socket).await? {
                Exchange::Upgraded(Settled { protocol, extensions, deflate }, response, rest) => {
                    return Ok(Opened { socket, protocol, extensions, deflate, response, rest });
                }
                Exchange::Refused(refusal) => {
                    drop(socket);
                    self.refusals = 0; // the next request is another
                    apart(self.follow(refusal, Party::Server)).await?;
                }
                Exchange::Again => {}
            }
        }
    }

    /// Reaches the server, through a proxy if there is one. Returns the proxy's response if that is a refusal.
    async fn reach(&mut self, socket: &mut D::Socket) -> Result<Option<Response>, Failure<D::Cause>> {
        if socket.is_joined() {
            return Ok(None);
        }
        self.connect(socket).await?;
        if let Some(proxy) = self.plan.proxy.clone()
            && let Some(refusal) = apart(self.tunnel(&proxy, socket)).await?
        {
            return Ok(Some(refusal));
        }
        if self.plan.uri.is_secure() {
            apart(self.secure(socket)).await?;
        }
        Ok(None)
    }

    /// Starts the next connection, as soon as no other channel is connecting to that host.
    async fn dial_in_turn(&mut self) -> Result<D::Socket, Failure<D::Cause>> {
        if !self.take_turn()
            && let Some(turn) = &self.turn
        {
            self.progress.start(self.plan.peer(Party::Server), None);
            self.progress.reach(Point::Turn);
            turn.await;
        }
        loop {
            if let Some(socket) = self.try_dial()? {
                return Ok(socket);
            }
            if let Some(candidate) = &self.candidate {
                self.progress.start(self.plan.peer(Party::Server), None);
                self.progress.follow();
                candidate.await;
            }
        }
    }

    /// Starts the next connection, or joins an HTTP/2 session. `None` if another opening is connecting, whose session it may join.
    fn try_dial(&mut self) -> Result<Option<D::Socket>, Failure<D::Cause>> {
        if let Some(socket) = self.join() {
            return Ok(Some(socket));
        }
        if self.take_place() {
            return Ok(None);
        }
        self.dial().map(Some)
    }

    /// Takes a place in the host's line, if the option asks for one. Returns whether the opening may connect at once.
    fn take_turn(&mut self) -> bool {
        if !self.plan.settings.one_connecting_per_host {
            return true;
        }
        let host = self.plan.uri.authority();
        if self.turn.as_ref().is_none_or(|turn| turn.host() != host) {
            self.turn = None; // give up the old turn before waiting for another: otherwise two channels could wait for each other
            self.turn = Some(Turn::new(host));
        }
        self.turn.as_ref().is_none_or(Turn::has_come)
    }

    /// Starts the next connection.
    fn dial(&self) -> Result<D::Socket, Failure<D::Cause>> {
        let proxy = self.plan.proxy.as_ref().map(|_| self.plan.peer(Party::Proxy));
        self.progress.start(self.plan.peer(Party::Server), proxy);
        self.dial.connect(&self.plan.hop()).map_err(|cause| {
            let message = "tls, socket: Node refuses one of these options. The error's cause says which.";
            Failure { cause: Some(cause), ..Failure::new(Status::UNEXPECTED, message) } // INVALID_ARG's number would blame the peer
        })
    }

    /// Connects to the proxy, or to the server if there is no proxy.
    async fn connect(&self, socket: &mut D::Socket) -> Result<(), Failure<D::Cause>> {
        let (host, party) = match &self.plan.proxy {
            Some(proxy) => (proxy.host.as_str(), Party::Proxy),
            None => (self.plan.uri.address(), Party::Server),
        };
        if socket.looks_up() {
            self.progress.reach(Point::Lookup);
            self.ask.progress(Stage::ResolvingHost, host);
            socket.resolved().await.map_err(|loss| self.lost(party, Leg::Connect, loss))?;
            self.ask.progress(Stage::ResolvedHost, host);
        }
        self.progress.reach(Point::Connect);
        self.ask.progress(Stage::ConnectingTo, host);
        socket.connected().await.map_err(|loss| self.lost(party, Leg::Connect, loss))?;
        self.ask.progress(Stage::ConnectedTo, host);
        Ok(())
    }

    /// Opens the tunnel through the proxy. Returns its response if that is a refusal.
    async fn tunnel(&mut self, proxy: &Proxy, socket: &mut D::Socket) -> Result<Option<Response>, Failure<D::Cause>> {
        self.progress.reach(Point::Proxy);
        if proxy.kind == ProxyKind::Https {
            let peer = self.plan.proxy_tls(proxy);
            socket.secure(&peer).await.map_err(|loss| self.lost(Party::Proxy, Leg::Tls, loss))?;
        }
        let asked = if proxy.kind == ProxyKind::Socks5 {
            let uri = &self.plan.uri;
            socks5::connect(socket, proxy.credentials.as_ref(), uri.address(), uri.port()).await.map(|()| None)
        } else {
            let authorization = self.plan.proxy_authorization();
            tunnel::connect(socket, &self.plan.uri.authority(), authorization, &self.progress).await
        };
        asked.map_err(|obstacle| self.stopped(Party::Proxy, obstacle))
    }

    /// Starts TLS with the server.
    async fn secure(&self, socket: &mut D::Socket) -> Result<(), Failure<D::Cause>> {
        let address = self.plan.uri.address();
        self.progress.reach(Point::Tls);
        self.ask.progress(Stage::TlsHandshakeStarting, address);
        let secured = socket.secure(&self.plan.tls()).await;
        if secured.is_ok() || socket.has_shaken_hands() {
            self.ask.progress(Stage::TlsHandshakeEnded, address);
        }
        secured.map_err(|loss| self.lost(Party::Server, Leg::Tls, loss))
    }

    /// Sends the request and reads its response.
    async fn exchange(&mut self, socket: &mut D::Socket) -> Result<Exchange, Failure<D::Cause>> {
        if socket.speaks_http2()
            && let Some(key) = self.key()
        {
            return apart(self.exchange_on_stream(socket, key)).await;
        }
        self.tell_followers(News::NoHttp2);
        let request = self.plan.request("GET");
        let head = request.to_text();
        socket.write(&isomorphic_encode(&head));
        self.announce(|| head);
        let read = self.progress.read_response(socket, Expect::Upgrade).await;
        let (response, rest) = read.map_err(|obstacle| self.stopped(Party::Server, obstacle))?;
        if response.status != 101 {
            return Ok(Exchange::Refused(response));
        }
        let settled = request.validate(&response).map_err(|malformed| self.stopped(Party::Server, malformed.into()))?;
        Ok(Exchange::Upgraded(settled, response, rest))
    }

    /// Tells the user that a request is sent, and then waits for its response.
    fn announce(&self, head: impl FnOnce() -> String) {
        self.progress.reach(Point::Response);
        self.ask.progress(Stage::SendingTo, self.plan.uri.address());
        self.ask.sends(head);
        self.ask.progress(Stage::WaitingFor, self.plan.uri.address());
    }

    fn lost(&self, party: Party, leg: Leg, loss: Loss<D::Cause>) -> Failure<D::Cause> {
        let (status, message) = loss::of_loss(&self.plan.peer(party), leg, &loss);
        Failure { cause: loss.cause, ..Failure::new(status, message) }
    }

    fn stopped(&self, party: Party, obstacle: Obstacle<D::Cause>) -> Failure<D::Cause> {
        let (status, message) = explanation::of_obstacle(&self.plan.peer(party), &obstacle);
        let cause = if let Obstacle::Lost(loss) = obstacle { loss.cause } else { None };
        Failure { cause, ..Failure::new(status, message) }
    }
}
