//! A model of what the laws say, kept in step with the channel. Each of its methods is called before the channel learns of the event.

use std::collections::VecDeque;

use websocket_channel::channel::{ClosedBy, Driver, State, Stop, Taken, TimedOut, Timeouts};
use websocket_channel::close::Close;
use websocket_channel::status::Status;

use super::{Bytes, Method, close_of};

pub(super) struct Model {
    pub(super) acknowledges: bool,
    explanation: Option<Status>,
    pub(super) state: State,
    status: Status,
    timeouts: Timeouts,
    clock: u64,
    /// When the timer must fire.
    due: Option<u64>,
    /// A timeout has run out, but the host's loop may still read for one turn.
    overdue: bool,
    /// A method has stopped the channel. The listener is told when the timer fires.
    unsettled: bool,
    messages: Messages,
    /// Messages from the peer that the listener must still get.
    incoming: VecDeque<u32>,
    came: u32,
    closed_by: Option<ClosedBy>,
    peer_close: Option<Close>,
    /// The close frame that must be sent, and whether it was.
    close: Option<Close>,
    close_sent: bool,
    server_close_heard: bool,
    /// The status of the failure that ends the channel.
    failure: Option<Status>,
    /// How the connection must be aborted, and whether it was.
    abort: Option<Option<Close>>,
    is_aborted: bool,
    /// How the channel must stop: its status, the timeout that ran out, and whether it was clean.
    end: Option<(Status, Option<TimedOut>, bool)>,
    was_open: bool,
    started: bool,
    stopped: bool,
}

/// The messages that the channel accepted.
#[derive(Default)]
struct Messages {
    /// Of each: its number, its size, and how many bytes the host took in parts.
    all: Vec<(u32, u64, u64)>,
    /// The number of those that went to the host.
    handed: usize,
    /// The number of those that the host took whole.
    taken: usize,
    /// The number of those that were acknowledged to the listener.
    heard: usize,
    /// The value of `taken` when the peer's close came. No more are acknowledged.
    unheard_from: Option<usize>,
}

impl Messages {
    fn left(&self, from: usize) -> u64 {
        self.all[from..].iter().map(|(_, size, part)| size - part).sum()
    }

    /// Returns the number of messages that are taken when this many bytes are left.
    fn taken_if_left(&self, left: u64) -> usize {
        let mut rest = self.left(self.taken);
        let is_taken = |(_, size, part): &&(u32, u64, u64)| {
            rest -= size - part;
            rest >= left
        };
        self.all[self.taken..].iter().take_while(is_taken).count()
    }
}

impl Model {
    pub(super) fn new(acknowledges: bool, explanation: Option<Status>) -> Self {
        Self {
            acknowledges,
            explanation,
            state: State::Idle,
            status: Status::OK,
            timeouts: Timeouts { open: 0, close: 0 },
            clock: 0,
            due: None,
            overdue: false,
            unsettled: false,
            messages: Messages::default(),
            incoming: VecDeque::new(),
            came: 0,
            closed_by: None,
            peer_close: None,
            close: None,
            close_sent: false,
            server_close_heard: false,
            failure: None,
            abort: None,
            is_aborted: false,
            end: None,
            was_open: false,
            started: false,
            stopped: false,
        }
    }

    pub(super) fn close_timeout(&self) -> u32 {
        self.timeouts.close
    }

    /// Returns the number of payload bytes that the host has not taken.
    pub(super) fn outstanding(&self) -> u64 {
        self.messages.left(self.messages.taken)
    }

    /// Returns the number of messages that the host was handed and has not taken.
    pub(super) fn untaken(&self) -> usize {
        self.messages.handed - self.messages.taken
    }

    // What the user does.

    pub(super) fn open(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
        self.state = State::Connecting;
        self.due_after(timeouts.open);
    }

    /// A message is accepted. Returns what the host gets.
    pub(super) fn accept(&mut self, size: u64) -> (u32, u64) {
        let number = self.messages.all.len() as u32;
        self.messages.all.push((number, size, 0));
        (number, size)
    }

    pub(super) fn close(&mut self, close: &Close) {
        match self.state {
            State::Connecting => self.cancelled(Status::BINDING_ABORTED),
            State::Open => {
                self.state = State::Closing;
                self.closed_by = Some(ClosedBy::Local);
                self.close = Some(close.clone());
                self.incoming.clear(); // law 3
                self.due_after(self.timeouts.close);
            }
            State::Closing if self.owes_answer() => self.close = Some(close.clone()),
            _ => {}
        }
    }

    pub(super) fn cancelled(&mut self, status: Status) {
        if matches!(self.state, State::Idle | State::Stopped) {
            return;
        }
        self.abort = Some(match self.state {
            State::Open => Some(close_of(1001)),
            State::Closing if self.owes_answer() => Some(self.answer()),
            _ => None,
        });
        if self.failure.is_none() {
            self.closed_by.get_or_insert(ClosedBy::Local);
        }
        self.incoming.clear();
        self.stop(status, None, false);
    }

    fn owes_answer(&self) -> bool {
        self.closed_by == Some(ClosedBy::Remote) && self.close.is_none() && self.failure.is_none()
    }

    /// A method has stopped the channel, outside the listener's calls.
    pub(super) fn stopped_by_a_method(&mut self) {
        self.unsettled = true;
        self.due = Some(self.clock);
    }

    // What happens on the wire, and to the clock.

    pub(super) fn opened(&mut self) {
        if self.state == State::Connecting {
            self.state = State::Open;
            self.was_open = true;
            self.due = None;
            self.overdue = false;
        }
    }

    /// Returns the number of the message that arrives.
    pub(super) fn message_came(&mut self) -> u32 {
        self.came += 1;
        if self.state == State::Open {
            self.incoming.push_back(self.came);
        }
        self.came
    }

    pub(super) fn took(&mut self, taken: Taken) {
        if !matches!(self.state, State::Open | State::Closing) {
            return;
        }
        let messages = &mut self.messages;
        let count = match taken {
            Taken::Messages(count) => count.min(messages.all.len() - messages.taken),
            Taken::AllBut(left) => messages.taken_if_left(left),
            Taken::Part(len) => {
                if let Some((_, size, part)) = messages.all.get_mut(messages.taken) {
                    *part += len.min(*size - *part);
                }
                0
            }
        };
        messages.taken += count;
        // The peer still takes what was queued before the close frame.
        if self.state == State::Closing && (count > 0 || !matches!(taken, Taken::AllBut(_))) {
            self.due_after(self.timeouts.close);
        }
    }

    pub(super) fn peer_closed(&mut self, close: &Close) {
        if !matches!(self.state, State::Open | State::Closing) || self.peer_close.is_some() || self.failure.is_some() {
            return;
        }
        if self.state == State::Open {
            self.state = State::Closing;
            self.closed_by = Some(ClosedBy::Remote);
            self.due_after(self.timeouts.close);
        }
        self.peer_close = Some(close.clone());
        self.messages.unheard_from = Some(self.messages.taken);
    }

    pub(super) fn failed(&mut self, status: Status) {
        if matches!(self.state, State::Open | State::Closing) {
            self.state = State::Closing;
            self.failure.get_or_insert(status);
            self.due_after(self.timeouts.close);
        }
    }

    pub(super) fn gone(&mut self, clean: bool, status: Status) {
        if matches!(self.state, State::Connecting | State::Open | State::Closing) {
            self.stop(status, None, clean && self.peer_close.is_some());
        }
    }

    /// This much time passes. Returns whether the timer then fires.
    pub(super) fn wait(&mut self, time: u64) -> bool {
        self.clock += time;
        let is_due = self.due.is_some_and(|due| due <= self.clock);
        if is_due && !self.unsettled {
            if std::mem::replace(&mut self.overdue, true) {
                self.timed_out();
            } else {
                self.due = Some(self.clock);
            }
        }
        is_due
    }

    fn timed_out(&mut self) {
        let timeout = if self.state == State::Connecting { TimedOut::Open } else { TimedOut::Close };
        self.abort = Some(None);
        match self.explanation {
            Some(status) => self.stop(status, None, false),
            None => self.stop(Status::NET_TIMEOUT, Some(timeout), false),
        }
    }

    fn due_after(&mut self, time: u32) {
        self.due = Some(self.clock + u64::from(time));
        self.overdue = false;
    }

    fn stop(&mut self, status: Status, timed_out: Option<TimedOut>, clean: bool) {
        let (status, timed_out, clean) =
            self.failure.map_or((status, timed_out, clean), |status| (status, None, false));
        let status = match status {
            _ if clean => Status::OK,
            Status::OK if self.state == State::Connecting => Status::CONNECTION_REFUSED,
            Status::OK => Status::BASE_STREAM_CLOSED,
            other => other,
        };
        self.state = State::Stopped;
        self.status = status;
        self.due = None;
        self.end = Some((status, timed_out, clean));
    }

    // What the transport is told.

    pub(super) fn sent(&mut self, message: (u32, u64)) {
        assert!(!self.close_sent && !self.is_aborted, "a message behind the close frame");
        let (number, size, _) = self.messages.all[self.messages.handed];
        assert_eq!(message, (number, size), "in order, each once");
        self.messages.handed += 1;
    }

    pub(super) fn close_sent(&mut self, close: &Close) {
        assert!(!self.close_sent && !self.is_aborted, "a second close frame");
        if self.close.is_none() {
            self.close = Some(self.answer());
        }
        assert_eq!(Some(close), self.close.as_ref());
        assert_eq!(self.messages.handed, self.messages.all.len(), "the close frame goes behind all messages");
        self.close_sent = true;
    }

    /// The answer to the peer's close frame, which has the same code (law 5).
    fn answer(&self) -> Close {
        let peers = self.peer_close.as_ref().expect("nobody closed");
        peers.code().map_or(Close::EMPTY, Close::with_code)
    }

    pub(super) fn aborted(&mut self, farewell: Option<&Close>) {
        assert!(!self.is_aborted);
        assert_eq!(Some(farewell), self.abort.as_ref().map(Option::as_ref));
        assert!(farewell.is_none() || !self.close_sent);
        self.is_aborted = true;
    }

    // What the listener is told.

    pub(super) fn heard(&mut self, method: Method) {
        assert!(!self.stopped, "law 2: {method:?} follows onStop");
        assert_eq!(self.started, method != Method::Start, "law 2: onStart first, and once");
        assert!(!self.server_close_heard || method == Method::Stop, "law 5: {method:?} follows onServerClose");
        self.started = true;
    }

    pub(super) fn heard_message(&mut self, number: u32) {
        assert_eq!(Some(number), self.incoming.pop_front(), "law 3: in order, none after close()");
    }

    pub(super) fn heard_acknowledgement(&mut self, size: u64) {
        let messages = &mut self.messages;
        assert!(self.acknowledges && messages.heard < messages.unheard_from.unwrap_or(messages.taken), "law 4");
        assert_eq!(size, messages.all[messages.heard].1, "law 4: in order, by the byte");
        messages.heard += 1;
    }

    pub(super) fn heard_server_close(&mut self, close: &Close) {
        assert_eq!(Some(close), self.peer_close.as_ref());
        self.server_close_heard = true;
    }

    /// Checks law 6, and the third argument.
    pub(super) fn heard_stop(&mut self, stop: &Stop<Bytes>) {
        self.stopped = true;
        self.unsettled = false;
        self.due = None;
        let expected = self.end.expect("it stopped for no reason");
        assert_eq!((stop.status, stop.timed_out, stop.was_clean), expected);
        assert!(stop.status != Status::OK || (stop.was_clean && self.peer_close.is_some()), "law 6");
        assert_eq!((&stop.peer_close, stop.closed_by), (&self.peer_close, self.closed_by));
        assert!(!stop.message.is_empty());
    }

    // What can be observed.

    /// Asserts that after every call, even from inside the listener, the transport knows at once.
    pub(super) fn check_commands(&self) {
        if self.state == State::Open {
            assert_eq!(self.messages.handed, self.messages.all.len(), "what was accepted is on its way");
        }
        assert_eq!(self.abort.is_some(), self.is_aborted);
        assert_eq!(self.close.is_some(), self.close_sent);
    }

    /// Checks what a user sees between two steps.
    pub(super) fn check(&self, driver: &Driver<Bytes>) {
        self.check_commands();
        assert_eq!((driver.state(), driver.status()), (self.state, self.status));
        // To the byte: what was accepted, less what was acknowledged or will never be acknowledged.
        let messages = &self.messages;
        let is_deaf = messages.unheard_from.is_some() || !self.acknowledges;
        let settled = if is_deaf { messages.taken } else { messages.heard };
        assert_eq!(driver.buffered_amount(), messages.left(settled));
        assert_eq!(driver.awaits_acknowledgement(), messages.taken < messages.all.len());
        assert_eq!(driver.timer().due(), self.due, "the timer of the state");
        let waits = matches!(self.state, State::Connecting | State::Closing);
        assert_eq!(self.due.is_some(), waits || self.unsettled, "every wait has an end");
        let has_transport = matches!(self.state, State::Connecting | State::Open | State::Closing);
        assert_eq!(driver.transport().is_some(), has_transport);
        assert_eq!(self.started, self.was_open || self.stopped);
        assert_eq!(self.stopped, self.state == State::Stopped && !self.unsettled);
        assert!(self.incoming.is_empty(), "law 3: every message that came while open is heard");
        assert_eq!(self.server_close_heard, self.peer_close.is_some(), "law 5");
        assert!(
            !self.server_close_heard || self.close_sent || self.stopped || self.failure.is_some(),
            "law 5: the close frame is answered"
        );
    }

    pub(super) fn check_unopened(&self) {
        assert!(!self.started && !self.is_aborted, "law 1: no call without an open");
    }

    pub(super) fn check_end(&self) {
        assert!(self.started && self.stopped && self.state == State::Stopped);
        let messages = &self.messages;
        let acknowledged = if self.acknowledges { messages.unheard_from.unwrap_or(messages.taken) } else { 0 };
        assert_eq!(messages.heard, acknowledged, "law 4");
    }
}
