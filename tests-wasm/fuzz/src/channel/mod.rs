//! Drives a channel between a transport, a listener that calls back and a timer, on their own clock. Checks the listener's laws to
//! the byte.

mod model;
mod parts;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::channel::{Driver, Ending, Host, OpenError, Report, State, Taken, Timeouts, Transport};
use websocket_channel::close::{Close, CloseCode};
use websocket_channel::status::Status;

use model::Model;
use parts::{Clock, Ear, Wire};

pub(crate) fn run(data: &[u8]) {
    if let Ok(story) = Story::arbitrary_take_rest(Unstructured::new(data)) {
        Stage::play(story);
    }
}

#[derive(Arbitrary, Debug)]
struct Story {
    /// The listener has an `onAcknowledge`.
    acknowledges: bool,
    /// The status with which the transport explains timeouts.
    explanation: Option<u32>,
    steps: Vec<Step>,
    /// What the listener does in its calls: a list for each method, in the order of [`Method`]. Each entry is for one call.
    reactions: [Vec<Vec<Call>>; 6],
}

/// What can be called from anywhere, even inside the listener's calls.
#[derive(Arbitrary, Clone, Debug)]
enum Call {
    Open {
        open: u16,
        close: u16,
        connect: Connect,
    },
    Send {
        size: u32,
        now: bool,
    },
    Close(u16),
    CloseEmpty,
    Cancel(u32),
    /// A message arrives, even in the middle of a call.
    Message {
        now: bool,
    },
    /// The connection ends, even in the middle of a call.
    Gone {
        clean: bool,
        status: Option<u32>,
    },
}

/// The outcome of creating the transport.
#[derive(Arbitrary, Clone, Debug, PartialEq)]
enum Connect {
    Works,
    Refused,
    /// Code that runs during the creation closes the channel.
    Closes,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Call(Call),
    Opened,
    /// The host takes this many of the messages, or bytes, that it was sent.
    TookMessages(u8),
    TookPart(u32),
    TookBytes(u32),
    /// The host reports something impossible.
    Odd(Odd),
    PeerClose(Option<u16>),
    /// The connection fails.
    Failed(u32),
    /// This much time passes. Then a timer may fire once.
    Wait(u16),
}

#[derive(Arbitrary, Debug)]
enum Odd {
    Sent(u8),
    AllBut(u64),
}

/// The listener's methods.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Method {
    Start,
    Message,
    Acknowledge,
    ServerClose,
    Stop,
    /// The getter of `onAcknowledge`.
    HasAcknowledge,
}

struct Bytes;

impl Host for Bytes {
    type Transport = Wire;
    type Listener = Ear;
    type Timer = Clock;
    /// Number and size.
    type Outgoing = (u32, u64);
    type Incoming = u32;
    type Evidence = u32;
}

/// The channel, and the model of what the laws say.
struct Stage {
    driver: Rc<Driver<Bytes>>,
    /// The connection. It reports even after the channel has released it.
    wire: Rc<Wire>,
    model: Rc<RefCell<Model>>,
    reactions: RefCell<[VecDeque<Vec<Call>>; 6]>,
    /// JavaScript has called a method of the channel, which is running: the listener must not be called (law 1).
    in_method: Cell<bool>,
    /// A method of the listener is running: no other may be called.
    in_listener: Cell<bool>,
}

impl Stage {
    fn play(story: Story) {
        let explanation = story.explanation.map(Status);
        let model = Rc::new(RefCell::new(Model::new(story.acknowledges, explanation)));
        let stage = Rc::new(Self {
            driver: Rc::default(),
            wire: Rc::new(Wire { model: model.clone(), explanation }),
            model,
            reactions: RefCell::new(story.reactions.map(VecDeque::from)),
            in_method: Cell::new(false),
            in_listener: Cell::new(false),
        });
        for step in story.steps.iter().take(200) {
            stage.step(step);
            stage.model.borrow().check(&stage.driver);
        }
        stage.end();
    }

    /// Asserts that, whatever happened, a channel that was closed has stopped and released everything once the timers have run out.
    fn end(self: &Rc<Self>) {
        if self.state() == State::Idle {
            return self.model.borrow().check_unopened();
        }
        self.call(&Call::CloseEmpty);
        let timeout = self.model.borrow().close_timeout();
        for time in [timeout, 0, 0] {
            self.wait(u64::from(time));
            self.model.borrow().check(&self.driver);
        }
        self.model.borrow().check_end();
        assert_eq!(Rc::strong_count(&self.driver), 1, "no timer holds the channel");
        assert_eq!(Rc::strong_count(&self.wire), 1, "the transport is let go");
        assert_eq!(Rc::strong_count(self), 1, "the listener is let go");
    }

    fn state(&self) -> State {
        self.model.borrow().state
    }

    fn step(self: &Rc<Self>, step: &Step) {
        match *step {
            Step::Call(ref call) => self.call(call),
            Step::Opened => {
                self.model.borrow_mut().opened();
                self.driver.report(Report::Opened);
            }
            Step::TookMessages(count) => {
                let count = usize::from(count).min(self.model.borrow().untaken());
                self.took(Taken::Messages(count));
            }
            Step::TookPart(len) => self.took(Taken::Part(u64::from(len))),
            Step::TookBytes(bytes) => {
                let left = self.model.borrow().outstanding().saturating_sub(u64::from(bytes));
                self.took(Taken::AllBut(left));
            }
            Step::Odd(Odd::Sent(count)) => self.took(Taken::Messages(usize::from(count))),
            Step::Odd(Odd::AllBut(left)) => self.took(Taken::AllBut(left)),
            Step::PeerClose(code) => {
                let close = code.map_or(Close::EMPTY, close_of);
                self.model.borrow_mut().peer_closed(&close);
                self.driver.report(Report::PeerClose(close));
            }
            Step::Failed(status) => {
                self.model.borrow_mut().failed(Status(status));
                self.driver.report(Report::Failed(Ending {
                    status: Status(status),
                    message: "It has failed.".into(),
                    ..Ending::default()
                }));
            }
            Step::Wait(time) => self.wait(u64::from(time)),
        }
    }

    fn took(&self, taken: Taken) {
        self.model.borrow_mut().took(taken);
        self.driver.report(Report::Sent(taken));
    }

    fn wait(&self, time: u64) {
        let is_due = self.model.borrow_mut().wait(time);
        assert_eq!(self.driver.timer().advance(time), is_due);
        if is_due {
            self.driver.timer().fire();
        }
    }

    fn call(self: &Rc<Self>, call: &Call) {
        match *call {
            Call::Open { open, close, ref connect } => {
                self.method(|| self.open(Timeouts { open: open.into(), close: close.into() }, connect))
            }
            Call::Send { size, now } => self.method(|| self.send(size.into(), now)),
            Call::Close(code) => self.method(|| self.close(close_of(code))),
            Call::CloseEmpty => self.method(|| self.close(Close::EMPTY)),
            Call::Cancel(status) => self.method(|| {
                self.model.borrow_mut().cancelled(Status(status));
                self.driver.cancel(Ending::cancelled(Status(status)));
            }),
            Call::Message { now } => {
                let number = self.model.borrow_mut().message_came();
                match now {
                    true => self.driver.message(&self.wire, number),
                    false => self.driver.report(Report::Message(number)),
                }
            }
            Call::Gone { clean, status } => {
                let status = status.map_or(Status::OK, Status);
                self.model.borrow_mut().gone(clean, status);
                let ending = Ending { clean, status, message: "gone".into(), evidence: Some(7), ..Ending::default() };
                self.driver.report(Report::Gone(ending));
            }
        }
        self.model.borrow().check_commands();
    }

    /// Runs a method that JavaScript calls. If the call is not from inside the listener, the listener is called only after it has returned.
    fn method(&self, body: impl FnOnce()) {
        let is_outside = !self.in_listener.get();
        let before = self.state();
        self.in_method.set(is_outside);
        body();
        self.in_method.set(false);
        if is_outside && before != State::Stopped && self.state() == State::Stopped {
            self.model.borrow_mut().stopped_by_a_method();
        }
    }

    fn open(self: &Rc<Self>, timeouts: Timeouts, connect: &Connect) {
        let is_idle = self.state() == State::Idle;
        if is_idle && *connect != Connect::Refused {
            self.model.borrow_mut().open(timeouts);
        }
        let ear = Ear { stage: self.clone() };
        let opened = self.driver.open(timeouts, ear, || match connect {
            Connect::Works => Ok(self.wire.clone()),
            Connect::Refused => Err("no"),
            Connect::Closes => {
                self.close(Close::EMPTY);
                Ok(self.wire.clone())
            }
        });
        let expected = match (is_idle, connect) {
            (false, _) => Err(OpenError::AlreadyOpened),
            (true, Connect::Refused) => Err(OpenError::Argument("no")),
            (true, _) => Ok(()),
        };
        assert_eq!(opened, expected);
    }

    fn send(&self, size: u64, now: bool) {
        let state = self.state();
        if now {
            let is_open = state == State::Open;
            let message = is_open.then(|| self.model.borrow_mut().accept(size));
            assert_eq!(self.driver.accept_now(size), is_open);
            if let Some(message) = message {
                return self.wire.send(message);
            }
        }
        let expected = match state {
            State::Idle => Err(Status::NOT_CONNECTED),
            State::Connecting | State::Open => Ok(true),
            State::Closing | State::Stopped => Ok(false),
        };
        let sent = self.driver.send(|_, seen| {
            assert_eq!(seen, state);
            (self.model.borrow_mut().accept(size), size)
        });
        assert_eq!(sent, expected);
    }

    fn close(&self, close: Close) {
        let is_idle = self.state() == State::Idle;
        self.model.borrow_mut().close(&close);
        assert_eq!(self.driver.close(close), if is_idle { Err(Status::NOT_CONNECTED) } else { Ok(()) });
    }

    /// Does what the listener does in its next call of this method.
    fn react(self: &Rc<Self>, method: Method) {
        let calls = self.reactions.borrow_mut()[method as usize].pop_front();
        let outside = self.in_listener.replace(true);
        for call in calls.unwrap_or_default() {
            self.call(&call);
        }
        self.in_listener.set(outside);
    }
}

/// Returns a close frame with a code derived from this one.
fn close_of(code: u16) -> Close {
    Close::with_code(CloseCode::for_close(code).unwrap_or(CloseCode::NORMAL))
}
