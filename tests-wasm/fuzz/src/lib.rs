//! The bodies of the fuzz targets: from bytes to asserted invariants. `fuzz_targets/` and `../fuzz_corpus.rs` run them.

mod challenge;
mod channel;
mod connect;
mod connection;
mod driver;
mod extension;
mod frames;
mod inflate;
mod model;
mod response;
mod response_head;
mod socks5;
mod world;

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

/// Bytes where a response should be, from a server or a proxy.
pub fn response(data: &[u8]) {
    response::run(data);
}

/// Fields that ask for authorization.
pub fn challenge(data: &[u8]) {
    challenge::run(data);
}

/// A SOCKS5 proxy that says anything.
pub fn socks5(data: &[u8]) {
    socks5::run(data);
}

/// Servers and proxies that say anything, over all connections of an opening.
pub fn connect(data: &[u8]) {
    connect::run(data);
}
