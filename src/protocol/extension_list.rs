//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use crate::grammar::{is_token, outside_quotes, trim, unquote};

/// One extension of the list, with its parameters.
pub(super) struct Extension {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, Option<String>)>,
}

/// `1#( token *( ";" token [ "=" ( token / quoted-string ) ] ) )`, with empty items allowed (RFC 6455 §9.1, RFC 9110 §5.6.1).
pub(super) fn parse(header: &str) -> Option<Vec<Extension>> {
    let mut extensions = Vec::new();
    for item in header.split(outside_quotes(',')).map(trim) {
        if item.is_empty() {
            continue;
        }
        let mut parts = item.split(outside_quotes(';')).map(trim);
        let name = token(parts.next()?)?;
        let parameters = parts.map(|part| match part.split_once('=') {
            None => Some((token(part)?, None)),
            Some((name, value)) => Some((token(trim(name))?, Some(unquoted(trim(value))?))),
        });
        extensions.push(Extension { name, parameters: parameters.collect::<Option<_>>()? });
    }
    Some(extensions)
}

/// A token, or a quoted string that is one (RFC 6455 §9.1).
fn unquoted(value: &str) -> Option<String> {
    if value.starts_with('"') { token(&unquote(value)?) } else { token(value) }
}

fn token(text: &str) -> Option<String> {
    is_token(text).then(|| text.to_owned())
}
