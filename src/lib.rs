//! `nsIWebSocketChannel` for JavaScript, the same in browsers and in Node.
//!
//! ```text
//!  JS  asyncOpen close sendMsg …                                onStart … onStop
//!        │                                                             ▲
//!  ┌─────▼─────────────────────────────────────────────────────────────┴─────┐
//!  │ facade: the classes that users hold; arguments, options, errors         │
//!  └─────┬─────────────────────────────────────────────────────────────▲─────┘
//!        │ a call, its arguments validated      Notification, one for each listener method
//!  ┌─────▼─────────────────────────────────────────────────────────────┴─────┐
//!  │ channel::Driver  Idle → Connecting → Open → Closing → Stopped           │
//!  └─────┬─────────────────────────────────────────────────────────────▲─────┘
//!        │ Command: Send · Close · Abort           Report: Opened · Message · Sent · PeerClose · Failed · Gone
//!  ┌─────▼─────────────────────────────────────────────────────────────┴─────┐
//!  │ transport                                                               │
//!  │   browser.rs  the native WebSocket                                      │
//!  │   node/       opening, until the connection is open; then protocol      │
//!  │               both over socket.js, a TCP or TLS socket                  │
//!  └─────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The layers. An arrow means "may import":
//!
//! ```text
//! web ──► facade ──► transport ──► opening, accepting ──► http, protocol ──► close
//!  │         │         ▲  └──────► channel ──► close, status
//!  └─────────│─────────┘
//!            └──────────► channel
//! ```
//!
//! ARCHITECTURE.md, "Who may import whom", lists the exceptions.
//!
//! [`accepting`], [`channel`], [`grammar`], [`http`], [`opening`], [`protocol`], [`close`], [`status`] and [`uri`] are pure: no JavaScript, no socket, no
//! clock, no randomness of their own. They are compiled and tested on the host by plain `cargo test`. `transport` and `facade`
//! exist in wasm only. The cargo feature `node` decides which transport is built, in `transport/mod.rs`. `web/` is JavaScript: the web's own
//! classes over the façade. `bare` is the allocator of the browser build, which has no std.
#![forbid(unsafe_code)]
#![cfg_attr(all(target_arch = "wasm32", not(feature = "std")), no_std)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;

#[cfg(any(feature = "node", not(target_arch = "wasm32")))]
pub mod accepting;
pub mod channel;
pub mod close;
pub mod grammar;
#[cfg(any(feature = "node", not(target_arch = "wasm32")))]
pub mod http;
#[cfg(any(feature = "node", not(target_arch = "wasm32")))]
pub mod opening;
#[cfg(any(feature = "node", not(target_arch = "wasm32")))]
pub mod protocol;
pub mod status;
pub mod uri;

#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
mod bare;
#[cfg(target_arch = "wasm32")]
pub mod facade;
#[cfg(target_arch = "wasm32")]
mod transport;
