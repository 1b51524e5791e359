//! What `nsIWebSocketChannel` promises, on every host: the states, the order of the listener's calls, the accounting.
//!
//! A [`Channel`] is driven from two sides. JavaScript's calls and the backend's [`Report`]s go in; after **each** of
//! them the driver drains both outputs: it executes every [`Channel::poll_command`], then delivers a
//! [`Channel::poll_notification`], and starts over until both are empty. A listener may call back into the channel
//! from inside a delivery; the commands of such a call are executed at once, its notifications wait their turn.

mod accounting;
mod event;

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is of the host
mod laws;

pub use event::{ClosedBy, Command, Ending, Host, Notification, Report, Stop, Taken, TimedOut};

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::close::{Close, CloseCode};
use crate::status::Status;
use accounting::Unacknowledged;

/// Where a channel is in its life. It only ever moves downwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// `asyncOpen` was not called yet.
    Idle,
    /// `asyncOpen` has returned, the opening handshake is under way.
    Connecting,
    /// Messages go both ways.
    Open,
    /// One side said close.
    Closing,
    /// The connection is gone; `onStop` was called or is about to be.
    Stopped,
}

/// How long to wait, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// From `asyncOpen` to the open connection.
    pub open: u32,
    /// From the first close frame, or the last sign that the peer still takes our messages, to the connection's end.
    pub close: u32,
}

/// The state machine of one channel.
pub struct Channel<H: Host> {
    state: State,
    status: Status,
    timeouts: Timeouts,
    /// Accepted while connecting; empty in every other state.
    waiting: Vec<H::Outgoing>,
    unacknowledged: Unacknowledged,
    /// Which side's close came first; set from then on.
    closed_by: Option<ClosedBy>,
    /// The peer's close frame; from then on nothing but `onStop` follows its notification.
    peer_close: Option<Close>,
    /// The peer closed first and has no answer yet.
    owes_answer: bool,
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
            waiting: Vec::new(),
            unacknowledged: Unacknowledged::default(),
            closed_by: None,
            peer_close: None,
            owes_answer: false,
            commands: VecDeque::new(),
            notifications: VecDeque::new(),
        }
    }

    /// The state now.
    pub fn state(&self) -> State {
        self.state
    }

    /// `NS_OK` until the channel failed or was cancelled; what `onStop` reports from then on.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Payload bytes that were accepted and not acknowledged.
    pub fn buffered_amount(&self) -> u64 {
        self.unacknowledged.bytes()
    }

    /// Whether a message was accepted that the host has not taken yet; it may be an empty one.
    pub fn awaits_acknowledgement(&self) -> bool {
        !self.unacknowledged.is_empty()
    }

    /// `asyncOpen`: commands [`Command::Open`]. If the backend refuses it on the spot, call [`undo_open`](Self::undo_open).
    ///
    /// Fails with `NS_ERROR_ALREADY_OPENED` in every state but [`State::Idle`].
    pub fn open(&mut self, timeouts: Timeouts) -> Result<(), Status> {
        if self.state != State::Idle {
            return Err(Status::ALREADY_OPENED);
        }
        self.state = State::Connecting;
        self.timeouts = timeouts;
        self.commands.push_back(Command::Open);
        self.commands.push_back(Command::Timer(Some(timeouts.open)));
        Ok(())
    }

    /// The backend refused [`Command::Open`] because of an argument: `asyncOpen` throws, and nothing has happened.
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

    /// `sendMsg`, `sendBinaryMsg`: whether the message, of `size` payload bytes, was accepted.
    ///
    /// Fails with `NS_ERROR_NOT_CONNECTED` before `asyncOpen`.
    pub fn send(&mut self, message: H::Outgoing, size: u64) -> Result<bool, Status> {
        if !self.admits()? {
            return Ok(false);
        }
        self.unacknowledged.add(size);
        match self.state {
            State::Connecting => self.waiting.push(message),
            _ => self.commands.push_back(Command::Send(message)),
        }
        Ok(true)
    }

    /// [`send`](Self::send) of a message that the driver sends itself, before anything else happens: whether it may.
    #[inline]
    pub fn accept_now(&mut self, size: u64) -> bool {
        let now = self.state == State::Open && self.commands.is_empty();
        if now {
            self.unacknowledged.add(size);
        }
        now
    }

    /// `close(code, reason)`, its arguments already a valid [`Close`].
    ///
    /// Fails with `NS_ERROR_NOT_CONNECTED` before `asyncOpen`.
    pub fn close(&mut self, close: Close) -> Result<(), Status> {
        match self.state {
            State::Idle => return Err(Status::NOT_CONNECTED),
            State::Connecting => self.cancel(Status::BINDING_ABORTED),
            State::Open => self.begin_close(ClosedBy::Local, close),
            State::Closing if self.owes_answer => {
                self.owes_answer = false;
                self.commands.push_back(Command::Close(close));
            }
            State::Closing | State::Stopped => {}
        }
        Ok(())
    }

    /// `LoadGroup.cancel(status)`: ends the channel now, with a close frame (1001) if there is a connection to carry it.
    pub fn cancel(&mut self, status: Status) {
        let farewell = match self.state {
            State::Idle | State::Stopped => return,
            State::Open => Some(Close::with_code(CloseCode::GOING_AWAY)),
            State::Connecting | State::Closing => None,
        };
        self.closed_by.get_or_insert(ClosedBy::Local);
        self.commands.push_back(Command::Abort(farewell));
        self.stop(Ending { status, message: "The channel was cancelled.", ..Ending::default() });
    }

    /// The backend's next report. Whatever comes after [`Report::Gone`] is ignored.
    pub fn handle_report(&mut self, report: Report<H>) {
        match (report, self.state) {
            (_, State::Idle | State::Stopped) => {}
            (Report::Opened, State::Connecting) => self.opened(),
            (Report::Message(message), State::Open) => self.notifications.push_back(Notification::Message(message)),
            (Report::Sent(taken), State::Open | State::Closing) => self.sent(taken),
            (Report::PeerClose(close), State::Open | State::Closing) => self.peer_closed(close),
            (Report::Gone(ending), _) => self.stop(ending),
            // Messages after close() are dropped, as the native WebSocket does (WHATWG: "if ready state is not OPEN, return").
            (Report::Opened | Report::Message(_) | Report::Sent(_) | Report::PeerClose(_), _) => {}
        }
    }

    /// The time of the last [`Command::Timer`] has run out.
    #[cold]
    pub fn handle_timeout(&mut self) {
        let (timeout, message) = match self.state {
            State::Connecting => (TimedOut::Open, "The connection did not open within openTimeoutMs."),
            State::Closing => (TimedOut::Close, "The peer's close frame did not come within closeTimeoutMs."),
            State::Idle | State::Open | State::Stopped => return,
        };
        self.commands.push_back(Command::Abort(None));
        self.stop(Ending { status: Status::NET_TIMEOUT, message, timed_out: Some(timeout), ..Ending::default() });
    }

    /// [`Notification::ServerClose`] was delivered: if the listener did not close, the channel answers with the same code.
    pub fn handle_server_close_delivered(&mut self) {
        if !core::mem::take(&mut self.owes_answer) || self.state != State::Closing {
            return;
        }
        let code = self.peer_close.as_ref().and_then(Close::code);
        self.commands.push_back(Command::Close(code.map_or(Close::EMPTY, Close::with_code)));
    }

    /// The next thing for the backend to do. `None` until the next call or report.
    pub fn poll_command(&mut self) -> Option<Command<H>> {
        pop(&mut self.commands)
    }

    /// The next call for the listener. `None` until the next call or report.
    pub fn poll_notification(&mut self) -> Option<Notification<H>> {
        // What the host has taken it had taken before whatever else has happened since.
        match self.unacknowledged.pop_due() {
            Some(size) => Some(Notification::Acknowledge(size)),
            None => pop(&mut self.notifications),
        }
    }

    /// Whether a call for the listener is due.
    pub fn has_notification(&self) -> bool {
        self.unacknowledged.is_due() || !self.notifications.is_empty()
    }

    /// Whether there is anything to do for the driver.
    pub fn has_output(&self) -> bool {
        !self.commands.is_empty() || self.has_notification()
    }

    /// Whether the listener's next calls are acknowledgements.
    pub fn has_acknowledgement(&self) -> bool {
        self.unacknowledged.is_due()
    }

    /// Drops the acknowledgements that are due: the listener does not listen to them.
    pub fn skip_acknowledgements(&mut self) {
        self.unacknowledged.skip_due();
    }

    /// Whether a message that comes now would be the listener's next call: then it need not go through the queue as
    /// [`Report::Message`].
    #[inline]
    pub fn passes_message(&self) -> bool {
        self.state == State::Open && !self.has_notification()
    }

    fn opened(&mut self) {
        self.state = State::Open;
        self.notifications.push_back(Notification::Start);
        self.commands.push_back(Command::Timer(None));
        for message in core::mem::take(&mut self.waiting) {
            self.commands.push_back(Command::Send(message));
        }
    }

    fn sent(&mut self, taken: Taken) {
        let part = matches!(taken, Taken::Messages(_));
        let progress = self.unacknowledged.take(taken) || part;
        if self.peer_close.is_some() {
            self.skip_acknowledgements(); // nobody is told any more
        }
        if self.state == State::Closing && progress {
            // The peer still takes what was queued before close(): its close frame cannot be due yet.
            self.commands.push_back(Command::Timer(Some(self.timeouts.close)));
        }
    }

    #[cold]
    fn peer_closed(&mut self, close: Close) {
        if self.peer_close.is_some() {
            return;
        }
        if self.state == State::Open {
            self.state = State::Closing;
            self.closed_by = Some(ClosedBy::Remote);
            self.owes_answer = true;
            self.commands.push_back(Command::Timer(Some(self.timeouts.close)));
        }
        self.peer_close = Some(close.clone());
        self.notifications.push_back(Notification::ServerClose(close));
    }

    fn begin_close(&mut self, by: ClosedBy, close: Close) {
        self.state = State::Closing;
        self.closed_by = Some(by);
        self.commands.push_back(Command::Close(close));
        self.commands.push_back(Command::Timer(Some(self.timeouts.close)));
    }

    /// The one place where a channel stops: law 2 (exactly one `onStart`, first, one `onStop`, last) and law 6 (what
    /// `NS_OK` means) are kept here.
    #[cold]
    fn stop(&mut self, ending: Ending<H>) {
        let never_opened = self.state == State::Connecting;
        let was_clean = ending.clean && self.peer_close.is_some();
        let status = match ending.status {
            _ if was_clean => Status::OK,
            Status::OK if never_opened => Status::CONNECTION_REFUSED,
            Status::OK => Status::BASE_STREAM_CLOSED,
            failure => failure,
        };
        self.state = State::Stopped;
        self.status = status;
        self.owes_answer = false;
        self.waiting = Vec::new();
        if never_opened {
            self.notifications.push_back(Notification::Start);
        }
        self.commands.push_back(Command::Timer(None));
        self.notifications.push_back(Notification::Stop(Box::new(Stop {
            status,
            message: ending.message,
            was_clean,
            peer_close: self.peer_close.clone(),
            closed_by: self.closed_by,
            timed_out: ending.timed_out,
            evidence: ending.evidence,
        })));
    }
}

/// The first of the queue, which owns no memory when it is empty: few of a process's channels do anything at a time.
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
mod tests {
    use super::laws::{Drive, Pair};
    use super::*;

    #[test]
    fn messages_sent_while_connecting_go_out_in_order_once_open() {
        let mut pair = Pair::opening();
        assert_eq!(pair.channel.send("a", 1), Ok(true));
        assert_eq!(pair.channel.send("b", 2), Ok(true));
        assert_eq!(pair.channel.buffered_amount(), 3);
        pair.report(Report::Opened);
        assert_eq!(pair.commands, ["open", "timer 20", "timer off", "send a", "send b"]);
        pair.report(Report::Sent(Taken::Messages(2)));
        assert_eq!(pair.calls, ["onStart", "onAcknowledge 1", "onAcknowledge 2"]);
        assert_eq!(pair.channel.buffered_amount(), 0);
    }

    #[test]
    fn close_while_connecting_cancels_with_binding_aborted() {
        let mut pair = Pair::opening();
        pair.close(3000);
        assert_eq!(pair.calls, ["onStart", "onStop NS_BINDING_ABORTED"]);
        assert_eq!(pair.commands, ["open", "timer 20", "abort", "timer off"]);
    }

    #[test]
    fn the_channel_answers_the_peers_close_with_the_same_code_when_the_listener_does_not() {
        let mut pair = Pair::open();
        pair.report(Report::PeerClose(Close::new(CloseCode::from_peer(4000).unwrap(), "why".into()).unwrap()));
        assert_eq!(pair.commands.last().unwrap(), "close 4000");
        pair.report(Report::Gone(Ending::clean()));
        assert_eq!(pair.calls, ["onStart", "onServerClose 4000 why", "onStop NS_OK"]);
    }

    #[test]
    fn an_empty_close_frame_is_answered_with_an_empty_one() {
        let mut pair = Pair::open();
        pair.report(Report::PeerClose(Close::EMPTY));
        assert_eq!(pair.commands.last().unwrap(), "close 1005");
    }

    #[test]
    fn a_listener_that_closes_inside_on_server_close_gives_the_answer_itself() {
        let mut pair = Pair::open();
        pair.on_call = Some(("onServerClose", |channel| {
            assert_eq!(channel.send("late", 4), Ok(false));
            channel.close(Close::with_code(CloseCode::from_peer(3001).unwrap())).unwrap();
        }));
        pair.report(Report::PeerClose(Close::EMPTY));
        let closes: Vec<_> = pair.commands.iter().filter(|command| command.starts_with("close")).collect();
        assert_eq!(closes, ["close 3001"]);
    }

    #[test]
    fn messages_that_come_after_close_was_called_are_dropped() {
        let mut pair = Pair::open();
        pair.close(1000);
        pair.report(Report::Message("late"));
        assert_eq!(pair.calls, ["onStart"]);
    }

    #[test]
    fn the_close_timer_starts_again_while_the_peer_still_takes_messages() {
        let mut pair = Pair::open();
        pair.channel.send("a", 1).unwrap();
        pair.close(1000);
        pair.report(Report::Sent(Taken::Messages(1)));
        assert_eq!(pair.commands[3..], ["send a", "close 1000", "timer 10", "timer 10"]);
        pair.channel.handle_timeout();
        pair.drain();
        assert_eq!(pair.calls.last().unwrap(), "onStop NS_ERROR_NET_TIMEOUT_EXTERNAL");
    }

    #[test]
    fn a_connection_that_ends_without_a_close_frame_is_never_ns_ok() {
        for (mut pair, expected) in [
            (Pair::opening(), "onStop NS_ERROR_WEBSOCKET_CONNECTION_REFUSED"),
            (Pair::open(), "onStop NS_BASE_STREAM_CLOSED"),
        ] {
            pair.report(Report::Gone(Ending::clean()));
            assert_eq!(pair.calls, ["onStart", expected]);
        }
    }

    #[test]
    fn an_open_that_was_undone_can_be_opened_again() {
        let mut pair = Pair::opening();
        pair.channel.undo_open();
        assert_eq!(pair.channel.state(), State::Idle);
        assert_eq!(pair.channel.open(Timeouts { open: 1, close: 1 }), Ok(()));
    }

    #[test]
    fn a_cancelled_open_channel_says_1001_and_stops_with_the_given_status() {
        let mut pair = Pair::open();
        pair.channel.cancel(Status(0x8000_1234));
        pair.drain();
        assert_eq!(pair.commands.last().unwrap(), "timer off");
        assert!(pair.commands.contains(&"abort 1001".to_owned()));
        assert_eq!(pair.calls, ["onStart", "onStop 80001234"]);
    }
}
