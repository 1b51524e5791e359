//! Challenges (RFC 9110 §11): what a server or proxy asks for before it lets a request through.

use super::digest::{Algorithm, Digest};
use super::to_readable;
use crate::grammar::{outside_quotes, unquote};

/// What a server or proxy asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge {
    /// What the user name and password are for, as the server puts it.
    pub realm: String,
    /// The challenge of Digest; `None` for Basic (RFC 7617).
    pub digest: Option<Digest>,
}

/// A scheme that this package can answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// RFC 7617.
    Basic,
    /// RFC 7616.
    Digest,
}

impl Scheme {
    /// The name, as it is written in a field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Digest => "Digest",
        }
    }
}

impl Challenge {
    /// The strongest challenge that can be answered, and the first of equally strong ones. `values` are those of the fields
    /// `WWW-Authenticate` or `Proxy-Authenticate`, as byte strings.
    pub fn strongest<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let challenges = values.into_iter().flat_map(parse).filter_map(|it| Self::read(&it));
        challenges.reduce(|best, other| if other.strength() > best.strength() { other } else { best })
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        if self.digest.is_some() { Scheme::Digest } else { Scheme::Basic }
    }

    /// Whether the only problem was a nonce that was too old.
    pub fn is_stale(&self) -> bool {
        self.digest.as_ref().is_some_and(|digest| digest.is_stale)
    }

    fn read(challenge: &Parsed<'_>) -> Option<Self> {
        let realm = challenge.param("realm").unwrap_or_default();
        if challenge.scheme.eq_ignore_ascii_case("basic") {
            return Some(Self { realm: to_readable(&realm), digest: None });
        }
        let digest = challenge.scheme.eq_ignore_ascii_case("digest").then(|| Digest::read(challenge)).flatten()?;
        Some(Self { realm: to_readable(&realm), digest: Some(digest) })
    }

    fn strength(&self) -> Option<Algorithm> {
        self.digest.as_ref().map(|digest| digest.algorithm)
    }
}

/// A challenge of any scheme.
pub(super) struct Parsed<'a> {
    scheme: &'a str,
    params: Vec<(&'a str, String)>,
}

impl Parsed<'_> {
    /// The value of a parameter; the first one if it is there twice.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        let (_, value) = self.params.iter().find(|(it, _)| it.eq_ignore_ascii_case(name))?;
        Some(value.clone())
    }
}

/// The challenges of a list (RFC 9110 §11.6.1). Commas separate challenges, separate their parameters, and occur in quoted
/// strings. A word that is not followed by `=` starts a challenge.
fn parse(field: &str) -> Vec<Parsed<'_>> {
    let mut challenges: Vec<Parsed<'_>> = Vec::new();
    let items = field.split(outside_quotes(','));
    for item in items.map(str::trim_ascii).filter(|item| !item.is_empty()) {
        let (head, value) =
            item.split_once('=').map_or((item, None), |(head, value)| (head.trim_ascii(), Some(value.trim_ascii())));
        let (scheme, name) = match head.split_once([' ', '\t']) {
            Some((scheme, name)) => (Some(scheme), name.trim_ascii()),
            None if value.is_none() => (Some(head), ""),
            None => (None, head),
        };
        challenges.extend(scheme.map(|scheme| Parsed { scheme, params: Vec::new() }));
        if let (Some(challenge), Some(value)) = (challenges.last_mut(), value) {
            // What is not a quoted string is a token.
            challenge.params.push((name, unquote(value).unwrap_or_else(|| value.to_owned())));
        }
    }
    challenges
}

#[cfg(test)]
mod tests {
    use super::super::isomorphic_decode;
    use super::*;

    /// The text in UTF-8, as a byte string.
    fn utf8(text: &str) -> String {
        isomorphic_decode(text.as_bytes())
    }

    fn strongest(field: &str) -> Challenge {
        Challenge::strongest([field]).unwrap()
    }

    #[test]
    fn the_strongest_challenge_is_taken_that_can_be_answered() {
        let digest = |field| strongest(field).digest.map(|it| it.algorithm);
        assert_eq!(digest(r#"Basic realm="a", Digest realm="b", nonce="c""#), Some(Algorithm::Md5));
        assert_eq!(digest(r#"Digest realm="b", nonce="c", algorithm=SHA-512-256, Basic realm="a""#), None);
        assert_eq!(digest(r#"Digest realm="b", nonce="c", qop="auth-int", BASIC realm="a""#), None);
        assert_eq!(
            digest(r#"Digest realm="b", nonce="c", Digest realm="b", nonce="c", algorithm="sha-256""#),
            Some(Algorithm::Sha256)
        );
        assert_eq!(strongest(r#"Negotiate, NTLM, Basic realm="a \"b\"""#).realm, r#"a "b""#);
        for none in
            ["", "Negotiate", "Digest", r#"Digest realm="a""#, "\u{e4}", "Bearer realm=\"a\"", ",,,", "=\"", " = ,"]
        {
            assert_eq!(Challenge::strongest([none]), None, "{none}");
        }
    }

    #[test]
    fn a_list_is_parsed_whatever_is_in_it() {
        let parsed = |field| parse(field).iter().map(|it| (it.scheme.to_owned(), it.params.len())).collect::<Vec<_>>();
        let names =
            |list: &[(&str, usize)]| list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>();
        let field =
            r#"Negotiate YII==, Newauth realm="apps, \"x=1\"", type=1 , title = "Login",, Basic realm=simple , NTLM"#;
        assert_eq!(parsed(field), names(&[("Negotiate", 1), ("Newauth", 3), ("Basic", 1), ("NTLM", 0)]));
        assert_eq!(parse(field)[1].param("REALM").unwrap(), r#"apps, "x=1""#);
        assert_eq!(strongest(&utf8(r#"Basic realm="Zürich \\ \"", charset="UTF-8""#)).realm, r#"Zürich \ ""#);
        assert_eq!(strongest("Basic").realm, "");
        for cut in (0..field.len()).filter(|at| field.is_char_boundary(*at)) {
            parse(&field[cut..]);
            parse(&field[..cut]);
        }
    }

    #[test]
    fn each_field_is_a_list_of_its_own_even_if_a_quote_never_ends() {
        let challenge =
            Challenge::strongest([r#"Negotiate YWJj==, Broken realm="open"#, r#"Basic realm="b""#]).unwrap();
        assert_eq!((challenge.scheme(), challenge.realm.as_str()), (Scheme::Basic, "b"));
        let digest = r#"Digest realm="d", nonce="n""#;
        assert_eq!(Challenge::strongest([r#"Basic realm="b""#, digest]).unwrap().realm, "d");
    }

    #[test]
    fn a_scheme_with_a_token_hides_nothing_behind_it() {
        for field in ["Negotiate YWJj==, Basic realm=b", "NTLM TlRMTVNTUAAB, Basic realm=b", "Negotiate, Basic realm=b"]
        {
            assert_eq!(strongest(field).realm, "b", "{field}");
        }
    }
}
