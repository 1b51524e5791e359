//! Why a connection was not established or was lost: a status, and a sentence that a person can act on.
//!
//! Every sentence has the form `peer: what is wrong (code). What to do.`

use std::borrow::Cow;

use super::dial::Loss;
use super::failure::Obstacle;
use super::progress::Point;
use super::tls;
use crate::http::{Malformed, MalformedKind, is_error_name};
use crate::status::Status;
use crate::uri::Uri;

/// What to check if no response came, or the response was not HTTP.
const LISTENS: &str = "Check that a WebSocket server listens on this port, and that ws or wss is right.";

/// What to check if the opening waited for the network.
const CHECK_NAME_SERVER: &str = "Check the network and its name server.";
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

/// How far the connection to a peer had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leg {
    /// Not connected.
    Connect,
    /// During the TLS handshake.
    Tls,
    /// Before the response of the server, or of the proxy that opens a tunnel.
    Response,
    /// The channel was open.
    Open,
    /// The peer's close frame has arrived, and the answer has not gone out.
    Closing,
}

/// What a sentence says about a peer.
pub(super) struct Said {
    /// What is wrong, without a period.
    pub(super) problem: Cow<'static, str>,
    /// What to do: sentences, or empty.
    pub(super) advice: &'static str,
}

/// Explains a loss after the channel was open. `server` is `None` if the peer is a client; `is_closing` means that its close frame has
/// arrived, and the answer has not gone out. The status is OK if the connection just ended: the channel knows what that means.
pub fn explain_loss<C>(server: Option<&Uri>, is_closing: bool, loss: &Loss<C>) -> (Status, String) {
    let leg = if is_closing { Leg::Closing } else { Leg::Open };
    of_loss(&server.map_or_else(Peer::client, Peer::server), leg, loss)
}

/// The connection to `peer` was lost.
pub(super) fn of_loss<C>(peer: &Peer, leg: Leg, loss: &Loss<C>) -> (Status, String) {
    let code = loss.code.as_str();
    let (status, said) = match leg {
        Leg::Tls => (Status::INADEQUATE_SECURITY, tls::explain(peer, loss)),
        _ if tls::is_tls(code) => (Status::INADEQUATE_SECURITY, tls::explain_later(loss)),
        Leg::Response if peer.is_proxy() => (Status::PROXY_CONNECTION_REFUSED, no_tunnel(loss)),
        _ if code == "ETIMEDOUT" => (Status::NET_TIMEOUT, timed_out(leg)),
        Leg::Connect if is_lookup(code) => (Status::UNKNOWN_HOST, not_found(code)),
        Leg::Connect => (Status::CONNECTION_REFUSED, not_connected(peer, loss)),
        Leg::Response => before_response(loss),
        Leg::Closing if code.is_empty() => {
            (Status::OK, Said::new("the connection ended before its close frame was answered", ""))
        }
        Leg::Open | Leg::Closing => when_open(code),
    };
    (if peer.is_proxy() { of_proxy(status) } else { status }, peer.sentence(&said, code))
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

    pub(super) fn is_proxy(&self) -> bool {
        self.kind == PeerKind::Proxy
    }

    fn sentence(&self, said: &Said, code: &str) -> String {
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

/// What a failed connection means if the proxy is at the other end.
fn of_proxy(status: Status) -> Status {
    match status {
        Status::INADEQUATE_SECURITY => status,
        Status::UNKNOWN_HOST => Status::UNKNOWN_PROXY_HOST,
        _ => Status::PROXY_CONNECTION_REFUSED,
    }
}

fn is_lookup(code: &str) -> bool {
    matches!(code, "EAI_AGAIN" | "ENOTFOUND" | "EAI_NODATA" | "EAI_NONAME" | "EAI_FAIL")
}

fn not_found(code: &str) -> Said {
    match code {
        "EAI_AGAIN" => Said::new("the name could not be looked up", CHECK_NAME_SERVER),
        _ => Said::new("the name was not found", "Check the spelling."),
    }
}

fn timed_out(leg: Leg) -> Said {
    match leg {
        Leg::Connect => {
            Said::new("the system gave up waiting for an answer", "Check the address, and any firewall on the path.")
        }
        _ => Said::new("the system gave up waiting", ""),
    }
}

fn not_connected<C>(peer: &Peer, loss: &Loss<C>) -> Said {
    match loss.code.as_str() {
        "ECONNREFUSED" if peer.kind == PeerKind::LocalServer => Said::new(
            "nothing accepts connections on the socket file",
            "Check that the server is running, and the option socket.path.",
        ),
        "ECONNREFUSED" => Said::new(
            "nothing accepts connections there",
            "Check that the server is running, and that this is its port.",
        ),
        "EHOSTUNREACH" => Said::new("there is no route to this host", "Check the address and the network."),
        "ENETUNREACH" => Said::new("there is no route to this network", "Check the address and the network."),
        "EACCES" | "EPERM" => Said::new("the system does not permit this connection", ""),
        "ENOENT" => Said::new("there is no such socket file", "Check the option socket.path."),
        "EADDRNOTAVAIL" => Said::new("the local address cannot be used", "Check the option socket.localAddress."),
        _ => Said::new(format!("the connection failed{}", loss.detail()), ""),
    }
}

fn no_tunnel<C>(loss: &Loss<C>) -> Said {
    match loss.code.as_str() {
        "" if loss.message.is_empty() => {
            Said::new("it ended the connection before it opened a tunnel to the server", "")
        }
        code if is_reset(code) => Said::new("it reset the connection before it opened a tunnel to the server", ""),
        _ => Said::new(format!("the connection was lost before it opened a tunnel to the server{}", loss.detail()), ""),
    }
}

fn before_response<C>(loss: &Loss<C>) -> (Status, Said) {
    let advice = LISTENS;
    match loss.code.as_str() {
        code if code.starts_with("ERR_HTTP2_HEADER") || code.starts_with("ERR_HTTP2_INVALID_") => (
            Status::UNEXPECTED, // INVALID_ARG's number would mean that the server is wrong
            Said::new(
                format!("Node does not send these headers with HTTP/2{}", loss.detail()),
                "Change the option headers, or leave out the option http2.",
            ),
        ),
        code if is_reset(code) => {
            (Status::NET_RESET, Said::new("the connection was reset before a response came", advice))
        }
        "" => (Status::CONNECTION_REFUSED, Said::new("the connection ended before a response came", advice)),
        "ERR_HTTP2_ERROR" => {
            let advice = "Leave out the option http2, or look at the server's log.";
            (Status::CONNECTION_REFUSED, Said::new(format!("what came is not HTTP/2{}", loss.detail()), advice))
        }
        code if let Some(advice) = of_reset(code) => {
            (Status::CONNECTION_REFUSED, Said::new("the server reset the HTTP/2 stream before a response came", advice))
        }
        _ => (Status::NET_RESET, Said::new("the connection was lost before a response came", "")),
    }
}

fn when_open(code: &str) -> (Status, Said) {
    match code {
        code if is_reset(code) => (Status::NET_RESET, Said::new("the connection was reset", "")),
        "" => (Status::OK, Said::new("the connection ended without a close frame", "")),
        "ERR_STREAM_WRITE_AFTER_END" => (
            Status::OK,
            Said::new(
                "other code of this process ended the socket",
                "Call the channel's close() instead of the socket's end().",
            ),
        ),
        _ if let Some(advice) = of_reset(code) => (Status::NET_RESET, Said::new("the HTTP/2 stream was reset", advice)),
        _ => (Status::NET_RESET, Said::new("the connection was lost", "")),
    }
}

/// Whether this is the system's error for a connection that was reset.
fn is_reset(code: &str) -> bool {
    matches!(code, "ECONNRESET" | "EPIPE" | "ECONNABORTED")
}

/// What to do if `code` is an HTTP/2 error code (RFC 9113 §7): sentences, or empty. `None` for any other code.
fn of_reset(code: &str) -> Option<&'static str> {
    Some(match code {
        "REFUSED_STREAM" => "It does not accept more streams. Try again later.",
        "ENHANCE_YOUR_CALM" => "It received too much too fast. Send less, or more slowly.",
        "INADEQUATE_SECURITY" => {
            "It requires a newer version of TLS. Check the options tls.minVersion and tls.ciphers."
        }
        "HTTP_1_1_REQUIRED" => "It requires HTTP/1.1. Leave out the option http2.",
        _ if is_error_name(code) => "",
        _ => return None,
    })
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
