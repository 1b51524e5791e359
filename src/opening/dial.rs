//! What the opening needs from its host: sockets. The opening may be dropped at every await. Dropping a socket destroys its connection.

use super::loss::Loss;
use super::proxy::Proxy;
use crate::http::Response;
use crate::uri::Uri;

/// Makes sockets.
pub trait Dial {
    /// A connection that is being established.
    type Socket: Socket<Cause = Self::Cause, Key = Self::Key>;
    /// The host's error object.
    type Cause;
    /// HTTP/2 sessions with equal keys are interchangeable. To compare keys may run the user's code.
    type Key: PartialEq + 'static;

    /// Starts to connect. Returns `Err` if the host refuses an option. It must do so at once, because `asyncOpen` throws the error.
    /// Must not run the user's code.
    fn connect(&self, hop: &Hop) -> Result<Self::Socket, Self::Cause>;

    /// The key of the sessions by this route.
    fn key(&self, route: &Route) -> Self::Key;

    /// A stream of an HTTP/2 session that another channel's opening made in [`Socket::share`], if a session has room.
    fn join(&self, key: &Self::Key) -> Option<Self::Socket>;
}

/// Who is at the other end of a connection or of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Party {
    /// The server.
    #[default]
    Server,
    /// The proxy on the path there.
    Proxy,
}

/// The TLS that runs over a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HopTls {
    /// None.
    #[default]
    None,
    /// With the server, from the first byte on.
    Server,
    /// With the proxy, and with nobody behind it.
    Proxy,
    /// With the server behind the proxy: the host can check its options now. TLS with the proxy may come before.
    Tunnel,
}

/// Where to connect to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// An address or a name; an IPv6 address has no brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whose address it is.
    pub to: Party,
    /// The server's origin is not the first one: options that are private to the first must not be used.
    pub is_foreign: bool,
    /// The TLS over this connection.
    pub tls: HopTls,
    /// HTTP/2 is offered to the server.
    pub offers_http2: bool,
}

/// The route to a server with which a channel may share HTTP/2 sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The server.
    pub server: TlsPeer,
    /// The proxy on the path there.
    pub proxy: Option<Proxy>,
}

/// The peer of a TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsPeer {
    /// An address or a name; an IPv6 address has no brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Who it is. The user's client certificate and server name are not for a proxy.
    pub party: Party,
    /// The server's origin is not the first one: options that are private to the first must not be used.
    pub is_foreign: bool,
    /// HTTP/2 is offered (RFC 7301).
    pub offers_http2: bool,
}

/// One connection while it is being established. Dropping it destroys the connection.
#[allow(async_fn_in_trait)] // one thread: no future is sent
pub trait Socket {
    /// The host's error object.
    type Cause;
    /// See [`Dial::Key`].
    type Key;

    /// Whether a name is looked up first. There is none for an IP address or a unix socket.
    fn looks_up(&self) -> bool;

    /// Waits until the name is resolved. Awaited only if [`Socket::looks_up`] returns true.
    async fn resolved(&mut self) -> Result<(), Loss<Self::Cause>>;

    /// Waits until the connection is established.
    async fn connected(&mut self) -> Result<(), Loss<Self::Cause>>;

    /// Starts TLS over this connection: with the proxy, or through it with the server. Between an https proxy and a wss server, this is
    /// called for each in turn. A certificate that is not trusted is a loss.
    async fn secure(&mut self, peer: &TlsPeer) -> Result<(), Loss<Self::Cause>>;

    /// Whether the last TLS handshake was completed, even if [`Socket::secure`] did not trust the certificate.
    fn has_shaken_hands(&self) -> bool;

    /// Whether it is a stream of an existing session, which needs neither a new connection nor TLS.
    fn is_joined(&self) -> bool;

    /// Whether TLS has agreed on HTTP/2.
    fn speaks_http2(&self) -> bool;

    /// Turns the connection into an HTTP/2 session, and waits for the server's settings. Returns `None` if they do not enable extended
    /// CONNECT (RFC 8441 §3), otherwise the number of other streams that have room. From now on, [`Dial::join`] finds the session.
    async fn share(&mut self, key: Self::Key) -> Result<Option<usize>, Loss<Self::Cause>>;

    /// Opens a stream with these fields, including the pseudo-header fields, and waits for the response's fields (RFC 8441 §5).
    /// After that, [`Socket::read`] returns the stream's data.
    async fn request(&mut self, fields: &[(String, String)]) -> Result<Response, Loss<Self::Cause>>;

    /// Whether the server accepts no more requests on the session (GOAWAY, RFC 9113 §6.8).
    fn is_going_away(&self) -> bool;

    /// Sends bytes.
    fn write(&mut self, bytes: &[u8]);

    /// The next bytes; empty if the peer has ended its side.
    async fn read(&mut self) -> Result<Vec<u8>, Loss<Self::Cause>>;

    /// Gives back bytes that came behind what was read, such as the server's first bytes behind a proxy's response. Whatever
    /// reads next, [`Socket::read`] or TLS, gets them first.
    fn unread(&mut self, bytes: Vec<u8>);
}

/// Parses a URI. The second argument is the base of a relative one (WHATWG URL).
pub type Parse = fn(&str, Option<&str>) -> Option<Uri>;
