//! What JavaScript sees: the classes from which `channel.js` makes the exported ones. The types are in
//! `pkg-template/index.d.ts`.
//!
//! Names that begin with two underscores are internal to this package. `channel.js` moves the channel's to symbols.
//!
//! A method reads its arguments, asks the [`channel`](crate::channel) through its driver, and turns an error into a
//! `ChannelError`. What only one host can do is in `host/`.

mod arguments;
mod channel;
mod error;
mod host;
mod load_group;
mod options;
mod signal;

use alloc::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use self::channel::{Inner, uri_of};
use self::error::already_opened;
use crate::channel::State;
use crate::close::Close;
use crate::status::Status;
use crate::transport::{ChannelError, PayloadKind, PingTimes, sentence};

pub use load_group::LoadGroup;

/// What a method returns whose result is an object or a string, even if it never throws. V8 11.3, of Node 20, may include calls of wasm in the code that
/// it optimizes. If it has to discard that code during a call whose only result is an object, it ends the process ("unreachable code"). A `Result`
/// is more than one result, and such calls are not included.
type Returned = Result<JsValue, JsValue>;

/// Gecko's nsIWebSocketChannel.
#[wasm_bindgen(skip_typescript)]
pub struct WebSocketChannel {
    inner: Rc<Inner>,
}

#[wasm_bindgen]
impl WebSocketChannel {
    /// An idle channel. Throws NS_ERROR_INVALID_ARG or NS_ERROR_NOT_IMPLEMENTED for an option.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<Self, JsValue> {
        Ok(Self { inner: Inner::new(options)? })
    }

    /// Sets the object that JavaScript holds. `channel.js` does so once.
    #[wasm_bindgen(setter, js_name = __this)]
    pub fn set_this(&self, this: &JsValue) {
        self.inner.set_this(this);
    }

    /// `asyncOpen`: `uri` is a string or a `URL`, `origin` a string or null, `listener` an object.
    #[wasm_bindgen(js_name = asyncOpen)]
    pub fn async_open(
        &self,
        uri: &JsValue,
        origin: &JsValue,
        listener: &JsValue,
        context: &JsValue,
    ) -> Result<(), JsValue> {
        Ok(self.inner.open(uri, origin, listener, context)?)
    }

    /// `sendMsg` of a text that may have to wait: returns whether it was accepted. If not, `channel.js` calls `__problem`, because returning a
    /// `Result` would cost every send 21 ns.
    #[wasm_bindgen(js_name = sendMsg)]
    pub fn accepts_msg(&self, text: &JsValue) -> bool {
        self.inner.send_later(text, PayloadKind::Text)
    }

    /// `sendBinaryMsg`: the same for bytes, an `ArrayBuffer` or a view of one.
    #[wasm_bindgen(js_name = sendBinaryMsg)]
    pub fn accepts_binary_msg(&self, bytes: &JsValue) -> bool {
        self.inner.send_later(bytes, PayloadKind::Binary)
    }

    /// Throws what is wrong with the message that was not accepted. Returns false if nothing is.
    #[wasm_bindgen(js_name = __problem)]
    pub fn throw_problem(&self) -> Result<bool, JsValue> {
        self.inner.take_error().map_or(Ok(false), |error| Err(error.into()))
    }

    /// `sendBinaryStream`: returns whether the stream of `length` bytes was accepted.
    #[wasm_bindgen(js_name = sendBinaryStream)]
    pub fn send_binary_stream(&self, stream: &JsValue, length: &JsValue) -> Result<bool, JsValue> {
        Ok(self.inner.send_stream(stream, length)?)
    }

    /// `sendPing`: returns a promise of the milliseconds until the pong.
    #[wasm_bindgen(js_name = sendPing)]
    pub fn send_ping(&self, data: &JsValue) -> Result<Promise, JsValue> {
        Ok(host::send_ping(&self.inner.driver, data)?)
    }

    /// `close`: a close frame behind all messages, with `code` (1000) and `reason` (empty; at most 123 bytes of UTF-8, RFC 6455 §5.5). While
    /// connecting, it cancels. Throws NS_ERROR_INVALID_ARG for an argument, and NS_ERROR_NOT_CONNECTED before `asyncOpen`.
    pub fn close(&self, code: &JsValue, reason: &JsValue) -> Result<(), JsValue> {
        Ok(self.inner.close(code, reason)?)
    }

    /// Closes as the web's own classes do without arguments: the close frame is empty.
    #[wasm_bindgen(js_name = __closeEmpty)]
    pub fn close_empty(&self) -> Result<(), JsValue> {
        Ok(self.inner.close_with(Close::EMPTY)?)
    }

    /// `suspend`: stops reading until `resume` was called as many times. Throws NS_ERROR_NOT_CONNECTED before `asyncOpen`, and in a page
    /// NS_ERROR_NOT_IMPLEMENTED.
    pub fn suspend(&self) -> Result<(), JsValue> {
        Ok(host::suspend(&self.inner.driver)?)
    }

    /// `resume`: reads again. Throws NS_ERROR_UNEXPECTED if the channel is not suspended, and what `suspend` throws.
    pub fn resume(&self) -> Result<(), JsValue> {
        Ok(host::resume(&self.inner.driver)?)
    }

    /// `ref`: the channel keeps a Node process alive.
    #[wasm_bindgen(js_name = ref)]
    pub fn keep(&self) -> Returned {
        host::set_ref(&self.inner.driver, true);
        Ok(self.inner.this())
    }

    /// `unref`: the channel does not keep a Node process alive.
    pub fn unref(&self) -> Returned {
        host::set_ref(&self.inner.driver, false);
        Ok(self.inner.this())
    }

    /// Cancels the channel, for its load group.
    #[wasm_bindgen(js_name = __cancel)]
    pub fn cancel(&self, status: u32) {
        self.inner.cancel(Status(status));
    }

    /// The URI that was passed to `asyncOpen`, parsed.
    #[wasm_bindgen(getter, js_name = originalURI)]
    pub fn original_uri(&self) -> Result<JsValue, JsValue> {
        Ok(uri_of("originalURI", &self.inner.original_uri)?)
    }

    /// The URI after redirects.
    #[wasm_bindgen(getter, js_name = URI)]
    pub fn uri(&self) -> Result<JsValue, JsValue> {
        Ok(uri_of("URI", &self.inner.attributes.uri)?)
    }

    /// The subprotocols to ask for. Once open, the one that the server has selected, or empty.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> Returned {
        let protocol = match self.inner.driver.state() {
            State::Idle | State::Connecting => &self.inner.protocols,
            _ => &self.inner.attributes.protocol,
        };
        Ok(protocol.borrow().as_str().into())
    }

    /// Sets the subprotocols to ask for.
    #[wasm_bindgen(setter)]
    pub fn set_protocol(&self, list: &JsValue) -> Result<(), JsValue> {
        let list = list.as_string().ok_or_else(|| {
            ChannelError::invalid(
                "protocol: this must be a string. Use a comma-separated list of subprotocols, or \"\".",
            )
        })?;
        self.must_be_idle("protocol")?;
        self.inner.protocols.replace(list);
        Ok(())
    }

    /// The response's `Sec-WebSocket-Extensions`, or empty.
    #[wasm_bindgen(getter)]
    pub fn extensions(&self) -> Returned {
        Ok(self.inner.attributes.extensions.borrow().as_str().into())
    }

    /// The response that opened the channel, as `{ status, headers }`, or null.
    #[wasm_bindgen(getter, js_name = httpResponse)]
    pub fn http_response(&self) -> Returned {
        Ok(host::http_response(&self.inner.attributes))
    }

    /// What is known about the TLS connection, or null.
    #[wasm_bindgen(getter, js_name = securityInfo)]
    pub fn security_info(&self) -> Returned {
        Ok(host::security_info(&self.inner.attributes))
    }

    /// The group that the channel is a member of, or null.
    #[wasm_bindgen(getter, js_name = loadGroup)]
    pub fn load_group(&self) -> Returned {
        Ok(self.inner.load_group())
    }

    /// Moves the channel to another group.
    #[wasm_bindgen(setter, js_name = loadGroup)]
    pub fn set_load_group(&self, group: &JsValue) -> Result<(), JsValue> {
        Ok(self.inner.move_to(group)?)
    }

    /// The callbacks to call while the channel opens, or null.
    #[wasm_bindgen(getter, js_name = notificationCallbacks)]
    pub fn notification_callbacks(&self) -> Returned {
        Ok(host::callbacks(&self.inner))
    }

    /// Sets the callbacks.
    #[wasm_bindgen(setter, js_name = notificationCallbacks)]
    pub fn set_notification_callbacks(&self, callbacks: &JsValue) -> Result<(), JsValue> {
        if !callbacks.is_null() && !callbacks.is_object() {
            let message = "notificationCallbacks: this must be an object of functions, or null.";
            return Err(ChannelError::invalid(message).into());
        }
        Ok(host::set_callbacks(&self.inner, callbacks)?)
    }

    /// Seconds of silence after which a ping goes out; 0 for none.
    #[wasm_bindgen(getter, js_name = pingInterval)]
    pub fn ping_interval(&self) -> u32 {
        self.inner.ping.get().interval
    }

    /// Takes whole seconds, and 0 for none. Throws NS_ERROR_INVALID_ARG, and NS_ERROR_ALREADY_OPENED after `asyncOpen`.
    #[wasm_bindgen(setter, js_name = pingInterval)]
    pub fn set_ping_interval(&self, seconds: &JsValue) -> Result<(), JsValue> {
        let seconds = self.parse_ping("pingInterval", 0, seconds)?;
        self.inner.ping.set(PingTimes { interval: seconds, ..self.inner.ping.get() });
        Ok(())
    }

    /// Seconds from such a ping until the channel stops, unless something arrives.
    #[wasm_bindgen(getter, js_name = pingTimeout)]
    pub fn ping_timeout(&self) -> u32 {
        self.inner.ping.get().timeout
    }

    /// Takes whole seconds from 1 on. Throws like `pingInterval`.
    #[wasm_bindgen(setter, js_name = pingTimeout)]
    pub fn set_ping_timeout(&self, seconds: &JsValue) -> Result<(), JsValue> {
        let seconds = self.parse_ping("pingTimeout", 1, seconds)?;
        self.inner.ping.set(PingTimes { timeout: seconds, ..self.inner.ping.get() });
        Ok(())
    }

    /// The name of the channel's state.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> Returned {
        Ok(self.inner.state_name().into())
    }

    /// The channel's status, an nsresult.
    #[wasm_bindgen(getter)]
    pub fn status(&self) -> u32 {
        self.inner.driver.status().0
    }

    /// The payload bytes that were accepted and that the host has not taken.
    #[wasm_bindgen(getter, js_name = bufferedAmount)]
    pub fn buffered_amount(&self) -> f64 {
        self.inner.driver.buffered_amount() as f64
    }

    /// A number unique in this thread.
    #[wasm_bindgen(getter)]
    pub fn serial(&self) -> u32 {
        self.inner.serial
    }

    /// What `console.log` shows in Node.
    #[wasm_bindgen(js_name = __inspect)]
    pub fn inspect(&self) -> Returned {
        Ok(host::inspect(&self.inner))
    }

    /// Sends a valid payload that a group broadcasts, if the channel is open. Returns whether it was accepted.
    #[wasm_bindgen(js_name = __sendIfOpen)]
    pub fn send_if_open(&self, payload: &JsValue, is_text: bool) -> bool {
        self.inner.driver.state() == State::Open && self.inner.send_quietly(payload, PayloadKind::of(is_text))
    }

    fn parse_ping(&self, name: &str, min: u32, seconds: &JsValue) -> Result<u32, ChannelError> {
        let seconds = host::parse_ping(name, min, seconds)?;
        self.must_be_idle(name)?;
        Ok(seconds)
    }

    fn must_be_idle(&self, name: &str) -> Result<(), ChannelError> {
        if self.inner.driver.state() == State::Idle {
            return Ok(());
        }
        let message = sentence(&[name, ": this channel has already been opened. Set this before asyncOpen."]);
        Err(already_opened(message))
    }
}

/// `WebSocketChannel.compressionMemory`, in bytes: the most that the compression contexts of this thread take together.
#[wasm_bindgen(js_name = compressionMemory)]
pub fn compression_memory() -> f64 {
    host::compression_memory()
}

/// Sets `WebSocketChannel.compressionMemory`; null and undefined mean the default.
#[wasm_bindgen(js_name = setCompressionMemory)]
pub fn set_compression_memory(bytes: &JsValue) -> Result<(), JsValue> {
    Ok(host::set_compression_memory(bytes)?)
}

/// `eventService.addListener`.
#[wasm_bindgen(js_name = addListener)]
pub fn add_listener(listener: &JsValue) -> Result<(), JsValue> {
    Ok(host::add_listener(listener)?)
}

/// `eventService.removeListener`: returns whether it was a listener.
#[wasm_bindgen(js_name = removeListener)]
pub fn remove_listener(listener: &JsValue) -> bool {
    host::remove_listener(listener)
}

/// Runs once, when the wasm is compiled.
#[wasm_bindgen(start)]
pub fn start() {
    host::start();
}
