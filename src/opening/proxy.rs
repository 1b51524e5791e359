//! The option `proxy`: one proxy, or the one that the environment names for a host, as curl reads it.

use std::net::IpAddr;

use super::account::{Credentials, percent_decode};
use super::dial::Parse;
use super::settings::ProxySetting;
use super::socks5::MAX_TEXT;
use crate::http::Scheme;
use crate::uri::Uri;

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub(super) kind: ProxyKind,
    /// An address or a name; an IPv6 address has no brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Host and port, for messages and for the account's origin.
    pub(super) authority: String,
    pub(super) credentials: Option<Credentials>,
}

/// The protocol that a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyKind {
    Http,
    /// HTTP over TLS.
    Https,
    /// The proxy looks names up, whether the scheme is socks5 or socks5h.
    Socks5,
}

impl Proxy {
    /// Reads `http://`, `https://`, `socks5://` or `socks5h://` with a host. The error is a sentence that starts with `place`,
    /// the name of the option or variable, and never quotes the text: it may contain a password.
    pub fn parse(text: &str, place: &str, parse: Parse) -> Result<Self, String> {
        let uri = parse(text, None).ok_or_else(|| format!("{place}: this is not a URI. {EXAMPLE}"))?;
        let (kind, default) = match uri.scheme() {
            "http" => (ProxyKind::Http, 80),
            "https" => (ProxyKind::Https, 443),
            "socks5" | "socks5h" => (ProxyKind::Socks5, 1080),
            _ => return Err(format!("{place}: the scheme must be http, https or socks5. {EXAMPLE}")),
        };
        if uri.hostname().is_empty() {
            return Err(format!("{place}: the host is missing. {EXAMPLE}"));
        }
        let port = uri.explicit_port().unwrap_or(default);
        Ok(Self {
            kind,
            host: uri.address().to_owned(),
            port,
            authority: format!("{}:{port}", uri.hostname()),
            credentials: credentials(&uri, kind).map_err(|problem| format!("{place}: {problem}"))?,
        })
    }

    /// The origin that `onAuthRequired` gets. It is also the key of the proxy's account.
    pub(super) fn origin(&self) -> String {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
        };
        format!("{scheme}://{}", self.authority)
    }
}

const EXAMPLE: &str = "Pass a URI such as \"http://proxy.example:3128\".";

/// The error is the end of a sentence.
fn credentials(uri: &Uri, kind: ProxyKind) -> Result<Option<Credentials>, &'static str> {
    let (username, password) = uri.user();
    let (Some(username), Some(password)) = (percent_decode(username), percent_decode(password)) else {
        return Err("the user name or password is not percent-encoded UTF-8. Encode it with encodeURIComponent().");
    };
    let credentials = Credentials { username, password };
    let is_socks = kind == ProxyKind::Socks5;
    credentials.check(if is_socks { Scheme::Digest } else { Scheme::Basic })?;
    if is_socks && credentials.username.len().max(credentials.password.len()) > MAX_TEXT {
        return Err(
            "the user name or password is longer than 255 bytes, the most that SOCKS5 carries. Use a shorter one.",
        );
    }
    Ok((credentials != Credentials::default()).then_some(credentials))
}

impl ProxySetting {
    /// The proxy for a URI. The error is a sentence that names the variable at fault.
    pub(super) fn choose(&self, uri: &Uri, parse: Parse) -> Result<Option<Proxy>, String> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(proxy) => Ok(Some(proxy.clone())),
            Self::Environment(variable) => {
                from_environment(uri, |name| variable(name).filter(|it| !it.is_empty()), parse)
            }
        }
    }
}

/// Reads the variables as curl does. HTTP_PROXY in capitals is not read, because in a CGI program it may be a header of the request.
fn from_environment(
    uri: &Uri,
    variable: impl Fn(&str) -> Option<String>,
    parse: Parse,
) -> Result<Option<Proxy>, String> {
    let exceptions = variable("no_proxy").or_else(|| variable("NO_PROXY")).unwrap_or_default();
    if is_exception(&exceptions, uri) {
        return Ok(None);
    }
    let own: &[&str] = if uri.is_secure() { &["https_proxy", "HTTPS_PROXY"] } else { &["http_proxy"] };
    let mut names = own.iter().chain(&["all_proxy", "ALL_PROXY"]);
    let Some((name, value)) = names.find_map(|name| Some((*name, variable(name)?))) else { return Ok(None) };
    let value = if value.contains("://") { value } else { format!("http://{value}") };
    Proxy::parse(&value, name, parse).map(Some)
}

/// Whether `list`, the variable no_proxy, excepts the URI's host.
fn is_exception(list: &str, uri: &Uri) -> bool {
    let entries = list.split([',', ' ', '\t', '\r', '\n']).filter(|entry| !entry.is_empty());
    entries.into_iter().any(|entry| entry == "*" || excepts(entry, uri))
}

/// An entry is a name, which also stands for all its subdomains, an address, or a network such as 10.0.0.0/8. Each may have a port.
fn excepts(entry: &str, uri: &Uri) -> bool {
    let (name, port) = split_port(entry);
    if port.is_some_and(|port| port != uri.port()) {
        return false;
    }
    let host = uri.address();
    let name = name.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(name);
    if let Ok(address) = host.parse::<IpAddr>() {
        return name.parse() == Ok(address) || is_within(address, name);
    }
    let (host, name) = (without_dot(host), without_dot(name));
    let name = name.strip_prefix('*').unwrap_or(name);
    let name = name.strip_prefix('.').unwrap_or(name).to_ascii_lowercase();
    let within = host.strip_suffix(name.as_str()).filter(|_| !name.is_empty());
    within.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// A name without the dot behind it that marks it as complete.
fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Whether the address is in a network such as 10.0.0.0/8 (RFC 4632 §3.1).
fn is_within(address: IpAddr, network: &str) -> bool {
    let Some((first, length)) = network.split_once('/') else { return false };
    let (Ok(first), Ok(length)) = (first.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    // The bits that differ, the first one leftmost.
    let (different, size) = match (address, first) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits() ^ other.to_bits()) << 96, 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), 128),
        _ => return false,
    };
    length <= size && different.leading_zeros() >= length
}

/// Splits `name:port`. An IPv6 address without brackets has no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if entry.parse::<IpAddr>().is_ok() {
        return (entry, None);
    }
    match entry.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?))) {
        Some((name, port)) => (name, Some(port)),
        None => (entry, None),
    }
}
