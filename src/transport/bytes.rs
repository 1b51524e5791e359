//! The bytes of a value from JavaScript, whatever a subclass or a proxy claims about itself.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// The bytes of a value, if it has any.
pub(crate) enum Bytes {
    /// An `ArrayBuffer` or a view of one: a plain `Uint8Array` over the same memory, or over a copy if the memory is shared or may be resized.
    Plain(Uint8Array),
    /// Its buffer was transferred, or has shrunk.
    Detached,
    /// Something else.
    None,
}

/// The bytes of `value`.
pub(crate) fn of(value: &JsValue) -> Bytes {
    let bytes = bytes_of(value);
    match bytes.dyn_into::<Uint8Array>() {
        Ok(bytes) => Bytes::Plain(bytes),
        Err(other) if other.is_null() => Bytes::Detached,
        Err(_) => Bytes::None,
    }
}

#[wasm_bindgen(module = "/src/transport/bytes.js")]
extern "C" {
    #[wasm_bindgen(js_name = bytesOf)]
    fn bytes_of(value: &JsValue) -> JsValue;
}
