//! The words a channel and its driver speak: commands and notifications out, reports in.

use alloc::boxed::Box;

use crate::close::Close;
use crate::status::Status;

/// What a host calls a message and the evidence of a failure. The channel hands them through and never looks inside.
pub trait Host {
    /// A message on its way out.
    type Outgoing;
    /// A message that came in.
    type Incoming;
    /// What the host knows of a failure beyond its status: the system's error, the HTTP answer.
    type Evidence;
}

/// What the backend must do, in order.
pub enum Command<H: Host> {
    /// Start the connection that was prepared.
    Open,
    /// Send a message; answered by [`Report::Sent`] when the host has taken it.
    Send(H::Outgoing),
    /// Send a close frame behind all messages.
    Close(Close),
    /// Drop the connection, after a close frame if one is given. Report nothing more.
    Abort(Option<Close>),
    /// Call [`Channel::handle_timeout`](super::Channel::handle_timeout) after so many milliseconds, in place of any
    /// earlier such wish; or never.
    Timer(Option<u32>),
}

/// What happened on the wire.
pub enum Report<H: Host> {
    /// The opening handshake is done.
    Opened,
    /// A message came, whole.
    Message(H::Incoming),
    /// The host has taken messages off our hands.
    Sent(Taken),
    /// The peer's close frame came.
    PeerClose(Close),
    /// The connection is over; the last report.
    Gone(Ending<H>),
}

/// How a host tells what it has taken: by the message, or by what it still has to take.
pub enum Taken {
    /// So many messages more; with 0, a part of one.
    Messages(usize),
    /// All but so many payload bytes (the browser's `bufferedAmount`).
    AllBut(u64),
}

/// How a connection ended, as the backend saw it.
pub struct Ending<H: Host> {
    /// Both close frames were exchanged.
    pub clean: bool,
    /// What went wrong; `OK` when nothing but the end itself is known.
    pub status: Status,
    /// What happened, in a sentence that helps.
    pub message: &'static str,
    /// Which wait was too long, if one was.
    pub timed_out: Option<TimedOut>,
    /// What else the host knows.
    pub evidence: Option<H::Evidence>,
}

impl<H: Host> Ending<H> {
    /// Both close frames were exchanged.
    pub fn clean() -> Self {
        Self { clean: true, message: "Both close frames were exchanged.", ..Self::default() }
    }
}

impl<H: Host> Default for Ending<H> {
    fn default() -> Self {
        Self { clean: false, status: Status::OK, message: "", timed_out: None, evidence: None }
    }
}

/// One call of the listener; the variants are its methods.
pub enum Notification<H: Host> {
    /// `onStart(context)`
    Start,
    /// `onMessageAvailable(context, text)` or `onBinaryMessageAvailable(context, bytes)`
    Message(H::Incoming),
    /// `onAcknowledge(context, size)`: the payload bytes of one message
    Acknowledge(u64),
    /// `onServerClose(context, code, reason)`; then call
    /// [`Channel::handle_server_close_delivered`](super::Channel::handle_server_close_delivered)
    ServerClose(Close),
    /// `onStop(context, status, detail)`
    Stop(Box<Stop<H>>),
}

/// Everything `onStop` tells.
pub struct Stop<H: Host> {
    /// Its second argument.
    pub status: Status,
    /// What happened, in a sentence.
    pub message: &'static str,
    /// Both close frames were exchanged.
    pub was_clean: bool,
    /// The peer's close frame, if it came.
    pub peer_close: Option<Close>,
    /// Who said close first, if anybody did.
    pub closed_by: Option<ClosedBy>,
    /// Which wait was too long, if one was.
    pub timed_out: Option<TimedOut>,
    /// What else the host knows.
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

/// A wait that ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimedOut {
    /// For the connection to open.
    Open,
    /// For the peer's close frame.
    Close,
    /// For any sign of life after a ping.
    Ping,
}
