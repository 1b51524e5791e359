//! Why a connection was lost: Node's errors and the protocol's faults, as statuses and sentences.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::opening::Opening;
use super::socket::Url;
use crate::backend::{Evidence, JsHost};
use crate::channel::Ending;
use crate::protocol::{Fault, FaultKind};
use crate::status::Status;

/// The peer broke the protocol.
#[cold]
pub(super) fn of_fault(opening: &Opening, fault: Fault) -> Ending<JsHost> {
    let status = match fault.kind {
        FaultKind::NotHttp => Status::CONNECTION_REFUSED,
        FaultKind::Handshake | FaultKind::Frame => Status::ILLEGAL_VALUE,
        FaultKind::NotUtf8 => Status::CANNOT_CONVERT_DATA,
        FaultKind::TooBig => Status::FILE_TOO_BIG,
        FaultKind::NotDeflated => Status::INVALID_CONTENT_ENCODING,
    };
    let words = match fault.kind.close_code() {
        Some(_) => JsValue::from_str(&fault.message),
        None => explain_fault(&opening.url(), &fault.message),
    };
    Ending { status, evidence: Some(Evidence { words, ..Evidence::default() }), ..Ending::default() }
}

/// The socket is closed, because of `cause` if that is no null. `reached` is how far it got, as `socket.js` says it.
#[cold]
pub(super) fn of_socket(opening: &Opening, reached: &str, cause: JsValue) -> Ending<JsHost> {
    let explained = explain_loss(opening, reached, &cause);
    let status = match explained.get(0).as_string().as_deref() {
        Some("tls") => Status::INADEQUATE_SECURITY,
        Some("name") => Status::UNKNOWN_HOST,
        Some("proxy") => Status::PROXY_CONNECTION_REFUSED,
        Some("proxyName") => Status::UNKNOWN_PROXY_HOST,
        Some("timeout") => Status::NET_TIMEOUT,
        Some("refused") => Status::CONNECTION_REFUSED,
        Some("ended") => Status::OK, // the channel knows what that means
        _ => Status::NET_RESET,
    };
    let evidence = Some(Evidence { cause, words: explained.get(1), ..Evidence::default() });
    Ending { status, evidence, ..Ending::default() }
}

#[wasm_bindgen(module = "/src/backend/node/explain.js")]
extern "C" {
    /// What kind of loss, and the words for it.
    #[wasm_bindgen(js_name = explainLoss)]
    fn explain_loss(opening: &Opening, reached: &str, cause: &JsValue) -> Array;
    #[wasm_bindgen(js_name = explainFault)]
    fn explain_fault(url: &Url, words: &str) -> JsValue;
}
