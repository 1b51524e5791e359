//! What the transport reports, and how a channel stops.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::event::{ClosedBy, Command, Ending, Notification, Report, Stop, Taken, TimedOut};
use super::{Channel, Host, State};
use crate::close::Close;
use crate::status::Status;

impl<H: Host> Channel<H> {
    /// The transport's next report. Anything after [`Report::Gone`] is ignored.
    pub fn handle_report(&mut self, report: Report<H>) {
        match (report, self.state) {
            (_, State::Idle | State::Stopped) => {}
            (Report::Opened, State::Connecting) => self.opened(),
            (Report::Message(message), State::Open) => self.notifications.push_back(Notification::Message(message)),
            (Report::Sent(taken), State::Open | State::Closing) => self.sent(taken),
            (Report::PeerClose(close), State::Open | State::Closing) => self.peer_closed(close),
            (Report::Failed(ending), State::Open | State::Closing) => self.failed(ending),
            (Report::Gone(ending), _) => self.stop(ending),
            // Messages after close() are dropped, as the native WebSocket does (WHATWG: "if ready state is not OPEN, return").
            (Report::Opened | Report::Message(_) | Report::Sent(_) | Report::PeerClose(_) | Report::Failed(_), _) => {}
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

    fn opened(&mut self) {
        self.state = State::Open;
        self.notifications.push_back(Notification::Start);
        self.set_timer(None);
    }

    fn sent(&mut self, taken: Taken) {
        let progress = self.unacknowledged.take(taken) || !matches!(taken, Taken::AllBut(_));
        if self.peer_close.is_some() {
            self.skip_acknowledgements(); // onAcknowledge never follows onServerClose
        }
        if self.state == State::Closing && progress {
            // The peer still takes messages from before close(), so it cannot have answered our close frame yet.
            self.set_timer(Some(self.timeouts.close));
        }
    }

    #[cold]
    fn peer_closed(&mut self, close: Close) {
        if self.peer_close.is_some() || self.failure.is_some() {
            return;
        }
        if self.state == State::Open {
            self.state = State::Closing;
            self.closed_by = Some(ClosedBy::Remote);
            self.owes_answer = true;
            self.set_timer(Some(self.timeouts.close));
        }
        self.peer_close = Some(close.clone());
        self.notifications.push_back(Notification::ServerClose(close));
    }

    /// Nothing more is accepted, and the transport has a close frame of its own. The channel waits for the end, and then reports the first failure.
    #[cold]
    fn failed(&mut self, ending: Ending<H>) {
        self.state = State::Closing;
        self.owes_answer = false;
        self.failure.get_or_insert_with(|| Box::new(ending));
        self.set_timer(Some(self.timeouts.close));
    }

    /// The one place where a channel stops. It keeps law 2 (exactly one `onStart`, first, and one `onStop`, last) and law 6 (what
    /// `NS_OK` means).
    #[cold]
    pub(super) fn stop(&mut self, ending: Ending<H>) {
        let ending = self.failure.take().map_or(ending, |failure| *failure);
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
        self.waiting = VecDeque::new();
        if never_opened {
            self.notifications.push_back(Notification::Start);
        }
        self.set_timer(None);
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
