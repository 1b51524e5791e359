//! The opening handshake (RFC 6455 §4.1; over HTTP/2, RFC 8441 §5): the request, and what makes its response valid.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::grammar::{is_token, quote};
use crate::http::{Field, Malformed, Response, WEBSOCKET_VERSION, accept_for, http2_field};
use crate::protocol::{Agreement, DeflateOptions, agree_as_client};

/// The upgrade request.
pub(super) struct Request {
    /// The value of `Host`, or of `:authority`.
    pub(super) host: String,
    /// Path and query.
    pub(super) resource: String,
    /// `Sec-WebSocket-Key`: base64 of 16 random bytes.
    pub(super) key: String,
    /// The subprotocols asked for.
    pub(super) protocols: Vec<String>,
    /// permessage-deflate, if it is offered.
    pub(super) deflate: Option<DeflateOptions>,
    /// The other fields.
    pub(super) fields: Vec<Field>,
}

/// What a valid response settles.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) protocol: String,
    pub(super) extensions: String,
    pub(super) deflate: Option<Agreement>,
}

impl Request {
    /// A new key.
    pub(super) fn key(random: [u8; 16]) -> String {
        STANDARD.encode(random)
    }

    /// The request as it is sent.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("GET {} HTTP/1.1\r\nHost: {}\r\n", self.resource, self.host);
        text.push_str("Upgrade: websocket\r\nConnection: Upgrade\r\n");
        let mut line = |name: &str, value: &str| text.extend([name, ": ", value, "\r\n"]);
        line("Sec-WebSocket-Key", &self.key);
        self.each_common_field(&mut line);
        text.push_str("\r\n");
        text
    }

    /// The fields of an extended CONNECT (RFC 8441 §5), pseudo-header fields first. They include neither the key nor fields that are
    /// specific to a connection (RFC 9113 §8.2.2).
    pub(super) fn to_fields(&self) -> Vec<(String, String)> {
        let pseudo = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":authority", &self.host),
            (":path", &self.resource),
        ];
        let mut fields: Vec<_> = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        self.each_common_field(|name, value| fields.extend(http2_field(name, value)));
        fields
    }

    /// Calls `tell` with each field that all versions of HTTP have in common.
    fn each_common_field(&self, mut tell: impl FnMut(&str, &str)) {
        tell("Sec-WebSocket-Version", WEBSOCKET_VERSION);
        if !self.protocols.is_empty() {
            tell("Sec-WebSocket-Protocol", &self.protocols.join(", "));
        }
        if let Some(deflate) = &self.deflate {
            tell("Sec-WebSocket-Extensions", &deflate.offer());
        }
        for field in &self.fields {
            tell(field.name(), field.value());
        }
    }

    /// RFC 6455 §4.1, "the client MUST validate the server's response as follows", items 2 to 6. Item 1 is the status 101.
    pub(super) fn validate(&self, response: &Response) -> Result<Settled, Malformed> {
        if response.version != 1 {
            return Err(Malformed::wrong("The response is HTTP/1.0, which cannot upgrade."));
        }
        if !only(response, "Upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
            return Err(Malformed::wrong("The response's Upgrade field is not \"websocket\"."));
        }
        if !response.values("Connection").any(has_upgrade_token) {
            return Err(Malformed::wrong("The response's Connection field does not contain \"Upgrade\"."));
        }
        if only(response, "Sec-WebSocket-Accept") != Some(accept_for(&self.key).as_bytes()) {
            return Err(Malformed::wrong(
                "The response's Sec-WebSocket-Accept field does not match this request's key.",
            ));
        }
        self.settle(response)
    }

    /// Validates what the response has selected: items 5 and 6, which apply over HTTP/2 too (RFC 8441 §5).
    pub(super) fn settle(&self, response: &Response) -> Result<Settled, Malformed> {
        let extensions = response.joined("Sec-WebSocket-Extensions").unwrap_or_default();
        let deflate =
            agree_as_client(self.deflate.as_ref(), &extensions).map_err(|fault| Malformed::wrong(fault.message))?;
        Ok(Settled { protocol: self.selected(response)?, extensions, deflate })
    }

    /// The subprotocol that the server has selected; empty if it selected none.
    fn selected(&self, response: &Response) -> Result<String, Malformed> {
        if response.values("Sec-WebSocket-Protocol").next().is_none() {
            return Ok(String::new());
        }
        let selected = only(response, "Sec-WebSocket-Protocol");
        let asked = self.protocols.iter().find(|asked| selected == Some(asked.as_bytes()));
        asked.cloned().ok_or_else(|| match selected.and_then(|it| str::from_utf8(it).ok()).filter(|it| is_token(it)) {
            Some(selected) => Malformed::wrong(format!(
                "The response selects the subprotocol {}, which was not asked for.",
                quote(selected)
            )),
            None => Malformed::wrong("The response does not select one of the subprotocols that were asked for."),
        })
    }
}

/// The value of a field, if it is there exactly once.
fn only<'a>(response: &'a Response, name: &'a str) -> Option<&'a [u8]> {
    let mut values = response.values(name);
    values.next().filter(|_| values.next().is_none())
}

fn has_upgrade_token(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}
