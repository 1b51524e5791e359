//! What is answered to a request that is not accepted.

use std::borrow::Cow;

use crate::http::Field;

/// An HTTP response that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The status code.
    pub status: u16,
    /// The body: for people.
    pub message: Cow<'static, str>,
}

impl Denial {
    /// What is wrong with the request.
    pub(super) fn because(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }

    /// The response as it is sent. `fields` are the user's.
    pub fn to_bytes(&self, fields: &[Field]) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\nConnection: close\r\n", self.status, phrase(self.status));
        match self.status {
            405 => text.push_str("Allow: GET\r\n"),
            // RFC 6455 §4.4; RFC 9110 §15.5.22 wants the protocol, too.
            400 | 426 => text.push_str("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
            _ => {}
        }
        for field in fields {
            text.extend([field.name(), ": ", field.value(), "\r\n"]);
        }
        if !fields.iter().any(|field| field.is("Content-Type")) {
            text.push_str("Content-Type: text/plain; charset=utf-8\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{}", self.message.len(), self.message));
        text.into_bytes()
    }
}

/// The reason phrase of a status that a server gives to an upgrade request (RFC 9110 §15); others go without, which is allowed.
fn phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}
