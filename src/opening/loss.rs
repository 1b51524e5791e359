//! A connection that failed or was lost: what the system says about it, and what that means to a person.

use super::explanation::{CHECK_NAME_SERVER, LISTENS, Peer, Said};
use super::tls;
use crate::http::is_error_name;
use crate::status::Status;
use crate::uri::Uri;

/// What the system says about a connection that failed or was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss<C> {
    /// Node's error code, or the name of the HTTP/2 error code if the peer has reset the stream (RFC 9113 §7), or empty.
    pub code: String,
    /// The error's message, or empty.
    pub message: String,
    /// The error; `None` if the connection just ended.
    pub cause: Option<C>,
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

impl<C> Loss<C> {
    /// The connection just ended.
    pub fn ended() -> Self {
        Self { code: String::new(), message: String::new(), cause: None }
    }

    /// The error's message in one line, to append to the problem; empty if there is none.
    pub(super) fn detail(&self) -> String {
        let words: Vec<_> = self.message.split_whitespace().collect();
        let line = words.join(" ");
        if line.is_empty() { line } else { format!(": {}", line.trim_end_matches('.')) }
    }
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
        "ECONNREFUSED" if peer.is_local() => Said::new(
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
