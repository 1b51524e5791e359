//! The response to a request that is not accepted.

use std::borrow::Cow;

use crate::http::{Field, WEBSOCKET_VERSION, http2_field, isomorphic_encode};

/// An HTTP response that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The status code.
    pub status: u16,
    /// The body, for people to read.
    pub message: Cow<'static, str>,
}

impl Denial {
    /// What is wrong with the request.
    pub(super) fn because(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }

    /// The HTTP/1.1 response to a request with this method, as it is sent. `fields` are the user's.
    pub fn to_bytes(&self, method: &str, fields: &[Field]) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, phrase(self.status));
        // RFC 9110 §15.5.22 requires an Upgrade field with the protocol, and §7.8 requires the option Upgrade in the Connection field.
        text.push_str(match self.status {
            400 | 426 => "Connection: Upgrade, close\r\nUpgrade: websocket\r\n",
            _ => "Connection: close\r\n",
        });
        self.each_common_field("GET", fields, |name, value| text.extend([name, ": ", value, "\r\n"]));
        text.push_str("\r\n");
        let mut bytes = isomorphic_encode(&text);
        if method != "HEAD" {
            bytes.extend_from_slice(self.content().as_bytes());
        }
        bytes
    }

    /// The body. A 304 has none (RFC 9110 §15.4.5).
    pub fn content(&self) -> &str {
        if self.status == 304 { "" } else { &self.message }
    }

    /// The fields of the HTTP/2 response, pseudo-header fields first. Its data is [`content`](Self::content).
    pub fn to_fields(&self, fields: &[Field]) -> Vec<(String, String)> {
        let mut all = vec![(":status".to_owned(), self.status.to_string())];
        self.each_common_field("CONNECT", fields, |name, value| all.extend(http2_field(name, value)));
        all
    }

    /// Calls `tell` with each field that all versions of HTTP share. `allowed` is the version's method for WebSockets.
    fn each_common_field(&self, allowed: &str, fields: &[Field], mut tell: impl FnMut(&str, &str)) {
        let has = |name| fields.iter().any(|field| field.is(name));
        match self.status {
            405 if !has("Allow") => tell("Allow", allowed),
            400 | 426 => tell("Sec-WebSocket-Version", WEBSOCKET_VERSION), // RFC 6455 §4.4
            _ => {}
        }
        for field in fields {
            tell(field.name(), field.value());
        }
        if self.status == 304 {
            return;
        }
        if !has("Content-Type") {
            tell("Content-Type", "text/plain; charset=utf-8");
        }
        tell("Content-Length", &self.message.len().to_string());
    }
}

/// The reason phrase of a status with which a server may answer an upgrade request (RFC 9110 §15). Others have none, which is allowed.
fn phrase(status: u16) -> &'static str {
    match status {
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
