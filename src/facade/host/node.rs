//! Node.

use alloc::rc::Rc;
use core::cell::RefCell;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use crate::channel::{State, Stop};
use crate::close::ABNORMAL;
use crate::facade::WebSocketChannel;
use crate::facade::arguments::{parse_bytes, quote, text_length, wrong_method};
use crate::facade::channel::Inner;
use crate::facade::error::not_connected;
use crate::facade::options::whole_number;
use crate::protocol::{self, MAX_CONTROL};
use crate::status::Status;
use crate::transport::node::{self, tell_closed};
use crate::transport::{
    Attributes, ChannelError, Driver, HostOptions, JsHost, MAX_DELAY_MS, PayloadKind, PingTimes, property,
};
use crate::uri::{is_origin, without_credentials};

/// The longest delay of `setTimeout`, in seconds.
const MAX_SECONDS: u32 = MAX_DELAY_MS / 1000;

/// The functions of `notificationCallbacks`, each of which may be missing.
const CALLBACKS: &[&str] = &["onAuthRequired", "onRedirect", "onProgress"];
/// The methods of a listener of `eventService`, each of which may be missing.
const EVENTS: &[&str] = &[
    "webSocketCreated",
    "webSocketOpened",
    "webSocketMessageAvailable",
    "webSocketClosed",
    "frameSent",
    "frameReceived",
];

#[wasm_bindgen]
impl WebSocketChannel {
    /// Sends a message of `len` bytes that `channel.js` has put into the send window, if nothing waits before it. Returns whether it did.
    #[wasm_bindgen(js_name = __sendFilled)]
    pub fn send_filled(&self, len: u32, is_text: bool) -> bool {
        self.inner.send_filled(PayloadKind::of(is_text), len as usize)
    }
}

/// Makes panics readable.
pub(in crate::facade) fn start() {
    console_error_panic_hook::set_once();
}

/// The attributes of a new channel.
pub(in crate::facade) fn attributes(serial: u32) -> Rc<Attributes> {
    let attributes = Attributes::default();
    attributes.node.serial.set(serial);
    Rc::new(attributes)
}

/// Node has no document, so a relative URI is refused.
pub(in crate::facade) fn base() -> JsValue {
    JsValue::UNDEFINED
}

pub(in crate::facade) fn options_for(options: HostOptions, ping: PingTimes, origin: Option<String>) -> HostOptions {
    HostOptions { ping, origin, ..options }
}

/// Any origin can be sent.
pub(in crate::facade) fn check_origin(origin: &str) -> Result<(), ChannelError> {
    if is_origin(origin) {
        return Ok(());
    }
    let advice = "Pass a scheme and a host, such as https://app.example, or null to send none.";
    // What stands before an @ may be a password.
    let shown = if origin.contains('@') { "this".into() } else { quote(&origin.into()) };
    Err(ChannelError::invalid(format!("asyncOpen: {shown} is not an origin. {advice}")))
}

pub(in crate::facade) fn send_ping(driver: &Driver, data: &JsValue) -> Result<Promise, ChannelError> {
    let state = driver.state();
    if state == State::Idle {
        return Err(not_connected("sendPing"));
    }
    let payload = parse_ping_data(data)?;
    let promise = match driver.transport() {
        Some(node) if matches!(state, State::Connecting | State::Open) => match node.send_ping(payload) {
            Ok(promise) => promise,
            Err(error) => Promise::reject(&error.into()),
        },
        _ => Promise::reject(
            &ChannelError::new(
                Status::NOT_CONNECTED,
                "sendPing: the channel is closing or has stopped. Send pings only before that.",
            )
            .into(),
        ),
    };
    // Nobody has to await the promise or handle its rejection.
    IGNORE.with(|ignore| {
        let _ = promise.catch(ignore);
    });
    Ok(promise)
}

/// The payload of a ping; `None` if there is no argument. Something long is not copied.
fn parse_ping_data(data: &JsValue) -> Result<Option<Vec<u8>>, ChannelError> {
    let too_long =
        || ChannelError::invalid("sendPing: a ping carries at most 125 bytes (RFC 6455 §5.5). Send a shorter one.");
    if data.is_undefined() {
        return Ok(None);
    }
    let payload = if let Some(length) = text_length(data) {
        (length <= MAX_CONTROL).then(|| data.as_string().unwrap_or_default().into_bytes())
    } else {
        let bytes = parse_bytes(data, "sendPing", "Pass one of these, or a string.")?;
        (bytes.length() as usize <= MAX_CONTROL).then(|| bytes.to_vec())
    };
    payload.filter(|payload| payload.len() <= MAX_CONTROL).map(Some).ok_or_else(too_long)
}

thread_local! {
    static IGNORE: Closure<dyn FnMut(JsValue)> = Closure::new(|_| {});
}

pub(in crate::facade) fn parse_ping(name: &str, min: u32, seconds: &JsValue) -> Result<u32, ChannelError> {
    whole_number(seconds, min, MAX_SECONDS).ok_or_else(|| {
        let message = format!(
            "{name}: {} is out of range. Use a whole number of seconds from {min} to {MAX_SECONDS}.",
            quote(seconds)
        );
        ChannelError::invalid(message)
    })
}

pub(in crate::facade) fn suspend(driver: &Driver) -> Result<(), ChannelError> {
    if driver.state() == State::Idle {
        return Err(not_connected("suspend"));
    }
    if let Some(node) = driver.transport() {
        node.suspend();
    }
    Ok(())
}

pub(in crate::facade) fn resume(driver: &Driver) -> Result<(), ChannelError> {
    let state = driver.state();
    if state == State::Idle {
        return Err(not_connected("resume"));
    }
    let was_suspended = driver.transport().is_some_and(|node| node.resume());
    if was_suspended || state == State::Stopped {
        return Ok(());
    }
    let message = "resume: the channel is not suspended. Call resume once for each suspend.";
    Err(ChannelError::new(Status::UNEXPECTED, message))
}

pub(in crate::facade) fn set_ref(driver: &Driver, is_ref: bool) {
    driver.timer().set_ref(is_ref);
    if let Some(node) = driver.transport() {
        node.set_ref(is_ref);
    }
}

/// The name under which the attribute's value is kept.
const NOTIFICATION_CALLBACKS: &str = "notificationCallbacks";

pub(in crate::facade) fn callbacks(channel: &Inner) -> JsValue {
    channel.kept(NOTIFICATION_CALLBACKS)
}

pub(in crate::facade) fn set_callbacks(channel: &Inner, callbacks: &JsValue) -> Result<(), ChannelError> {
    if let Some(name) = wrong_method(callbacks, CALLBACKS) {
        return Err(ChannelError::invalid(format!("notificationCallbacks: {name} must be a function.")));
    }
    channel.keep(NOTIFICATION_CALLBACKS, callbacks);
    if channel.driver.state() == State::Connecting {
        hold_callbacks(channel);
    }
    Ok(())
}

/// The channel opens now: its callbacks are needed even if JavaScript holds the channel no more.
pub(in crate::facade) fn hold_callbacks(channel: &Inner) {
    let before = channel.attributes.node.callbacks.replace(callbacks(channel));
    drop(before);
}

/// The channel opens no more.
pub(in crate::facade) fn release_callbacks(attributes: &Attributes) {
    let before = attributes.node.callbacks.replace(JsValue::NULL);
    drop(before);
}

pub(in crate::facade) fn http_response(attributes: &Attributes) -> JsValue {
    unborrowed(&attributes.node.http_response, |response| response.describe())
}

pub(in crate::facade) fn security_info(attributes: &Attributes) -> JsValue {
    unborrowed(&attributes.node.security, |security| security.as_mut().map_or(JsValue::NULL, |it| it.describe()))
}

/// Uses the content of a cell that is not borrowed meanwhile, because `describe` calls JavaScript.
fn unborrowed<T: Default>(cell: &RefCell<T>, describe: impl FnOnce(&mut T) -> JsValue) -> JsValue {
    let mut content = cell.take();
    let described = describe(&mut content);
    cell.replace(content);
    described
}

pub(in crate::facade) fn compression_memory() -> f64 {
    protocol::budget() as f64
}

pub(in crate::facade) fn set_compression_memory(bytes: &JsValue) -> Result<(), ChannelError> {
    let is_default = bytes.is_undefined() || bytes.is_null();
    let budget = if is_default {
        Some(protocol::DEFAULT_BUDGET)
    } else {
        whole_number(bytes, 0, u32::MAX).map(|bytes| bytes as usize)
    };
    let Some(budget) = budget else {
        let message = format!(
            "compressionMemory: {} is out of range. Use a whole number of bytes from 0 to {}.",
            quote(bytes),
            u32::MAX
        );
        return Err(ChannelError::invalid(message));
    };
    protocol::set_budget(budget);
    Ok(())
}

pub(in crate::facade) fn add_listener(listener: &JsValue) -> Result<(), ChannelError> {
    if !listener.is_object() {
        let message = "addListener: listener must be an object. Pass one with the methods that you need.";
        return Err(ChannelError::invalid(message));
    }
    if let Some(name) = wrong_method(listener, EVENTS) {
        return Err(ChannelError::invalid(format!("addListener: the listener's {name} must be a function.")));
    }
    node::add_listener(listener);
    Ok(())
}

pub(in crate::facade) use crate::transport::node::{can_queue, remove_listener};

/// Reports the end to eventService. Rejects the unanswered pings, because no pong can arrive any more.
pub(in crate::facade) fn stopped(attributes: &Attributes, stop: &Stop<JsHost>) {
    release_callbacks(attributes);
    let status = stop.status;
    let (code, reason) = stop.peer_close.as_ref().map_or((ABNORMAL, ""), |it| (it.reported_code(), it.reason()));
    tell_closed(attributes.node.serial.get(), stop.was_clean, code, reason);
    attributes.node.pings.end(|| {
        let status = if status == Status::OK { Status::NOT_CONNECTED } else { status };
        let mut error = ChannelError::new(status, "sendPing: the channel ended before the pong arrived.");
        error.0.name = status.name().unwrap_or(error.0.name); // as onStop reports it
        error.into()
    });
}

/// The class, state, URI without user name and password, and status: what `console.log` shows.
pub(in crate::facade) fn inspect(channel: &Inner) -> JsValue {
    let class = property(&property(&channel.this(), "constructor"), "name");
    let class = class.as_string().unwrap_or_else(|| "WebSocketChannel".into());
    let state = channel.state_name();
    let status = channel.driver.status();
    let status = status.name().map_or_else(|| format!("0x{:X}", status.0), Into::into);
    let uri = channel.attributes.uri.borrow();
    let uri = uri.as_deref().map(|uri| format!(" URI: '{}',", without_credentials(uri))).unwrap_or_default();
    format!("{class} {{ state: '{state}',{uri} status: '{status}' }}").into()
}

#[wasm_bindgen(module = "/src/transport/node/abort.js")]
extern "C" {
    /// Calls back when the signal is aborted. Returns a function that removes the callback.
    #[wasm_bindgen(catch, js_name = whenAborted)]
    pub(in crate::facade) fn when_aborted(signal: &JsValue, callback: &JsValue) -> Result<Function, JsValue>;
}
