//! The URI argument: parsed by the host's own `URL`, then held to the rules of the page.

use wasm_bindgen::JsValue;

use crate::backend::{Refusal, Url};
use crate::status::Status;

/// Reads a string or a `URL`: ws and wss, or http and https taken as those; absolute; no fragment (RFC 6455 §3).
pub(super) fn parse(uri: &JsValue) -> Result<Url, Refusal> {
    let malformed = |message| Refusal::new(Status::MALFORMED_URI, message);
    let url = Url::new(uri).map_err(|cause| Refusal { cause, ..malformed("The URI is not an absolute URI.") })?;
    match url.protocol().as_str() {
        "ws:" | "wss:" => {}
        "http:" => url.set_protocol("ws:"),
        "https:" => url.set_protocol("wss:"),
        _ => return Err(malformed("The URI's scheme is none of ws, wss, http and https.")),
    }
    if url.href().contains('#') {
        return Err(malformed("The URI has a fragment (#…), which a WebSocket URI must not have."));
    }
    Ok(url)
}
