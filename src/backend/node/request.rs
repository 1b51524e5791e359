//! The upgrade request of a channel, from what JavaScript handed over.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::opening::Opening;
use super::socket::DeflateOptions;
use crate::backend::Refusal;
use crate::protocol::{DeflateOffer, Field, FieldError, Request, WindowBits};
use crate::status::Status;

/// Refuses a header that could not be sent.
#[cold]
pub(super) fn of(opening: &Opening, protocols: &Array) -> Result<Request, Refusal> {
    let url = opening.url();
    Ok(Request {
        host: url.host(),
        resource: url.pathname() + &url.search(),
        protocols: protocols.iter().filter_map(|token| token.as_string()).collect(),
        deflate: deflate(&opening.deflate()),
        fields: fields(opening)?,
    })
}

/// The `Origin` header and those that the user adds.
#[cold]
fn fields(opening: &Opening) -> Result<Vec<Field>, Refusal> {
    let invalid = |message| Refusal::new(Status::INVALID_ARG, message);
    let mut fields = Vec::new();
    if let Some(origin) = opening.origin() {
        let origin = Field::origin(&origin);
        fields.push(origin.map_err(|_| invalid("origin: it has a character that no header may have."))?);
    }
    for entry in opening.headers().iter() {
        let entry: Array = entry.unchecked_into();
        let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) else {
            return Err(invalid("The option headers has a value that is no string."));
        };
        fields.push(Field::new(&name, &value).map_err(|error| match error {
            FieldError::Name => invalid("The option headers has a name that is no HTTP token."),
            FieldError::Value => invalid("The option headers has a value with a character that no header may have."),
            FieldError::Owned => invalid("The option headers has a header that the handshake itself sets."),
        })?);
    }
    Ok(fields)
}

/// The offer of permessage-deflate, unless the option is false.
#[cold]
fn deflate(options: &JsValue) -> Option<DeflateOffer> {
    if *options == JsValue::FALSE {
        return None;
    }
    let default = DeflateOffer::default();
    if options.is_undefined() {
        return Some(default);
    }
    let options: &DeflateOptions = options.unchecked_ref();
    let client_max_window_bits = options.client_max_window_bits();
    Some(DeflateOffer {
        threshold: options.threshold().map(|bytes| bytes as u64),
        level: options.level().unwrap_or(default.level),
        client_max_window_bits: match client_max_window_bits.as_f64() {
            Some(bits) => WindowBits::AtMost(bits as u8),
            None if client_max_window_bits.is_undefined() => WindowBits::Any,
            None => WindowBits::NotOffered,
        },
        server_max_window_bits: options.server_max_window_bits(),
        client_no_context_takeover: options.client_no_context_takeover().unwrap_or(default.client_no_context_takeover),
        server_no_context_takeover: options.server_no_context_takeover().unwrap_or(default.server_no_context_takeover),
    })
}
