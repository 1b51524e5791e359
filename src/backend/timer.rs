//! One timer of the host.

use core::cell::RefCell;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, ms: u32) -> Id;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &Id);

    /// A number in a browser, in Node an object.
    type Id;
}

#[cfg(feature = "node")]
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, js_name = ref)]
    fn keep(this: &Id);
    #[wasm_bindgen(method)]
    fn unref(this: &Id);
}

/// A timer that can be set again and again; dropping it clears it.
#[derive(Default)]
pub(crate) struct Timer {
    running: RefCell<Option<Running>>,
    /// It does not keep the process alive.
    #[cfg(feature = "node")]
    is_unref: core::cell::Cell<bool>,
}

struct Running {
    id: Id,
    /// Kept alive for the host to call.
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `task` once after `ms`, in place of whatever was due. What it holds is freed when the timer is set again,
    /// cleared or dropped.
    pub(crate) fn set(&self, ms: u32, task: impl FnMut() + 'static) {
        let callback = Closure::new(task);
        let id = set_timeout(&callback, ms);
        #[cfg(feature = "node")]
        if self.is_unref.get() {
            id.unref();
        }
        self.running.replace(Some(Running { id, _callback: callback }));
    }

    /// Whether it keeps the process alive, from now on.
    #[cfg(feature = "node")]
    pub(crate) fn keep_alive(&self, keep: bool) {
        self.is_unref.set(!keep);
        if let Some(Running { id, .. }) = self.running.borrow().as_ref() {
            if keep { id.keep() } else { id.unref() }
        }
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
