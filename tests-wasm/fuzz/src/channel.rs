//! A channel, its backend and a listener that calls back, on a clock of their own; DESIGN's laws by the byte.

use std::collections::VecDeque;

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::channel::{
    Channel, ClosedBy, Command, Ending, Host, Notification, Report, State, Stop, Taken, TimedOut, Timeouts,
};
use websocket_channel::close::{Close, CloseCode};
use websocket_channel::status::Status;

pub(crate) fn run(data: &[u8]) {
    if let Ok(story) = Story::arbitrary_take_rest(Unstructured::new(data)) {
        Stage::new(story.reactions).play(&story.steps);
    }
}

#[derive(Arbitrary, Debug)]
struct Story {
    steps: Vec<Step>,
    reactions: [Vec<Vec<Call>>; 5],
}

#[derive(Arbitrary, Clone, Debug)]
enum Call {
    Open(u16, u16),
    Send(u32),
    Close(u16),
    CloseEmpty,
    Cancel(u32),
}

#[derive(Arbitrary, Debug)]
enum Step {
    Call(Call),
    Opened,
    Message,
    /// The host takes so many messages, or so many bytes, of those it was sent.
    TookMessages(u8),
    TookBytes(u32),
    /// The host says something that cannot be.
    Odd(Odd),
    PeerClose(Option<u16>),
    Gone {
        clean: bool,
        status: Option<u32>,
    },
    /// So much time goes by.
    Wait(u16),
    ThrowAndReopen,
}

#[derive(Arbitrary, Debug)]
enum Odd {
    Sent(u8),
    AllBut(u64),
    Timeout,
}

struct Bytes;

impl Host for Bytes {
    /// Number and size.
    type Outgoing = (u32, u64);
    type Incoming = u32;
    type Evidence = u32;
}

/// What the laws say, kept in step with the channel.
struct Stage {
    channel: Channel<Bytes>,
    reactions: [VecDeque<Vec<Call>>; 5],
    state: State,
    status: Status,
    timeouts: (u32, u32),
    clock: u64,
    /// When the timer runs out, and when it must.
    deadline: Option<u64>,
    due: Option<u64>,
    /// Messages that were accepted: number and size; so many of them went to the host.
    accepted: Vec<(u32, u64)>,
    handed: usize,
    /// So many of them the host took, of so many the listener heard.
    taken: usize,
    heard: usize,
    /// `taken`, when the peer's close came.
    unheard_from: Option<usize>,
    /// Messages from the peer, and how many of them the listener got.
    incoming: u32,
    delivered: u32,
    closed_by: Option<ClosedBy>,
    peer_close: Option<Close>,
    /// The close frame that must go out, and whether it did.
    close: Option<Close>,
    close_sent: bool,
    server_close_heard: bool,
    abort: Option<Option<Close>>,
    aborted: bool,
    /// How it must stop.
    end: Option<(Status, Option<TimedOut>, bool)>,
    started: bool,
    stopped: bool,
    opens: u32,
}

impl Stage {
    fn new(reactions: [Vec<Vec<Call>>; 5]) -> Self {
        Self {
            channel: Channel::new(),
            reactions: reactions.map(VecDeque::from),
            state: State::Idle,
            status: Status::OK,
            timeouts: (0, 0),
            clock: 0,
            deadline: None,
            due: None,
            accepted: Vec::new(),
            handed: 0,
            taken: 0,
            heard: 0,
            unheard_from: None,
            incoming: 0,
            delivered: 0,
            closed_by: None,
            peer_close: None,
            close: None,
            close_sent: false,
            server_close_heard: false,
            abort: None,
            aborted: false,
            end: None,
            started: false,
            stopped: false,
            opens: 0,
        }
    }

    fn play(&mut self, steps: &[Step]) {
        for step in steps.iter().take(200) {
            self.step(step);
            self.drain();
            self.check();
        }
        if self.state == State::Idle {
            assert!(!self.started && self.opens == 0, "law 1: no call without an open");
            return;
        }
        // Whatever happened: once the timers have run out, a channel that was closed has stopped.
        self.call(&Call::CloseEmpty);
        self.drain();
        self.check();
        if self.state == State::Closing {
            self.wait(u64::from(self.timeouts.1));
            self.drain();
            self.check();
        }
        assert!(self.started && self.stopped && self.state == State::Stopped);
        assert_eq!(self.delivered, self.incoming, "law 3: every message that came while open is heard");
        assert_eq!(self.heard, self.unheard_from.unwrap_or(self.taken), "law 4");
        assert_eq!(self.server_close_heard, self.peer_close.is_some(), "law 5");
        assert_eq!(self.opens, 1);
    }

    fn step(&mut self, step: &Step) {
        let outstanding: u64 = self.accepted[self.taken..].iter().map(|message| message.1).sum();
        match step {
            Step::Call(call) => self.call(call),
            Step::Opened => {
                self.channel.handle_report(Report::Opened);
                if self.state == State::Connecting {
                    self.state = State::Open;
                    self.due = None;
                }
            }
            Step::Message => {
                self.channel.handle_report(Report::Message(self.incoming));
                if self.state == State::Open {
                    self.incoming += 1;
                }
            }
            Step::TookMessages(count) => {
                let count = usize::from(*count).min(self.handed - self.taken);
                self.report_taken(Taken::Messages(count), count);
            }
            Step::TookBytes(bytes) => {
                let left = outstanding.saturating_sub(u64::from(*bytes));
                self.report_taken(Taken::AllBut(left), self.taken_if_left(left));
            }
            Step::Odd(Odd::Sent(count)) => {
                let count = usize::from(*count);
                self.report_taken(Taken::Messages(count), count.min(self.accepted.len() - self.taken));
            }
            Step::Odd(Odd::AllBut(left)) => self.report_taken(Taken::AllBut(*left), self.taken_if_left(*left)),
            Step::Odd(Odd::Timeout) => self.timeout(),
            Step::PeerClose(code) => self.peer_close(code.map_or(Close::EMPTY, close_of)),
            Step::Gone { clean, status } => {
                let status = status.map_or(Status::OK, Status);
                let ending = Ending { clean: *clean, status, message: "gone", evidence: Some(7), ..Ending::default() };
                self.channel.handle_report(Report::Gone(ending));
                let clean = *clean && self.peer_close.is_some();
                let status = match status {
                    _ if clean => Status::OK,
                    Status::OK if self.state == State::Connecting => Status::CONNECTION_REFUSED,
                    Status::OK => Status::BASE_STREAM_CLOSED,
                    other => other,
                };
                if matches!(self.state, State::Connecting | State::Open | State::Closing) {
                    self.stop(status, None, clean);
                }
            }
            Step::Wait(time) => self.wait(u64::from(*time)),
            Step::ThrowAndReopen => {
                if self.state == State::Idle {
                    assert!(self.channel.open(Timeouts { open: 1, close: 1 }).is_ok());
                    self.channel.undo_open();
                }
            }
        }
    }

    fn call(&mut self, call: &Call) {
        match call {
            Call::Open(open, close) => {
                let (open, close) = (u32::from(*open), u32::from(*close));
                let opened = self.channel.open(Timeouts { open, close });
                if self.state == State::Idle {
                    assert_eq!(opened, Ok(()));
                    self.timeouts = (open, close);
                    self.due = Some(self.clock + u64::from(open));
                    self.state = State::Connecting;
                } else {
                    assert_eq!(opened, Err(Status::ALREADY_OPENED));
                }
            }
            Call::Send(size) => {
                let (number, size) = (self.accepted.len() as u32, u64::from(*size));
                let expected = match self.state {
                    State::Idle => Err(Status::NOT_CONNECTED),
                    State::Connecting | State::Open => Ok(true),
                    State::Closing | State::Stopped => Ok(false),
                };
                assert_eq!(self.channel.admits(), expected);
                assert_eq!(self.channel.send((number, size), size), expected);
                if expected == Ok(true) {
                    self.accepted.push((number, size));
                }
            }
            Call::Close(code) => self.close(close_of(*code)),
            Call::CloseEmpty => self.close(Close::EMPTY),
            Call::Cancel(status) => {
                self.channel.cancel(Status(*status));
                self.cancelled(Status(*status));
            }
        }
    }

    fn close(&mut self, close: Close) {
        let result = self.channel.close(close.clone());
        assert_eq!(result, if self.state == State::Idle { Err(Status::NOT_CONNECTED) } else { Ok(()) });
        match self.state {
            State::Connecting => self.cancelled(Status::BINDING_ABORTED),
            State::Open => {
                self.state = State::Closing;
                self.closed_by = Some(ClosedBy::Local);
                self.close = Some(close);
                self.due_to_close();
            }
            State::Closing if self.closed_by == Some(ClosedBy::Remote) && self.close.is_none() => {
                self.close = Some(close)
            }
            _ => {}
        }
    }

    fn cancelled(&mut self, status: Status) {
        if matches!(self.state, State::Idle | State::Stopped) {
            return;
        }
        let farewell = (self.state == State::Open).then(|| close_of(1001));
        self.abort = Some(farewell);
        self.closed_by.get_or_insert(ClosedBy::Local);
        let status = match status {
            Status::OK if self.state == State::Connecting => Status::CONNECTION_REFUSED,
            Status::OK => Status::BASE_STREAM_CLOSED,
            other => other,
        };
        self.stop(status, None, false);
    }

    fn peer_close(&mut self, close: Close) {
        self.channel.handle_report(Report::PeerClose(close.clone()));
        if !matches!(self.state, State::Open | State::Closing) || self.peer_close.is_some() {
            return;
        }
        if self.state == State::Open {
            self.state = State::Closing;
            self.closed_by = Some(ClosedBy::Remote);
            self.due_to_close();
        }
        self.peer_close = Some(close);
        self.unheard_from = Some(self.taken);
    }

    fn report_taken(&mut self, taken: Taken, count: usize) {
        let progress = count > 0 || matches!(taken, Taken::Messages(_));
        self.channel.handle_report(Report::Sent(taken));
        if progress && self.state == State::Closing {
            self.due_to_close(); // the peer still takes what was queued before
        }
        if matches!(self.state, State::Open | State::Closing) {
            self.taken += count;
        }
    }

    /// How many messages were taken if so many bytes of them are left.
    fn taken_if_left(&self, left: u64) -> usize {
        let mut rest: u64 = self.accepted[self.taken..].iter().map(|message| message.1).sum();
        let is_taken = |message: &&(u32, u64)| {
            rest -= message.1;
            rest >= left
        };
        self.accepted[self.taken..].iter().take_while(is_taken).count()
    }

    fn wait(&mut self, time: u64) {
        self.clock += time;
        if self.deadline.is_some_and(|deadline| deadline <= self.clock) {
            self.deadline = None;
            self.timeout();
            assert_eq!(self.state, State::Stopped, "a timer that runs out stops the channel");
        }
    }

    fn timeout(&mut self) {
        self.channel.handle_timeout();
        let timeout = match self.state {
            State::Connecting => TimedOut::Open,
            State::Closing => TimedOut::Close,
            _ => return,
        };
        self.abort = Some(None);
        self.stop(Status::NET_TIMEOUT, Some(timeout), false);
    }

    fn due_to_close(&mut self) {
        self.due = Some(self.clock + u64::from(self.timeouts.1));
    }

    fn stop(&mut self, status: Status, timed_out: Option<TimedOut>, clean: bool) {
        self.state = State::Stopped;
        self.status = status;
        self.due = None;
        self.end = Some((status, timed_out, clean));
    }

    /// As the channel's documentation asks: all commands, a notification, again.
    fn drain(&mut self) {
        loop {
            self.drain_commands();
            let has = self.channel.has_notification();
            let Some(notification) = self.channel.poll_notification() else {
                assert!(!has);
                return;
            };
            assert!(has && !self.stopped, "nothing follows onStop");
            self.notify(notification);
        }
    }

    fn drain_commands(&mut self) {
        while let Some(command) = self.channel.poll_command() {
            let over = self.close_sent || self.aborted;
            match command {
                Command::Open => self.opens += 1,
                Command::Send(message) => {
                    assert!(!over, "a message behind the close frame");
                    assert_eq!(message, self.accepted[self.handed], "in order, each once");
                    self.handed += 1;
                }
                Command::Close(close) => {
                    assert!(!over, "a second close frame");
                    let expected = self.close.get_or_insert_with(|| {
                        let peers = self.peer_close.as_ref().expect("nobody closed");
                        peers.code().map_or(Close::EMPTY, Close::with_code) // law 5: the channel's own answer
                    });
                    assert_eq!(close, *expected);
                    assert_eq!(self.handed, self.accepted.len(), "the close frame goes behind all messages");
                    self.close_sent = true;
                }
                Command::Abort(farewell) => {
                    assert!(!self.aborted);
                    assert_eq!(Some(&farewell), self.abort.as_ref());
                    assert!(farewell.is_none() || !self.close_sent);
                    self.aborted = true;
                }
                Command::Timer(time) => self.deadline = time.map(|time| self.clock + u64::from(time)),
            }
        }
    }

    fn notify(&mut self, notification: Notification<Bytes>) {
        assert_eq!(!self.started, matches!(notification, Notification::Start), "law 2: onStart first, and once");
        assert!(
            !self.server_close_heard || matches!(notification, Notification::Stop(_)),
            "law 5: only onStop follows"
        );
        let method = match notification {
            Notification::Start => {
                self.started = true;
                0
            }
            Notification::Message(number) => {
                assert_eq!(number, self.delivered, "law 3: in order");
                self.delivered += 1;
                1
            }
            Notification::Acknowledge(size) => {
                assert_eq!(size, self.accepted[self.heard].1, "law 4: in order, by the byte");
                self.heard += 1;
                assert!(self.heard <= self.taken && self.heard <= self.unheard_from.unwrap_or(usize::MAX));
                2
            }
            Notification::ServerClose(close) => {
                assert_eq!(Some(&close), self.peer_close.as_ref());
                self.server_close_heard = true;
                3
            }
            Notification::Stop(stop) => {
                self.judge(&stop);
                4
            }
        };
        self.react(method);
        if method == 3 {
            self.channel.handle_server_close_delivered();
            self.drain_commands();
            assert!(self.state == State::Stopped || self.close_sent, "law 5: the close frame is answered");
        }
    }

    fn react(&mut self, method: usize) {
        for call in self.reactions[method].pop_front().unwrap_or_default() {
            self.call(&call);
            self.drain_commands(); // commands of a call from inside are executed at once
        }
    }

    /// Law 6, and what the third argument says.
    fn judge(&mut self, stop: &Stop<Bytes>) {
        self.stopped = true;
        let (status, timed_out, clean) = self.end.expect("it stopped for no reason");
        assert_eq!((stop.status, stop.timed_out, stop.was_clean), (status, timed_out, clean));
        assert!(stop.status != Status::OK || (clean && self.peer_close.is_some()), "law 6");
        assert_eq!((&stop.peer_close, stop.closed_by), (&self.peer_close, self.closed_by));
        assert!(!stop.message.is_empty());
        assert_eq!(self.delivered, self.incoming);
    }

    /// What a user can see between two steps.
    fn check(&self) {
        assert_eq!((self.channel.state(), self.channel.status()), (self.state, self.status));
        // By the byte: what was accepted, less what the listener heard of or will never hear of.
        let settled = if self.unheard_from.is_some() { self.taken } else { self.heard };
        let buffered: u64 = self.accepted[settled..].iter().map(|message| message.1).sum();
        assert_eq!(self.channel.buffered_amount(), buffered);
        assert_eq!(self.channel.awaits_acknowledgement(), self.taken < self.accepted.len());
        assert_eq!(self.deadline, self.due, "the timer of the state");
        assert_eq!(
            self.due.is_some(),
            matches!(self.state, State::Connecting | State::Closing),
            "every wait has an end"
        );
        if self.state == State::Open {
            assert_eq!(self.handed, self.accepted.len(), "what was accepted is on its way");
        }
        assert_eq!(self.started, self.state > State::Connecting);
        assert_eq!(self.stopped, self.state == State::Stopped);
        assert!(self.abort.is_some() == self.aborted);
    }
}

/// A close frame with a code like this one.
fn close_of(code: u16) -> Close {
    Close::with_code(CloseCode::for_close(code).unwrap_or(CloseCode::NORMAL))
}
