//! What HTTP's fields are made of (RFC 9110 §5.6): tokens, and the whitespace around things.

/// Whether this is a token (RFC 9110 §5.6.2).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Without the whitespace that may stand around things in a field, which is fewer characters than Unicode's (RFC 9110 §5.6.3).
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
