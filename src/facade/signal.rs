//! The option `signal`: aborting it cancels the channel as a load group does.

use alloc::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::channel::Ending;
use crate::status::Status;
use crate::transport::{Driver, Evidence, as_error, property};

/// A channel that listens to an `AbortSignal`. Dropping it removes the listener from the signal.
pub(super) struct Abort {
    signal: AbortSignal,
    listener: Closure<dyn FnMut()>,
}

impl Abort {
    /// Cancels the channel when the signal is aborted, or now if it already is.
    pub(super) fn listen(signal: &JsValue, driver: &Rc<Driver>) -> Self {
        let signal: AbortSignal = signal.clone().unchecked_into();
        let listener = {
            let (signal, driver) = (signal.clone(), Rc::downgrade(driver));
            Closure::new(move || {
                if let Some(driver) = driver.upgrade() {
                    cancel(&driver, &signal);
                }
            })
        };
        let _ = signal.add_event_listener("abort", listener.as_ref()); // the signal was checked to have this method
        if property(&signal, "aborted").is_truthy() {
            cancel(driver, &signal);
        }
        Self { signal, listener }
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        let _ = self.signal.remove_event_listener("abort", self.listener.as_ref());
    }
}

fn cancel(driver: &Rc<Driver>, signal: &AbortSignal) {
    let reason = property(signal, "reason");
    driver.cancel(Ending {
        status: Status::BINDING_ABORTED,
        message: "The channel was cancelled, because its signal was aborted.".into(),
        evidence: Evidence::cause(as_error(reason).0),
        ..Ending::default()
    });
}

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type AbortSignal;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn add_event_listener(this: &AbortSignal, kind: &str, listener: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn remove_event_listener(this: &AbortSignal, kind: &str, listener: &JsValue) -> Result<(), JsValue>;
}
