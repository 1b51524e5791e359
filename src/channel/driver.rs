//! One channel with its transport, its listener and its timer, and the loop that keeps them in step.
//!
//! The driver keeps laws 1 and 7. It never calls the listener before `asyncOpen` has returned. It holds no borrow across a call,
//! so a listener may call anything on any channel.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use super::event::{Command, Ending, Notification, Report};
use super::host::{Host, Listener, Timer, Transport};
use super::{Channel, State, Timeouts};
use crate::close::Close;
use crate::status::Status;

/// Why a channel was not opened.
#[derive(Debug, PartialEq, Eq)]
pub enum OpenError<E> {
    /// It was opened before.
    AlreadyOpened,
    /// An argument cannot be used.
    Argument(E),
}

/// A channel and everything it works with.
pub struct Driver<H: Host> {
    channel: RefCell<Channel<H>>,
    /// Set from `asyncOpen` to the end.
    transport: RefCell<Option<Rc<H::Transport>>>,
    listener: RefCell<Option<Rc<H::Listener>>>,
    timer: H::Timer,
    /// A method of the listener is running. Its consequences are delivered after it has returned.
    delivering: Cell<bool>,
}

impl<H: Host> Default for Driver<H> {
    fn default() -> Self {
        Self {
            channel: RefCell::default(),
            transport: RefCell::default(),
            listener: RefCell::default(),
            timer: H::Timer::default(),
            delivering: Cell::new(false),
        }
    }
}

impl<H: Host> Driver<H> {
    /// The channel's state.
    #[inline]
    pub fn state(&self) -> State {
        self.channel.borrow().state()
    }

    /// `NS_OK` until the channel fails.
    pub fn status(&self) -> Status {
        self.channel.borrow().status()
    }

    /// The payload bytes that were accepted and that the host has not taken.
    pub fn buffered_amount(&self) -> u64 {
        self.channel.borrow().buffered_amount()
    }

    /// The payload bytes that the host has taken since the channel exists.
    pub fn taken_amount(&self) -> u64 {
        self.channel.borrow().taken_amount()
    }

    /// Whether the host still has to take an accepted message, even an empty one.
    pub fn awaits_acknowledgement(&self) -> bool {
        self.channel.borrow().awaits_acknowledgement()
    }

    /// The number of messages that wait, if their queues are large and double with the next one.
    pub fn doubling_queue(&self) -> Option<usize> {
        self.channel.borrow().doubling_queue()
    }

    /// The connection, from `asyncOpen` to the end.
    #[inline]
    pub fn transport(&self) -> Option<Rc<H::Transport>> {
        self.transport.borrow().clone()
    }

    /// Whether a method of the listener is running.
    pub fn is_delivering(&self) -> bool {
        self.delivering.get()
    }

    /// Runs `act` on the connection. It must not call JavaScript.
    #[inline]
    pub fn with_transport<T>(&self, act: impl FnOnce(&H::Transport) -> T) -> Option<T> {
        self.transport.borrow().as_deref().map(act)
    }

    /// The timer, for what a host's timer can do besides [`Timer`].
    pub fn timer(&self) -> &H::Timer {
        &self.timer
    }

    /// `asyncOpen` with valid arguments. `connect` creates the transport, which must not make reports before this returns. An
    /// error leaves the channel unchanged.
    pub fn open<R>(
        self: &Rc<Self>,
        timeouts: Timeouts,
        listener: H::Listener,
        connect: impl FnOnce() -> Result<Rc<H::Transport>, R>,
    ) -> Result<(), OpenError<R>> {
        self.channel.borrow_mut().open(timeouts).map_err(|_| OpenError::AlreadyOpened)?;
        match connect() {
            // Code of the user that ran inside `connect` (a getter, Node's `lookup`) may have closed the channel.
            Ok(transport) if self.state() == State::Stopped => transport.abort(None),
            Ok(transport) => *self.transport.borrow_mut() = Some(transport),
            Err(error) => {
                self.timer.clear();
                self.channel.borrow_mut().undo_open();
                return Err(OpenError::Argument(error));
            }
        }
        *self.listener.borrow_mut() = Some(Rc::new(listener));
        self.called();
        Ok(())
    }

    /// For `connect`, at its end: the connection is open already, so messages and `close` go out at once. The listener is told with
    /// [`Report::Opened`].
    pub fn begin_open(&self) {
        self.channel.borrow_mut().handle_report(Report::Opened);
    }

    /// Sends a message. Returns whether it was accepted. `make` creates the message for the transport and returns it with its
    /// size in payload bytes; it runs only for a message that is accepted. Fails with `NS_ERROR_NOT_CONNECTED` before `asyncOpen`.
    pub fn send(
        self: &Rc<Self>,
        make: impl FnOnce(&H::Transport, State) -> (H::Outgoing, u64),
    ) -> Result<bool, Status> {
        if !self.channel.borrow().admits()? {
            return Ok(false);
        }
        let Some(transport) = self.transport() else { return Ok(false) };
        let (message, size) = make(&transport, self.state());
        let accepted = self.channel.borrow_mut().send(message, size);
        self.pump_commands();
        accepted
    }

    /// Accepts a message of `size` payload bytes if it may skip the channel's commands. If this returns true, the caller must send
    /// the message at once.
    #[inline]
    pub fn accept_now(&self, size: u64) -> bool {
        self.channel.borrow_mut().accept_now(size)
    }

    /// `close`. Fails with `NS_ERROR_NOT_CONNECTED` before `asyncOpen`.
    pub fn close(self: &Rc<Self>, close: Close) -> Result<(), Status> {
        let result = self.channel.borrow_mut().close(close);
        self.called();
        result
    }

    /// Ends the channel, for a load group's `cancel` or an aborted signal.
    pub fn cancel(self: &Rc<Self>, ending: Ending<H>) {
        self.channel.borrow_mut().cancel(ending);
        self.called();
    }

    /// A message arrived. This is [`Report::Message`], but skips the channel's queue if nothing waits there.
    #[inline(always)] // so that the message stays in registers
    pub fn message(self: &Rc<Self>, transport: &H::Transport, message: H::Incoming) {
        if self.delivering.get() || !self.channel.borrow().passes_message() {
            return self.report(Report::Message(message));
        }
        let Some(listener) = self.listener() else { return };
        self.delivering.set(true);
        transport.deliver(&listener, message);
        self.delivering.set(false);
        if self.channel.borrow().has_notification() {
            self.pump();
        }
    }

    /// Takes the transport's other reports.
    pub fn report(self: &Rc<Self>, report: Report<H>) {
        self.channel.borrow_mut().handle_report(report);
        if self.channel.borrow().has_acknowledgement() && !self.is_acknowledged() {
            self.channel.borrow_mut().skip_acknowledgements();
        }
        self.pump();
    }

    /// Whether the listener has `onAcknowledge`. This may run the user's code.
    fn is_acknowledged(&self) -> bool {
        let outside = self.delivering.replace(true);
        let is_acknowledged = self.listener().is_some_and(|it| it.acknowledges());
        self.delivering.set(outside);
        is_acknowledged
    }

    #[inline]
    fn listener(&self) -> Option<Rc<H::Listener>> {
        self.listener.borrow().clone()
    }

    /// Ends each method that JavaScript called. The transport acts now. The listener is called after the method has returned
    /// (law 1).
    fn called(self: &Rc<Self>) {
        self.pump_commands();
        // Only a stopped channel needs this, and its timer is free. (After `begin_open`, the report is still to come.)
        if !self.delivering.get() && self.state() == State::Stopped && self.channel.borrow().has_notification() {
            self.wake_after(0);
        }
    }

    /// Drains both outputs of the channel. During a delivery, it leaves the notifications to the outer loop.
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

    fn execute(self: &Rc<Self>, command: Command<H>) {
        match (command, self.transport()) {
            (Command::Timer(None), _) => self.timer.clear(),
            (Command::Timer(Some(ms)), _) => {
                let driver = self.clone();
                self.timer.set(ms, move || driver.wake_after(0)); // first let the host's loop read what has arrived
            }
            (Command::Send(message), Some(transport)) => transport.send(message),
            (Command::Close(close), Some(transport)) => transport.close(close),
            (Command::Abort(farewell), Some(transport)) => {
                self.transport.borrow_mut().take();
                transport.abort(farewell);
            }
            (_, None) => {} // it is gone
        }
    }

    fn deliver(&self, notification: Notification<H>) {
        let Some(listener) = self.listener() else { return };
        match notification {
            Notification::Start => listener.start(),
            Notification::Message(message) => {
                if let Some(transport) = self.transport() {
                    transport.deliver(&listener, message);
                }
            }
            Notification::Acknowledge(size) => listener.acknowledge(size),
            Notification::ServerClose(close) => {
                listener.server_close(&close);
                self.channel.borrow_mut().handle_server_close_delivered();
            }
            Notification::Stop(stop) => {
                // The end: release everything before the last call.
                self.transport.borrow_mut().take();
                self.listener.borrow_mut().take();
                self.timer.clear();
                listener.stop(*stop);
            }
        }
    }

    fn wake_after(self: &Rc<Self>, ms: u32) {
        let driver = self.clone();
        self.timer.set(ms, move || driver.wake());
    }

    /// Delivers a method's consequences, or handles a timeout. The host's loop has had a turn to read since the timeout expired.
    fn wake(self: &Rc<Self>) {
        if !self.channel.borrow().has_notification() {
            match self.transport().and_then(|it| it.explain_timeout()) {
                Some(ending) => self.time_out(ending),
                None => self.channel.borrow_mut().handle_timeout(),
            }
        }
        self.pump();
    }

    fn time_out(self: &Rc<Self>, ending: Ending<H>) {
        let transport = self.transport.borrow_mut().take();
        if let Some(transport) = transport {
            transport.abort(None);
        }
        self.channel.borrow_mut().handle_report(Report::Gone(ending));
    }
}
