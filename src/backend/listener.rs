//! The user's listener, as `listener.js` calls it. None of these calls ever throws.

use wasm_bindgen::prelude::*;

use super::Evidence;
use crate::channel::{ClosedBy, Stop, TimedOut};
use crate::close::{ABNORMAL, Close};

#[wasm_bindgen(module = "/src/backend/listener.js")]
extern "C" {
    /// Made by the bindings, from the arguments of `asyncOpen`.
    pub type Listener;

    /// `stopped` is a function that is called right before `onStop`, or undefined.
    #[wasm_bindgen(constructor)]
    pub fn new(listener: &JsValue, context: &JsValue, stopped: &JsValue) -> Listener;

    #[wasm_bindgen(method)]
    pub(super) fn start(this: &Listener);
    #[wasm_bindgen(method)]
    pub(super) fn text(this: &Listener, text: &JsValue);
    #[wasm_bindgen(method)]
    pub(super) fn binary(this: &Listener, bytes: &JsValue);
    /// Whether it has `onAcknowledge`.
    #[wasm_bindgen(method)]
    pub(super) fn acknowledges(this: &Listener) -> bool;
    #[wasm_bindgen(method)]
    pub(super) fn acknowledge(this: &Listener, size: f64);
    #[wasm_bindgen(method, js_name = serverClose)]
    pub(super) fn server_close(this: &Listener, code: u16, reason: &str);
    #[wasm_bindgen(method, js_name = stop)]
    #[allow(clippy::too_many_arguments)] // one for each property of the detail
    fn call_stop(
        this: &Listener,
        status: u32,
        message: &str,
        was_clean: bool,
        code: u16,
        reason: &str,
        closed_by: &JsValue,
        timeout: &JsValue,
        http: &JsValue,
        cause: &JsValue,
        words: &JsValue,
    );
}

impl Listener {
    pub(super) fn stop(&self, stop: Stop<super::JsHost>) {
        let or_null = |name: Option<&str>| name.map_or(JsValue::NULL, JsValue::from_str);
        let closed_by = stop.closed_by.map(|by| match by {
            ClosedBy::Local => "local",
            ClosedBy::Remote => "remote",
        });
        let timeout = stop.timed_out.map(|timeout| match timeout {
            TimedOut::Open => "open",
            TimedOut::Close => "close",
            TimedOut::Ping => "ping",
        });
        let Evidence { http, cause, words } = stop.evidence.unwrap_or_default();
        self.call_stop(
            stop.status.0,
            stop.message,
            stop.was_clean,
            stop.peer_close.as_ref().map_or(ABNORMAL, Close::reported_code),
            stop.peer_close.as_ref().map_or("", Close::reason),
            &or_null(closed_by),
            &or_null(timeout),
            &http,
            &cause,
            &words,
        );
    }
}
