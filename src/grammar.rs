//! The grammar of HTTP fields (RFC 9110 §5.6): tokens, and optional whitespace.

/// Whether `text` is a token (RFC 9110 §5.6.2).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Removes optional whitespace from both ends of `text`: only spaces and tabs, not all of Unicode's whitespace (RFC 9110 §5.6.3).
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
