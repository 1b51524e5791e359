//! `socket.js`, as Rust calls it, and the windows of wasm memory that they share (`windows.js`).

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::Engine;
use super::opening::Opening;
use crate::backend::Listener;
use crate::protocol::{MAX_HEADER, Units, to_units};

#[wasm_bindgen(module = "/src/backend/node/socket.js")]
extern "C" {
    pub(super) type Socket;

    #[wasm_bindgen(constructor)]
    pub(super) fn new(engine: Engine) -> Socket;
    #[wasm_bindgen(method, catch)]
    pub(super) fn open(this: &Socket, opening: &Opening) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    pub(super) fn opened(this: &Socket);

    #[wasm_bindgen(method)]
    pub(super) fn pause(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn resume(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn tick(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn turn(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn write(this: &Socket, bytes: &[u8], messages: u32);
    #[wasm_bindgen(method, js_name = writeWindow)]
    pub(super) fn write_window(this: &Socket, start: usize, len: usize, messages: u32);
    #[wasm_bindgen(method)]
    pub(super) fn end(this: &Socket, ms: u32);
    #[wasm_bindgen(method)]
    pub(super) fn linger(this: &Socket, ms: u32);
    #[wasm_bindgen(method)]
    pub(super) fn detach(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn destroy(this: &Socket);

    #[wasm_bindgen(method, js_name = deliverAscii)]
    pub(super) fn deliver_ascii(this: &Socket, listener: &Listener, inflated: bool, start: u32, end: u32);
    #[wasm_bindgen(method, js_name = deliverUnits)]
    pub(super) fn deliver_units(this: &Socket, listener: &Listener, count: u32, narrow: bool);
    #[wasm_bindgen(method, js_name = deliverBinary)]
    pub(super) fn deliver_binary(this: &Socket, listener: &Listener, inflated: bool, start: u32, end: u32);
    #[wasm_bindgen(method)]
    pub(super) fn begin(this: &Socket, gathering: JsValue, length: f64);
    #[wasm_bindgen(method)]
    pub(super) fn piece(this: &Socket, inflated: bool, start: u32, end: u32, ascii: bool);
    #[wasm_bindgen(method)]
    pub(super) fn finish(this: &Socket) -> JsValue;
    #[wasm_bindgen(method)]
    pub(super) fn pong(this: &Socket, payload: &[u8]);
}

#[wasm_bindgen(module = "/src/backend/node/gathered.js")]
extern "C" {
    /// What the pieces of a message go into.
    pub(super) fn gathered(text: bool, length: f64) -> JsValue;
}

#[wasm_bindgen(module = "/src/backend/node/windows.js")]
extern "C" {
    #[wasm_bindgen(js_name = provideWindows)]
    fn provide_windows(memory: JsValue, receive: *const u8, inflate: *const u8, send: *const u8, units: *const u16);
    pub(crate) type Payload;
    #[wasm_bindgen(constructor)]
    pub(super) fn new(payload: &JsValue, copy: bool) -> Payload;
    #[wasm_bindgen(method, getter)]
    pub(super) fn length(this: &Payload) -> f64;
    #[wasm_bindgen(method, js_name = isDone)]
    pub(super) fn is_done(this: &Payload) -> bool;
    /// The size of the next piece, which is in the send window now.
    #[wasm_bindgen(method)]
    pub(super) fn fill(this: &Payload) -> i32;
    #[wasm_bindgen(method)]
    pub(super) fn release(this: &Payload);
    // What only a stream has.
    #[wasm_bindgen(method)]
    pub(super) fn start(this: &Payload, socket: &Socket);
    #[wasm_bindgen(method, getter)]
    pub(super) fn words(this: &Payload) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn error(this: &Payload) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    /// Node's `URL`.
    pub(super) type Url;
    #[wasm_bindgen(method, getter)]
    pub(super) fn host(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn pathname(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    pub(super) fn search(this: &Url) -> String;

    /// The option deflate.
    pub(super) type DeflateOptions;
    #[wasm_bindgen(method, getter)]
    pub(super) fn threshold(this: &DeflateOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn level(this: &DeflateOptions) -> Option<i32>;
    #[wasm_bindgen(method, getter, js_name = clientMaxWindowBits)]
    pub(super) fn client_max_window_bits(this: &DeflateOptions) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = serverMaxWindowBits)]
    pub(super) fn server_max_window_bits(this: &DeflateOptions) -> Option<u8>;
    #[wasm_bindgen(method, getter, js_name = clientNoContextTakeover)]
    pub(super) fn client_no_context_takeover(this: &DeflateOptions) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = serverNoContextTakeover)]
    pub(super) fn server_no_context_takeover(this: &DeflateOptions) -> Option<bool>;
}

/// The size of each window; `windows.js` has the same numbers.
pub(super) const WINDOW: usize = 65536;

thread_local! {
    static WINDOWS: Windows = Windows::new();
}

/// Memory that is shared with JavaScript: a chunk that was received and a payload to send, which it writes while Rust is
/// not looking; what was inflated, and what strings are made of, which it reads.
struct Windows {
    receive: RefCell<Box<[u8]>>,
    inflate: RefCell<Box<[u8]>>,
    /// Room for a header, then the payload.
    send: RefCell<Box<[u8]>>,
    /// A text on its way to a string that is not ASCII.
    units: RefCell<Box<[u16]>>,
}

impl Windows {
    fn new() -> Self {
        let [receive, inflate, send] = [0, 0, MAX_HEADER].map(|room| vec![0; room + WINDOW].into_boxed_slice());
        let units = vec![0; WINDOW].into_boxed_slice();
        provide_windows(wasm_bindgen::memory(), receive.as_ptr(), inflate.as_ptr(), send.as_ptr(), units.as_ptr());
        let [receive, inflate, send] = [receive, inflate, send].map(RefCell::new);
        Self { receive, inflate, send, units: RefCell::new(units) }
    }
}

/// Makes the windows if they are not there yet.
pub(super) fn prepare_windows() {
    WINDOWS.with(|_| ());
}

/// Looks at the first `len` bytes that were received, with room to inflate them into.
#[inline]
pub(super) fn with_received<T>(len: usize, look: impl FnOnce(&[u8], &mut [u8]) -> T) -> T {
    WINDOWS.with(|windows| {
        let received = windows.receive.borrow();
        look(received.get(..len).unwrap_or_default(), &mut windows.inflate.borrow_mut())
    })
}

/// Makes a string's units of what was received, or inflated, from `start` to `end`.
pub(super) fn units_of(inflated: bool, start: u32, end: u32) -> Option<Units> {
    WINDOWS.with(|windows| {
        let window = if inflated { windows.inflate.borrow() } else { windows.receive.borrow() };
        to_units(window.get(start as usize..end as usize)?, &mut windows.units.borrow_mut())
    })
}

/// Looks at the first `len` bytes that are to be sent, with the room for a header before them.
#[inline]
pub(super) fn with_filled<T>(len: usize, look: impl FnOnce(&mut [u8]) -> T) -> T {
    WINDOWS.with(|windows| look(windows.send.borrow_mut().get_mut(..MAX_HEADER + len).unwrap_or_default()))
}
