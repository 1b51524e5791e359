//! `sendBinaryStream`'s source: a `ReadableStream`, Node's `Readable`, a `Blob` or an async iterable, whose length must be the
//! announced one.

#[cfg(feature = "node")]
mod future;
#[cfg(not(feature = "node"))]
mod promise;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::{Cell, RefCell};

use js_sys::{Function, RangeError, Reflect, Symbol, Uint8Array};
use wasm_bindgen::prelude::*;

use super::bytes::{self, Bytes};
use super::timer::microtask;
use super::{property, sentence, settled, to_text};

/// A stream of bytes that is read once.
pub(crate) struct ByteStream {
    source: Rc<Source>,
}

struct Source {
    stream: JsValue,
    /// The announced length, in bytes.
    size: u64,
    /// The stream's reader or iterator. Set from the first read on.
    reader: RefCell<Option<JsValue>>,
    /// The number of bytes still to come.
    left: Cell<u64>,
    reads: Cell<u32>,
    /// There is nothing to cancel: the stream was not accepted, its end was read, or it was cancelled.
    is_over: Cell<bool>,
}

/// After this many reads, other events get a turn. A stream that always has data must not hold them up.
const READS_A_TURN: u32 = 512;

impl ByteStream {
    /// `stream` is anything with a reader or an async iterator.
    pub(crate) fn new(stream: JsValue, size: u64) -> Self {
        let source = Source {
            stream,
            size,
            reader: RefCell::default(),
            left: Cell::new(size),
            reads: Cell::new(0),
            is_over: Cell::new(true),
        };
        Self { source: Rc::new(source) }
    }

    /// The announced length, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.source.size
    }

    /// Stops reading. The stream is destroyed or cancelled once the current code has ended.
    pub(crate) fn cancel(&self) {
        if !self.source.is_over.replace(true) {
            let source = self.source.clone();
            microtask(Box::new(move || {
                let _ = source.cancel(); // a stream that cannot be cancelled has failed
            }));
        }
    }

    /// The stream was accepted. From now on it is read or cancelled.
    pub(crate) fn accept(&self) {
        self.source.is_over.set(false);
        // Node ends the process if a stream's error event has no listener, and the reader does not exist yet.
        if let Some(on) = function(&self.source.stream, "on") {
            let _ = on.call2(&self.source.stream, &"error".into(), &Nothing::function()); // if it throws, there is nothing to guard
        }
    }
}

impl Drop for ByteStream {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Source {
    /// The bytes of an item that [`read`](Self::read) promised, possibly none; `None` at the end.
    fn take(&self, item: &JsValue) -> Result<Option<Uint8Array>, JsValue> {
        let left = self.left.get();
        if Reflect::get(item, &"done".into())?.is_truthy() {
            self.is_over.set(true);
            if left > 0 {
                return Err(wrong_length(&sentence(&[
                    "the stream ended too early. Missing: ",
                    &number(left),
                    " of ",
                    &number(self.size),
                    " bytes.",
                ])));
            }
            return Ok(None);
        }
        let Bytes::Plain(chunk) = bytes::of(&Reflect::get(item, &"value".into())?) else {
            return Err(js_sys::TypeError::new(
                "a chunk of the stream is not an ArrayBuffer or a view of one, or has 4 GiB or more.",
            )
            .into());
        };
        let Some(left) = left.checked_sub(chunk.length().into()) else {
            return Err(wrong_length(&sentence(&[
                "the stream has more than the ",
                &number(self.size),
                " announced bytes.",
            ])));
        };
        self.left.set(left);
        Ok(Some(chunk))
    }

    /// Whether other events must get a turn before the next read. `chunk` is what the last read returned.
    fn yields_after(&self, chunk: &Uint8Array) -> bool {
        self.reads.set(self.reads.get().wrapping_add(1));
        chunk.length() == 0 || self.reads.get().is_multiple_of(READS_A_TURN)
    }

    /// Asks for the next item. The result is usually a promise.
    fn read(&self) -> Result<JsValue, JsValue> {
        let known = self.reader.borrow().clone();
        let reader = match known {
            Some(reader) => reader,
            None => {
                let reader = match function(&self.stream, "getReader") {
                    Some(get_reader) => get_reader.call0(&self.stream)?,
                    None => iterator_of(&self.stream)?,
                };
                self.reader.borrow_mut().insert(reader).clone()
            }
        };
        let read = function(&reader, "read").or_else(|| function(&reader, "next"));
        read.ok_or_else(|| JsValue::from(js_sys::TypeError::new("the stream cannot be read.")))?.call0(&reader)
    }

    fn cancel(&self) -> Result<(), JsValue> {
        let (stream, reader) = (&self.stream, self.reader.borrow_mut().take());
        let done = match (function(stream, "destroy"), reader) {
            (Some(destroy), _) => destroy.call0(stream)?,
            (None, Some(reader)) => call_first(&reader, &["cancel", "return"])?,
            (None, None) if function(stream, "cancel").is_some() => call_first(stream, &["cancel"])?,
            (None, None) => call_first(&iterator_of(stream)?, &["return"])?,
        };
        let nothing = Nothing::function();
        settled(&done).unchecked_into::<Settling>().then(&nothing, &nothing);
        Ok(())
    }
}

/// Calls the first of these methods that exists.
fn call_first(object: &JsValue, names: &[&'static str]) -> Result<JsValue, JsValue> {
    match names.iter().find_map(|name| function(object, name)) {
        Some(method) => method.call0(object),
        None => Ok(JsValue::UNDEFINED),
    }
}

fn iterator_of(stream: &JsValue) -> Result<JsValue, JsValue> {
    Reflect::get(stream, &Symbol::async_iterator())?.dyn_into::<Function>()?.call0(stream)
}

/// A method of something that may not be an object.
pub(crate) fn function(object: &JsValue, name: &'static str) -> Option<Function> {
    property(object, name).dyn_into().ok()
}

fn wrong_length(message: &str) -> JsValue {
    RangeError::new(message).into()
}

/// Formats a number as JavaScript does.
fn number(bytes: u64) -> String {
    to_text(&(bytes as f64).into()).unwrap_or_default()
}

#[wasm_bindgen]
extern "C" {
    // js-sys has a signature for each kind of promise; a page downloads them all.
    #[wasm_bindgen(js_name = Promise)]
    pub(crate) type Settling;
    #[wasm_bindgen(method)]
    pub(crate) fn then(this: &Settling, fulfilled: &JsValue, rejected: &JsValue);

    // A function that does nothing (ECMA-262 §20.2.3).
    #[wasm_bindgen(js_name = Function)]
    type Nothing;
    #[wasm_bindgen(static_method_of = Nothing, js_class = Function, getter, js_name = prototype)]
    fn function() -> JsValue;
}
