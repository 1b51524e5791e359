//! The host's own URL parser (WHATWG URL).

use alloc::string::String;

use wasm_bindgen::prelude::*;

use crate::uri::Uri;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = URL)]
    type Url;
    #[wasm_bindgen(constructor, js_class = "URL", catch)]
    fn new(url: &JsValue, base: &JsValue) -> Result<Url, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn href(this: &Url) -> String;
}

/// Parses `url`, a string or something that converts to one. A relative URL is resolved against `base`; undefined means no base.
/// `Err` is the host's TypeError, or what the conversion threw.
pub(crate) fn parse_url(url: &JsValue, base: &JsValue) -> Result<Uri, JsValue> {
    Ok(Uri::new(Url::new(url, base)?.href()))
}
