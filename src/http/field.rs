//! Header fields that a request or a response may carry.

use super::isomorphic_encode;

/// A header field that is safe to write (RFC 9110 §5.5): it contains no CR, LF, NUL or other control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: String,
    value: String,
}

/// Why a header field cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// The name is not a token (RFC 9110 §5.6.2).
    Name,
    /// The value contains a control character.
    Value,
    /// The value contains a character above U+00FF, which does not fit in a byte.
    NoByte,
    /// The handshake writes this field itself.
    Owned,
}

impl Field {
    /// A field that the user adds. Whitespace around the value is removed, line breaks included (Fetch, "normalize").
    pub fn new(name: &str, value: &str) -> Result<Self, FieldError> {
        let lower = name.to_ascii_lowercase();
        if OWNED.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") {
            return Err(FieldError::Owned);
        }
        Self::checked(name, value.trim_matches(['\t', '\n', '\r', ' ']))
    }

    /// The `Origin` field.
    pub fn origin(origin: &str) -> Result<Self, FieldError> {
        Self::checked("Origin", origin.trim_matches([' ', '\t']))
    }

    /// The name, as it is written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, without spaces around it. Each character is the byte with its number.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether only the first origin may see this field, because it says who the user is.
    pub fn is_private(&self) -> bool {
        PRIVATE.iter().any(|name| self.is(name))
    }

    /// Whether the field has this name, in upper or lower case (RFC 9110 §5.1).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn checked(name: &str, value: &str) -> Result<Self, FieldError> {
        if !reads_back(name, "") {
            return Err(FieldError::Name);
        }
        if value.chars().any(|character| character > '\u{ff}') {
            return Err(FieldError::NoByte);
        }
        if !reads_back("X", value) {
            return Err(FieldError::Value);
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// Whether the HTTP parser reads exactly this field from its line, unchanged.
fn reads_back(name: &str, value: &str) -> bool {
    let value = isomorphic_encode(value);
    let line = [name.as_bytes(), b": ", &value, b"\r\n\r\n"].concat();
    let mut fields = [httparse::EMPTY_HEADER; 1];
    match httparse::parse_headers(&line, &mut fields) {
        Ok(httparse::Status::Complete((size, [field]))) => {
            size == line.len() && field.name == name && field.value == value
        }
        _ => false,
    }
}

/// Fields that the user cannot set.
const OWNED: &[&str] =
    &["host", "upgrade", "connection", "origin", "content-length", "transfer-encoding", "trailer", "te", "expect"];

/// A field as HTTP/2 has it: its name is in lower case (RFC 9113 §8.2). `None` if it is about one connection of HTTP/1.1, which HTTP/2 does not
/// allow (§8.2.2).
pub fn http2_field(name: &str, value: &str) -> Option<(String, String)> {
    let is_of_connection =
        ["keep-alive", "proxy-connection", "http2-settings"].iter().any(|it| it.eq_ignore_ascii_case(name));
    (!is_of_connection).then(|| (name.to_ascii_lowercase(), value.to_owned()))
}

/// Fields that stay with the first origin when a redirect leads to another.
const PRIVATE: &[&str] = &["authorization", "cookie", "proxy-authorization"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_a_token_is_refused() {
        for name in ["", " ", "X Y", "X:", "X\r\n", "X\0", "ä", "X\t", "(X)", "X\nY"] {
            assert_eq!(Field::new(name, "value"), Err(FieldError::Name), "{name:?}");
        }
    }

    #[test]
    fn a_value_that_would_end_its_line_is_refused() {
        for value in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\r\n\r\nGET /", "a\0b", "a\x7fb", "a\x1b[0m", "a\r\n folded"]
        {
            assert_eq!(Field::new("X-Good", value), Err(FieldError::Value), "{value:?}");
            assert_eq!(Field::origin(value), Err(FieldError::Value), "{value:?}");
        }
    }

    #[test]
    fn a_value_may_be_empty_or_latin1_and_loses_the_spaces_around_it() {
        for (value, written) in
            [("", ""), ("Zürich ÿ\u{80}", "Zürich ÿ\u{80}"), (" \t a\tb \r\n", "a\tb"), ("a: b", "a: b")]
        {
            assert_eq!(Field::new("X-Good", value).unwrap().value(), written);
        }
    }

    #[test]
    fn a_character_that_is_no_byte_is_refused() {
        for value in ["\u{100}", "Zürich 🔑", "\u{10a}X-Evil: 1"] {
            assert_eq!(Field::new("X-Good", value), Err(FieldError::NoByte), "{value:?}");
        }
    }

    #[test]
    fn what_the_handshake_writes_is_refused_in_any_case() {
        for name in OWNED.iter().chain(&["sec-websocket-key", "Sec-WebSocket-Extensions", "SEC-WEBSOCKET-X"]) {
            assert_eq!(Field::new(&name.to_ascii_uppercase(), "x"), Err(FieldError::Owned), "{name}");
        }
        assert!(Field::new("User-Agent", "x").is_ok() && Field::new("Hostess", "x").is_ok());
    }

    #[test]
    fn credentials_are_private_in_any_case() {
        for (name, private) in
            [("aUTHORIZATION", true), ("cookie", true), ("Proxy-Authorization", true), ("X-Own", false)]
        {
            assert_eq!(Field::new(name, "x").unwrap().is_private(), private, "{name}");
        }
    }
}
