//! The opening between scripted sockets and scripted callbacks.

mod authorization;
mod explanation;
mod fake;
mod handshake;
mod http2;
mod proxy;
mod redirect;
mod script;
mod socks5;
mod tunnel;
mod turn;
