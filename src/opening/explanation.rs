//! Why a connection was not established: a status, and a sentence that a person can act on. `loss.rs` has those for a connection that failed or was lost.
//!
//! Every sentence has the form `peer: what is wrong (code). What to do.`

use std::borrow::Cow;

use super::failure::Obstacle;
use super::loss::{Leg, of_loss};
use super::progress::Point;
use crate::http::{Malformed, MalformedKind};
use crate::status::Status;
use crate::uri::Uri;

/// What to check if no response came, or the response was not HTTP.
pub(super) const LISTENS: &str = "Check that a WebSocket server listens on this port, and that ws or wss is right.";

/// What to check if the opening waited for the network.
pub(super) const CHECK_NAME_SERVER: &str = "Check the network and its name server.";
const FIREWALL: &str = "A firewall may drop the packets.";

/// The peer that a sentence is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peer {
    /// How the sentence starts: "example.org:443", or "proxy example.org:3128".
    pub(super) at: String,
    kind: PeerKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PeerKind {
    #[default]
    Server,
    /// A server that is reached through the option `socket.path`.
    LocalServer,
    Proxy,
    /// A client, as `asyncAccept` sees it.
    Client,
}

/// What a sentence says about a peer.
pub(super) struct Said {
    /// What is wrong, without a period.
    pub(super) problem: Cow<'static, str>,
    /// What to do: sentences, or empty.
    pub(super) advice: &'static str,
}

/// A dialogue with `peer` failed.
pub(super) fn of_obstacle<C>(peer: &Peer, obstacle: &Obstacle<C>) -> (Status, String) {
    let malformed = match obstacle {
        Obstacle::Lost(loss) => return of_loss(peer, Leg::Response, loss),
        Obstacle::Malformed(malformed) => malformed,
    };
    let Malformed { kind, message } = malformed;
    if peer.is_proxy() {
        return (
            Status::PROXY_CONNECTION_REFUSED,
            format!("{}: it opened no tunnel to the server. {message}", peer.at),
        );
    }
    match kind {
        MalformedKind::NotHttp => {
            let advice = LISTENS;
            (Status::CONNECTION_REFUSED, format!("{}: the handshake failed. {message} {advice}", peer.at))
        }
        MalformedKind::Wrong => (Status::ILLEGAL_VALUE, format!("{}: the handshake failed. {message}", peer.at)),
    }
}

/// `peer` responded, but not with an upgrade or a tunnel.
pub(super) fn of_refusal(peer: &Peer, http_status: u16) -> (Status, String) {
    let at = &peer.at;
    if peer.is_proxy() {
        let message =
            format!("{at}: it responded with HTTP status {http_status} instead of opening a tunnel to the server.");
        return (Status::PROXY_CONNECTION_REFUSED, message);
    }
    let message =
        format!("{at}: the server responded with HTTP status {http_status} instead of upgrading to WebSocket.");
    let meaning = meaning(http_status);
    let gap = if meaning.is_empty() { "" } else { " " };
    (Status::CONNECTION_REFUSED, format!("{message}{gap}{meaning}"))
}

/// openTimeoutMs ran out while the opening waited for `point`. `has_followed`: before, it waited for another channel that was connecting.
pub(super) fn of_timeout(server: &Peer, proxy: Option<&Peer>, point: Point, has_followed: bool) -> String {
    let proxy = proxy.map(|it| it.at.as_str());
    let (waited, advice): (Cow<'static, str>, &str) = match (point, proxy) {
        (Point::Start, _) => ("".into(), ""),
        (Point::Turn, _) => {
            ("while waiting for other channels that were connecting to the host (oneConnectingPerHost)".into(), "")
        }
        (Point::Lookup, None) => ("while looking up the name".into(), CHECK_NAME_SERVER),
        (Point::Lookup, Some(proxy)) => (format!("while looking up the name of {proxy}").into(), CHECK_NAME_SERVER),
        (Point::Connect, None) => ("while connecting".into(), FIREWALL),
        (Point::Connect, Some(proxy)) => (format!("while connecting to {proxy}").into(), FIREWALL),
        (Point::Proxy, proxy) => (format!("while waiting for {}", proxy.unwrap_or("the proxy")).into(), ""),
        (Point::Tls, _) => ("during the TLS handshake".into(), ""),
        (Point::Session, _) => ("while waiting for an HTTP/2 session".into(), ""),
        (Point::Response, _) => ("while waiting for the response".into(), ""),
        (Point::OnAuthRequired, _) => ("while waiting for onAuthRequired".into(), ""),
        (Point::OnRedirect, _) => ("while waiting for onRedirect".into(), ""),
    };
    let (waited, advice) = match point {
        // Only an unknown part of the time passed there, so there is no advice about it.
        Point::Lookup | Point::Connect | Point::Proxy | Point::Tls if has_followed => {
            let other = "while waiting for another channel that was connecting to the server (http2), and then ";
            (format!("{other}{waited}").into(), "")
        }
        _ => (waited, advice),
    };
    let ran_out = if waited.is_empty() { "" } else { "; time ran out " };
    let gap = if advice.is_empty() { "" } else { " " };
    format!("{}: the connection did not open within openTimeoutMs{ran_out}{waited}.{gap}{advice}", server.at)
}

impl Peer {
    pub(super) fn server(uri: &Uri) -> Self {
        Self { at: uri.authority(), kind: PeerKind::Server }
    }

    /// A server that is reached through the option `socket.path`.
    pub(super) fn local_server(uri: &Uri) -> Self {
        Self { kind: PeerKind::LocalServer, ..Self::server(uri) }
    }

    /// A client, as `asyncAccept` sees it.
    pub(super) fn client() -> Self {
        Self { at: "the client".into(), kind: PeerKind::Client }
    }

    /// `authority` is the proxy's host and port.
    pub(super) fn proxy(authority: &str) -> Self {
        Self { at: format!("proxy {authority}"), kind: PeerKind::Proxy }
    }

    pub(super) fn is_local(&self) -> bool {
        self.kind == PeerKind::LocalServer
    }

    pub(super) fn is_proxy(&self) -> bool {
        self.kind == PeerKind::Proxy
    }

    pub(super) fn sentence(&self, said: &Said, code: &str) -> String {
        let Said { problem, advice } = said;
        let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
        let gap = if advice.is_empty() { "" } else { " " };
        format!("{}: {problem}{code}.{gap}{advice}", self.at)
    }
}

impl Said {
    pub(super) fn new(problem: impl Into<Cow<'static, str>>, advice: &'static str) -> Self {
        Self { problem: problem.into(), advice }
    }
}

/// What an HTTP status means to a WebSocket client: sentences, or empty.
fn meaning(status: u16) -> &'static str {
    match status {
        400 => "It did not understand the request.",
        403 => "It forbids the request. It may require an origin, a cookie or another header.",
        404 => "It has nothing at this path. Check the path.",
        405 => "It does not accept GET at this path. Check the path.",
        407 => "It asks for a proxy's user name and password. Check the option proxy.",
        426 => "It requires another protocol or version.",
        429 => "It received too many requests. Wait before you try again.",
        500 => "The server itself failed. Its log may say why.",
        502 => "It is a gateway, and cannot reach the server behind it.",
        503 => "It is overloaded or under maintenance. Try again later.",
        504 => "It is a gateway, and the server behind it took too long.",
        200..300 => "This is a web page or a file, not a WebSocket. Check the path.",
        300 | 305 => "This client does not follow such redirects. Open the URI that the response names.",
        _ => "",
    }
}
