//! A URI and its parts, and the rules for a URI that a WebSocket may open (RFC 6455 §3).
//!
//! The host does the parsing: every browser and Node have a URL parser that follows the WHATWG URL Standard.

use alloc::format;
use alloc::string::String;

use crate::grammar::{is_authority, is_token};

/// A URI as the host's own URL parser serializes it (WHATWG URL §4.5). A delimiter that does not delimit is percent-encoded there, so each part
/// is found by its delimiters.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Uri {
    /// The whole URI.
    pub href: String,
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
    /// `href` is a URL as the host's parser serializes it.
    pub fn new(href: String) -> Self {
        Self { href }
    }

    /// The URI as ws or wss, without a fragment (RFC 6455 §3). http and https count as ws and wss.
    pub fn websocket(mut self) -> Result<Self, UriError> {
        let scheme = self.scheme();
        let websocket = match scheme {
            "ws" | "http" => "ws",
            "wss" | "https" => "wss",
            _ => return Err(UriError::Scheme),
        };
        if self.href.bytes().any(|byte| byte == b'#') {
            return Err(UriError::Fragment);
        }
        if scheme != websocket {
            let mut href = String::from(websocket); // `format!` would cost a page kilobytes
            href.push_str(self.href.get(scheme.len()..).unwrap_or_default());
            self.href = href;
        }
        Ok(self)
    }

    /// The URI without its fragment.
    #[must_use]
    pub fn without_fragment(mut self) -> Self {
        if let Some(at) = self.href.find('#') {
            self.href.truncate(at);
        }
        self
    }

    /// The protocol without its colon, in lower case.
    pub fn scheme(&self) -> &str {
        // An array, because the search for a char costs a page half a kilobyte.
        self.href.split([':']).next().unwrap_or_default()
    }

    /// What is between `//` and the path, and what follows it.
    fn split_authority(&self) -> (&str, &str) {
        let Some(rest) = self.href.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//")) else {
            return ("", "");
        };
        rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len())).unwrap_or((rest, ""))
    }

    /// User name and password, percent-encoded; each is empty if there is none.
    pub fn user(&self) -> (&str, &str) {
        let user = self.split_authority().0.split_once('@').map_or("", |(user, _)| user);
        user.split_once(':').unwrap_or((user, ""))
    }

    /// Host and port, as the URI has them.
    fn split_host(&self) -> (&str, Option<&str>) {
        let host = self.host();
        let address = host.find(']').map_or(0, |at| at + 1); // an IPv6 address contains colons
        match host.get(address..).and_then(|rest| rest.find(':')).and_then(|at| host.split_at_checked(address + at)) {
            Some((name, port)) => (name, port.get(1..)),
            None => (host, None),
        }
    }

    /// The host in lower case; an IPv6 address is in brackets.
    pub fn hostname(&self) -> &str {
        self.split_host().0
    }

    /// The port; `None` if it is missing or was the default of the scheme.
    pub fn explicit_port(&self) -> Option<u16> {
        self.split_host().1?.parse().ok()
    }

    /// Whether the connection must be encrypted.
    pub fn is_secure(&self) -> bool {
        matches!(self.scheme(), "wss" | "https")
    }

    /// The port, or the scheme's default.
    pub fn port(&self) -> u16 {
        self.explicit_port().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The value of the `Host` header: the host, and the port unless it is the scheme's default (RFC 9110 §7.2).
    pub fn host(&self) -> &str {
        let authority = self.split_authority().0;
        authority.split_once('@').map_or(authority, |(_, host)| host)
    }

    /// Host and port, whether the port is the default or not: what CONNECT asks for, and what messages name.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.hostname(), self.port())
    }

    /// The host as sockets take it: an IPv6 address without its brackets.
    pub fn address(&self) -> &str {
        let hostname = self.hostname();
        hostname.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(hostname)
    }

    /// Scheme, host and port: URIs with the same origin may share credentials (RFC 6454).
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.host())
    }

    /// Path and query. An empty query is left out (RFC 6455 §3, "resource name").
    pub fn resource(&self) -> &str {
        let target = self.target();
        target.strip_suffix('?').filter(|path| !path.contains('?')).unwrap_or(target)
    }

    /// Path and query as they stand: what a page's request asks for (RFC 9112 §3.2.1).
    pub fn target(&self) -> &str {
        self.split_authority().1.split('#').next().unwrap_or_default()
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
    let is_host = |host: &str| host.is_empty() || is_authority(host);
    text == "null" || text.split_once("://").is_some_and(|(scheme, host)| is_token(scheme) && is_host(host))
}

#[cfg(all(test, not(target_arch = "wasm32")))] // The url crate is available only on the host.
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A WHATWG URL parser, like the hosts'.
    pub(crate) fn parse(text: &str, base: Option<&str>) -> Option<Uri> {
        let url = match base {
            Some(base) => url::Url::parse(base).ok()?.join(text).ok()?,
            None => url::Url::parse(text).ok()?,
        };
        Some(Uri::new(url.into()))
    }

    proptest! {
        #[test]
        fn the_parts_are_those_that_the_parser_finds(
            slashes in prop::sample::select(vec!["//", "//", "//", "/", "", "/x//", "?//", "#//"]),
            scheme in prop::sample::select(vec!["ws", "wss", "http", "https", "socks5"]),
            user in "([ -~é]{0,6}(:[ -~é]{0,6})?@)?",
            host in r"([A-Za-z0-9.-]{1,9}|\[::[0-9a-f]{1,4}\]|[0-9]{1,3}\.0\.0\.1)(:[0-9]{0,5})?",
            rest in "(/[ -~é]{0,9}){0,2}(\\?[ -~é]{0,6})?(#[ -~é]{0,6})?",
        ) {
            let text = format!("{scheme}:{slashes}{user}{host}{rest}");
            let (Some(uri), Ok(url)) = (parse(&text, None), url::Url::parse(&text)) else { return Ok(()) };
            prop_assert_eq!(uri.scheme(), url.scheme());
            prop_assert_eq!(uri.user(), (url.username(), url.password().unwrap_or_default()));
            prop_assert_eq!(uri.hostname(), url.host_str().unwrap_or_default());
            prop_assert_eq!(uri.explicit_port(), url.port());
            let query = url.query().filter(|it| !it.is_empty()).map(|it| format!("?{it}")).unwrap_or_default();
            if scheme != "socks5" {
                prop_assert_eq!(uri.resource(), format!("{}{query}", url.path()));
            }
        }
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
            ("[2001:db8::a]", "[2001:db8::a]:443".into(), "2001:db8::a")
        );
        assert_eq!((uri.origin(), uri.resource()), ("wss://[2001:db8::a]".into(), "/a%20b?c=d"));
        let uri = websocket("ws://Example.ORG:443").unwrap();
        assert_eq!(
            (uri.host(), uri.authority(), uri.address()),
            ("example.org:443", "example.org:443".into(), "example.org")
        );
        assert_eq!((uri.origin(), uri.resource()), ("ws://example.org:443".into(), "/"));
    }
}
