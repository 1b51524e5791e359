//! The grammar of HTTP fields (RFC 9110 §5.6, §7.2): tokens, quoted strings, hosts, and optional whitespace.

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

/// Finds the separators outside of quoted strings (RFC 9110 §5.6.4), for `str::split`.
pub fn outside_quotes(separator: char) -> impl FnMut(char) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    move |char| {
        let was_escaped = is_escaped;
        is_escaped = char == '\\' && is_quoted && !was_escaped;
        is_quoted ^= char == '"' && !was_escaped;
        char == separator && !is_quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quoted_strings_are_not_found() {
        for (text, expected) in [
            ("a,b", &["a", "b"][..]),
            ("\"a,b\",c", &["\"a,b\"", "c"]),
            ("\"a\\\",b\",c", &["\"a\\\",b\"", "c"]),
            ("\"a\\\\\",c", &["\"a\\\\\"", "c"]),
            ("\\\",a\"", &["\\\",a\""]),
            ("\"a,b", &["\"a,b"]),
            ("", &[""]),
        ] {
            assert_eq!(text.split(outside_quotes(',')).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
