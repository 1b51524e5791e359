//! What a fake peer does on one connection.

use std::collections::VecDeque;
use std::future::pending;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use crate::http::Response;
use crate::opening::Loss;

/// What happens on one connection: the outcome of each await, in order.
pub(super) struct Script {
    pub(super) has_name: bool,
    pub(super) resolved: Step,
    pub(super) connected: Step,
    /// Each TLS handshake: the proxy's, the server's.
    pub(super) secure: VecDeque<Step>,
    /// The TLS handshake completes even if the certificate is not trusted.
    pub(super) shakes_hands: bool,
    pub(super) reads: VecDeque<Read>,
    pub(super) refused_options: bool,
    /// TLS agrees on HTTP/2, with this outcome.
    pub(super) shares: Option<Share>,
    /// The server has sent GOAWAY before it answers.
    pub(super) is_going_away: bool,
    /// The response to each request on a stream, or the code that it is reset with.
    pub(super) answers: VecDeque<Result<Response, &'static str>>,
}

/// The outcome of an HTTP/2 session.
#[derive(Clone, Copy)]
pub(super) enum Share {
    /// With room for this many others.
    Enabled(usize),
    Disabled,
    Lost(&'static str),
    Never,
}

#[derive(Clone)]
pub(super) enum Step {
    Done,
    Lost(&'static str, &'static str),
    Never,
}

/// What a read returns.
pub(super) enum Read {
    Bytes(Vec<u8>),
    /// A good 101 for the last key, with these lines, and these bytes behind it.
    Accept(&'static str, &'static [u8]),
    End,
    Lost(&'static str, &'static str),
    Never,
}

/// Replies with these texts, then never again.
pub(super) fn replies(texts: &[&str]) -> Script {
    script(texts.iter().map(|text| Read::Bytes(text.as_bytes().to_vec())).chain([Read::Never]))
}

/// Accepts.
pub(super) fn accepts() -> Script {
    script([Read::Accept("", b"")])
}

/// Replies with these texts, then accepts.
pub(super) fn replies_and_accepts(texts: &[&str]) -> Script {
    script(texts.iter().map(|text| Read::Bytes(text.as_bytes().to_vec())).chain([Read::Accept("", b"")]))
}

pub(super) fn script(reads: impl IntoIterator<Item = Read>) -> Script {
    Script {
        has_name: false,
        resolved: Step::Done,
        connected: Step::Done,
        secure: VecDeque::new(),
        shakes_hands: false,
        reads: reads.into_iter().collect(),
        refused_options: false,
        shares: None,
        is_going_away: false,
        answers: VecDeque::new(),
    }
}

/// A response with this status and these lines.
pub(super) fn response(status: u16, lines: &str) -> String {
    format!("HTTP/1.1 {status} Reason\r\n{lines}Content-Length: 4\r\n\r\nbody")
}

pub(super) fn loss(code: &'static str, message: &str) -> Loss<&'static str> {
    Loss {
        code: code.into(),
        message: message.into(),
        cause: (!code.is_empty() || !message.is_empty()).then_some("the error"),
    }
}

/// A good response to this key.
pub(super) fn accept(key: &str, lines: &str) -> String {
    let accept = STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{lines}\r\n"
    )
}

pub(super) async fn settle(outcome: Step) -> Result<(), Loss<&'static str>> {
    match outcome {
        Step::Done => Ok(()),
        Step::Lost(code, message) => Err(loss(code, message)),
        Step::Never => pending().await,
    }
}
