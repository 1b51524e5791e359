//! Reads a stream as promises, whose callbacks a page can register without an executor.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};

use super::{ByteStream, Settling};
use crate::transport::settled;

impl ByteStream {
    /// Asks for the next item, as a promise.
    pub(crate) fn read(&self) -> Result<Settling, JsValue> {
        Ok(settled(&self.source.read()?).unchecked_into())
    }

    /// The bytes of an item that [`read`](Self::read) promised, possibly none; `None` at the end. Fails if the stream does not
    /// have the announced length.
    pub(crate) fn take(&self, item: &JsValue) -> Result<Option<Uint8Array>, JsValue> {
        self.source.take(item)
    }

    /// Whether other events must get a turn before the next read. `chunk` is what the last read returned.
    pub(crate) fn yields_after(&self, chunk: &Uint8Array) -> bool {
        self.source.yields_after(chunk)
    }
}
