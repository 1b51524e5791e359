//! What the user is asked and told while a connection is being established: `notificationCallbacks`.

use super::account::Credentials;
use super::dial::Party;
use crate::http::Scheme;
use crate::uri::Uri;

/// The user's callbacks. A callback may close the channel: the opening's future is then dropped at its next await.
#[allow(async_fn_in_trait)] // one thread: no future is sent
pub trait Ask {
    /// What a callback threw.
    type Cause;

    /// `onProgress`: how far the connection has come, and with which host.
    fn progress(&self, stage: Stage, host: &str);

    /// A request is being sent. `head` returns its head, line by line, for anyone who inspects the wire.
    fn sends(&self, head: impl FnOnce() -> String);

    /// A redirect is followed: the attribute `URI` changes.
    fn moved(&self, uri: &Uri);

    /// `onAuthRequired`: a user name and password.
    async fn credentials(&self, request: &AuthRequest) -> Answer<Self::Cause>;

    /// `onRedirect`: whether the redirect may be followed. True if there is no such callback.
    async fn may_redirect(&self, from: &str, to: &str, status: u16) -> Result<bool, Self::Cause>;
}

/// What `onAuthRequired` returns.
pub enum Answer<C> {
    /// A user name and password.
    Credentials(Credentials),
    /// Null.
    GaveUp,
    /// There is no such callback.
    NoCallback,
    /// It threw.
    Failed(C),
}

/// What `onAuthRequired` is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRequest {
    /// The scheme that will carry the credentials.
    pub scheme: Scheme,
    /// What they are for, as the server puts it.
    pub realm: String,
    /// Whose credentials they are: the server's origin or the proxy's.
    pub origin: String,
    /// Who asks.
    pub party: Party,
    /// How many times the user was asked for this origin, this time included.
    pub attempt: u32,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Stage {
    ResolvingHost,
    ResolvedHost,
    ConnectingTo,
    ConnectedTo,
    TlsHandshakeStarting,
    TlsHandshakeEnded,
    SendingTo,
    WaitingFor,
}

impl Stage {
    /// The name that `onProgress` gets (nsISocketTransport).
    pub fn name(self) -> &'static str {
        match self {
            Self::ResolvingHost => "NS_NET_STATUS_RESOLVING_HOST",
            Self::ResolvedHost => "NS_NET_STATUS_RESOLVED_HOST",
            Self::ConnectingTo => "NS_NET_STATUS_CONNECTING_TO",
            Self::ConnectedTo => "NS_NET_STATUS_CONNECTED_TO",
            Self::TlsHandshakeStarting => "NS_NET_STATUS_TLS_HANDSHAKE_STARTING",
            Self::TlsHandshakeEnded => "NS_NET_STATUS_TLS_HANDSHAKE_ENDED",
            Self::SendingTo => "NS_NET_STATUS_SENDING_TO",
            Self::WaitingFor => "NS_NET_STATUS_WAITING_FOR",
        }
    }
}
