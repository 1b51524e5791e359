//! The bodies of the fuzz targets: from bytes to asserted invariants. `fuzz_targets/` and `../fuzz_corpus.rs` run them.

mod channel;
mod connection;
mod driver;
mod extension;
mod frames;
mod inflate;
mod model;
mod response_head;

/// Bytes from the server after a good handshake.
pub fn connection(data: &[u8]) {
    connection::run(data);
}

/// Bytes where the response's head should be.
pub fn response_head(data: &[u8]) {
    response_head::run(data);
}

/// An answer to an offer of permessage-deflate.
pub fn extension(data: &[u8]) {
    extension::run(data);
}

/// Frames that are right or nearly so, in; messages, out.
pub fn frames(data: &[u8]) {
    frames::run(data);
}

/// Calls, reports and reactions of a channel.
pub fn channel(data: &[u8]) {
    channel::run(data);
}
