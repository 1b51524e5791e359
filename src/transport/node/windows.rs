//! The windows: memory that Rust and JavaScript share (`windows.js`). While Rust does not access them, JavaScript writes a chunk that
//! was received or a payload to send, and reads what Rust has made.

use std::cell::RefCell;

use js_sys::JsString;
use wasm_bindgen::prelude::*;

use crate::protocol::{MAX_HEADER, Units, WINDOW, to_units};
use crate::transport::property;

thread_local! {
    static WINDOWS: Windows = Windows::new();
}

/// One set for all connections, because only one of them is handled at a time.
struct Windows {
    receive: RefCell<Box<[u8]>>,
    inflate: RefCell<Box<[u8]>>,
    /// With room for a header.
    send: RefCell<Box<[u8]>>,
    /// A text as UTF-16 or Latin-1. Has no room if the host makes strings of UTF-8 faster.
    units: RefCell<Box<[u16]>>,
}

impl Windows {
    fn new() -> Self {
        let [receive, inflate, send] = [0, 0, MAX_HEADER].map(|room| vec![0; room + WINDOW].into_boxed_slice());
        let units = vec![0; if decodes_fast() { 0 } else { WINDOW }].into_boxed_slice();
        provide_windows(
            wasm_bindgen::memory(),
            receive.as_ptr(),
            inflate.as_ptr(),
            send.as_ptr(),
            units.as_ptr(),
            WINDOW,
            MAX_HEADER,
        );
        let [receive, inflate, send] = [receive, inflate, send].map(RefCell::new);
        Self { receive, inflate, send, units: RefCell::new(units) }
    }
}

/// Makes the windows if they are not there yet.
pub(super) fn prepare() {
    WINDOWS.with(|_| ());
}

/// Whether the host makes a string of UTF-8 faster than Rust makes UTF-16 for it: from V8 13 on. Before, it takes two and a half times as long.
fn decodes_fast() -> bool {
    let version = VERSIONS.with(|versions| property(versions, "v8")).as_string().unwrap_or_default();
    version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 13)
}

/// Looks at the first `len` bytes that were received, with room to inflate them into.
#[inline]
pub(super) fn with_received<T>(len: usize, look: impl FnOnce(&mut [u8], &mut [u8]) -> T) -> T {
    WINDOWS.with(|windows| {
        let mut received = windows.receive.borrow_mut();
        look(received.get_mut(..len).unwrap_or_default(), &mut windows.inflate.borrow_mut())
    })
}

/// Converts the UTF-8 that was received or inflated, from `start` to `end`, to a string's units. `None` if the host must do that.
pub(super) fn units_of(inflated: bool, start: u32, end: u32) -> Option<Units> {
    WINDOWS.with(|windows| {
        let window = if inflated { windows.inflate.borrow() } else { windows.receive.borrow() };
        to_units(window.get(start as usize..end as usize)?, &mut windows.units.borrow_mut())
    })
}

/// Looks at the first `len` bytes to send, with the room for a header before them.
#[inline]
pub(super) fn with_filled<T>(len: usize, look: impl FnOnce(&mut [u8]) -> T) -> T {
    WINDOWS.with(|windows| look(windows.send.borrow_mut().get_mut(..MAX_HEADER + len).unwrap_or_default()))
}

#[wasm_bindgen(module = "/src/transport/node/windows.js")]
extern "C" {
    #[wasm_bindgen(js_name = provideWindows)]
    fn provide_windows(
        memory: JsValue,
        receive: *const u8,
        inflate: *const u8,
        send: *const u8,
        units: *const u16,
        window: usize,
        header: usize,
    );
    /// Writes a string into the send window. Returns its size in bytes, or a negative number if that was not possible.
    #[wasm_bindgen(js_name = fillText)]
    pub(super) fn fill_text(text: &JsValue) -> i32;
    /// The same for a `Uint8Array`.
    #[wasm_bindgen(js_name = fillBytes)]
    pub(super) fn fill_bytes(bytes: &JsValue) -> i32;
    /// The same, but fails if the stack has no room for the call. Rust must know that, because part of a message has been sent.
    #[wasm_bindgen(js_name = fillBytes, catch)]
    pub(super) fn try_fill_bytes(bytes: &JsValue) -> Result<i32, JsValue>;
    /// Writes a piece of a string, between two UTF-16 units, into the send window. Returns its size in bytes.
    #[wasm_bindgen(js_name = fillPiece, catch)]
    pub(super) fn fill_piece(text: &JsString, start: u32, end: u32) -> Result<u32, JsValue>;
    #[wasm_bindgen(js_name = utf8Length)]
    pub(super) fn utf8_length(text: &JsString) -> f64;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = process, js_name = versions)]
    static VERSIONS: JsValue;
}
