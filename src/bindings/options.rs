//! The constructor's options: names, defaults, and what each may be.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::backend::{HOST, HostOptions, Refusal};
use crate::channel::Timeouts;
use crate::status::Status;

/// The options, read and checked.
pub(super) struct Options {
    pub(super) timeouts: Timeouts,
    pub(super) max_message_size: u64,
    pub(super) host_options: HostOptions,
}

const DEFAULT_TIMEOUT_MS: u32 = 20_000;
const DEFAULT_MAX_MESSAGE_SIZE: u64 = 128 << 20;
/// The longest delay of `setTimeout`.
const MAX_TIMEOUT_MS: u32 = 2_147_483_647;
/// The longest string of V8 on 64-bit machines; a longer text could arrive but never be delivered.
const MAX_MAX_MESSAGE_SIZE: u32 = 536_870_888;
/// Options that a host may have; which of them, its backend says.
const HOST_OPTIONS: &[&str] = &["deflate", "headers", "redirects", "proxy", "tls", "socket"];

impl Options {
    /// Reads an object, or undefined for the defaults. Refuses names it does not know.
    pub(super) fn parse(options: &JsValue) -> Result<Self, Refusal> {
        let mut parsed = Self {
            timeouts: Timeouts { open: DEFAULT_TIMEOUT_MS, close: DEFAULT_TIMEOUT_MS },
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            host_options: HostOptions::default(),
        };
        if options.is_undefined() {
            return Ok(parsed);
        }
        if !options.is_object() {
            return Err(Refusal::new(Status::INVALID_ARG, "The options are no object."));
        }
        let object: &Object = options.unchecked_ref();
        for key in Object::keys(object) {
            let key: JsValue = key.into();
            let value = Reflect::get(options, &key).unwrap_or(JsValue::UNDEFINED);
            if !value.is_undefined() {
                parsed.set(&key.as_string().unwrap_or_default(), &value)?;
            }
        }
        Ok(parsed)
    }

    fn set(&mut self, name: &str, value: &JsValue) -> Result<(), Refusal> {
        match name {
            "openTimeoutMs" => self.timeouts.open = integer(name, value, MAX_TIMEOUT_MS)?,
            "closeTimeoutMs" => self.timeouts.close = integer(name, value, MAX_TIMEOUT_MS)?,
            "maxMessageSize" => self.max_message_size = integer(name, value, MAX_MAX_MESSAGE_SIZE)?.into(),
            _ if HOST_OPTIONS.contains(&name) => return self.set_host_option(name, value),
            _ => return Err(invalid(name, "is unknown; see the README for the options there are")),
        }
        Ok(())
    }

    fn set_host_option(&mut self, name: &str, value: &JsValue) -> Result<(), Refusal> {
        match self.host_options.set(name, value) {
            Some(Ok(())) => Ok(()),
            Some(Err(problem)) => Err(invalid(name, problem)),
            None => {
                let message = ["The option ", name, " cannot be honoured in ", HOST, ": leave it out there."].concat();
                Err(Refusal::new(Status::NOT_IMPLEMENTED, message))
            }
        }
    }
}

fn integer(name: &str, value: &JsValue, max: u32) -> Result<u32, Refusal> {
    let whole = |number: f64| Some(number as u32).filter(|whole| f64::from(*whole) == number);
    let number = value.as_f64().and_then(whole).filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| invalid(name, if max == MAX_TIMEOUT_MS { TIMEOUT } else { SIZE }))
}

const TIMEOUT: &str = "is no whole number of milliseconds from 1 to 2147483647";
const SIZE: &str = "is no whole number of bytes from 1 to 536870888";

fn invalid(name: &str, problem: &str) -> Refusal {
    Refusal::new(Status::INVALID_ARG, ["The option ", name, " ", problem, "."].concat())
}
