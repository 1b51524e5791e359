//! The user's listener, as `listener.js` calls it. None of these calls ever throws.

use alloc::boxed::Box;

use wasm_bindgen::prelude::*;

use super::{Evidence, JsHost, js_name};
use crate::channel::{self, ClosedBy, Stop, TimedOut};
use crate::close::{ABNORMAL, Close};

#[wasm_bindgen(module = "/src/transport/listener.js")]
extern "C" {
    /// Wraps the result of a user's function in a promise of our own. Calls none of the result's methods now.
    pub(crate) fn settled(value: &JsValue) -> js_sys::Promise;

    /// A listener with its context.
    #[wasm_bindgen(js_name = Listener)]
    pub(crate) type Trampoline;

    #[wasm_bindgen(constructor, js_class = "Listener")]
    pub(crate) fn new(listener: &JsValue, context: &JsValue) -> Trampoline;

    #[wasm_bindgen(method)]
    fn start(this: &Trampoline);
    #[wasm_bindgen(method)]
    pub(super) fn text(this: &Trampoline, text: &JsValue);
    #[wasm_bindgen(method)]
    pub(super) fn binary(this: &Trampoline, bytes: &JsValue);
    #[wasm_bindgen(method)]
    fn acknowledges(this: &Trampoline) -> bool;
    #[wasm_bindgen(method)]
    fn acknowledge(this: &Trampoline, size: f64);
    #[wasm_bindgen(method, js_name = serverClose)]
    fn server_close(this: &Trampoline, code: u16, reason: &str);
    #[wasm_bindgen(method)]
    #[allow(clippy::too_many_arguments)] // onStop's detail, in its order
    fn stop(
        this: &Trampoline,
        status: u32,
        name: &JsValue,
        message: &str,
        was_clean: bool,
        code: u16,
        reason: &str,
        closed_by: &JsValue,
        http: &JsValue,
        cause: &JsValue,
        timeout: &JsValue,
    );

    /// Reports an error the way the host reports uncaught ones.
    pub(crate) fn report(error: &JsValue);
}

/// Called right before `onStop`, with the same content.
pub(crate) type OnStop = Box<dyn Fn(&Stop<JsHost>)>;

/// The listener of one channel.
pub(crate) struct Listener {
    /// Where transports deliver messages.
    pub(super) trampoline: Trampoline,
    /// Called right before `onStop`.
    on_stop: OnStop,
}

impl Listener {
    /// `on_stop` is called right before `onStop`, after everything that the connection needed has been released.
    pub(crate) fn new(trampoline: Trampoline, on_stop: OnStop) -> Self {
        Self { trampoline, on_stop }
    }
}

impl channel::Listener<JsHost> for Listener {
    fn start(&self) {
        self.trampoline.start();
    }

    fn acknowledges(&self) -> bool {
        self.trampoline.acknowledges()
    }

    fn acknowledge(&self, size: u64) {
        self.trampoline.acknowledge(size as f64);
    }

    fn server_close(&self, close: &Close) {
        self.trampoline.server_close(close.reported_code(), close.reason());
    }

    fn stop(&self, stop: Stop<JsHost>) {
        (self.on_stop)(&stop);
        let closed_by = stop.closed_by.map(|by| match by {
            ClosedBy::Local => "local",
            ClosedBy::Remote => "remote",
        });
        let timeout = stop.timed_out.map(|timeout| match timeout {
            TimedOut::Open => "open",
            TimedOut::Close => "close",
            TimedOut::Ping => "ping",
        });
        let close = stop.peer_close.as_ref();
        let code = close.map_or(ABNORMAL, Close::reported_code);
        let reason = close.map_or("", Close::reason);
        let (name, closed_by, timeout) = (or_null(stop.status.name()), or_null(closed_by), or_null(timeout));
        let Evidence { http, cause } = stop.evidence.unwrap_or_default();
        self.trampoline.stop(
            stop.status.0,
            &name,
            &stop.message,
            stop.was_clean,
            code,
            reason,
            &closed_by,
            &http,
            &cause,
            &timeout,
        );
    }
}

fn or_null(name: Option<&'static str>) -> JsValue {
    name.map_or(JsValue::NULL, js_name)
}
