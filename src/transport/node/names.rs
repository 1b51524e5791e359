//! The names that Rust uses, as JavaScript strings, and objects with such names.

use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

thread_local! {
    /// The key is the text's address and length: a text of the program does not move, and comparing two numbers is faster than hashing a text, as
    /// wasm-bindgen's `intern` does.
    static NAMES: RefCell<BTreeMap<(usize, usize), JsValue>> = const { RefCell::new(BTreeMap::new()) };
}

/// A name as a JavaScript string, which is made once.
pub(crate) fn js_name(name: &'static str) -> JsValue {
    let key = (name.as_ptr().addr(), name.len());
    NAMES.with_borrow_mut(|names| names.entry(key).or_insert_with(|| JsValue::from_str(name)).clone())
}

/// A plain object with these properties.
pub(super) fn object<const N: usize>(properties: [(&'static str, JsValue); N]) -> Object {
    let object = Object::new();
    for (name, value) in properties {
        let _ = Reflect::set(&object, &js_name(name), &value); // cannot fail on a plain object
    }
    object
}
