//! The constructor's options: their names, and those that all hosts honour. `options/` reads those that only one host honours.

#[cfg(feature = "node")]
mod advice;
#[cfg(not(feature = "node"))]
mod browser;
#[cfg(feature = "node")]
mod node;

#[cfg(feature = "node")]
use advice::advice_for;
#[cfg(not(feature = "node"))]
use browser::{advice_for, parse_host_options};
#[cfg(feature = "node")]
use node::parse_host_options;

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;

use super::arguments::quote;
use crate::channel::Timeouts;
use crate::transport::{ChannelError, HostOptions, MAX_DELAY_MS, function, is_array, property, sentence};

/// The options of one channel, validated.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) timeouts: Timeouts,
    /// The most payload bytes of a message that arrives.
    pub(super) max_message_size: u32,
    /// An `AbortSignal`, or undefined.
    pub(super) signal: JsValue,
    pub(super) host: HostOptions,
}

/// V8's longest string: a longer text could arrive but not be delivered.
const MAX_MESSAGE_SIZE: u32 = 536_870_888;
/// Options that all hosts honour.
const SHARED: &[&str] = &["openTimeoutMs", "closeTimeoutMs", "maxMessageSize", "signal", "oneConnectingPerHost"];
/// Options that Node honours.
const NODE: &[&str] = &["deflate", "headers", "redirects", "proxy", "tls", "socket", "http2"];

impl Default for Options {
    fn default() -> Self {
        Self {
            timeouts: Timeouts { open: 20_000, close: 20_000 },
            max_message_size: 128 << 20,
            signal: JsValue::UNDEFINED,
            host: Default::default(),
        }
    }
}

impl Options {
    /// Reads the constructor's argument: only its own properties, each once.
    pub(super) fn parse(options: &JsValue) -> Result<Self, ChannelError> {
        let own = own_properties(options, "options")?;
        if own.is_empty() { Ok(Self::default()) } else { Self::read(&own) }
    }

    #[cold] // so that it is compiled only when a channel has options: the host compiles a function when it is first called
    fn read(own: &Properties) -> Result<Self, ChannelError> {
        let default = Self::default();
        if let Some((name, _)) = own.iter().find(|(name, _)| ![SHARED, NODE].iter().any(|it| it.contains(&&**name))) {
            return Err(unknown(name));
        }
        Ok(Self {
            timeouts: Timeouts {
                open: whole(own, "openTimeoutMs", default.timeouts.open, MAX_DELAY_MS)?,
                close: whole(own, "closeTimeoutMs", default.timeouts.close, MAX_DELAY_MS)?,
            },
            max_message_size: whole(own, "maxMessageSize", default.max_message_size, MAX_MESSAGE_SIZE)?,
            signal: signal(own)?,
            host: parse_host_options(own)?,
        })
    }
}

/// Names and values.
pub(super) type Properties = Vec<(String, JsValue)>;

/// Reads the own enumerable properties of `value`: the options, or the option `name`. null and undefined count as an object without
/// properties. A polluted prototype adds nothing, and a getter runs once.
pub(super) fn own_properties(value: &JsValue, name: &str) -> Result<Properties, ChannelError> {
    if value.is_undefined() || value.is_null() {
        return Ok(Vec::new());
    }
    if !value.is_object() || is_array(value) {
        return Err(ChannelError::invalid(not_an_object(value, name)));
    }
    if name == "options" && Reflect::has(value, &"href".into()).unwrap_or_default() {
        return Err(ChannelError::invalid(
            "options: this is a URI. Pass it to asyncOpen; the constructor takes an object of options.",
        ));
    }
    let entries = entries(value).map_err(|cause| {
        ChannelError::invalid(sentence(&[name, ": reading its properties failed. See the error's cause."]))
            .because(cause)
    })?;
    let pairs = entries.iter().map(JsCast::unchecked_into::<Array>);
    Ok(pairs.map(|pair| (pair.get(0).as_string().unwrap_or_default(), pair.get(1))).collect())
}

fn not_an_object(value: &JsValue, name: &str) -> String {
    let shown = if is_array(value) { "an array".into() } else { quote(value) };
    match name {
        "options" if value.is_string() => {
            "options: this is a string. Pass the URI to asyncOpen; the constructor takes an object of options.".into()
        }
        "options" => sentence(&["options: ", &shown, " is not an options object. Pass one, or none."]),
        _ => sentence(&[name, ": ", &shown, " is not an object. Pass an object, or leave the option out."]),
    }
}

fn unknown(name: &str) -> ChannelError {
    let message = match SHARED.iter().chain(NODE).find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => sentence(&["Unknown option: ", name, ". Did you mean ", known, "?"]),
        None => sentence(&["Unknown option: ", name, ". ", &*advice_for(name)]),
    };
    ChannelError::invalid(message)
}

/// An option's value; undefined and null mean that it is not given.
pub(super) fn given<'a>(options: &'a Properties, name: &str) -> Option<&'a JsValue> {
    let value = options.iter().find(|(it, _)| it == name).map(|(_, value)| value);
    value.filter(|value| !value.is_undefined() && !value.is_null())
}

fn whole(options: &Properties, name: &str, default: u32, max: u32) -> Result<u32, ChannelError> {
    let Some(value) = given(options, name) else { return Ok(default) };
    whole_number(value, 1, max).ok_or_else(|| {
        let advice = " is not allowed. Use a whole number from 1 to ";
        ChannelError::invalid(sentence(&[name, ": ", &quote(value), advice, &quote(&max.into()), "."]))
    })
}

/// The number, if it is whole and within these bounds.
pub(super) fn whole_number(value: &JsValue, min: u32, max: u32) -> Option<u32> {
    let number = value.as_f64()?;
    let whole = number as u32; // saturates
    (f64::from(whole) == number && (min..=max).contains(&whole)).then_some(whole)
}

fn signal(options: &Properties) -> Result<JsValue, ChannelError> {
    let Some(signal) = given(options, "signal") else { return Ok(JsValue::UNDEFINED) };
    let aborted = property(signal, "aborted").as_bool();
    if aborted.is_none() || function(signal, "addEventListener").is_none() {
        let advice = " is not an AbortSignal. Pass the signal of an AbortController.";
        return Err(ChannelError::invalid(sentence(&["signal: ", &quote(signal), advice])));
    }
    Ok(signal.clone())
}

#[wasm_bindgen]
extern "C" {
    // js-sys's own binding does not catch what a getter throws.
    #[wasm_bindgen(js_namespace = Object, catch)]
    fn entries(object: &JsValue) -> Result<Array, JsValue>;
}
