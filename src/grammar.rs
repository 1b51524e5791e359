//! The grammar of HTTP fields (RFC 9110 §5.6, §7.2): tokens, hosts, and optional whitespace.

/// Whether `text` is a token (RFC 9110 §5.6.2).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether `text` is a host and perhaps a port, as in a Host field (RFC 9110 §7.2): no user, no path. A URL parser checks the rest.
pub fn is_authority(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte))
}

/// Removes optional whitespace from both ends of `text`: only spaces and tabs, not all of Unicode's whitespace (RFC 9110 §5.6.3).
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
