//! Refusals, as JavaScript catches them.

use wasm_bindgen::prelude::*;

use crate::backend::Refusal;

#[wasm_bindgen(module = "/src/bindings/error.js")]
extern "C" {
    fn refused(result: u32, message: &str, cause: &JsValue) -> JsValue;
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        refused(refusal.status.0, refusal.message, &refusal.cause)
    }
}
