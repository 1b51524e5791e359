//! The tunnel through a SOCKS5 proxy (RFC 1928), with a user name and password if the proxy requires them (RFC 1929).

use std::borrow::Cow;
use std::net::IpAddr;

use super::account::Credentials;
use super::dial::Socket;
use super::failure::Obstacle;
use crate::http::Malformed;

/// RFC 1928 §4 and §6.
const VERSION: u8 = 5;
/// RFC 1928 §3.
const NO_AUTHENTICATION: u8 = 0;
const USERNAME_PASSWORD: u8 = 2;

/// The longest user name, password or name in a message: their length is one byte.
pub(super) const MAX_TEXT: usize = 255;

/// Asks for a tunnel to `host`, an address or a name. The proxy looks a name up.
pub(super) async fn connect<S: Socket>(
    socket: &mut S,
    credentials: Option<&Credentials>,
    host: &str,
    port: u16,
) -> Result<(), Obstacle<S::Cause>> {
    let mut dialogue = Dialogue { socket, held: Vec::new() };
    let credentials = credentials.filter(|it| !it.username.is_empty());
    dialogue.authenticate(credentials).await?;
    dialogue.request(host, port).await?;
    if !dialogue.held.is_empty() {
        dialogue.socket.unread(dialogue.held);
    }
    Ok(())
}

/// A dialogue with the proxy.
struct Dialogue<'a, S> {
    socket: &'a mut S,
    /// Bytes that were received and not yet read.
    held: Vec<u8>,
}

impl<S: Socket> Dialogue<'_, S> {
    /// RFC 1928 §3, RFC 1929 §2.
    async fn authenticate(&mut self, credentials: Option<&Credentials>) -> Result<(), Obstacle<S::Cause>> {
        let methods: &[u8] = if credentials.is_some() { &[2, NO_AUTHENTICATION, USERNAME_PASSWORD] } else { &[1, 0] };
        self.socket.write(&[&[VERSION], methods].concat());
        let [version, method] = self.read().await?;
        match (method, credentials) {
            _ if version != VERSION => Err(wrong(NOT_SOCKS5)),
            (NO_AUTHENTICATION, _) => Ok(()),
            (USERNAME_PASSWORD, Some(Credentials { username, password })) => {
                let message = [vec![1], text(username)?, text(password)?].concat();
                self.socket.write(&message);
                let [_, status] = self.read().await?;
                if status == 0 { Ok(()) } else { Err(wrong("It does not accept the user name and password.")) }
            }
            (_, None) => Err(wrong(
                "It does not accept connections without a user name and password. Put them in the option proxy.",
            )),
            (_, Some(_)) => Err(wrong("It accepts neither a user name and password nor a connection without them.")),
        }
    }

    /// RFC 1928 §4 to §6.
    async fn request(&mut self, host: &str, port: u16) -> Result<(), Obstacle<S::Cause>> {
        let message = [vec![VERSION, 1, 0], address(host)?, port.to_be_bytes().to_vec()].concat();
        self.socket.write(&message);
        let [version, reply, _, kind] = self.read().await?;
        if version != VERSION {
            return Err(wrong(NOT_SOCKS5));
        }
        if reply != 0 {
            return Err(wrong(format!("It refuses to connect to {host}, port {port}: {}.", meaning(reply))));
        }
        // The address that the proxy connects from, which is not needed.
        let len: usize = match kind {
            1 => 4,
            3 => u8::from_be_bytes(self.read().await?).into(),
            4 => 16,
            _ => return Err(wrong(NOT_SOCKS5)),
        };
        self.fill(len.saturating_add(2)).await?;
        self.held.drain(..len.saturating_add(2));
        Ok(())
    }

    /// The next `N` bytes.
    async fn read<const N: usize>(&mut self) -> Result<[u8; N], Obstacle<S::Cause>> {
        self.fill(N).await?;
        let bytes = self.held.first_chunk().copied().unwrap_or([0; N]);
        self.held.drain(..N);
        Ok(bytes)
    }

    /// Waits until `len` bytes are held.
    async fn fill(&mut self, len: usize) -> Result<(), Obstacle<S::Cause>> {
        while self.held.len() < len {
            let bytes = self.socket.read().await?;
            if bytes.is_empty() {
                return Err(wrong("It ended the connection."));
            }
            self.held.extend(bytes);
        }
        Ok(())
    }
}

const NOT_SOCKS5: &str = "It does not speak SOCKS5.";

/// RFC 1928 §6.
fn meaning(reply: u8) -> Cow<'static, str> {
    Cow::Borrowed(match reply {
        1 => "it failed",
        2 => "its rules do not allow it",
        3 => "it cannot reach the network",
        4 => "it cannot reach the host",
        5 => "the connection was refused",
        6 => "it waited too long",
        7 => "it does not know the command CONNECT",
        8 => "it does not know this type of address",
        _ => return Cow::Owned(format!("error {reply}")),
    })
}

/// An address: its type, then itself (RFC 1928 §5).
fn address<C>(host: &str) -> Result<Vec<u8>, Obstacle<C>> {
    Ok(match host.parse() {
        Ok(IpAddr::V4(address)) => [&[1], address.octets().as_slice()].concat(),
        Ok(IpAddr::V6(address)) => [&[4], address.octets().as_slice()].concat(),
        Err(_) => [vec![3], text(host)?].concat(),
    })
}

/// A text: its length, then itself.
fn text<C>(text: &str) -> Result<Vec<u8>, Obstacle<C>> {
    let Ok(len) = u8::try_from(text.len()) else {
        return Err(wrong("SOCKS5 carries names, user names and passwords of at most 255 bytes."));
    };
    Ok([&[len], text.as_bytes()].concat())
}

fn wrong<C>(message: impl Into<Cow<'static, str>>) -> Obstacle<C> {
    Malformed::wrong(message).into()
}
