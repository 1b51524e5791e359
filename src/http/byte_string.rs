//! The text in which the value of a header field is kept, here as in JavaScript: each character is the byte with the same number.

/// The bytes of such a text (Infra Standard, "isomorphic encode"). A character above U+00FF is no byte, and becomes "?".
pub fn isomorphic_encode(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}

/// The text of these bytes (Infra Standard, "isomorphic decode").
pub fn isomorphic_decode(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
