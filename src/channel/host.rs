//! What a host provides to drive a channel: a transport, a listener and a timer.

use alloc::rc::Rc;

use super::event::{Ending, Stop};
use crate::close::Close;

/// The types that a host drives a channel with.
pub trait Host: Sized + 'static {
    /// Carries messages over a connection.
    type Transport: Transport<Self>;
    /// Gets the notifications.
    type Listener: Listener<Self>;
    /// Wakes the driver up.
    type Timer: Timer;
    /// A message to send.
    type Outgoing;
    /// A message that arrived.
    type Incoming;
    /// What the host knows about a failure besides its status: the system's error, the HTTP response.
    type Evidence;
}

/// A connection. It translates [`Command`](super::Command)s into calls of the host, and the host's events into [`Report`](super::Report)s.
pub trait Transport<H: Host> {
    /// Sends a message, behind those sent before.
    fn send(self: &Rc<Self>, message: H::Outgoing);
    /// Sends a close frame behind all messages.
    fn close(&self, close: Close);
    /// Drops the connection, after sending `farewell` if it is set. Makes no further reports.
    fn abort(&self, farewell: Option<Close>);
    /// Passes a message that arrived to the listener.
    fn deliver(&self, listener: &H::Listener, message: H::Incoming);
    /// A timeout expired. Returns a better explanation if the transport has one.
    fn explain_timeout(&self) -> Option<Ending<H>>;
}

/// The listener's methods. None of them fails: an exception in the user's code is reported to the host, not returned.
pub trait Listener<H: Host> {
    /// `onStart`
    fn start(&self);
    /// Whether the listener has `onAcknowledge`. This may run the user's code.
    fn acknowledges(&self) -> bool;
    /// `onAcknowledge`, for one message of `size` payload bytes.
    fn acknowledge(&self, size: u64);
    /// `onServerClose`
    fn server_close(&self, close: &Close);
    /// `onStop`
    fn stop(&self, stop: Stop<H>);
}

/// A timer that can be set any number of times. Dropping it clears it.
pub trait Timer: Default {
    /// Calls `task` once after `ms` milliseconds. It replaces the previous task. Never calls `task` before `set` has returned.
    fn set(&self, ms: u32, task: impl FnOnce() + 'static);
    /// Drops the task.
    fn clear(&self);
}
