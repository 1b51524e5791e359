//! What `nsIWebSocketChannel` promises on every host: the states, the order of the listener's calls, the accounting.
//!
//! A [`Channel`] has two inputs: JavaScript's calls and the transport's [`Report`]s. After **each** of them, the [`Driver`] drains
//! both outputs: it executes every [`Channel::poll_command`], then delivers one [`Channel::poll_notification`], and repeats that
//! until both return `None`. A listener may call the channel during a delivery. The commands of such a call are executed at
//! once; its notifications are delivered after the current one.

mod accounting;
mod driver;
mod event;
mod host;
mod keep_alive;
mod ping;
mod reports;

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is available only on the host
mod laws;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;

pub use driver::{Driver, OpenError};
pub use event::{ClosedBy, Command, Ending, Notification, Report, Stop, Taken, TimedOut};
pub use host::{Host, Listener, Timer, Transport};
pub use keep_alive::{KeepAlive, Look};
pub use ping::{MAX_OUTSTANDING, Pings};

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::close::{Close, CloseCode};
use crate::status::Status;
use accounting::Unacknowledged;

/// The state of a channel. It only moves downwards in this list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// `asyncOpen` has not been called.
    Idle,
    /// `asyncOpen` has returned, and the opening handshake is in progress.
    Connecting,
    /// Messages can be sent and received.
    Open,
    /// One end has closed.
    Closing,
    /// The connection is gone. `onStop` was called or is about to be called.
    Stopped,
}

/// How long to wait, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// From `asyncOpen` until the connection is open.
    pub open: u32,
    /// From the first close frame, or the last sign that the peer still takes our messages, until the connection ends.
    pub close: u32,
}

/// The state machine of one channel.
pub struct Channel<H: Host> {
    state: State,
    status: Status,
    timeouts: Timeouts,
    /// Messages accepted while connecting, the first commands once it is open. They stay here until they are polled, because moving many of them takes memory, and there may be none.
    waiting: VecDeque<H::Outgoing>,
    unacknowledged: Unacknowledged,
    /// Which end closed first. Set from then on.
    closed_by: Option<ClosedBy>,
    /// The peer's close frame. Only `onStop` follows its notification.
    peer_close: Option<Close>,
    /// The peer closed first, and our close frame has not been sent.
    owes_answer: bool,
    /// How the channel ends, if the connection has failed.
    failure: Option<Box<Ending<H>>>,
    commands: VecDeque<Command<H>>,
    notifications: VecDeque<Notification<H>>,
}

impl<H: Host> Channel<H> {
    /// An idle channel.
    pub fn new() -> Self {
        Self {
            state: State::Idle,
            status: Status::OK,
            timeouts: Timeouts { open: 0, close: 0 },
            waiting: VecDeque::new(),
            unacknowledged: Unacknowledged::default(),
            closed_by: None,
            peer_close: None,
            owes_answer: false,
            failure: None,
            commands: VecDeque::new(),
            notifications: VecDeque::new(),
        }
    }

    /// The current state.
    pub fn state(&self) -> State {
        self.state
    }

    /// `NS_OK` until the channel fails or is cancelled. Then it is what `onStop` reports.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The payload bytes that were accepted and neither acknowledged nor taken in parts.
    pub fn buffered_amount(&self) -> u64 {
        self.unacknowledged.bytes()
    }

    /// The payload bytes that [`buffered_amount`](Self::buffered_amount) has counted and no longer does, since the channel exists.
    pub fn taken_amount(&self) -> u64 {
        self.unacknowledged.taken_bytes()
    }

    /// Whether an accepted message, even an empty one, waits to be taken or acknowledged.
    pub fn awaits_acknowledgement(&self) -> bool {
        !self.unacknowledged.is_empty()
    }

    /// The number of messages that wait, if their queues are large and double with the next one. There may be no memory for that.
    pub fn doubling_queue(&self) -> Option<usize> {
        self.unacknowledged.doubling()
    }

    /// `asyncOpen`. If the transport then rejects an argument, call [`undo_open`](Self::undo_open).
    ///
    /// Fails with `NS_ERROR_ALREADY_OPENED` in every state but [`State::Idle`].
    pub fn open(&mut self, timeouts: Timeouts) -> Result<(), Status> {
        if self.state != State::Idle {
            return Err(Status::ALREADY_OPENED);
        }
        self.state = State::Connecting;
        self.timeouts = timeouts;
        self.set_timer(Some(timeouts.open));
        Ok(())
    }

    /// The transport rejected an argument. `asyncOpen` throws, and the channel is idle again.
    pub fn undo_open(&mut self) {
        *self = Self::new();
    }

    /// Whether a message would be accepted now. Fails with `NS_ERROR_NOT_CONNECTED` before `asyncOpen`.
    pub fn admits(&self) -> Result<bool, Status> {
        match self.state {
            State::Idle => Err(Status::NOT_CONNECTED),
            State::Connecting | State::Open => Ok(true),
            State::Closing | State::Stopped => Ok(false),
        }
    }

    /// `sendMsg` and `sendBinaryMsg`: returns whether the message of `size` payload bytes was accepted.
    ///
    /// Fails with `NS_ERROR_NOT_CONNECTED` before `asyncOpen`.
    pub fn send(&mut self, message: H::Outgoing, size: u64) -> Result<bool, Status> {
        if !self.admits()? {
            return Ok(false);
        }
        self.unacknowledged.add(size);
        match self.state {
            State::Connecting => self.waiting.push_back(message),
            _ => self.commands.push_back(Command::Send(message)),
        }
        Ok(true)
    }

    /// Accepts a message as [`send`](Self::send) does, but without a command. If this returns true, the driver must send the
    /// message itself, before anything else happens.
    #[inline]
    pub fn accept_now(&mut self, size: u64) -> bool {
        let is_first = self.commands.is_empty() && self.waiting.is_empty();
        let now = self.state == State::Open && is_first && self.unacknowledged.doubling().is_none();
        if now {
            self.unacknowledged.add(size);
        }
        now
    }

    /// `close(code, reason)` with valid arguments.
    ///
    /// Fails with `NS_ERROR_NOT_CONNECTED` before `asyncOpen`.
    pub fn close(&mut self, close: Close) -> Result<(), Status> {
        match self.state {
            State::Idle => return Err(Status::NOT_CONNECTED),
            State::Connecting => self.cancel(Ending::cancelled(Status::BINDING_ABORTED)),
            State::Open => self.begin_close(close),
            State::Closing if self.owes_answer => {
                self.owes_answer = false;
                self.commands.push_back(Command::Close(close));
            }
            State::Closing | State::Stopped => {}
        }
        Ok(())
    }

    /// `LoadGroup.cancel(status)` and an aborted signal: ends the channel now, with a close frame (1001) if there is a
    /// connection to carry it. `ending` is what `onStop` reports.
    pub fn cancel(&mut self, ending: Ending<H>) {
        let farewell = match self.state {
            State::Idle | State::Stopped => return,
            State::Open => Some(Close::with_code(CloseCode::GOING_AWAY)),
            State::Closing if self.owes_answer => Some(self.answer()),
            State::Connecting | State::Closing => None,
        };
        if self.failure.is_none() {
            self.closed_by.get_or_insert(ClosedBy::Local);
        }
        self.drop_messages();
        self.commands.push_back(Command::Abort(farewell));
        self.stop(ending);
    }

    /// [`Notification::ServerClose`] was delivered. If the listener did not close, the channel closes with the same code.
    pub fn handle_server_close_delivered(&mut self) {
        if !core::mem::take(&mut self.owes_answer) || self.state != State::Closing {
            return;
        }
        self.commands.push_back(Command::Close(self.answer()));
    }

    /// The answer to the peer's close frame: the same code (RFC 6455 §5.5.1).
    fn answer(&self) -> Close {
        let code = self.peer_close.as_ref().and_then(Close::code);
        code.map_or(Close::EMPTY, Close::with_code)
    }

    /// The next command for the transport. After `None`, the result changes only with the next call or report.
    pub fn poll_command(&mut self) -> Option<Command<H>> {
        if self.state != State::Connecting
            && let Some(message) = pop(&mut self.waiting)
        {
            return Some(Command::Send(message));
        }
        pop(&mut self.commands)
    }

    /// The next call of the listener. After `None`, the result changes only with the next call or report.
    pub fn poll_notification(&mut self) -> Option<Notification<H>> {
        if !matches!(self.notifications.front(), Some(Notification::Start)) {
            // Acknowledgements go first. Their order among messages means nothing: the host takes bytes in its own time.
            if let Some(size) = self.unacknowledged.pop_due() {
                return Some(Notification::Acknowledge(size));
            }
        }
        pop(&mut self.notifications)
    }

    /// Whether a call of the listener is due.
    pub fn has_notification(&self) -> bool {
        self.unacknowledged.is_due() || !self.notifications.is_empty()
    }

    /// Whether the listener's next calls are acknowledgements.
    pub fn has_acknowledgement(&self) -> bool {
        self.unacknowledged.is_due()
    }

    /// Drops the acknowledgements that are due, because the listener has no `onAcknowledge`.
    pub fn skip_acknowledgements(&mut self) {
        self.unacknowledged.skip_due();
    }

    /// Whether a message that arrives now is the listener's next call. Then it may skip the queue of [`Report::Message`].
    #[inline]
    pub fn passes_message(&self) -> bool {
        self.state == State::Open && !self.has_notification()
    }

    fn begin_close(&mut self, close: Close) {
        self.state = State::Closing;
        self.closed_by = Some(ClosedBy::Local);
        self.drop_messages();
        self.commands.push_back(Command::Close(close));
        self.set_timer(Some(self.timeouts.close));
    }

    /// A timer command takes the place of one that was not executed yet.
    fn set_timer(&mut self, ms: Option<u32>) {
        match self.commands.back_mut() {
            Some(Command::Timer(before)) => *before = ms,
            _ => self.commands.push_back(Command::Timer(ms)),
        }
    }

    /// Law 3: messages that wait for the listener's current call to return are dropped if that call closes the channel.
    fn drop_messages(&mut self) {
        self.notifications.retain(|notification| !matches!(notification, Notification::Message(_)));
    }
}

/// Removes the first element. An empty queue then frees its memory, because most channels are idle most of the time.
fn pop<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let first = queue.pop_front();
    if queue.is_empty() {
        *queue = VecDeque::new();
    }
    first
}

impl<H: Host> Default for Channel<H> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
