//! One timer of the host.

use core::cell::RefCell;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// A timer that can be set again and again; dropping it clears it.
#[derive(Default)]
pub(crate) struct Timer {
    running: RefCell<Option<Running>>,
}

struct Running {
    id: JsValue,
    /// Kept alive for the host to call.
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `task` once after `ms`, in place of whatever was due. What it holds is freed when the timer is set again,
    /// cleared or dropped.
    pub(crate) fn set(&self, ms: u32, task: impl FnMut() + 'static) {
        let callback = Closure::new(task);
        let id = set_timeout(&callback, ms);
        self.running.replace(Some(Running { id, _callback: callback }));
    }

    /// Nothing is due any more.
    pub(crate) fn clear(&self) {
        self.running.take();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}
