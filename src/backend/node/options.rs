//! The options that only Node has.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use crate::backend::{Refusal, Url};
use crate::protocol::{Field, FieldError};
use crate::status::Status;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, getter)]
    pub(super) fn host(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn pathname(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn search(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn username(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn password(this: &Url) -> String;
}

/// What this build calls its host in messages.
pub(crate) const HOST: &str = "Node";

/// Node's own options, checked as far as Node does not check them itself.
pub(crate) struct HostOptions {
    pub(super) fields: Vec<Field>,
    /// For `tls.connect`.
    pub(super) tls: JsValue,
    /// For `net.connect`.
    pub(super) socket: JsValue,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self { fields: Vec::new(), tls: JsValue::UNDEFINED, socket: JsValue::UNDEFINED }
    }
}

impl HostOptions {
    /// Takes an option: `None` if this host does not have it (yet), or what is wrong with its value.
    pub(crate) fn set(&mut self, name: &str, value: &JsValue) -> Option<Result<(), &'static str>> {
        let target = match name {
            "headers" => return Some(self.set_headers(value)),
            "tls" => &mut self.tls,
            "socket" => &mut self.socket,
            // What is not there yet may be switched off.
            "deflate" if *value == JsValue::FALSE => return Some(Ok(())),
            "redirects" if value.as_f64() == Some(0.0) => return Some(Ok(())),
            "proxy" if value.is_null() => return Some(Ok(())),
            _ => return None,
        };
        if !value.is_object() {
            return Some(Err("is no object"));
        }
        *target = value.clone();
        Some(Ok(()))
    }

    /// Sends an `Origin` header.
    pub(crate) fn set_origin(&mut self, origin: &str) -> Result<(), Refusal> {
        let refusal = |_| Refusal::new(Status::INVALID_ARG, "origin: it has a character that no header may have.");
        self.fields.insert(0, Field::origin(origin).map_err(refusal)?);
        Ok(())
    }

    /// Credentials in the URI would have to be sent, and are not yet.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if url.username().is_empty() && url.password().is_empty() {
            return Ok(());
        }
        let message = "The URI has a user name or password; pass an Authorization header in the option headers instead.";
        Err(Refusal::new(Status::NOT_IMPLEMENTED, message))
    }

    fn set_headers(&mut self, headers: &JsValue) -> Result<(), &'static str> {
        if !headers.is_object() {
            return Err("is no object of names and values");
        }
        for entry in Object::entries(headers.unchecked_ref::<Object>()).iter() {
            let entry: Array = entry.unchecked_into();
            let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) else {
                return Err("has a value that is no string");
            };
            self.fields.push(Field::new(&name, &value).map_err(|error| match error {
                FieldError::Name => "has a name that is no HTTP token",
                FieldError::Value => "has a value with a character that no header may have",
                FieldError::Owned => "has a header that the handshake itself sets",
            })?);
        }
        Ok(())
    }
}
