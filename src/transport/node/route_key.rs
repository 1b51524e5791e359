//! Which HTTP/2 sessions are interchangeable.

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::opening::Proxy;
use crate::transport::{Bytes, bytes_of, is_array};

/// How a server is reached. Sessions with equal keys are interchangeable.
pub(super) struct RouteKey {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) proxy: Option<Proxy>,
    /// The options `tls` and `socket`, by their own keys.
    pub(super) tls: Object,
    pub(super) socket: Object,
}

impl PartialEq for RouteKey {
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host
            && self.port == other.port
            && self.proxy == other.proxy
            && has_same_values(&self.tls, &other.tls)
            && has_same_values(&self.socket, &other.socket)
    }
}

fn has_same_values(one: &Object, other: &Object) -> bool {
    let keys = Object::keys(one);
    let is_same = |key: JsValue| match (Reflect::get(one, &key), Reflect::get(other, &key)) {
        (Ok(one), Ok(other)) => is_same_value(&one, &other),
        _ => false,
    };
    keys.length() == Object::keys(other).length() && keys.iter().all(is_same)
}

/// Whether two values are the same. Bytes, and arrays of them, are compared by content, because a certificate may have been read anew for each channel.
fn is_same_value(one: &JsValue, other: &JsValue) -> bool {
    match (items(one), items(other)) {
        (Some(one), Some(other)) => {
            one.length() == other.length()
                && one.iter().zip(other.iter()).all(|(one, other)| is_same_item(&one, &other))
        }
        _ => is_same_item(one, other),
    }
}

fn is_same_item(one: &JsValue, other: &JsValue) -> bool {
    match (bytes_of(one), bytes_of(other)) {
        (Bytes::Plain(one), Bytes::Plain(other)) => compare(&one, &other) == 0,
        _ => Object::is(one, other),
    }
}

/// A copy of an array. `None` if it is none, or if reading it throws, as a Proxy may.
fn items(value: &JsValue) -> Option<Array> {
    if is_array(value) { copy_of(value).ok() } else { None }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn copy_of(array: &JsValue) -> Result<Array, JsValue>;
    /// 0 for equal bytes. They stay in the host's memory.
    #[wasm_bindgen(js_namespace = Buffer)]
    fn compare(one: &Uint8Array, other: &Uint8Array) -> i32;
}
