//! An upgrade request, as an HTTP server passes it on.

use crate::grammar::trim;

/// The head of a request: of an upgrade, or over HTTP/2 of an extended CONNECT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The version, such as `1.1`.
    pub version: String,
    /// Over HTTP/2, the pseudo-header field `:protocol`.
    pub protocol: Option<String>,
    /// The header fields in order, as they were sent, without pseudo-header fields.
    pub fields: Vec<(String, String)>,
}

impl Request {
    /// Whether it arrived on an HTTP/2 stream.
    pub fn is_http2(&self) -> bool {
        self.version == "2.0"
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
