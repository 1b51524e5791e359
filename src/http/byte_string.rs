//! The text in which the value of a header field is kept, here as in JavaScript: each character is the byte with the same number.
//! The challenges in such values and the answers to them are kept in the same way.

/// The bytes of such a text (Infra Standard, "isomorphic encode"). A character above U+00FF is no byte, and becomes "?".
pub fn isomorphic_encode(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}

/// The text of these bytes (Infra Standard, "isomorphic decode").
pub fn isomorphic_decode(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Such a text as people read it: the bytes as UTF-8, if they are UTF-8.
pub fn to_readable(text: &str) -> String {
    String::from_utf8(isomorphic_encode(text)).unwrap_or_else(|_| text.to_owned())
}
