//! The fields of HTTP/2 requests and responses, as node:http2 has them.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::http::{FieldLines, Response, isomorphic_encode};
use crate::transport::to_text;

/// Fields in the form that node:http2 takes. A repeated name has an array of values.
pub(super) fn fields_object(fields: &[(String, String)]) -> Object {
    let object = Object::create(JsValue::NULL.unchecked_ref());
    for (name, _) in fields {
        let values: Array =
            fields.iter().filter(|(it, _)| it == name).map(|(_, value)| JsValue::from_str(value)).collect();
        let value = if values.length() == 1 { values.get(0) } else { values.into() };
        let _ = Reflect::set(&object, &name.as_str().into(), &value); // cannot fail on a plain object
    }
    object
}

/// The names and values of an object such as [`fields_object`] makes.
pub(crate) fn fields_of(object: &JsValue) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    // It has no prototype, so instanceof does not recognize it as an Object.
    for entry in Object::entries(object.unchecked_ref()).iter().filter_map(|entry| entry.dyn_into::<Array>().ok()) {
        let (name, value) = (entry.get(0).as_string().unwrap_or_default(), entry.get(1));
        let values = if value.is_array() { Array::from(&value) } else { Array::of1(&value) };
        fields.extend(values.iter().filter_map(|value| Some((name.clone(), to_text(&value)?))));
    }
    fields
}

/// Fields as a response keeps them. The characters of their values are bytes.
pub(super) fn field_lines(fields: Vec<(String, String)>) -> FieldLines {
    fields.into_iter().map(|(name, value)| (name, isomorphic_encode(&value))).collect()
}

/// A response, from the fields that node:http2 reports.
pub(super) fn response_of(fields: &JsValue) -> Response {
    let (pseudo, fields): (Vec<_>, Vec<_>) = fields_of(fields).into_iter().partition(|(name, _)| name.starts_with(':'));
    let status = pseudo.iter().find(|(name, _)| name == ":status").and_then(|(_, status)| status.parse().ok());
    Response { version: 1, status: status.unwrap_or_default(), fields: field_lines(fields), body: Vec::new() }
}
