//! Why a connection was lost: Node's error codes and the protocol's faults, as statuses and sentences.

use wasm_bindgen::JsValue;

use super::socket;
use crate::backend::{Evidence, JsHost};
use crate::channel::Ending;
use crate::protocol::{Fault, FaultKind, HttpAnswer};
use crate::status::Status;

/// The peer broke the protocol.
pub(super) fn of_fault(fault: Fault) -> Ending<JsHost> {
    let status = match fault.kind {
        FaultKind::NotHttp => Status::CONNECTION_REFUSED,
        FaultKind::Handshake | FaultKind::Frame => Status::ILLEGAL_VALUE,
        FaultKind::NotUtf8 => Status::CANNOT_CONVERT_DATA,
        FaultKind::TooBig => Status::FILE_TOO_BIG,
        FaultKind::NotDeflated => Status::INVALID_CONTENT_ENCODING,
    };
    let words = JsValue::from_str(&fault.message);
    Ending { status, evidence: Some(Evidence { words, ..Evidence::default() }), ..Ending::default() }
}

/// The server answered with HTTP, and no upgrade.
pub(super) fn of_refusal(answer: HttpAnswer) -> Ending<JsHost> {
    let fields = answer.headers.into_iter().flat_map(|(name, value)| [name, value]).collect();
    let http = socket::http_answer(answer.status, fields, &answer.body);
    Ending {
        status: Status::CONNECTION_REFUSED,
        message: "The server answered without upgrading to WebSocket.",
        evidence: Some(Evidence { http, ..Evidence::default() }),
        ..Ending::default()
    }
}

/// The socket is closed. `reached` is how far it got: `""`, `"tcp"` (TLS was still to come) or `"ready"`; `code` is of
/// the system's error, `cause`, or `""` if there was none.
pub(super) fn of_socket(reached: &str, code: &str, cause: JsValue) -> Ending<JsHost> {
    let (status, message) = match (reached, code) {
        ("tcp", _) => (Status::INADEQUATE_SECURITY, "TLS failed."),
        ("", "ENOTFOUND" | "EAI_AGAIN" | "EAI_NODATA" | "EAI_NONAME" | "EAI_FAIL") => {
            (Status::UNKNOWN_HOST, "The host's name was not found.")
        }
        (_, "ETIMEDOUT") => (Status::NET_TIMEOUT, "The system gave up waiting for the peer."),
        ("", _) => (Status::CONNECTION_REFUSED, "The connection could not be made."),
        (_, "ECONNRESET" | "EPIPE" | "ECONNABORTED") => (Status::NET_RESET, "The connection was reset."),
        (_, "") => (Status::OK, "The peer ended the connection without a close frame."),
        _ => (Status::NET_RESET, "The connection was lost."),
    };
    let evidence = Some(Evidence { cause, ..Evidence::default() });
    Ending { status, message, evidence, ..Ending::default() }
}
