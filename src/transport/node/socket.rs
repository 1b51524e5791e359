//! `socket.js`, `answer.js`, `assembly.js` and `delivery.js`, as Rust calls them.

use js_sys::Object;
use wasm_bindgen::prelude::*;

use super::link::SocketHandler;
use super::session::RawSession;
use crate::transport::Trampoline;

#[wasm_bindgen(module = "/src/transport/node/socket.js")]
extern "C" {
    /// A Buffer of these bytes.
    pub(super) fn copied(bytes: &[u8]) -> JsValue;
    /// A TCP or TLS socket.
    pub(super) type Socket;

    #[wasm_bindgen(constructor)]
    pub(super) fn new(handler: SocketHandler, is_ref: bool) -> Socket;
    #[wasm_bindgen(method, catch)]
    pub(super) fn connect(this: &Socket, options: &Object) -> Result<(), JsValue>;
    /// The same for TLS that will run over the connection.
    #[wasm_bindgen(method, catch, js_name = connectForTls)]
    pub(super) fn connect_for_tls(this: &Socket, options: &Object) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = connectSecure)]
    pub(super) fn connect_secure(this: &Socket, options: &Object, reads_later: bool) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn secure(this: &Socket, options: &Object, reads_later: bool) -> Result<(), JsValue>;
    /// The protocol that TLS has agreed on by ALPN.
    #[wasm_bindgen(method, getter)]
    pub(super) fn alpn(this: &Socket) -> Option<String>;
    /// Lets go of the socket, which has not been read from.
    #[wasm_bindgen(method, catch, js_name = handOver)]
    pub(super) fn hand_over(this: &Socket) -> Result<JsValue, JsValue>;
    /// Opens a stream of a session, and takes it over.
    #[wasm_bindgen(method, catch)]
    pub(super) fn request(this: &Socket, session: &RawSession, fields: &Object) -> Result<(), JsValue>;
    /// Takes over a socket that a server has accepted. Returns false if another channel has it, or if it was answered.
    #[wasm_bindgen(method, catch)]
    pub(super) fn adopt(this: &Socket, socket: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(method, catch, js_name = checkCertificates)]
    pub(super) fn check_certificates(this: &Socket) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(super) fn respond(this: &Socket, bytes: &[u8]) -> Result<(), JsValue>;
    /// The same on a stream of HTTP/2.
    #[wasm_bindgen(method, catch, js_name = respondOnStream)]
    pub(super) fn respond_on_stream(this: &Socket, fields: &Object) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    pub(super) fn listen(this: &Socket);
    /// Whether it is a stream of HTTP/2.
    #[wasm_bindgen(method, getter, js_name = isStream)]
    pub(super) fn is_stream(this: &Socket) -> bool;
    /// Whether the client left before it was accepted. `is_head`: the request is HEAD over HTTP/2, whose response has no body.
    #[wasm_bindgen(method, catch, js_name = isGone)]
    pub(super) fn is_gone(this: &Socket, is_head: bool) -> Result<bool, JsValue>;
    #[wasm_bindgen(method)]
    pub(super) fn replay(this: &Socket, bytes: &JsValue);
    #[wasm_bindgen(method)]
    pub(super) fn unread(this: &Socket, bytes: &[u8]);

    #[wasm_bindgen(method)]
    pub(super) fn pause(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn resume(this: &Socket);
    /// Calls `handle_later` after other events have had a turn.
    #[wasm_bindgen(method, js_name = readLater)]
    pub(super) fn read_later(this: &Socket);
    #[wasm_bindgen(method, js_name = setRef)]
    pub(super) fn set_ref(this: &Socket, is_ref: bool);
    #[wasm_bindgen(method)]
    pub(super) fn tick(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn turn(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn write(this: &Socket, bytes: &[u8], messages: u32, part: u32);
    #[wasm_bindgen(method, js_name = writeShared)]
    pub(super) fn write_shared(this: &Socket, bytes: &JsValue, messages: u32, part: u32);
    #[wasm_bindgen(method, js_name = writeWindow)]
    pub(super) fn write_window(this: &Socket, start: usize, len: usize, messages: u32, part: u32);
    #[wasm_bindgen(method, getter)]
    pub(super) fn backlog(this: &Socket) -> f64;
    #[wasm_bindgen(method)]
    pub(super) fn end(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn linger(this: &Socket, ms: u32);
    #[wasm_bindgen(method)]
    pub(super) fn detach(this: &Socket);
    #[wasm_bindgen(method)]
    pub(super) fn destroy(this: &Socket);

    #[wasm_bindgen(method, js_name = beginMessage)]
    pub(super) fn begin_message(this: &Socket, message: &Assembly, may_pass: f64);
    #[wasm_bindgen(method, js_name = endMessage)]
    pub(super) fn end_message(this: &Socket) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn message(this: &Socket) -> Assembly;
}

#[wasm_bindgen(module = "/src/transport/node/answer.js")]
extern "C" {
    /// Writes these bytes to a socket and ends it. Destroys it if the peer does not end it within `ms`. Returns false if a channel has it, or if it
    /// was answered.
    pub(super) fn answer(socket: &JsValue, bytes: &[u8], ms: u32) -> bool;
    /// The same for a stream of HTTP/2; throws if Node refuses a field.
    #[wasm_bindgen(js_name = answerOnStream, catch)]
    pub(super) fn answer_on_stream(stream: &JsValue, fields: &Object, body: &str, ms: u32) -> Result<bool, JsValue>;
    /// Destroys a socket without an answer. Returns false if a channel has it, or if it was answered.
    #[wasm_bindgen(js_name = dropUnanswered)]
    pub(super) fn drop_unanswered(socket: &JsValue) -> bool;
}

#[wasm_bindgen(module = "/src/transport/node/assembly.js")]
extern "C" {
    /// Where the pieces of a message are put together.
    pub(super) type Assembly;
    /// Adds bytes from Rust's memory.
    #[wasm_bindgen(method)]
    pub(super) fn append(this: &Assembly, bytes: &[u8]);
    /// The whole message: a string, or a `Uint8Array`.
    #[wasm_bindgen(method)]
    pub(super) fn finish(this: &Assembly) -> JsValue;
    /// A text that arrives in pieces.
    #[wasm_bindgen(js_name = assembleText)]
    pub(super) fn assemble_text() -> Assembly;
    /// A binary message of about `length` bytes that arrives in pieces.
    #[wasm_bindgen(js_name = assembleBinary)]
    pub(super) fn assemble_binary(length: f64) -> Assembly;
}

#[wasm_bindgen(module = "/src/transport/node/delivery.js")]
extern "C" {
    #[wasm_bindgen(js_name = deliverAscii)]
    pub(super) fn deliver_ascii(listener: &Trampoline, inflated: bool, start: u32, end: u32);
    #[wasm_bindgen(js_name = deliverUnits)]
    pub(super) fn deliver_units(listener: &Trampoline, count: u32, narrow: bool);
    #[wasm_bindgen(js_name = deliverUtf8)]
    pub(super) fn deliver_utf8(listener: &Trampoline, inflated: bool, start: u32, end: u32);
    #[wasm_bindgen(js_name = deliverBinary)]
    pub(super) fn deliver_binary(listener: &Trampoline, inflated: bool, start: u32, end: u32);
    /// The rest of the chunk, from here on: a Buffer. It is not read now.
    #[wasm_bindgen(js_name = takeRest)]
    pub(super) fn take_rest(start: u32) -> JsValue;
    /// Rust has unmasked these bytes of what was received.
    pub(super) fn unmasked(start: u32, end: u32);
    #[wasm_bindgen(js_name = deliverPiece)]
    pub(super) fn deliver_piece(message: &Assembly, inflated: bool, start: u32, end: u32, ascii: bool);
}

#[wasm_bindgen(module = "/src/transport/node/undocumented.js")]
extern "C" {
    /// Whether an HTTP server still has to answer an earlier request on the connection.
    #[wasm_bindgen(js_name = hasResponse)]
    pub(super) fn has_response(socket: &JsValue) -> bool;
}

// Only scripts use these. Rust names them because wasm-bindgen copies only the scripts that Rust names.
#[wasm_bindgen(module = "/src/transport/node/reading.js")]
extern "C" {
    type Reading;
    #[allow(dead_code)]
    #[wasm_bindgen(constructor)]
    fn read(handler: &JsValue) -> Reading;
}
#[wasm_bindgen(module = "/src/transport/node/tick.js")]
extern "C" {
    #[allow(dead_code)]
    fn hold();
}
