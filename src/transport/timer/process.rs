//! Timers and Node's process, which ends once nothing keeps it alive.

use core::cell::Cell;

use wasm_bindgen::prelude::*;

use super::{Id, Running, Timer};

#[wasm_bindgen]
extern "C" {
    // Where a page's setTimeout has taken the place of Node's, a timer is a number, without these methods.
    #[wasm_bindgen(method, catch, js_name = ref)]
    fn keep(this: &Id) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn unref(this: &Id) -> Result<(), JsValue>;
}

/// Whether a timer lets the process end.
#[derive(Default)]
pub(super) struct Process {
    is_unref: Cell<bool>,
}

impl Process {
    /// The host has a new timer.
    pub(super) fn handle_set(&self, id: &Id) {
        if self.is_unref.get() {
            let _ = id.unref();
        }
    }
}

impl Timer {
    /// Sets whether the timer keeps the process alive, from now on.
    pub(crate) fn set_ref(&self, is_ref: bool) {
        self.process.is_unref.set(!is_ref);
        let id = self.running.borrow().as_ref().map(|Running { id, .. }| id.clone());
        if let Some(id) = id {
            let _ = if is_ref { id.keep() } else { id.unref() };
        }
    }

    /// Whether the timer keeps the process alive.
    pub(crate) fn is_ref(&self) -> bool {
        !self.process.is_unref.get()
    }
}
