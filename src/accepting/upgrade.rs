//! Which requests are accepted, and what is agreed on (RFC 6455 §4.2.1, §4.2.2).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Denial, Request};
use crate::grammar::{is_authority, is_token};
use crate::http::{Field, WEBSOCKET_VERSION, accept_for, http2_field, isomorphic_encode};
use crate::protocol::{Agreement, DeflateOptions, agree_as_server};
use crate::uri::Uri;

/// What this end agrees to.
pub struct Terms {
    /// The subprotocols that it supports, the preferred one first.
    pub protocols: Vec<String>,
    /// permessage-deflate, if it is supported.
    pub deflate: Option<DeflateOptions>,
    /// Header fields to add to the response.
    pub fields: Vec<Field>,
}

/// A request that is accepted.
#[derive(Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The response's header fields, those of `Terms` included.
    pub fields: Vec<(String, String)>,
    /// The subprotocol that was selected, or empty.
    pub protocol: String,
    /// The value of `Sec-WebSocket-Extensions` in the response, or empty.
    pub extensions: String,
    /// What was agreed on for permessage-deflate.
    pub deflate: Option<Agreement>,
}

impl Upgrade {
    /// The response of HTTP/2, pseudo-header fields first.
    pub fn to_fields(&self) -> Vec<(String, String)> {
        let status = (":status".to_owned(), "200".to_owned());
        std::iter::once(status).chain(self.fields.iter().filter_map(|(name, value)| http2_field(name, value))).collect()
    }

    /// The response of HTTP/1.1, as it is sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::from("HTTP/1.1 101 Switching Protocols\r\n");
        for (name, value) in &self.fields {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        isomorphic_encode(&text)
    }
}

/// Checks the request item by item, and selects a subprotocol and an extension. `uri` is the request's, if it can be parsed.
pub fn accept(request: &Request, uri: Option<&Uri>, terms: &Terms) -> Result<Upgrade, Denial> {
    let key = if request.is_http2 { checked_connect(request).map(|()| None) } else { checked(request).map(Some) }?;
    if uri.is_none() {
        return Err(Denial::because(400, "The request's target and Host field do not form a URI.")); // RFC 9112 §3.3
    }
    let protocol = selected(request, &terms.protocols)?;
    let offers: Vec<&str> = request.values("Sec-WebSocket-Extensions").collect();
    let agreed = agree_as_server(&offers.join(","), terms.deflate.as_ref())
        .map_err(|fault| Denial::because(400, fault.message))?;
    let (deflate, extensions) = agreed.map_or((None, String::new()), |(agreement, header)| (Some(agreement), header));
    let mut fields = Vec::new();
    let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    if let Some(key) = key {
        add("Upgrade", "websocket");
        add("Connection", "Upgrade");
        add("Sec-WebSocket-Accept", &accept_for(key));
    }
    if !protocol.is_empty() {
        add("Sec-WebSocket-Protocol", &protocol);
    }
    if !extensions.is_empty() {
        add("Sec-WebSocket-Extensions", &extensions);
    }
    for field in &terms.fields {
        add(field.name(), field.value());
    }
    Ok(Upgrade { fields, protocol, extensions, deflate })
}

/// RFC 6455 §4.2.1, items 1 to 6. Returns the key.
fn checked(request: &Request) -> Result<&str, Denial> {
    let bad = |message: &'static str| Err(Denial::because(400, message));
    if request.method != "GET" {
        return Err(Denial::because(405, "A WebSocket is opened with the method GET."));
    }
    if request.version != "1.1" {
        return bad("A WebSocket is opened with HTTP/1.1.");
    }
    if !request.only("Host").is_some_and(is_authority) {
        return bad("The request must have one Host field, with a host and perhaps a port."); // RFC 9112 §3.2
    }
    if !request.items("Upgrade").any(|it| it.eq_ignore_ascii_case("websocket")) {
        return Err(Denial::because(
            426,
            "This is a WebSocket endpoint: the request's Upgrade field must contain \"websocket\".",
        ));
    }
    if !request.items("Connection").any(|it| it.eq_ignore_ascii_case("upgrade")) {
        return bad("The request's Connection field must contain \"Upgrade\".");
    }
    if request.values("Transfer-Encoding").next().is_some() || request.values("Content-Length").any(|size| size != "0")
    {
        return bad("A WebSocket is opened by a request without a body."); // its bytes would be taken for frames
    }
    check_version(request)?;
    let Some(key) = request.only("Sec-WebSocket-Key") else {
        return bad("The request must have one Sec-WebSocket-Key field.");
    };
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == 16 => Ok(key),
        _ => bad("The request's Sec-WebSocket-Key field must be 16 bytes in base64."),
    }
}

/// RFC 8441 §4 and §5: the checks that replace items 1 to 5.
fn checked_connect(request: &Request) -> Result<(), Denial> {
    if request.method != "CONNECT" {
        return Err(Denial::because(405, "Over HTTP/2 a WebSocket is opened with the method CONNECT (RFC 8441)."));
    }
    match request.protocol.as_deref() {
        Some("websocket") => check_version(request),
        Some(_) => Err(Denial::because(501, "Only the protocol \"websocket\" is supported.")), // RFC 9220 §3
        None => Err(Denial::because(400, "This server is not a proxy. The request must have a :protocol field.")),
    }
}

/// RFC 6455 §4.2.1, item 6.
fn check_version(request: &Request) -> Result<(), Denial> {
    match request.only("Sec-WebSocket-Version") {
        Some(WEBSOCKET_VERSION) => Ok(()),
        Some(_) => Err(Denial::because(426, "Only WebSocket version 13 is supported.")),
        None => Err(Denial::because(400, "The request must have one Sec-WebSocket-Version field.")),
    }
}

/// The first supported subprotocol that the request asks for, or empty (RFC 6455 §4.2.2, item 4, "/subprotocol/").
fn selected(request: &Request, supported: &[String]) -> Result<String, Denial> {
    let asked: Vec<&str> = request.items("Sec-WebSocket-Protocol").collect();
    if asked.is_empty() && request.values("Sec-WebSocket-Protocol").next().is_some() {
        return Err(Denial::because(400, "The request's Sec-WebSocket-Protocol field is empty."));
    }
    let mut seen = BTreeSet::new();
    for protocol in &asked {
        if !is_token(protocol) {
            return Err(Denial::because(400, "The request's Sec-WebSocket-Protocol field is not a list of tokens."));
        }
        if !seen.insert(protocol) {
            return Err(Denial::because(400, "The request asks for a subprotocol twice."));
        }
    }
    Ok(supported.iter().find(|it| asked.contains(&it.as_str())).cloned().unwrap_or_default())
}
