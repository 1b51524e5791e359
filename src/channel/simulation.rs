//! A channel with a transport, a listener and a timer that record how they are called, for tests.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::*;

/// The host of the tests: messages and evidence are names.
pub(super) struct TestHost;

impl Host for TestHost {
    type Transport = TestTransport;
    type Listener = TestListener;
    type Timer = TestTimer;
    type Outgoing = String;
    type Incoming = String;
    type Evidence = &'static str;
}

/// What the listener does inside a method, called with the channel.
pub(super) type Reaction = fn(&Rc<Driver<TestHost>>);

/// Everything that the parts record.
#[derive(Default)]
pub(super) struct Log {
    /// The transport's commands: `send a`, `close 1000`, `abort`.
    pub(super) commands: Vec<String>,
    /// The listener's calls: `onStart`, `onMessage a`.
    pub(super) calls: Vec<String>,
    /// The message that `onStop` got.
    message: String,
    /// What else it got: whether both close frames were exchanged, which end closed first, and the timeout that expired.
    pub(super) detail: Option<(bool, Option<ClosedBy>, Option<TimedOut>)>,
    /// How often the listener was asked whether it has `onAcknowledge`.
    pub(super) asked: usize,
}

#[derive(Clone)]
pub(super) struct TestTransport {
    log: Rc<RefCell<Log>>,
    /// What `explain_timeout` returns, as its message.
    explanation: Rc<Cell<Option<&'static str>>>,
}

impl TestTransport {
    fn note(&self, command: impl Into<String>) {
        self.log.borrow_mut().commands.push(command.into());
    }
}

impl Transport<TestHost> for TestTransport {
    fn send(self: &Rc<Self>, message: String) {
        self.note(format!("send {message}"));
    }

    fn close(&self, close: Close) {
        self.note(format!("close {}", close.reported_code()));
    }

    fn abort(&self, farewell: Option<Close>) {
        self.note(farewell.map_or("abort".into(), |close| format!("abort {}", close.reported_code())));
    }

    fn deliver(&self, listener: &TestListener, message: String) {
        listener.note(format!("onMessage {message}"));
    }

    fn explain_timeout(&self) -> Option<Ending<TestHost>> {
        let message = self.explanation.get()?.into();
        Some(Ending { status: Status::NET_TIMEOUT, message, ..Ending::default() })
    }
}

pub(super) struct TestListener {
    log: Rc<RefCell<Log>>,
    driver: Rc<Driver<TestHost>>,
    on_call: Rc<Cell<Option<(&'static str, Reaction)>>>,
    acknowledges: bool,
    /// A method is running. No other may be called meanwhile.
    is_inside: Cell<bool>,
}

impl TestListener {
    fn note(&self, call: String) {
        assert!(!self.is_inside.replace(true), "{call} was called from inside a call");
        let reaction = self.on_call.get().filter(|(method, _)| call.starts_with(method));
        self.log.borrow_mut().calls.push(call);
        if let Some((_, react)) = reaction {
            react(&self.driver);
        }
        self.is_inside.set(false);
    }
}

impl Listener<TestHost> for TestListener {
    fn start(&self) {
        self.note("onStart".into());
    }

    fn acknowledges(&self) -> bool {
        self.log.borrow_mut().asked += 1;
        self.acknowledges
    }

    fn acknowledge(&self, size: u64) {
        self.note(format!("onAcknowledge {size}"));
    }

    fn server_close(&self, close: &Close) {
        self.note(format!("onServerClose {} {}", close.reported_code(), close.reason()).trim_end().into());
    }

    fn stop(&self, stop: Stop<TestHost>) {
        self.log.borrow_mut().message = stop.message.to_string();
        self.log.borrow_mut().detail = Some((stop.was_clean, stop.closed_by, stop.timed_out));
        self.note(format!("onStop {}", name(stop.status)));
    }
}

/// A timer that fires when the test says so.
#[derive(Default)]
pub(super) struct TestTimer {
    due: RefCell<Option<(u32, Task)>>,
    /// How often it was set.
    pub(super) settings: Cell<u32>,
}

type Task = Box<dyn FnOnce()>;

impl Timer for TestTimer {
    fn set(&self, ms: u32, task: impl FnOnce() + 'static) {
        self.settings.set(self.settings.get() + 1);
        let before = self.due.replace(Some((ms, Box::new(task))));
        drop(before);
    }

    fn clear(&self) {
        let before = self.due.take();
        drop(before);
    }
}

impl TestTimer {
    /// The milliseconds that it was set to.
    pub(super) fn due(&self) -> Option<u32> {
        self.due.borrow().as_ref().map(|(ms, _)| *ms)
    }

    /// Fires the timer.
    pub(super) fn fire(&self) {
        let due = self.due.take();
        if let Some((_, task)) = due {
            task();
        }
    }
}

/// A channel and its log.
pub(super) struct Pair {
    pub(super) driver: Rc<Driver<TestHost>>,
    pub(super) log: Rc<RefCell<Log>>,
    /// What the listener does inside the named method.
    pub(super) on_call: Rc<Cell<Option<(&'static str, Reaction)>>>,
    pub(super) explanation: Rc<Cell<Option<&'static str>>>,
    /// The connection. It reports even after the channel has let go of it.
    pub(super) transport: Rc<TestTransport>,
    /// Whether there is an `onAcknowledge`.
    pub(super) acknowledges: bool,
}

impl Pair {
    pub(super) fn idle() -> Self {
        let (log, explanation): (Rc<RefCell<Log>>, Rc<Cell<Option<&'static str>>>) = Default::default();
        let transport = Rc::new(TestTransport { log: log.clone(), explanation: explanation.clone() });
        Self { driver: Rc::default(), log, on_call: Rc::default(), explanation, transport, acknowledges: true }
    }

    /// A channel that is connecting.
    pub(super) fn opening() -> Self {
        let pair = Self::idle();
        pair.open().unwrap();
        pair
    }

    /// A channel that is open.
    pub(super) fn opened() -> Self {
        let pair = Self::opening();
        pair.driver.report(Report::Opened);
        pair
    }

    /// `asyncOpen`.
    pub(super) fn open(&self) -> Result<(), OpenError<()>> {
        self.driver.open(Timeouts { open: 20, close: 10 }, self.listener(), || Ok(self.transport.clone()))
    }

    /// `asyncAccept`: the channel is open within the call.
    pub(super) fn accepted() -> Self {
        let pair = Self::idle();
        let connect = || {
            pair.driver.begin_open();
            Ok::<_, ()>(pair.transport.clone())
        };
        pair.driver.open(Timeouts { open: 20, close: 10 }, pair.listener(), connect).unwrap();
        pair
    }

    pub(super) fn listener(&self) -> TestListener {
        TestListener {
            log: self.log.clone(),
            driver: self.driver.clone(),
            on_call: self.on_call.clone(),
            acknowledges: self.acknowledges,
            is_inside: Cell::new(false),
        }
    }

    /// `sendMsg`, through the channel's queues.
    pub(super) fn send(&self, name: &str, size: u64) -> Result<bool, Status> {
        self.driver.send(|_, _| (name.to_owned(), size))
    }

    /// `sendMsg`, on the fast path if there is one.
    pub(super) fn send_now(&self, name: &str, size: u64) -> Result<bool, Status> {
        if self.driver.accept_now(size) {
            self.transport.send(name.to_owned());
            return Ok(true);
        }
        self.send(name, size)
    }

    /// A message arrives, on the fast path if there is one.
    pub(super) fn receive_now(&self, name: &str) {
        self.driver.message(&self.transport, name.to_owned());
    }

    pub(super) fn close(&self, code: u16) {
        let _ = self.driver.close(Close::with_code(CloseCode::for_close(code).unwrap()));
    }

    pub(super) fn cancel(&self, status: Status) {
        self.driver.cancel(Ending::cancelled(status));
    }

    /// The method that JavaScript called has returned.
    pub(super) fn settle(&self) {
        if self.driver.timer().due() == Some(0) {
            self.driver.timer().fire();
        }
    }

    /// The timeout has run out, and the loop has had a turn.
    pub(super) fn time_out(&self) {
        self.driver.timer().fire();
        self.settle();
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.log.borrow().calls.clone()
    }

    pub(super) fn message(&self) -> String {
        self.log.borrow().message.clone()
    }

    pub(super) fn commands(&self) -> Vec<String> {
        self.log.borrow().commands.clone()
    }
}

/// A status by its name, or its number in hexadecimal.
pub(super) fn name(status: Status) -> String {
    let row = crate::status::TABLE.iter().find(|(known, ..)| *known == status);
    row.map_or_else(|| format!("{:x}", status.0), |(_, name, _)| (*name).to_owned())
}
