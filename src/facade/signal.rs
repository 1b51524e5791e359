//! The option `signal`: aborting it cancels the channel as a load group does.

use alloc::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::host;
use crate::channel::Ending;
use crate::status::Status;
use crate::transport::{Driver, Evidence, as_error, property};

/// A channel that listens to an `AbortSignal`. Dropping it removes the listener from the signal.
pub(super) struct Abort {
    forget: Option<Function>,
    _listener: Closure<dyn FnMut()>,
}

impl Abort {
    /// Cancels the channel when the signal is aborted, or now if it already is.
    pub(super) fn listen(signal: &JsValue, driver: &Rc<Driver>) -> Self {
        let listener = {
            let (signal, driver) = (signal.clone(), Rc::downgrade(driver));
            Closure::new(move || {
                if let Some(driver) = driver.upgrade() {
                    cancel(&driver, &signal);
                }
            })
        };
        let is_aborted = property(signal, "aborted").is_truthy();
        // The signal was checked to have the methods of one.
        let forget = if is_aborted { None } else { host::when_aborted(signal, listener.as_ref()).ok() };
        if is_aborted {
            cancel(driver, signal);
        }
        Self { forget, _listener: listener }
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(forget) = &self.forget {
            let _ = forget.call0(&JsValue::UNDEFINED);
        }
    }
}

fn cancel(driver: &Rc<Driver>, signal: &JsValue) {
    let reason = property(signal, "reason");
    driver.cancel(Ending {
        status: Status::BINDING_ABORTED,
        message: "The channel was cancelled, because its signal was aborted.".into(),
        evidence: Evidence::cause(as_error(reason).0),
        ..Ending::default()
    });
}
