//! Tests the exported classes inside real wasm: in Node with `--features node`, in a headless browser without it.
//!
//! ```sh
//! wasm-pack test --headless --chrome
//! wasm-pack test --headless --firefox
//! wasm-pack test --node --features node
//! ```
//!
//! The tests have their own peer (`peer/`), so they need no server and no network. If WSC_ECHO is the URL of an echo server
//! when they are compiled, as `npm test` arranges, the round trips also run against that server. `behaviour/` tests the npm
//! package as a whole; these tests are for what a change in Rust alone can break.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::panic)] // A test may panic.

mod class;
mod peer;
mod script;
mod talk;

mod attribute;
mod close;
mod failure;
mod load_group;
mod message;
mod method;
mod option;
mod signal;
