//! What Node's errors say of a connection that failed or was lost.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use crate::http::error_name;
use crate::opening::Loss;
use crate::transport::{as_error, property};

/// The loss that an error of Node's describes. If none of several addresses answered, the code is the first one's.
pub(super) fn loss_of(error: JsValue) -> Loss<JsValue> {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
    let code_of = |error: &JsValue| get(error, "code").and_then(|code| code.as_string());
    let first = || get(&error, "errors").filter(JsValue::is_object).and_then(|errors| code_of(&get(&errors, "0")?));
    let code = code_of(&error).or_else(first).unwrap_or_default();
    let (cause, _) = as_error(error.clone());
    let message = get(&cause, "message").and_then(|message| message.as_string()).unwrap_or_default();
    Loss { code, message, cause: Some(cause) }
}

/// The loss of a socket or a stream. `reset` is the code that a stream was reset with, or 0. A system error says more than that code. If
/// there is none, and the stream's session `is_lost`, Node itself resets the stream.
pub(super) fn loss_of_stream(error: JsValue, reset: u32, is_lost: bool) -> Loss<JsValue> {
    let loss = if error.is_null() || is_after_end(&error) { Loss::ended() } else { loss_of(error) };
    let is_node_own = loss.code.is_empty() || loss.code.starts_with("ERR_HTTP2_");
    match error_name(reset).filter(|name| is_node_own && !(is_lost && *name == "CANCEL")) {
        Some(name) => Loss { code: name.into(), ..loss },
        None => loss,
    }
}

/// Node itself refuses a write behind the peer's end, with the system's code for a reset connection. Nothing was reset.
fn is_after_end(error: &JsValue) -> bool {
    property(error, "code").as_string().as_deref() == Some("EPIPE") && property(error, "errno").is_undefined()
}
