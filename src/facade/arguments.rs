//! The arguments of `asyncOpen` and `close`, and how error messages quote values.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use crate::close::{Close, CloseCode};
use crate::grammar::is_token;
use crate::status::Status;
use crate::transport::{Refusal, parse_url, sentence};
use crate::uri::{Uri, UriError};

/// Parses `uri`: ws or wss (http and https count as those), without a fragment (RFC 6455 §3). A relative one is resolved against `base`.
pub(super) fn parse_uri(uri: &JsValue, base: &JsValue) -> Result<Uri, Refusal> {
    let malformed = |message: String| Refusal::new(Status::MALFORMED_URI, message);
    // The URL parser makes anything a string, and in a page any string is a relative URI.
    if !uri.is_string() && !Reflect::has(uri, &"href".into()).unwrap_or_default() {
        return Err(malformed(sentence(&["asyncOpen: uri must be a string or a URL, not ", &quote(uri), "."])));
    }
    let parsed = parse_url(uri, base).map_err(|cause| {
        let advice =
            if base.is_undefined() { "Pass an absolute URI, such as wss://example.org/chat." } else { "Correct it." };
        let refusal = malformed(sentence(&["asyncOpen: ", &quote_uri(uri), " is not a URI. ", advice]));
        // Node's error contains the whole URI.
        if has_user(uri) { refusal } else { refusal.because(cause) }
    })?;
    parsed.websocket().map_err(|error| match error {
        UriError::Scheme => malformed(sentence(&[
            "asyncOpen: ",
            &quote_uri(uri),
            " is not a WebSocket URI. Use ws:, wss:, http: or https:.",
        ])),
        UriError::Fragment => {
            malformed("asyncOpen: the URI has a fragment (#…), which a WebSocket URI must not have. Remove it.".into())
        }
    })
}

/// A URI as a message quotes it. One that may contain a password is not quoted.
fn quote_uri(uri: &JsValue) -> String {
    if has_user(uri) { "the URI".into() } else { quote(uri) }
}

/// Whether the URI may contain a user name and a password.
fn has_user(uri: &JsValue) -> bool {
    uri.as_string().is_some_and(|text| text.bytes().any(|byte| byte == b'@'))
}

/// Parses a comma-separated list of subprotocols (RFC 6455 §4.1, item 10).
pub(super) fn parse_protocols(list: &str) -> Result<Vec<String>, Refusal> {
    let mut protocols: Vec<String> = Vec::new();
    if list.trim_ascii().is_empty() {
        return Ok(protocols);
    }
    for item in list.split(',').map(str::trim_ascii) {
        if !is_token(item) {
            let advice = "Use letters, digits and !#$%&'*+-.^_`|~ in a comma-separated list.";
            return Err(Refusal::invalid(sentence(&[
                "protocol: \"",
                item,
                "\" is not a token (RFC 6455 §4.1). ",
                advice,
            ])));
        }
        if protocols.iter().any(|other| other == item) {
            return Err(Refusal::invalid(sentence(&[
                "protocol: \"",
                item,
                "\" appears twice. Name each subprotocol once.",
            ])));
        }
        protocols.push(item.to_string());
    }
    Ok(protocols)
}

/// `close`'s arguments; undefined means 1000 and "".
pub(super) fn parse_close(code: &JsValue, reason: &JsValue) -> Result<Close, Refusal> {
    let number = if code.is_undefined() { Some(1000.0) } else { code.as_f64() };
    let valid = number
        .filter(|number| f64::from(*number as u16) == *number) // `as` saturates, and turns NaN into 0
        .and_then(|number| CloseCode::for_close(number as u16));
    let Some(valid) = valid else {
        let advice = " is not a code that may be sent. Use 1000 to 1004, 1007 to 1014, or 3000 to 4999.";
        return Err(Refusal::invalid(sentence(&["close: ", &quote(code), advice])));
    };
    let reason = if reason.is_undefined() { Some(String::new()) } else { reason.as_string() };
    let reason = reason.ok_or_else(|| Refusal::invalid("close: reason must be a string."))?;
    let length = quote(&reason.len().into());
    Close::new(valid, reason).ok_or_else(|| {
        let limit = " bytes in UTF-8, and at most 123 fit a close frame. Shorten it."; // MAX_REASON
        Refusal::invalid(sentence(&["close: reason has ", &length, limit]))
    })
}

#[wasm_bindgen(module = "/src/facade/error.js")]
extern "C" {
    /// A value as a message quotes it; never the content of an object.
    pub(super) fn quote(value: &JsValue) -> String;
}
