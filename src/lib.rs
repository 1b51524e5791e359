//! `nsIWebSocketChannel` for JavaScript, the same in browsers and in Node.
//!
//! ```text
//!  JS  asyncOpen close sendMsg …                          onStart … onStop
//!        │ call → Result<_, Status>                             ▲ Notification (one variant per listener method)
//!      ┌─▼──────────────────────────────────────────────────────┴─┐
//!      │ channel::Channel   Idle → Connecting → Open → Closing → Stopped │
//!      └─┬──────────────────────────────────────────────────────▲─┘
//!        │ Command: Open · Send · Close · Abort · Timer          │ Report: Opened · Message · Sent · PeerClose · Gone
//!   backend/browser.rs                     backend/node/: protocol::Connection ↔ socket.js
//! ```
//!
//! The layers, from the outside in; an arrow means "may import", and nothing else may:
//!
//! ```text
//! bindings ──► backend ──► channel ──► close, status
//!     │            └─────► protocol ──► close
//!     └───────────────────► channel
//! ```
//!
//! [`close`], [`status`], [`channel`] and [`protocol`] are pure: no JavaScript, no socket, no clock, no dice. They
//! are compiled and tested on the host by plain `cargo test`. `backend` and `bindings` exist in wasm only; which
//! backend is built is decided by the cargo feature `node`, in `backend/mod.rs` and nowhere else.
#![forbid(unsafe_code)]
#![cfg_attr(all(target_arch = "wasm32", not(feature = "std")), no_std)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;

pub mod channel;
pub mod close;
#[cfg(any(feature = "node", not(target_arch = "wasm32")))]
pub mod http;
#[cfg(any(feature = "node", not(target_arch = "wasm32")))]
pub mod opening;
#[cfg(any(feature = "node", not(target_arch = "wasm32")))]
pub mod protocol;
pub mod status;
pub mod uri;

#[cfg(target_arch = "wasm32")]
mod backend;
#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
mod bare;
#[cfg(target_arch = "wasm32")]
pub mod bindings;
