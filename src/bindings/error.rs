//! Refusals, as JavaScript catches them.

use wasm_bindgen::prelude::*;

use crate::backend::Refusal;

#[wasm_bindgen(module = "/src/bindings/error.js")]
extern "C" {
    type ChannelError;

    #[wasm_bindgen(constructor)]
    fn new(name: &str, result: u32, message: &str, cause: &JsValue) -> ChannelError;
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        ChannelError::new(refusal.status.name(), refusal.status.0, &refusal.message, &refusal.cause).into()
    }
}
