//! What `nsIWebSocketChannel` promises on every host: the states, the order of the listener's calls, the accounting.
//!
//! A [`Channel`] has two inputs: JavaScript's calls and the transport's [`Report`]s. After **each** of them, the [`Driver`] drains
//! both outputs: it executes every [`Channel::poll_command`], then delivers one [`Channel::poll_notification`], and repeats that
//! until both return `None`. A listener may call the channel during a delivery. The commands of such a call are executed at
//! once; its notifications are delivered after the current one.

mod accounting;
mod driver;
mod event;
mod keep_alive;
mod ping;

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is available only on the host
mod laws;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;

pub use driver::{Driver, Host, Listener, OpenError, Timer, Transport};
pub use event::{ClosedBy, Command, Ending, Notification, Report, Stop, Taken, TimedOut};
pub use keep_alive::{KeepAlive, Look};
pub use ping::{MAX_OUTSTANDING, Pings};

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

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
    /// Messages accepted while connecting. Empty in every other state.
    waiting: Vec<H::Outgoing>,
    unacknowledged: Unacknowledged,
    /// Which end closed first. Set from then on.
    closed_by: Option<ClosedBy>,
    /// The peer's close frame. Only `onStop` follows its notification.
    peer_close: Option<Close>,
    /// The peer closed first, and our close frame has not been sent.
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

    /// Whether an accepted message, even an empty one, waits to be taken or acknowledged.
    pub fn awaits_acknowledgement(&self) -> bool {
        !self.unacknowledged.is_empty()
    }

    /// The number of messages that wait, if their queues are large and double with the next one. There may be no memory for that.
    pub fn doubling_queue(&self) -> Option<usize> {
        self.unacknowledged.doubling()
    }

    /// `asyncOpen`: commands [`Command::Open`]. If the transport rejects it, call [`undo_open`](Self::undo_open).
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

    /// The transport rejected an argument of [`Command::Open`]. `asyncOpen` throws, and the channel is idle again.
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
            State::Connecting => self.waiting.push(message),
            _ => self.commands.push_back(Command::Send(message)),
        }
        Ok(true)
    }

    /// Accepts a message as [`send`](Self::send) does, but without a command. If this returns true, the driver must send the
    /// message itself, before anything else happens.
    #[inline]
    pub fn accept_now(&mut self, size: u64) -> bool {
        let now = self.state == State::Open && self.commands.is_empty() && self.unacknowledged.doubling().is_none();
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
            State::Open => self.begin_close(ClosedBy::Local, close),
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
        self.closed_by.get_or_insert(ClosedBy::Local);
        self.drop_messages();
        self.commands.push_back(Command::Abort(farewell));
        self.stop(ending);
    }

    /// The transport's next report. Anything after [`Report::Gone`] is ignored.
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

    /// The time of the last [`Command::Timer`] has expired.
    #[cold]
    pub fn handle_timeout(&mut self) {
        let (timeout, message) = match self.state {
            State::Connecting => (TimedOut::Open, "The connection did not open within openTimeoutMs."),
            State::Closing => (TimedOut::Close, self.explain_close_timeout()),
            State::Idle | State::Open | State::Stopped => return,
        };
        self.commands.push_back(Command::Abort(None));
        let message = message.into();
        self.stop(Ending { status: Status::NET_TIMEOUT, message, timed_out: Some(timeout), ..Ending::default() });
    }

    fn explain_close_timeout(&self) -> &'static str {
        match (self.awaits_acknowledgement(), &self.peer_close) {
            (true, _) => {
                "What was sent before the close frame did not go out within closeTimeoutMs: the peer does not read, or a stream has not ended."
            }
            (false, Some(_)) => {
                "The close frame that answers the peer's did not go out within closeTimeoutMs: the peer does not read."
            }
            (false, None) => "The peer's close frame did not arrive within closeTimeoutMs.",
        }
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
        pop(&mut self.commands)
    }

    /// The next call of the listener. After `None`, the result changes only with the next call or report.
    pub fn poll_notification(&mut self) -> Option<Notification<H>> {
        if !matches!(self.notifications.front(), Some(Notification::Start)) {
            // The host took these messages before anything else that waits here happened.
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

    /// Whether the driver has anything to do.
    pub fn has_output(&self) -> bool {
        !self.commands.is_empty() || self.has_notification()
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

    fn opened(&mut self) {
        self.state = State::Open;
        self.notifications.push_back(Notification::Start);
        self.commands.push_back(Command::Timer(None));
        for message in core::mem::take(&mut self.waiting) {
            self.commands.push_back(Command::Send(message));
        }
    }

    fn sent(&mut self, taken: Taken) {
        let progress = self.unacknowledged.take(taken) || !matches!(taken, Taken::AllBut(_));
        if self.peer_close.is_some() {
            self.skip_acknowledgements(); // onAcknowledge never follows onServerClose
        }
        if self.state == State::Closing && progress {
            // The peer still takes messages from before close(), so it cannot have answered our close frame yet.
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
        self.drop_messages();
        self.commands.push_back(Command::Close(close));
        self.commands.push_back(Command::Timer(Some(self.timeouts.close)));
    }

    /// Law 3: messages that wait for the listener's current call to return are dropped if that call closes the channel.
    fn drop_messages(&mut self) {
        self.notifications.retain(|notification| !matches!(notification, Notification::Message(_)));
    }

    /// The one place where a channel stops. It keeps law 2 (exactly one `onStart`, first, and one `onStop`, last) and law 6 (what
    /// `NS_OK` means).
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
mod tests {
    use std::rc::Rc;

    use super::simulation::Pair;
    use super::*;

    #[test]
    fn messages_sent_while_connecting_go_out_in_order_once_open() {
        let pair = Pair::opening();
        assert_eq!(pair.send("a", 1), Ok(true));
        assert_eq!(pair.send_now("b", 2), Ok(true));
        assert_eq!(pair.driver.buffered_amount(), 3);
        assert_eq!((pair.commands(), pair.driver.timer().due()), (vec![], Some(20)));
        pair.driver.report(Report::Opened);
        assert_eq!((pair.commands(), pair.driver.timer().due()), (vec!["send a".into(), "send b".into()], None));
        pair.driver.report(Report::Sent(Taken::Messages(2)));
        assert_eq!(pair.calls(), ["onStart", "onAcknowledge 1", "onAcknowledge 2"]);
        assert_eq!(pair.driver.buffered_amount(), 0);
    }

    #[test]
    fn what_is_open_within_the_call_sends_and_closes_at_once_and_the_listener_hears_of_it_later() {
        let pair = Pair::opening();
        pair.driver.begin_open();
        assert_eq!((pair.driver.state(), pair.send_now("a", 1)), (State::Open, Ok(true)));
        pair.close(4001);
        assert_eq!((pair.commands(), pair.calls()), (vec!["send a".into(), "close 4001".into()], vec![]));
        assert_eq!(pair.driver.timer().due(), Some(10), "closeTimeoutMs");
        pair.driver.report(Report::Sent(Taken::Messages(1))); // the host may be faster than what reports that it is open
        assert_eq!(
            (pair.driver.state(), pair.calls()),
            (State::Closing, vec!["onStart".into(), "onAcknowledge 1".into()])
        );
        pair.driver.report(Report::Opened);
        pair.driver.report(Report::PeerClose(Close::EMPTY));
        pair.driver.report(Report::Gone(Ending::clean()));
        assert_eq!(pair.calls(), ["onStart", "onAcknowledge 1", "onServerClose 1005", "onStop NS_OK"]);
    }

    #[test]
    fn close_while_connecting_cancels_with_binding_aborted_when_it_has_returned() {
        let pair = Pair::opening();
        pair.close(3000);
        assert_eq!((pair.calls(), pair.commands()), (vec![], vec!["abort".into()]));
        pair.settle();
        assert_eq!(pair.calls(), ["onStart", "onStop NS_BINDING_ABORTED"]);
    }

    #[test]
    fn the_channel_answers_the_peers_close_frame_with_the_same_code_if_the_listener_does_not_close() {
        let pair = Pair::opened();
        let close = Close::new(CloseCode::from_peer(4000).unwrap(), "why".into()).unwrap();
        pair.driver.report(Report::PeerClose(close));
        assert_eq!(pair.commands(), ["close 4000"]);
        pair.driver.report(Report::Gone(Ending::clean()));
        assert_eq!(pair.calls(), ["onStart", "onServerClose 4000 why", "onStop NS_OK"]);
    }

    #[test]
    fn an_empty_close_frame_is_answered_with_an_empty_one() {
        let pair = Pair::opened();
        pair.driver.report(Report::PeerClose(Close::EMPTY));
        assert_eq!(pair.commands(), ["close 1005"]);
    }

    #[test]
    fn a_listener_that_closes_inside_on_server_close_chooses_the_code() {
        let pair = Pair::opened();
        pair.on_call.set(Some(("onServerClose", |driver| {
            assert_eq!(driver.send(|_, _| ("late".to_owned(), 4)), Ok(false));
            driver.close(Close::with_code(CloseCode::from_peer(3001).unwrap())).unwrap();
        })));
        pair.driver.report(Report::PeerClose(Close::EMPTY));
        assert_eq!(pair.commands(), ["close 3001"]);
    }

    #[test]
    fn messages_that_arrive_after_close_was_called_are_dropped() {
        let pair = Pair::opened();
        pair.close(1000);
        pair.driver.report(Report::Message("late".into()));
        pair.receive_now("later");
        assert_eq!(pair.calls(), ["onStart"]);
    }

    #[test]
    fn messages_that_arrive_during_a_call_of_the_listener_are_dropped_if_that_call_closes() {
        let reactions: [(simulation::Reaction, &[&str]); 3] = [
            (|driver| driver.report(Report::Message("2".into())), &["onStart", "onMessage 1", "onMessage 2"]),
            (
                |driver| {
                    driver.report(Report::Message("2".into()));
                    driver.close(Close::EMPTY).unwrap();
                },
                &["onStart", "onMessage 1"],
            ),
            (
                |driver| {
                    driver.report(Report::Message("2".into()));
                    driver.cancel(Ending::cancelled(Status::BINDING_ABORTED));
                },
                &["onStart", "onMessage 1", "onStop NS_BINDING_ABORTED"],
            ),
        ];
        for (reaction, calls) in reactions {
            let pair = Pair::opened();
            pair.on_call.set(Some(("onMessage 1", reaction)));
            pair.receive_now("1");
            assert_eq!(pair.calls(), calls);
        }
    }

    #[test]
    fn a_close_that_takes_too_long_is_explained_by_what_is_missing() {
        let missing = |pair: &Pair| {
            pair.time_out();
            pair.message()
        };
        let pair = Pair::opened();
        pair.close(1000);
        assert_eq!(missing(&pair), "The peer's close frame did not arrive within closeTimeoutMs.");
        let pair = Pair::opened();
        pair.send("a", 3).unwrap();
        pair.close(1000);
        assert!(missing(&pair).starts_with("What was sent before the close frame did not go out"));
        let pair = Pair::opened();
        pair.driver.report(Report::PeerClose(Close::with_code(CloseCode::NORMAL)));
        assert!(missing(&pair).starts_with("The close frame that answers the peer's did not go out"));
    }

    #[test]
    fn the_close_timer_starts_again_while_the_peer_still_takes_messages() {
        let pair = Pair::opened();
        pair.send("a", 3).unwrap();
        pair.close(1000);
        assert_eq!(pair.commands(), ["send a", "close 1000"]);
        for taken in [Taken::Part(1), Taken::Messages(1)] {
            pair.driver.timer().fire();
            assert_eq!(pair.driver.timer().due(), Some(0), "the timeout has expired, but the loop still has a turn");
            pair.driver.report(Report::Sent(taken));
            assert_eq!(pair.driver.timer().due(), Some(10));
        }
        pair.time_out();
        assert_eq!(pair.calls().last().unwrap(), "onStop NS_ERROR_NET_TIMEOUT_EXTERNAL");
    }

    #[test]
    fn a_timeout_counts_only_after_the_loop_has_had_a_turn_to_read() {
        let pair = Pair::opening();
        pair.driver.timer().fire(); // the loop was busy for longer than the timeout
        pair.driver.report(Report::Opened); // and the answer lay in the kernel
        assert_eq!((pair.calls(), pair.driver.timer().due()), (vec!["onStart".into()], None));
    }

    #[test]
    fn the_transport_may_explain_a_timeout() {
        let pair = Pair::opening();
        pair.explanation.set(Some("The server refused, slowly."));
        pair.time_out();
        assert_eq!(pair.commands(), ["abort"]);
        assert_eq!(pair.calls(), ["onStart", "onStop NS_ERROR_NET_TIMEOUT_EXTERNAL"]);
    }

    #[test]
    fn a_connection_that_ends_without_a_close_frame_is_never_ns_ok() {
        for (pair, expected) in [
            (Pair::opening(), "onStop NS_ERROR_WEBSOCKET_CONNECTION_REFUSED"),
            (Pair::opened(), "onStop NS_BASE_STREAM_CLOSED"),
        ] {
            pair.driver.report(Report::Gone(Ending::clean()));
            assert_eq!(pair.calls(), ["onStart", expected]);
        }
    }

    #[test]
    fn a_channel_whose_open_was_rejected_can_be_opened_again() {
        let pair = Pair::idle();
        let refused = pair
            .driver
            .open(Timeouts { open: 1, close: 1 }, pair.listener(), || Err::<Rc<simulation::TestTransport>, _>("no"));
        assert_eq!(refused, Err(OpenError::Refused("no")));
        assert_eq!((pair.driver.state(), pair.driver.timer().due()), (State::Idle, None));
        assert_eq!(pair.open(), Ok(()));
        assert_eq!(pair.open(), Err(OpenError::AlreadyOpened));
    }

    #[test]
    fn a_channel_that_is_closed_while_it_is_being_opened_stops_when_async_open_has_returned() {
        let pair = Pair::idle();
        let opened = pair.driver.open(Timeouts { open: 1, close: 1 }, pair.listener(), || {
            pair.close(1000);
            Ok::<_, ()>(pair.transport.clone())
        });
        assert_eq!((opened, pair.calls(), pair.commands()), (Ok(()), vec![], vec!["abort".into()]));
        pair.settle();
        assert_eq!(pair.calls(), ["onStart", "onStop NS_BINDING_ABORTED"]);
    }

    #[test]
    fn a_channel_that_is_cancelled_inside_on_server_close_answers_the_close_frame() {
        let pair = Pair::opened();
        pair.on_call.set(Some(("onServerClose", |driver| driver.cancel(Ending::cancelled(Status::BINDING_ABORTED)))));
        pair.driver.report(Report::PeerClose(Close::with_code(CloseCode::from_peer(4000).unwrap())));
        pair.settle();
        assert_eq!(pair.commands(), ["abort 4000"]);
        assert_eq!(pair.calls(), ["onStart", "onServerClose 4000", "onStop NS_BINDING_ABORTED"]);
    }

    #[test]
    fn a_cancelled_open_channel_says_1001_and_stops_with_the_given_status() {
        let pair = Pair::opened();
        pair.cancel(Status(0x8000_1234));
        pair.settle();
        assert_eq!(pair.commands(), ["abort 1001"]);
        assert_eq!(pair.calls(), ["onStart", "onStop 80001234"]);
    }
}
