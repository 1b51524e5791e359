//! Refusals, as JavaScript catches them.

use alloc::borrow::Cow;

use wasm_bindgen::prelude::*;

use crate::status::Status;
use crate::transport::{Reason, Refusal, sentence};

#[wasm_bindgen(module = "/src/facade/error.js")]
extern "C" {
    type ChannelError;
    #[wasm_bindgen(constructor)]
    fn new(name: &str, result: u32, message: &str, cause: &JsValue) -> ChannelError;
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        let Reason { status, name, message, cause } = *refusal.0;
        ChannelError::new(name, status.0, &message, &cause).into()
    }
}

/// A call before asyncOpen.
#[cold]
pub(super) fn not_connected(method: &str) -> Refusal {
    Refusal::new(Status::NOT_CONNECTED, sentence(&[method, ": this channel is not open yet. Call asyncOpen first."]))
}

/// Something that can be done only before asyncOpen.
#[cold]
pub(super) fn already_opened(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(Status::ALREADY_OPENED, message)
}

/// What this host cannot do.
#[cold]
#[cfg_attr(feature = "node", allow(dead_code))]
pub(super) fn not_implemented(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(Status::NOT_IMPLEMENTED, message)
}
