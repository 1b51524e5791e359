//! Scripts that a page evaluates instead of importing them.
//!
//! The server of wasm-bindgen's test runner (0.2.129) guarantees only four connections at a time. A browser opens one for each
//! module that it imports at once, up to six, and keeps them, so a fifth may wait forever. The crate's own scripts are four modules.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Runs a script and returns the value of its last statement.
pub(crate) fn run(source: &str) -> JsValue {
    js_sys::eval(source).expect("a script that runs")
}

/// `new class(...arguments)`
pub(crate) fn construct<T: JsCast>(class: &Function, arguments: &Array) -> Result<T, JsValue> {
    Reflect::construct(class, arguments).map(JsCast::unchecked_into)
}
