//! An upgrade request, as an HTTP server passes it on.

use crate::grammar::{is_authority, trim};

/// The head of a request: of an upgrade, or over HTTP/2 of an extended CONNECT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The version, such as `1.1`.
    pub version: String,
    /// It arrived on an HTTP/2 stream. (The version may be a client's own invention.)
    pub is_http2: bool,
    /// Over HTTP/2, the pseudo-header field `:protocol`.
    pub protocol: Option<String>,
    /// The header fields in order, as they were sent, without pseudo-header fields.
    pub fields: Vec<(String, String)>,
    /// The URI that the client asked for, if the request contains one. It is not parsed yet.
    pub uri: Option<String>,
}

impl Request {
    /// An upgrade request. `scheme` is that of the server. The client asked for the request's target, at the host that its Host field names
    /// (RFC 9112 §3.3).
    pub fn upgrade(
        method: String,
        version: String,
        target: Option<String>,
        scheme: &str,
        fields: Vec<(String, String)>,
    ) -> Self {
        let mut request = Self { method, version, fields, ..Self::default() };
        let host = request.values("Host").next().filter(|host| is_authority(host));
        request.uri = host.zip(target).and_then(|(host, target)| match target.split_once("://") {
            _ if target.starts_with('/') => Some(format!("{scheme}://{host}{target}")),
            Some((_, rest)) if is_authority(rest.split(['/', '?']).next()?) => Some(target), // the absolute form (RFC 9112 §3.2.2)
            _ => None,
        });
        request
    }

    /// An extended CONNECT, from all its fields (RFC 8441 §5).
    pub fn extended_connect(all: Vec<(String, String)>) -> Self {
        let (pseudo, fields): (Vec<_>, Vec<_>) = all.into_iter().partition(|(name, _)| name.starts_with(':'));
        let text = |name: &str| pseudo.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone());
        let (method, protocol) = (text(":method").unwrap_or_default(), text(":protocol"));
        let mut request = Self { method, version: "2.0".into(), is_http2: true, protocol, fields, uri: None };
        let host = text(":authority").or_else(|| request.values("Host").next().map(Into::into));
        let host = host.filter(|host| is_authority(host));
        let path = text(":path").filter(|path| path.starts_with('/'));
        request.uri = match (text(":scheme"), host, path) {
            (Some(scheme), Some(host), Some(path)) => Some(format!("{scheme}://{host}{path}")),
            _ => None,
        };
        request
    }

    /// The values of all fields with this name, without the spaces around them.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.fields.iter().filter(move |(it, _)| it.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| trim(value))
    }

    /// The items of all fields with this name: the parts between their commas (RFC 9110 §5.6.1).
    pub(super) fn items<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let items = self.values(name).flat_map(|value| value.split(','));
        items.map(trim).filter(|item| !item.is_empty())
    }

    /// The value of a field, if it is there exactly once.
    pub(super) fn only<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }
}
