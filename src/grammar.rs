//! The grammar of HTTP fields (RFC 9110 §5.6, §7.2): tokens, quoted strings, hosts, and optional whitespace. Also how messages quote what a
//! peer has sent.

use alloc::format;
use alloc::string::String;

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

/// A quoted string's text, without its escapes (RFC 9110 §5.6.4). `None` if it is not one.
pub fn unquote(value: &str) -> Option<String> {
    let mut chars = value.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(text),
            '\\' => text.push(chars.next()?),
            char => text.push(char),
        }
    }
}

/// A peer's text as a message quotes it: not too long, and without control characters, which a terminal would obey.
pub fn quote(text: &str) -> String {
    const MAX: usize = 120;
    let start = text.chars().take(MAX).map(|char| if char.is_control() { '\u{fffd}' } else { char });
    let end = if text.chars().nth(MAX).is_some() { "…" } else { "" };
    format!("\"{}{end}\"", start.collect::<String>())
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

    #[test]
    fn a_quoted_string_ends_with_its_second_quote() {
        for (value, text) in [
            (r#""a b""#, Some("a b")),
            (r#""a\"\\b""#, Some(r#"a"\b"#)),
            (r#""""#, Some("")),
            ("a", None),
            ("", None),
            (r#"""#, None),
            (r#""a"#, None),
            (r#""a\""#, None),
            (r#""a"b""#, None),
        ] {
            assert_eq!(unquote(value).as_deref(), text, "{value}");
        }
    }

    #[test]
    fn a_quoted_text_is_short_and_has_no_control_characters() {
        assert_eq!(quote("a\u{1b}[2J\u{9b}é"), "\"a\u{fffd}[2J\u{fffd}é\"");
        assert_eq!(quote(&"ä".repeat(120)), format!("\"{}\"", "ä".repeat(120)));
        assert_eq!(quote(&"ä".repeat(121)), format!("\"{}…\"", "ä".repeat(120)));
    }
}
