//! Collects all bytes of a stream, because a native `WebSocket` sends only whole messages.

use alloc::rc::{Rc, Weak};
use core::cell::{Cell, RefCell};

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::Browser;
use crate::transport::ByteStream;
use crate::transport::timer::macrotask;

/// A stream whose bytes are being collected. At the end, it tells the transport. If it is dropped before that, it cancels the stream.
pub(super) struct Collecting(Rc<Reading>);

struct Reading {
    browser: Weak<Browser>,
    stream: ByteStream,
    bytes: RefCell<Option<Uint8Array>>,
    /// The number of bytes collected.
    at: Cell<u32>,
    /// Set until the last read has settled. They keep this object alive.
    handlers: RefCell<Option<Rc<Handlers>>>,
}

struct Handlers {
    item: Closure<dyn Fn(JsValue)>,
    failed: Closure<dyn Fn(JsValue)>,
    after_turn: Closure<dyn Fn(JsValue)>,
}

impl Collecting {
    /// Fails if there is no memory for the bytes. The stream is then cancelled.
    pub(super) fn new(browser: &Rc<Browser>, stream: ByteStream) -> Result<Self, JsValue> {
        let bytes = room(stream.size()).inspect_err(|_| stream.cancel())?;
        let reading = Reading {
            browser: Rc::downgrade(browser),
            stream,
            bytes: RefCell::new(Some(bytes)),
            at: Cell::new(0),
            handlers: RefCell::default(),
        };
        Ok(Self(Rc::new(reading)))
    }

    /// The announced length, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.0.stream.size()
    }

    /// Returns the function that starts the reading. Call it once this object is in the transport's queue, where the channel's end drops it.
    pub(super) fn start(&self) -> impl FnOnce() + use<> {
        let reading = self.0.clone();
        move || reading.start()
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        self.0.bytes.take();
        self.0.stream.cancel();
    }
}

impl Reading {
    fn start(self: &Rc<Self>) {
        let handlers = Handlers {
            item: self.on(Self::received),
            failed: self.on(|this, thrown| this.end(Err(thrown))),
            after_turn: self.on(|this, _| this.read()),
        };
        *self.handlers.borrow_mut() = Some(Rc::new(handlers));
        self.read();
    }

    fn on(self: &Rc<Self>, handle: fn(&Self, JsValue)) -> Closure<dyn Fn(JsValue)> {
        let reading = self.clone();
        Closure::new(move |value| handle(&reading, value))
    }

    fn read(&self) {
        match self.stream.read() {
            Ok(promise) => {
                let handlers = self.handlers.borrow().clone();
                if let Some(handlers) = handlers {
                    promise.then(handlers.item.as_ref(), handlers.failed.as_ref());
                }
            }
            Err(thrown) => self.end(Err(thrown)),
        }
    }

    fn received(&self, item: JsValue) {
        let Some(bytes) = self.bytes.borrow().clone() else { return self.end(Ok(())) };
        match self.stream.take(&item) {
            Ok(Some(chunk)) => {
                bytes.set(&chunk, self.at.get());
                self.at.set(self.at.get() + chunk.length()); // at most the announced length
                self.go_on(&chunk);
            }
            Ok(None) => self.end(Ok(())),
            Err(thrown) => self.end(Err(thrown)),
        }
    }

    fn go_on(&self, chunk: &Uint8Array) {
        if !self.stream.yields_after(chunk) {
            return self.read();
        }
        let handlers = self.handlers.borrow().clone();
        if let Some(handlers) = handlers {
            macrotask(handlers.after_turn.as_ref());
        }
    }

    fn end(&self, result: Result<(), JsValue>) {
        let handlers = self.handlers.take();
        let bytes = self.bytes.take(); // none once the channel has ended
        if let Some((browser, bytes)) = self.browser.upgrade().zip(bytes) {
            browser.collected(result.map(|()| bytes.into()));
        }
        drop(handlers);
    }
}

fn room(size: u64) -> Result<Uint8Array, JsValue> {
    let size = u32::try_from(size).map_err(|_| js_sys::RangeError::new("no browser sends so long a message"))?;
    Ok(Room::new(size)?.unchecked_into())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Uint8Array)]
    type Room;
    /// Throws if there is no memory for this many bytes.
    #[wasm_bindgen(constructor, js_class = "Uint8Array", catch)]
    fn new(size: u32) -> Result<Room, JsValue>;
}
