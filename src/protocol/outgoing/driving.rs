//! What the outgoing queue and its driver tell each other.

use super::super::event::Kind;
use super::super::sending::Fragments;

/// A message that waits, or goes out in pieces. It is in the host's memory.
pub trait Payload {
    /// Text or binary.
    fn kind(&self) -> Kind;
    /// Its size in bytes.
    fn size(&self) -> u64;
    /// It arrives while it is sent, and may never be complete.
    fn is_stream(&self) -> bool;
}

/// A payload whose next piece is due.
pub struct Piece<P> {
    /// The payload.
    pub payload: P,
    /// Set if the payload does not fit the window, or is a stream.
    pub(super) fragments: Option<Fragments>,
}

impl<P> Piece<P> {
    /// Whether all its pieces form one frame.
    pub(super) fn is_single(&self) -> bool {
        self.fragments.as_ref().is_some_and(Fragments::is_single)
    }
}

/// What a payload has put into the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fill {
    /// This many bytes; `last` if they are the message's last.
    Bytes {
        /// At most [`WINDOW`](super::WINDOW).
        len: usize,
        /// The message is complete with them.
        last: bool,
    },
    /// Nothing: a stream that will have more later. Call [`OutgoingQueue::handle_ready`](super::OutgoingQueue::handle_ready) then.
    Pending,
    /// Nothing: a stream that has failed. Its message cannot be completed.
    Failed,
}

/// What to do after a piece was framed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framed {
    /// Nothing now.
    Later,
    /// Write what [`OutgoingQueue::poll_transmit`](super::OutgoingQueue::poll_transmit) returns.
    Full,
    /// Write what [`OutgoingQueue::poll_transmit`](super::OutgoingQueue::poll_transmit) returns, if anything, then the window from `start` to the payload's end. Do so before
    /// the window is used again.
    InPlace {
        /// Where the bytes begin.
        start: usize,
        /// What they complete.
        done: Done,
    },
    /// The payload has failed.
    Failed,
}

/// What is complete once a write is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Done {
    /// This many more whole messages.
    pub messages: u32,
    /// This many payload bytes of the stream behind those messages.
    pub part: u32,
}

/// When the driver must call again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wake {
    /// Call [`OutgoingQueue::handle_tick`](super::OutgoingQueue::handle_tick) after the current code has ended.
    Tick,
    /// Call [`OutgoingQueue::handle_turn`](super::OutgoingQueue::handle_turn) after other events have had a turn.
    Turn,
}

/// The wakes that are wanted.
#[derive(Default)]
pub(super) struct Wakes {
    pub(super) tick: Asked,
    pub(super) turn: Asked,
}

impl Wakes {
    /// A wake that the driver does not know of yet.
    #[inline]
    pub(super) fn poll(&mut self) -> Option<Wake> {
        for (asked, wake) in [(&mut self.tick, Wake::Tick), (&mut self.turn, Wake::Turn)] {
            if *asked == Asked::Wanted {
                *asked = Asked::Told;
                return Some(wake);
            }
        }
        None
    }
}

/// Whether a wake is wanted, and whether the driver knows.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Asked {
    #[default]
    No,
    Wanted,
    Told,
}

impl Asked {
    /// The driver must be told, unless it knows.
    #[inline]
    pub(super) fn want(&mut self) {
        if *self == Self::No {
            *self = Self::Wanted;
        }
    }
}
