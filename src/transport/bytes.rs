//! The bytes of a value from JavaScript, whatever a subclass or a proxy claims about itself.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// The bytes of a value, if it has any.
pub(crate) enum Bytes {
    /// An `ArrayBuffer` or a view of one: a plain `Uint8Array` over the same memory, or over a copy if the memory is shared or may be resized.
    Plain(Uint8Array),
    /// Its buffer was transferred, or has shrunk.
    Detached,
    /// It has 4 GiB or more, which wasm cannot count.
    TooLong,
    /// Something else.
    None,
}

/// The bytes of `value`.
pub(crate) fn of(value: &JsValue) -> Bytes {
    let bytes = bytes_of(value);
    match bytes.dyn_into::<Uint8Array>() {
        Ok(bytes) if bytes.unchecked_ref::<Counted>().byte_length() > f64::from(u32::MAX) => Bytes::TooLong,
        Ok(bytes) => Bytes::Plain(bytes),
        Err(other) if other.is_null() => Bytes::Detached,
        Err(_) => Bytes::None,
    }
}

#[wasm_bindgen]
extern "C" {
    // js-sys counts with 32 bits.
    #[wasm_bindgen(js_name = Uint8Array)]
    type Counted;
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn byte_length(this: &Counted) -> f64;
}

#[wasm_bindgen(module = "/src/transport/value.js")]
extern "C" {
    #[wasm_bindgen(js_name = bytesOf)]
    fn bytes_of(value: &JsValue) -> JsValue;
}
