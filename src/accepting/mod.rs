//! The server's half of the opening handshake (RFC 6455 §4.2; over HTTP/2, RFC 8441): a request in, its response out. The host's HTTP
//! server reads the request. No JavaScript, no socket.

mod denial;
mod request;
mod upgrade;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub use denial::Denial;
pub use request::Request;
pub use upgrade::{Terms, Upgrade, accept};
