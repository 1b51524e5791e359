//! What a method throws, as JavaScript catches it.

use alloc::borrow::Cow;

use wasm_bindgen::prelude::*;

use crate::status::Status;
use crate::transport::{ChannelError, Reason, sentence};

#[wasm_bindgen(module = "/src/facade/error.js")]
extern "C" {
    #[wasm_bindgen(js_name = ChannelError)]
    type JsChannelError;
    #[wasm_bindgen(constructor, js_class = "ChannelError")]
    fn new(name: &str, result: u32, message: &str, cause: &JsValue) -> JsChannelError;
}

impl From<ChannelError> for JsValue {
    fn from(error: ChannelError) -> Self {
        let Reason { status, name, message, cause } = *error.0;
        JsChannelError::new(name, status.0, &message, &cause).into()
    }
}

/// A call before asyncOpen.
#[cold]
pub(super) fn not_connected(method: &str) -> ChannelError {
    ChannelError::new(
        Status::NOT_CONNECTED,
        sentence(&[method, ": this channel is not open yet. Call asyncOpen first."]),
    )
}

/// Something that can be done only before asyncOpen.
#[cold]
pub(super) fn already_opened(message: impl Into<Cow<'static, str>>) -> ChannelError {
    ChannelError::new(Status::ALREADY_OPENED, message)
}
