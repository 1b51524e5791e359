//! Node's own URL parser (WHATWG URL).

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
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn username(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn password(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn port(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn pathname(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn search(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn hash(this: &Url) -> String;
}

/// Parses `url`, a string or something that converts to one. A relative URL is resolved against `base`; undefined means no base.
/// `Err` is the host's TypeError, or what the conversion threw.
pub(crate) fn parse_url(url: &JsValue, base: &JsValue) -> Result<Uri, JsValue> {
    let url = Url::new(url, base)?;
    Ok(Uri {
        href: url.href(),
        scheme: url.protocol().trim_end_matches(':').into(),
        username: url.username(),
        password: url.password(),
        hostname: url.hostname(),
        port: url.port().parse().ok(),
        pathname: url.pathname(),
        search: url.search(),
        hash: url.hash(),
    })
}
