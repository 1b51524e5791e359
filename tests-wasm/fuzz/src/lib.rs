//! The bodies of the fuzz targets. Each turns bytes into a scenario and asserts invariants. `fuzz_targets/` and `../fuzz_corpus.rs` run them.

mod challenge;
mod channel;
mod connect;
mod connection;
mod driver;
mod extension;
mod frames;
mod inflate;
mod model;
mod outgoing;
mod receiver;
mod response;
mod socks5;
mod upgrade;
mod world;

/// Bytes from the peer of an open connection.
pub fn connection(data: &[u8]) {
    connection::run(data);
}

/// A response to an offer of permessage-deflate.
pub fn extension(data: &[u8]) {
    extension::run(data);
}

/// Incoming frames that are valid or nearly so, and outgoing messages.
pub fn frames(data: &[u8]) {
    frames::run(data);
}

/// Outgoing messages and streams, in any order of ticks, turns and writes.
pub fn outgoing(data: &[u8]) {
    outgoing::run(data);
}

/// Calls, reports and reactions of a channel.
pub fn channel(data: &[u8]) {
    channel::run(data);
}

/// Bytes in place of a response, from a server or a proxy.
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

/// Upgrade requests to a server.
pub fn upgrade(data: &[u8]) {
    upgrade::run(data);
}
