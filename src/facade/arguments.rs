//! The arguments of the methods, and how error messages quote values.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use js_sys::{JsString, Reflect, Symbol};
use wasm_bindgen::prelude::*;

use super::host;
use crate::close::{Close, CloseCode, MAX_REASON, NOT_SENDABLE};
use crate::grammar::is_token;
use crate::status::Status;
use crate::transport::{
    ByteStream, Bytes, ChannelError, Payload, PayloadKind, bytes_of, function, parse_url, property, sentence,
};
use crate::uri::{Uri, UriError};

/// Parses `uri`: ws or wss (http and https count as those), without a fragment (RFC 6455 §3). A relative one is resolved against `base`.
pub(super) fn parse_uri(uri: &JsValue, base: &JsValue) -> Result<Uri, ChannelError> {
    let malformed = |message: String| ChannelError::new(Status::MALFORMED_URI, message);
    // The URL parser makes anything a string, and in a page any string is a relative URI.
    if !uri.is_string() && !Reflect::has(uri, &"href".into()).unwrap_or_default() {
        return Err(malformed(sentence(&["asyncOpen: uri must be a string or a URL, not ", &quote(uri), "."])));
    }
    let parsed = parse_url(uri, base).map_err(|cause| {
        let advice =
            if base.is_undefined() { "Pass an absolute URI, such as wss://example.org/chat." } else { "Correct it." };
        let error = malformed(sentence(&["asyncOpen: ", &quote_uri(uri), " is not a URI. ", advice]));
        // Node's error contains the whole URI.
        if has_user(uri) { error } else { error.because(cause) }
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
pub(super) fn parse_protocols(list: &str) -> Result<Vec<String>, ChannelError> {
    let mut protocols: Vec<String> = Vec::new();
    if list.trim_ascii().is_empty() {
        return Ok(protocols);
    }
    // An array, because the search for a char costs a page half a kilobyte.
    for item in list.split([',']).map(str::trim_ascii) {
        let problem = if !is_token(item) {
            " is not a token (RFC 6455 §4.1). Use letters, digits and !#$%&'*+-.^_`|~ in a comma-separated list."
        } else if protocols.iter().any(|other| other == item) {
            " appears twice. Name each subprotocol once."
        } else {
            protocols.push(item.to_string());
            continue;
        };
        return Err(ChannelError::invalid(sentence(&["protocol: ", &quote(&item.into()), problem])));
    }
    Ok(protocols)
}

/// Fails unless `listener` is an object or a function, and each method that it has is a function.
pub(super) fn check_listener(method: &str, listener: &JsValue) -> Result<(), ChannelError> {
    if !listener.is_object() && !listener.is_function() {
        let advice = ": listener must be an object. Pass one with the methods that you need.";
        return Err(ChannelError::invalid(sentence(&[method, advice])));
    }
    match wrong_method(listener, METHODS) {
        Some(name) => {
            Err(ChannelError::invalid(sentence(&[method, ": the listener's ", name, " must be a function."])))
        }
        None => Ok(()),
    }
}

/// The first of these methods that is neither a function nor missing.
pub(super) fn wrong_method(object: &JsValue, names: &[&'static str]) -> Option<&'static str> {
    let is_method = |value: JsValue| value.is_undefined() || value.is_null() || value.is_function();
    names.iter().find(|name| !is_method(property(object, name))).copied()
}

/// The origin to send; `None` for none.
pub(super) fn parse_origin(origin: &JsValue) -> Result<Option<String>, ChannelError> {
    if origin.is_null() || origin.is_undefined() {
        return Ok(None);
    }
    let Some(origin) = origin.as_string() else {
        let message = sentence(&[
            "asyncOpen: origin must be a string or null, not ",
            &quote(origin),
            ". Pass null to send none.",
        ]);
        return Err(ChannelError::invalid(message));
    };
    if origin.is_empty() {
        return Ok(None);
    }
    host::check_origin(&origin)?;
    Ok(Some(origin))
}

/// The bytes of an argument. `advice` is what to do if it has none.
pub(super) fn parse_bytes(value: &JsValue, method: &str, advice: &str) -> Result<js_sys::Uint8Array, ChannelError> {
    let invalid = |parts: &[&str]| Err(ChannelError::invalid(sentence(parts)));
    match bytes_of(value) {
        Bytes::Plain(bytes) => Ok(bytes),
        Bytes::Detached => {
            let problem = ": the buffer is detached or too short for its view, because it was transferred or resized. Pass the bytes before that.";
            invalid(&[method, problem])
        }
        Bytes::TooLong => invalid(&[method, ": the data has 4 GiB or more. Pass it in parts."]),
        Bytes::None => {
            invalid(&[method, ": ", &quote(value), " is neither an ArrayBuffer nor a view of one. ", advice])
        }
    }
}

/// The payload of a message: a string, or bytes.
pub(super) fn parse_payload(payload: &JsValue, kind: PayloadKind) -> Result<Payload, ChannelError> {
    match kind {
        PayloadKind::Text if payload.is_string() => Ok(Payload::Text(payload.clone())),
        PayloadKind::Text => Err(not_text(payload)),
        PayloadKind::Binary => {
            parse_bytes(payload, "sendBinaryMsg", "Pass one of these; send text with sendMsg.").map(Payload::Binary)
        }
    }
}

#[cold]
fn not_text(value: &JsValue) -> ChannelError {
    ChannelError::invalid(sentence(&[
        "sendMsg: ",
        &quote(value),
        " is not a string. Send an object with JSON.stringify, bytes with sendBinaryMsg.",
    ]))
}

/// `sendBinaryStream`'s arguments.
pub(super) fn parse_stream(stream: &JsValue, length: &JsValue) -> Result<ByteStream, ChannelError> {
    let invalid = |message: &'static str| ChannelError::invalid(message);
    let mut length = length.clone();
    let mut source = stream.clone();
    if let (Some(make), Some(size)) = (function(stream, "stream"), blob_size(stream)) {
        if length.is_undefined() {
            length = size.into();
        }
        if length.as_f64() != Some(size) {
            let (length, size) = (quote(&length), quote(&size.into()));
            let advice = " bytes. Leave length out for a Blob.";
            return Err(ChannelError::invalid(sentence(&[
                "sendBinaryStream: length is ",
                &length,
                ", but the Blob has ",
                &size,
                advice,
            ])));
        }
        source = make.call0(stream).map_err(|cause| {
            invalid("sendBinaryStream: the Blob cannot be read. See the error's cause.").because(cause)
        })?;
    }
    let has_iterator = Reflect::get(&source, &Symbol::async_iterator()).is_ok_and(|iterator| iterator.is_function());
    if function(&source, "getReader").is_none() && !has_iterator {
        let message =
            "sendBinaryStream: stream must be a ReadableStream, a Readable, a Blob or an async iterable of bytes.";
        return Err(invalid(message));
    }
    let locked = Reflect::get(&source, &"locked".into());
    let locked = locked.map_err(|cause| {
        invalid("sendBinaryStream: the stream cannot be read. See the error's cause.").because(cause)
    })?;
    if locked.is_truthy() {
        return Err(invalid(
            "sendBinaryStream: the stream is locked, because another reader has it. Release that reader first.",
        ));
    }
    let Some(size) = whole_bytes(&length) else {
        let message = "sendBinaryStream: length must be the whole number of bytes that the stream has, not ";
        return Err(ChannelError::invalid(sentence(&[message, &quote(&length), "."])));
    };
    Ok(ByteStream::new(source, size))
}

/// A whole number of bytes that JavaScript can count.
fn whole_bytes(value: &JsValue) -> Option<u64> {
    let number = value.as_f64()?;
    let whole = number as u64; // saturates, and turns NaN into 0
    (whole as f64 == number && whole <= MAX_SAFE_INTEGER).then_some(whole)
}

/// A Blob's size. No other stream has a `size` and a method `arrayBuffer`.
fn blob_size(value: &JsValue) -> Option<f64> {
    function(value, "arrayBuffer")?;
    property(value, "size").as_f64()
}

/// `close`'s arguments; undefined means 1000 and "".
pub(super) fn parse_close(code: &JsValue, reason: &JsValue) -> Result<Close, ChannelError> {
    let number = if code.is_undefined() { Some(1000.0) } else { code.as_f64() };
    let valid = number
        .filter(|number| f64::from(*number as u16) == *number) // `as` saturates, and turns NaN into 0
        .and_then(|number| CloseCode::for_close(number as u16));
    let Some(valid) = valid else {
        return Err(ChannelError::invalid(sentence(&["close: ", &quote(code), NOT_SENDABLE])));
    };
    let too_long = || ChannelError::invalid("close: reason has more than 123 bytes in UTF-8. Shorten it.");
    let reason = match text_length(reason) {
        Some(length) if length > MAX_REASON => return Err(too_long()), // do not copy it
        _ if reason.is_undefined() => String::new(),
        _ => reason.as_string().ok_or_else(|| {
            ChannelError::invalid(sentence(&["close: reason must be a string, not ", &quote(reason), ". Pass text."]))
        })?,
    };
    Close::new(valid, reason).ok_or_else(too_long)
}

/// The listener's methods, each of which may be missing.
const METHODS: &[&str] =
    &["onStart", "onMessageAvailable", "onBinaryMessageAvailable", "onAcknowledge", "onServerClose", "onStop"];

/// A string's length in UTF-16 units, each of which has at least one byte in UTF-8.
pub(super) fn text_length(value: &JsValue) -> Option<usize> {
    value.dyn_ref::<JsString>().map(|text| text.length() as usize)
}

/// Number.MAX_SAFE_INTEGER
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

#[wasm_bindgen(module = "/src/facade/error.js")]
extern "C" {
    /// A value as a message quotes it; never the content of an object.
    pub(super) fn quote(value: &JsValue) -> String;
}
