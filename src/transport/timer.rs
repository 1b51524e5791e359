//! One timer of the host.

#[cfg(not(feature = "node"))]
mod page;
#[cfg(feature = "node")]
mod process;

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[cfg(not(feature = "node"))]
use self::page::Process;
#[cfg(feature = "node")]
use self::process::Process;
use super::global_property;
use crate::channel;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, ms: u32) -> Id;
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &JsValue);

    /// A number in a browser, in Node an object.
    #[derive(Clone)]
    type Id;
}

/// The longest delay of `setTimeout`, in milliseconds.
pub(crate) const MAX_DELAY_MS: u32 = 0x7FFF_FFFF;

/// Calls `task` once, after the current code has ended.
pub(crate) fn microtask(task: Box<dyn FnOnce()>) {
    queue_microtask(&Closure::once(task).into_js_value()); // the closure is freed after the call
}

/// Calls `callback` after other events have had a turn.
pub(crate) fn macrotask(callback: &JsValue) {
    set_timeout(callback, 0);
}

/// A timer that can be set again and again; dropping it clears it.
#[derive(Default)]
pub(crate) struct Timer {
    running: Rc<RefCell<Option<Running>>>,
    process: Process,
}

struct Running {
    id: Id,
    /// The `clearTimeout` of that time. A test may put other clocks in their places meanwhile, which do not know this timer.
    clear: Function,
    /// Kept alive for the host to call.
    _callback: Closure<dyn FnMut()>,
}

impl channel::Timer for Timer {
    fn set(&self, ms: u32, task: impl FnOnce() + 'static) {
        let running = self.running.clone();
        let callback: Box<dyn FnOnce()> = Box::new(move || {
            // This timer is over, and the task may set another. The closure that runs here must not be freed before the task returns.
            let over = running.take();
            task();
            drop(over);
        });
        let callback = Closure::once(callback);
        let id = set_timeout(callback.as_ref(), ms);
        let clear = global_property("clearTimeout").unchecked_into();
        self.process.handle_set(&id);
        let before = self.running.replace(Some(Running { id, clear, _callback: callback }));
        drop(before);
    }

    fn clear(&self) {
        let running = self.running.take();
        drop(running);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.running.take();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.clear.call1(&JsValue::UNDEFINED, &self.id); // clearTimeout does not throw
    }
}
