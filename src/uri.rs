//! A URI in parts, and the rules for one that a WebSocket may open (RFC 6455 §3).
//!
//! The parsing itself is the host's: every browser and Node have a URL parser that follows the WHATWG URL Standard.

use alloc::format;
use alloc::string::String;

/// A URI as the host's own URL parser (WHATWG URL) takes it apart.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Uri {
    /// All of it.
    pub href: String,
    /// The protocol without its colon, in lower case.
    pub scheme: String,
    /// Percent-encoded; empty if there is none.
    pub username: String,
    /// Percent-encoded; empty if there is none.
    pub password: String,
    /// In lower case; an IPv6 address in brackets.
    pub hostname: String,
    /// `None` if it is missing or the scheme's default.
    pub port: Option<u16>,
    /// Percent-encoded; starts with a slash.
    pub pathname: String,
    /// With its question mark, or empty.
    pub search: String,
    /// With its hash sign, or empty.
    pub hash: String,
}

/// Why a URI cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriError {
    /// The scheme is none of ws, wss, http and https.
    Scheme,
    /// It has a fragment, even if an empty one.
    Fragment,
}

impl Uri {
    /// The URI as ws or wss, without a fragment (RFC 6455 §3). http and https count as ws and wss.
    pub fn websocket(mut self) -> Result<Self, UriError> {
        let scheme = match self.scheme.as_str() {
            "ws" | "http" => "ws",
            "wss" | "https" => "wss",
            _ => return Err(UriError::Scheme),
        };
        // `hash` is empty for `ws://host/#` too. Everywhere else in a URI, `#` is percent-encoded.
        if self.href.contains('#') {
            return Err(UriError::Fragment);
        }
        if let Some(rest) = self.href.strip_prefix(&*self.scheme) {
            self.href = format!("{scheme}{rest}");
        }
        self.scheme = scheme.into();
        Ok(self)
    }

    /// The URI without its fragment.
    #[must_use]
    pub fn without_fragment(mut self) -> Self {
        if let Some(at) = self.href.find('#') {
            self.href.truncate(at);
        }
        self.hash.clear();
        self
    }

    /// Whether the connection is to be encrypted.
    pub fn is_secure(&self) -> bool {
        matches!(self.scheme.as_str(), "wss" | "https")
    }

    /// The port, or the scheme's default.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The value of the `Host` header: the host, and the port unless it is the scheme's default (RFC 9110 §7.2).
    pub fn host(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.hostname),
            None => self.hostname.clone(),
        }
    }

    /// Host and port, whether the port is the default or not: what CONNECT asks for, and what messages name.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.hostname, self.port())
    }

    /// The host as sockets take it: an IPv6 address without its brackets.
    pub fn address(&self) -> &str {
        let inner = self.hostname.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        inner.unwrap_or(&self.hostname)
    }

    /// Scheme, host and port: URIs with the same origin may share credentials (RFC 6454).
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host())
    }

    /// Path and query: what the request asks for.
    pub fn resource(&self) -> String {
        format!("{}{}", self.pathname, self.search)
    }

    /// `href` without user name and password.
    pub fn bare(&self) -> String {
        format!("{}{}{}", self.origin(), self.resource(), self.hash)
    }
}
