//! RFC 6455 and RFC 7692 after the opening handshake, for both roles: bytes in, events out, and the other way round. No
//! socket, no clock, no randomness.
//!
//! A [`Connection`] is driven like this:
//!
//! 1. For each chunk that the socket delivers, call [`Connection::poll_event`] with that chunk until it returns `None`.
//!    Payload is never copied: events name ranges of the chunk, or of the memory it was inflated into.
//! 2. After each chunk, call [`Connection::poll_transmit`] for pongs and close frames.
//!
//! Any mistake of the peer becomes one [`Event::Failed`] with one [`Fault`]. Nothing follows it, and the next
//! `poll_transmit` writes the close frame that it calls for.
//!
//! [`OutgoingQueue`] decides what goes out when: the messages of one tick in one write, a large message piece by piece.
//! [`FrameObserver`] finds the frames in the bytes of one direction, without checking them.

mod connection;
mod contexts;
mod deflate;
mod event;
mod extension;
mod extension_list;
mod fault;
mod frame;
mod inflate;
mod observer;
mod outgoing;
mod parameters;
mod reader;
mod selection;
mod sending;
mod shared;
mod utf8;

#[cfg(test)]
mod tests;

pub use connection::Connection;
pub use contexts::{DEFAULT_BUDGET, budget, has_memory, set_budget};
pub use event::{Event, Kind, Source, Whole};
pub use extension::{Agreement, DEFAULT_LEVEL, DeflateOptions, agree_as_client};
pub use fault::{Fault, FaultKind};
pub use frame::{MAX_CONTROL, MAX_HEADER, MaskKey, Role};
pub use observer::{FrameObserver, Head, Observed};
pub use outgoing::{Done, Fill, Framed, OutgoingQueue, PIECES_A_TURN, Payload, Piece, WINDOW, Wake};
pub use parameters::{Disagreement, WindowBits};
pub use selection::agree_as_server;
pub use sending::Fragments;
pub use shared::{Shared, forget_joined};
pub use utf8::{Units, to_units};
