//! One channel with its backend and its listener, and the loop that keeps the three in step.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use wasm_bindgen::JsValue;

use super::timer::Timer;
use super::{Backend, Incoming, JsHost, Listener, PayloadKind, Refusal, Target};
use crate::channel::{Channel, Command, Notification, Report, State, Timeouts};
use crate::close::Close;
use crate::status::Status;

/// A channel at work. No borrow of its cells is held across a call into JavaScript, so a listener may call anything.
#[derive(Default)]
pub(crate) struct Session {
    channel: RefCell<Channel<JsHost>>,
    /// From `asyncOpen` to the end.
    backend: RefCell<Option<Rc<Backend>>>,
    listener: RefCell<Option<Rc<Listener>>>,
    timer: Timer,
    /// A listener's method is running: what it causes is delivered after it has returned.
    delivering: Cell<bool>,
    /// Strings, once the server has answered.
    protocol: RefCell<JsValue>,
    extensions: RefCell<JsValue>,
}

impl Session {
    pub(crate) fn state(&self) -> State {
        self.channel.borrow().state()
    }

    pub(crate) fn status(&self) -> Status {
        self.channel.borrow().status()
    }

    pub(crate) fn buffered_amount(&self) -> u64 {
        self.channel.borrow().buffered_amount()
    }

    #[allow(dead_code)] // asked where the host does not say when it has taken a message
    pub(crate) fn awaits_acknowledgement(&self) -> bool {
        self.channel.borrow().awaits_acknowledgement()
    }

    pub(crate) fn protocol(&self) -> JsValue {
        self.protocol.borrow().clone()
    }

    pub(crate) fn extensions(&self) -> JsValue {
        self.extensions.borrow().clone()
    }

    /// `asyncOpen`, its arguments checked. An error leaves the session as it was.
    pub(crate) fn open(
        self: &Rc<Self>,
        target: Target<'_>,
        timeouts: Timeouts,
        listener: Listener,
    ) -> Result<(), Refusal> {
        self.channel.borrow_mut().open(timeouts).map_err(already_opened)?;
        match Backend::open(self, target) {
            // Node's option `lookup` may have closed the channel already.
            #[cfg(feature = "node")]
            Ok(backend) if self.state() == State::Stopped => backend.abort(None),
            Ok(backend) => *self.backend.borrow_mut() = Some(backend),
            Err(refusal) => {
                self.channel.borrow_mut().undo_open();
                return Err(refusal);
            }
        }
        *self.listener.borrow_mut() = Some(Rc::new(listener));
        self.pump_commands();
        Ok(())
    }

    /// `sendMsg` and `sendBinaryMsg`.
    pub(crate) fn send(self: &Rc<Self>, payload: &JsValue, kind: PayloadKind) -> Result<bool, Status> {
        if !self.channel.borrow().admits()? {
            return Ok(false);
        }
        let Some(backend) = self.backend() else { return Ok(false) };
        let (message, size) = backend.outgoing(payload, kind, self.state() == State::Open);
        let accepted = self.channel.borrow_mut().send(message, size);
        self.pump_commands();
        accepted
    }

    /// Accepts a message that the backend sends at once, without the detour through the channel's commands: whether it may.
    #[allow(dead_code)] // a browser has its own way
    #[inline]
    pub(crate) fn accept_now(&self, size: u64) -> bool {
        self.channel.borrow_mut().accept_now(size)
    }

    /// `ref` and `unref`, for the timer.
    #[cfg(feature = "node")]
    pub(crate) fn keep_alive(&self, keep: bool) {
        self.timer.keep_alive(keep);
    }

    /// `close`.
    pub(crate) fn close(self: &Rc<Self>, close: Close) -> Result<(), Refusal> {
        let result = self.channel.borrow_mut().close(close);
        self.called();
        result.map_err(not_connected)
    }

    /// A load group's `cancel`.
    pub(crate) fn cancel(self: &Rc<Self>, status: Status) {
        self.channel.borrow_mut().cancel(status);
        self.called();
    }

    /// A message came: [`Report::Message`], without the detour through the channel's queue when nothing is before it.
    #[allow(dead_code)] // in a browser, the detour is nothing beside the event
    #[inline(always)] // so that the message stays in registers
    pub(crate) fn message(self: &Rc<Self>, backend: &Backend, message: Incoming) {
        if self.delivering.get() || !self.channel.borrow().passes_message() {
            return self.report(Report::Message(message));
        }
        let Some(listener) = self.listener() else { return };
        self.delivering.set(true);
        backend.deliver(&listener, message);
        self.delivering.set(false);
        if self.channel.borrow().has_output() {
            self.pump();
        }
    }

    /// The backend's other reports come in here.
    pub(crate) fn report(self: &Rc<Self>, report: Report<JsHost>) {
        self.channel.borrow_mut().handle_report(report);
        if self.channel.borrow().has_acknowledgement() && !self.is_acknowledged() {
            self.channel.borrow_mut().skip_acknowledgements();
        }
        self.pump();
    }

    /// Whether the listener wants acknowledgements; asking may run code of its own, too.
    fn is_acknowledged(&self) -> bool {
        let outside = self.delivering.replace(true);
        let is_acknowledged = self.listener().is_some_and(|it| it.acknowledges());
        self.delivering.set(outside);
        is_acknowledged
    }

    /// What the response to the handshake selected; to be told before [`Report::Opened`].
    pub(crate) fn selected(&self, protocol: JsValue, extensions: JsValue) {
        self.protocol.replace(protocol);
        self.extensions.replace(extensions);
    }

    pub(crate) fn backend(&self) -> Option<Rc<Backend>> {
        self.backend.borrow().clone()
    }

    fn listener(&self) -> Option<Rc<Listener>> {
        self.listener.borrow().clone()
    }

    /// After a method that JavaScript called: the backend acts now, the listener hears of it when that method has returned.
    fn called(self: &Rc<Self>) {
        self.pump_commands();
        if !self.delivering.get() && self.channel.borrow().has_notification() {
            self.wake_after(0); // the channel has stopped: no timeout is due any more
        }
    }

    /// Drains both outputs of the channel; a call from inside a delivery leaves the notifications to the loop outside.
    fn pump(self: &Rc<Self>) {
        loop {
            self.pump_commands();
            if self.delivering.get() {
                return;
            }
            let Some(notification) = self.channel.borrow_mut().poll_notification() else { return };
            self.delivering.set(true);
            self.deliver(notification);
            self.delivering.set(false);
        }
    }

    fn pump_commands(self: &Rc<Self>) {
        loop {
            let Some(command) = self.channel.borrow_mut().poll_command() else { return };
            self.execute(command);
        }
    }

    fn execute(self: &Rc<Self>, command: Command<JsHost>) {
        match (command, self.backend()) {
            (Command::Timer(None), _) => self.timer.clear(),
            (Command::Timer(Some(ms)), _) => {
                self.wake_after(ms);
            }
            (Command::Send(message), Some(backend)) => backend.send(message),
            (Command::Close(close), Some(backend)) => backend.close(close),
            (Command::Abort(farewell), Some(backend)) => {
                self.backend.borrow_mut().take();
                backend.abort(farewell);
            }
            // Open was obeyed before the command was polled: its refusal is asyncOpen's to throw.
            (Command::Open, _) | (_, None) => {}
        }
    }

    fn deliver(&self, notification: Notification<JsHost>) {
        let Some(listener) = self.listener() else { return };
        match notification {
            Notification::Start => listener.start(),
            Notification::Message(message) => {
                if let Some(backend) = self.backend() {
                    backend.deliver(&listener, message);
                }
            }
            Notification::Acknowledge(size) => listener.acknowledge(size as f64),
            Notification::ServerClose(close) => {
                listener.server_close(close.reported_code(), close.reason());
                self.channel.borrow_mut().handle_server_close_delivered();
            }
            Notification::Stop(stop) => {
                // The natural end: everything the connection needed is released before the last call.
                self.backend.borrow_mut().take();
                self.listener.borrow_mut().take();
                self.timer.clear();
                listener.stop(*stop);
            }
        }
    }

    fn wake_after(self: &Rc<Self>, ms: u32) {
        let session = self.clone();
        self.timer.set(ms, move || session.wake());
    }

    fn wake(self: &Rc<Self>) {
        if !self.channel.borrow().has_notification() {
            if let Some(backend) = self.backend() {
                backend.handle_timeout();
            }
            self.channel.borrow_mut().handle_timeout();
        }
        self.pump();
    }
}

fn already_opened(status: Status) -> Refusal {
    Refusal::new(status, "This channel was opened before. A channel opens once: make a new WebSocketChannel.")
}

fn not_connected(status: Status) -> Refusal {
    Refusal::new(status, "Call asyncOpen first.")
}
