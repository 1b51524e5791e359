//! The transport, the listener and the timer that the driver gets. They tell the model what the driver tells them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use websocket_channel::channel::{Ending, Listener, Stop, Timer, Transport};
use websocket_channel::close::Close;
use websocket_channel::status::Status;

use super::model::Model;
use super::{Bytes, Method, Stage};

pub(super) struct Wire {
    pub(super) model: Rc<RefCell<Model>>,
    pub(super) explanation: Option<Status>,
}

impl Transport<Bytes> for Wire {
    fn send(self: &Rc<Self>, message: (u32, u64)) {
        self.model.borrow_mut().sent(message);
    }

    fn close(&self, close: Close) {
        self.model.borrow_mut().close_sent(&close);
    }

    fn abort(&self, farewell: Option<Close>) {
        self.model.borrow_mut().aborted(farewell.as_ref());
    }

    fn deliver(&self, listener: &Ear, message: u32) {
        listener.hear(Method::Message, |model| model.heard_message(message));
    }

    fn explain_timeout(&self) -> Option<Ending<Bytes>> {
        let status = self.explanation?;
        Some(Ending { status, message: "The transport knows better.".into(), evidence: Some(7), ..Ending::default() })
    }
}

pub(super) struct Ear {
    pub(super) stage: Rc<Stage>,
}

impl Ear {
    /// Handles a call of the listener: tells the model, and then does what the story says.
    fn hear(&self, method: Method, tell: impl FnOnce(&mut Model)) {
        assert!(!self.stage.in_method.get(), "law 1: {method:?} was called before the method had returned");
        assert!(!self.stage.in_listener.get(), "{method:?} was called from inside a call");
        self.stage.model.borrow_mut().heard(method);
        tell(&mut self.stage.model.borrow_mut());
        self.stage.react(method);
    }
}

impl Listener<Bytes> for Ear {
    fn start(&self) {
        self.hear(Method::Start, |_| {});
    }

    fn acknowledges(&self) -> bool {
        self.stage.react(Method::HasAcknowledge);
        self.stage.model.borrow().acknowledges
    }

    fn acknowledge(&self, size: u64) {
        self.hear(Method::Acknowledge, |model| model.heard_acknowledgement(size));
    }

    fn server_close(&self, close: &Close) {
        self.hear(Method::ServerClose, |model| model.heard_server_close(close));
    }

    fn stop(&self, stop: Stop<Bytes>) {
        self.hear(Method::Stop, |model| model.heard_stop(&stop));
    }
}

/// A timer on a clock that advances when the story says so.
#[derive(Default)]
pub(super) struct Clock {
    now: Cell<u64>,
    due: RefCell<Option<Due>>,
}

struct Due {
    at: u64,
    task: Box<dyn FnOnce()>,
}

impl Timer for Clock {
    fn set(&self, ms: u32, task: impl FnOnce() + 'static) {
        let before = self.due.replace(Some(Due { at: self.now.get() + u64::from(ms), task: Box::new(task) }));
        drop(before); // only when nothing is borrowed any more
    }

    fn clear(&self) {
        let before = self.due.take();
        drop(before);
    }
}

impl Clock {
    pub(super) fn due(&self) -> Option<u64> {
        self.due.borrow().as_ref().map(|due| due.at)
    }

    /// This much time passes. Returns whether the timer is now due.
    pub(super) fn advance(&self, time: u64) -> bool {
        self.now.set(self.now.get() + time);
        self.due().is_some_and(|at| at <= self.now.get())
    }

    pub(super) fn fire(&self) {
        let due = self.due.take();
        if let Some(Due { task, .. }) = due {
            task();
        }
    }
}
