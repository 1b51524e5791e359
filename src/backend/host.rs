//! What both hosts have in common: timers, microtasks, URLs.

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &JsValue);

    /// The host's `URL`.
    #[wasm_bindgen(js_name = URL)]
    #[derive(Clone)]
    pub(crate) type Url;

    #[wasm_bindgen(constructor, catch, js_class = "URL")]
    pub(crate) fn new(uri: &JsValue) -> Result<Url, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn href(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn protocol(this: &Url) -> String;
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_protocol(this: &Url, protocol: &str);
}

/// Calls `task` when the JavaScript that runs now has returned.
pub(crate) fn soon(task: impl FnOnce() + 'static) {
    queue_microtask(&Closure::once_into_js(task));
}

/// One timer that can be set again and again; dropping it clears it.
#[derive(Default)]
pub(crate) struct Timer {
    running: Rc<RefCell<Option<Running>>>,
}

struct Running {
    id: JsValue,
    /// Kept alive for the host to call.
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `task` after `ms`, in place of whatever was due.
    pub(crate) fn set(&self, ms: u32, task: impl FnOnce() + 'static) {
        let running = Rc::downgrade(&self.running);
        let callback = Closure::once(move || {
            let finished = running.upgrade().and_then(|running| running.borrow_mut().take());
            task();
            drop(finished);
        });
        let id = set_timeout(&callback, ms);
        *self.running.borrow_mut() = Some(Running { id, _callback: callback });
    }

    /// Nothing is due any more.
    pub(crate) fn clear(&self) {
        self.running.borrow_mut().take();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}
