//! One channel that JavaScript holds: its arguments, its attributes, and its load group.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::{Cell, RefCell};
use core::sync::atomic::{AtomicU32, Ordering};

use wasm_bindgen::prelude::*;

use super::arguments::{
    check_listener, parse_close, parse_origin, parse_payload, parse_protocols, parse_stream, parse_uri,
};
use super::error::{already_opened, not_connected};
use super::host;
use super::load_group;
use super::options::Options;
use super::signal::Abort;
use crate::channel::{Ending, OpenError, State, Stop, Timeouts};
use crate::close::Close;
use crate::status::Status;
use crate::transport::{
    Attributes, ChannelError, Driver, HostTransport, JsHost, Listener, Payload, PayloadKind, PingTimes, Target,
    Trampoline, Unfinished, fill, sentence,
};

/// One channel.
pub(super) struct Inner {
    pub(super) driver: Rc<Driver>,
    pub(super) attributes: Rc<Attributes>,
    /// Set until `asyncOpen`. They may contain secrets, and the user may keep the channel.
    options: RefCell<Option<Box<Options>>>,
    /// The object that JavaScript holds.
    this: RefCell<JsValue>,
    /// It keeps an attribute's value. Most channels need not be asked.
    has_kept: Cell<bool>,
    /// The subprotocols to ask for, comma separated.
    pub(super) protocols: RefCell<String>,
    pub(super) original_uri: RefCell<Option<Rc<String>>>,
    /// True from `asyncOpen` to `onStop`.
    is_active: Cell<bool>,
    /// The option `signal`, while the channel is active.
    abort: RefCell<Option<Abort>>,
    /// What is wrong with the last send.
    error: RefCell<Option<ChannelError>>,
    pub(super) ping: Cell<PingTimes>,
    pub(super) serial: u32,
}

static SERIALS: AtomicU32 = AtomicU32::new(1);

impl Inner {
    pub(super) fn new(options: &JsValue) -> Result<Rc<Self>, ChannelError> {
        let options = Options::parse(options)?;
        let serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        Ok(Rc::new(Self {
            driver: Rc::default(),
            attributes: host::attributes(serial),
            options: RefCell::new(Some(Box::new(options))),
            this: RefCell::default(),
            has_kept: Cell::new(false),
            protocols: RefCell::default(),
            original_uri: RefCell::default(),
            is_active: Cell::new(false),
            abort: RefCell::default(),
            error: RefCell::default(),
            ping: Cell::new(PingTimes::DEFAULT),
            serial,
        }))
    }

    pub(super) fn set_this(&self, this: &JsValue) {
        // workerd before 2025-05-05 has neither WeakRef nor finalizers. There a channel is never freed.
        self.this.replace(WeakRef::new(this).map_or_else(|_| this.clone(), Into::into));
    }

    pub(super) fn this(&self) -> JsValue {
        let this = self.this.borrow().clone();
        this.dyn_ref::<WeakRef>().map_or(this.clone(), WeakRef::deref)
    }

    /// Keeps an attribute's value, which may refer back to the channel, in the object that JavaScript holds.
    pub(super) fn keep(&self, name: &str, value: &JsValue) {
        self.has_kept.set(true);
        keep(&self.this(), name, value);
    }

    /// The attribute's value, or null.
    pub(super) fn kept(&self, name: &str) -> JsValue {
        if self.has_kept.get() { kept(&self.this(), name) } else { JsValue::NULL }
    }

    /// A `LoadGroup`, or null.
    pub(super) fn load_group(&self) -> JsValue {
        self.kept("loadGroup")
    }

    pub(super) fn open(
        self: &Rc<Self>,
        uri: &JsValue,
        origin: &JsValue,
        listener: &JsValue,
        context: &JsValue,
    ) -> Result<(), ChannelError> {
        let options = self.options_if_idle("asyncOpen")?;
        let uri = parse_uri(uri, &host::base())?;
        let origin = parse_origin(origin)?;
        check_listener("asyncOpen", listener)?;
        let protocols = parse_protocols(&self.protocols.borrow())?;
        let Options { timeouts, signal, max_message_size, host } = options;
        let options = host::options_for(host, self.ping.get(), origin);
        let (href, attributes) = (uri.href.clone(), self.attributes.clone());
        let target = Target { uri, protocols, max_message_size, options, attributes };
        let connect = || HostTransport::connect(&self.driver, target);
        self.begin("asyncOpen", timeouts, &signal, href, (listener, context), connect)
    }

    /// The options, if the channel is idle.
    pub(super) fn options_if_idle(&self, method: &str) -> Result<Options, ChannelError> {
        let options = self.options.borrow();
        options.as_deref().filter(|_| self.driver.state() == State::Idle).cloned().ok_or_else(|| opened_before(method))
    }

    /// Moves the channel from idle to connecting. The arguments are valid.
    pub(super) fn begin(
        self: &Rc<Self>,
        method: &str,
        timeouts: Timeouts,
        signal: &JsValue,
        href: String,
        (listener, context): (&JsValue, &JsValue),
        connect: impl FnOnce() -> Result<Rc<HostTransport>, ChannelError>,
    ) -> Result<(), ChannelError> {
        // Until it stops, a channel lives even without its JavaScript object: the user may hold its signal or a ping's promise.
        let channel = self.clone();
        let on_stop = Box::new(move |stop: &Stop<JsHost>| channel.stopped(stop));
        let listener = Listener::new(Trampoline::new(listener, context), on_stop);
        host::hold_callbacks(self);
        self.driver.open(timeouts, listener, connect).map_err(|error| match error {
            OpenError::AlreadyOpened => opened_before(method), // and the callbacks are still needed
            OpenError::Argument(error) => {
                host::release_callbacks(&self.attributes);
                error
            }
        })?;
        self.opened(href, signal);
        Ok(())
    }

    /// `asyncOpen` or `asyncAccept` has succeeded.
    fn opened(self: &Rc<Self>, href: String, signal: &JsValue) {
        let uri = Rc::new(href);
        self.attributes.uri.replace(Some(uri.clone()));
        self.original_uri.replace(Some(uri));
        let options = self.options.take();
        drop(options);
        self.is_active.set(true);
        load_group::join(&self.load_group(), || self.this());
        if !signal.is_undefined() {
            let abort = Abort::listen(signal, &self.driver);
            self.abort.replace(Some(abort));
        }
    }

    /// Cleans up right before `onStop`.
    fn stopped(&self, stop: &Stop<JsHost>) {
        let abort = self.abort.take();
        drop(abort);
        self.is_active.set(false);
        load_group::leave(&self.load_group(), || self.this());
        host::stopped(&self.attributes, stop);
    }

    pub(super) fn move_to(&self, group: &JsValue) -> Result<(), ChannelError> {
        if !group.is_null() && load_group::members(group).is_none() {
            return Err(ChannelError::invalid("loadGroup: this must be a LoadGroup or null."));
        }
        load_group::leave(&self.load_group(), || self.this());
        self.keep("loadGroup", group);
        if self.is_active.get() {
            load_group::join(group, || self.this());
        }
        Ok(())
    }

    /// Sends the payload in the send window if nothing waits before it, and returns whether it did. It calls no JavaScript before it does.
    #[inline]
    pub(super) fn send_filled(&self, kind: PayloadKind, len: usize) -> bool {
        self.send_now(|transport| transport.send_filled(&self.driver, kind, len))
    }

    /// Sends a message if the transport can do so at once, and returns whether it could. `send` must not call JavaScript.
    #[inline]
    pub(super) fn send_now(&self, send: impl FnOnce(&HostTransport) -> Option<Unfinished>) -> bool {
        let Some(rest) = self.driver.with_transport(send).flatten() else { return false };
        if rest.is_due()
            && let Some(transport) = self.driver.transport()
        {
            transport.finish(rest);
        }
        true
    }

    /// Sends a message to a member of a group, and returns whether it was accepted: nobody asks what is wrong.
    pub(super) fn send_quietly(&self, value: &JsValue, kind: PayloadKind) -> bool {
        let was_accepted =
            fill(value, kind).is_some_and(|len| self.send_filled(kind, len)) || self.send_later(value, kind);
        self.error.take();
        was_accepted
    }

    pub(super) fn take_error(&self) -> Option<ChannelError> {
        self.error.take()
    }

    /// Returns whether a message that may have to wait was accepted. If not, [`take_error`](Self::take_error) says what is wrong with it, if anything
    /// is.
    #[cold]
    pub(super) fn send_later(&self, value: &JsValue, kind: PayloadKind) -> bool {
        let method = match kind {
            PayloadKind::Text => "sendMsg",
            PayloadKind::Binary => "sendBinaryMsg",
        };
        let sent = parse_payload(value, kind).and_then(|payload| self.push(payload, method));
        sent.unwrap_or_else(|error| {
            self.error.replace(Some(error));
            false
        })
    }

    fn push(&self, payload: Payload, method: &str) -> Result<bool, ChannelError> {
        if self.driver.doubling_queue().is_some_and(|count| !host::can_queue(count)) {
            let advice = ": there is no memory left for another message. Wait until bufferedAmount has fallen.";
            return Err(ChannelError::new(Status::OUT_OF_MEMORY, sentence(&[method, advice])));
        }
        let sent = self.driver.send(|transport, state| {
            if let Payload::Stream(stream) = &payload {
                stream.accept();
            }
            transport.outgoing(payload, state)
        });
        sent.map_err(|_| not_connected(method))
    }

    pub(super) fn send_stream(&self, stream: &JsValue, length: &JsValue) -> Result<bool, ChannelError> {
        self.push(Payload::Stream(parse_stream(stream, length)?), "sendBinaryStream")
    }

    pub(super) fn close(&self, code: &JsValue, reason: &JsValue) -> Result<(), ChannelError> {
        self.close_with(parse_close(code, reason)?)
    }

    pub(super) fn close_with(&self, close: Close) -> Result<(), ChannelError> {
        self.driver.close(close).map_err(|_| not_connected("close"))
    }

    pub(super) fn cancel(&self, status: Status) {
        self.driver.cancel(Ending::cancelled(status));
    }

    pub(super) fn state_name(&self) -> &'static str {
        match self.driver.state() {
            State::Idle => "idle",
            State::Connecting => "connecting",
            State::Open => "open",
            State::Closing => "closing",
            State::Stopped => "stopped",
        }
    }
}

/// The value of the attribute `name`, a URI.
pub(super) fn uri_of(name: &str, uri: &RefCell<Option<Rc<String>>>) -> Result<JsValue, ChannelError> {
    uri.borrow().as_ref().map(|uri| JsValue::from_str(uri)).ok_or_else(|| {
        let message = sentence(&[name, ": there is no URI before asyncOpen. Call asyncOpen first."]);
        ChannelError::new(Status::NOT_INITIALIZED, message)
    })
}

#[cold]
fn opened_before(method: &str) -> ChannelError {
    let advice = ": this channel has already been opened. Create a new WebSocketChannel.";
    already_opened(sentence(&[method, advice]))
}

#[wasm_bindgen(module = "/src/transport/value.js")]
extern "C" {
    fn keep(object: &JsValue, name: &str, value: &JsValue);
    fn kept(object: &JsValue, name: &str) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    type WeakRef;
    #[wasm_bindgen(constructor, catch)]
    fn new(target: &JsValue) -> Result<WeakRef, JsValue>;
    #[wasm_bindgen(method)]
    fn deref(this: &WeakRef) -> JsValue;
}
