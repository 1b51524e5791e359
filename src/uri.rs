//! A URI split into its parts, and the rules for a URI that a WebSocket may open (RFC 6455 §3).
//!
//! The host does the parsing: every browser and Node have a URL parser that follows the WHATWG URL Standard.

use alloc::format;
use alloc::string::String;

use crate::grammar::is_token;

/// A URI as the host's own URL parser (WHATWG URL) splits it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Uri {
    /// The whole URI.
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
    /// The scheme is not ws, wss, http or https.
    Scheme,
    /// It has a fragment, which may be empty.
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
        if self.href.bytes().any(|byte| byte == b'#') {
            return Err(UriError::Fragment);
        }
        if let Some(rest) = self.href.strip_prefix(&*self.scheme) {
            let mut href = String::from(scheme); // `format!` would cost a page kilobytes
            href.push_str(rest);
            self.href = href;
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

    /// Whether the connection must be encrypted.
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

/// The URI without the user name and password that it may have between `//` and `@`: they are secret.
pub fn without_credentials(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("//") else { return uri.into() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}//{host}{path}")
}

/// Whether `text` is an origin (RFC 6454 §7.1): `null`, or a scheme, `://`, a host and perhaps a port.
pub fn is_origin(text: &str) -> bool {
    let is_authority = |it: &str| it.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte));
    text == "null" || text.split_once("://").is_some_and(|(scheme, host)| is_token(scheme) && is_authority(host))
}

#[cfg(all(test, not(target_arch = "wasm32")))] // The url crate is available only on the host.
pub(crate) mod tests {
    use super::*;

    /// A WHATWG URL parser, like the hosts'.
    pub(crate) fn parse(text: &str, base: Option<&str>) -> Option<Uri> {
        let url = match base {
            Some(base) => url::Url::parse(base).ok()?.join(text).ok()?,
            None => url::Url::parse(text).ok()?,
        };
        Some(Uri {
            href: url.as_str().into(),
            scheme: url.scheme().into(),
            username: url.username().into(),
            password: url.password().unwrap_or_default().into(),
            hostname: url.host_str().unwrap_or_default().into(),
            port: url.port(),
            pathname: url.path().into(),
            search: url.query().filter(|it| !it.is_empty()).map(|it| format!("?{it}")).unwrap_or_default(),
            hash: url.fragment().filter(|it| !it.is_empty()).map(|it| format!("#{it}")).unwrap_or_default(),
        })
    }

    #[test]
    fn an_origin_is_null_or_a_scheme_and_a_host() {
        for good in [
            "null",
            "https://app.example",
            "http://127.0.0.1:8080",
            "chrome-extension://abc",
            "http://[::1]",
            "file://",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "a b",
            "app.example",
            "http://a/",
            "http://u@h",
            "http://a b",
            "://a",
            "http://a?b",
            "http://é",
            "http://a\n",
        ] {
            assert!(!is_origin(bad), "{bad:?}");
        }
    }

    fn websocket(text: &str) -> Result<Uri, UriError> {
        parse(text, None).unwrap().websocket()
    }

    #[test]
    fn http_and_https_count_as_ws_and_wss() {
        for (given, href, secure, port) in [
            ("ws://h/", "ws://h/", false, 80),
            ("WSS://H:8443/a?b", "wss://h:8443/a?b", true, 8443),
            ("http://h:80/", "ws://h/", false, 80),
            ("https://user:pw@h/", "wss://user:pw@h/", true, 443),
        ] {
            let uri = websocket(given).unwrap();
            assert_eq!((uri.href.as_str(), uri.is_secure(), uri.port()), (href, secure, port), "{given}");
        }
    }

    #[test]
    fn another_scheme_is_refused_and_so_is_a_fragment_even_an_empty_one() {
        for other in ["ftp://h/", "file:///a", "javascript:alert(1)", "data:,x", "wsx://h/", "blob:ws://h/"] {
            assert_eq!(websocket(other), Err(UriError::Scheme), "{other}");
        }
        for fragment in ["ws://h/#a", "wss://h/#", "http://h/?q#", "ws://h/a#b#c"] {
            assert_eq!(websocket(fragment), Err(UriError::Fragment), "{fragment}");
            assert!(parse(fragment, None).unwrap().without_fragment().websocket().is_ok(), "{fragment}");
        }
        assert_eq!(websocket("ws://us%23er@h/%23?%23").unwrap().resource(), "/%23?%23");
    }

    #[test]
    fn the_parts_are_as_headers_and_sockets_want_them() {
        let uri = websocket("wss://us%20er:pw@[2001:DB8::a]:443/a%20b?c=d").unwrap();
        assert_eq!(
            (uri.host(), uri.authority(), uri.address()),
            ("[2001:db8::a]".into(), "[2001:db8::a]:443".into(), "2001:db8::a")
        );
        assert_eq!((uri.origin(), uri.resource()), ("wss://[2001:db8::a]".into(), "/a%20b?c=d".into()));
        assert_eq!(uri.bare(), "wss://[2001:db8::a]/a%20b?c=d");
        let uri = websocket("ws://Example.ORG:443").unwrap();
        assert_eq!(
            (uri.host(), uri.authority(), uri.address()),
            ("example.org:443".into(), "example.org:443".into(), "example.org")
        );
        assert_eq!((uri.origin(), uri.resource()), ("ws://example.org:443".into(), "/".into()));
    }
}
