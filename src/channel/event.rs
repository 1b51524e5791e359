//! What a channel and its driver exchange: reports in, commands and notifications out.

use alloc::borrow::Cow;
use alloc::boxed::Box;

use super::Host;
use crate::close::Close;
use crate::status::Status;

/// What the transport must do, in order.
pub enum Command<H: Host> {
    /// Send a message. Report [`Report::Sent`] when the host has taken it.
    Send(H::Outgoing),
    /// Send a close frame behind all messages.
    Close(Close),
    /// Drop the connection, after a close frame if one is given. Make no further reports.
    Abort(Option<Close>),
    /// Call [`Channel::handle_timeout`](super::Channel::handle_timeout) after this many milliseconds. `None` stops the timer.
    /// Replaces the previous timer command.
    Timer(Option<u32>),
}

/// What happened on the wire.
pub enum Report<H: Host> {
    /// The opening handshake is done.
    Opened,
    /// A whole message arrived.
    Message(H::Incoming),
    /// The host has taken messages.
    Sent(Taken),
    /// The peer's close frame arrived.
    PeerClose(Close),
    /// The connection has failed (RFC 6455 §7.1.7), which is how it ends. Its close frame is on its way, and [`Report::Gone`] follows.
    Failed(Ending<H>),
    /// The connection has ended. No report follows.
    Gone(Ending<H>),
}

/// What a host has taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// This many more messages.
    Messages(usize),
    /// This many more payload bytes of the oldest message that it has not taken completely.
    Part(u64),
    /// Everything but this many payload bytes (the browser's `bufferedAmount`).
    AllBut(u64),
}

/// How a connection ended, as the transport reports it.
pub struct Ending<H: Host> {
    /// Both close frames were exchanged.
    pub clean: bool,
    /// What went wrong, or `OK` if only the end itself is known.
    pub status: Status,
    /// What happened and what to do about it, in full sentences.
    pub message: Cow<'static, str>,
    /// The timeout that expired, if one did.
    pub timed_out: Option<TimedOut>,
    /// What else the host knows about it.
    pub evidence: Option<H::Evidence>,
}

impl<H: Host> Ending<H> {
    /// Both close frames were exchanged.
    pub fn clean() -> Self {
        Self { clean: true, message: Cow::Borrowed("Both close frames were exchanged."), ..Self::default() }
    }

    /// `close()` was called while connecting, or a load group's `cancel(status)`.
    pub fn cancelled(status: Status) -> Self {
        Self { status, message: Cow::Borrowed("The channel was cancelled."), ..Self::default() }
    }
}

impl<H: Host> Default for Ending<H> {
    fn default() -> Self {
        Self { clean: false, status: Status::OK, message: Cow::Borrowed(""), timed_out: None, evidence: None }
    }
}

/// One call of the listener. Each variant is one of its methods.
pub enum Notification<H: Host> {
    /// `onStart(context)`
    Start,
    /// `onMessageAvailable(context, text)` or `onBinaryMessageAvailable(context, bytes)`
    Message(H::Incoming),
    /// `onAcknowledge(context, size)`: the payload bytes of one message
    Acknowledge(u64),
    /// `onServerClose(context, code, reason)`. Call
    /// [`Channel::handle_server_close_delivered`](super::Channel::handle_server_close_delivered) afterwards.
    ServerClose(Close),
    /// `onStop(context, status, detail)`
    Stop(Box<Stop<H>>),
}

/// The content of `onStop`.
pub struct Stop<H: Host> {
    /// The second argument.
    pub status: Status,
    /// What happened and what to do about it, in full sentences.
    pub message: Cow<'static, str>,
    /// Both close frames were exchanged.
    pub was_clean: bool,
    /// The peer's close frame, if it arrived.
    pub peer_close: Option<Close>,
    /// Which end closed first; `None` if neither did.
    pub closed_by: Option<ClosedBy>,
    /// The timeout that expired, if one did.
    pub timed_out: Option<TimedOut>,
    /// What else the host knows about it.
    pub evidence: Option<H::Evidence>,
}

/// An end of the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClosedBy {
    /// This one.
    Local,
    /// The peer.
    Remote,
}

/// A timeout that expired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimedOut {
    /// Waiting for the connection to open.
    Open,
    /// Waiting for the peer's close frame.
    Close,
    /// Waiting for any sign of life after a ping.
    Ping,
}
