//! The list of subprotocols to ask for (RFC 6455 §4.1, item 10).

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

/// A list of distinct tokens, in order of preference.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Subprotocols(Vec<String>);

impl Subprotocols {
    /// Reads the `protocol` attribute: a comma-separated list, `""` for none.
    ///
    /// Fails with the item that is no token (RFC 9110 §5.6.2) or stands twice.
    pub fn parse(list: &str) -> Result<Self, String> {
        let mut tokens: Vec<String> = Vec::new();
        if list.trim().is_empty() {
            return Ok(Self(tokens));
        }
        for item in list.split(',').map(|item| item.trim_matches([' ', '\t'])) {
            if !is_token(item) || tokens.iter().any(|token| token == item) {
                return Err(item.to_owned());
            }
            tokens.push(item.to_owned());
        }
        Ok(Self(tokens))
    }

    /// The tokens.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// Whether `text` is a token of HTTP (RFC 9110 §5.6.2): what subprotocols and header names are made of.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_loses_its_blanks() {
        let list = Subprotocols::parse("chat.v2 ,\tchat,x!y").unwrap();
        assert_eq!(list.as_slice(), ["chat.v2", "chat", "x!y"]);
        assert_eq!(Subprotocols::parse(" "), Ok(Subprotocols::default()));
    }

    #[test]
    fn what_is_no_token_or_stands_twice_is_named() {
        for (list, item) in
            [("a,,b", ""), ("a b", "a b"), ("a,b,a", "a"), ("a\r\nX: 1", "a\r\nX: 1"), ("ä", "ä"), ("a,\"b\"", "\"b\"")]
        {
            assert_eq!(Subprotocols::parse(list), Err(item.to_owned()), "{list:?}");
        }
    }
}
