//! RFC 6455 and RFC 7692, client side: bytes in, events out, and the other way round. No socket, no clock, no dice.
//!
//! A [`Connection`] is driven like this:
//!
//! 1. Call [`Connection::poll_transmit`]: it writes the upgrade request. Send what it wrote.
//! 2. For each chunk the socket delivers, call [`Connection::poll_event`] with that chunk until it answers `None`.
//!    Payload is never copied: events name ranges of the chunk, or of the memory it was inflated into.
//! 3. After each chunk, call [`Connection::poll_transmit`] again for pongs and close frames.
//! 4. At the end of the stream, call [`Connection::handle_end`].
//!
//! Whatever the peer does wrong becomes one [`Event::Failed`] with one [`Fault`]; nothing follows it, and the close
//! frame it calls for is written by the next `poll_transmit`.

mod authorization;
mod connection;
mod deflate;
mod extension;
mod fault;
mod frame;
mod handshake;
mod reader;
mod utf8;

#[cfg(test)]
mod tests;

pub use authorization::{Challenge, Digest};
pub use connection::{Connection, Event, Fragments, Kind, Limits, Source, Whole};
pub use extension::{Agreement, DEFAULT_LEVEL, DeflateOffer, WindowBits, judge};
pub use fault::{Fault, FaultKind};
pub use frame::{MAX_HEADER, MaskKey};
pub use handshake::{Field, FieldError, HttpAnswer, Request};
pub use utf8::{Units, to_units};
