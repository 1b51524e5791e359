//! The answer to "401 Unauthorized" (RFC 9110 §11): which challenge, and Digest's arithmetic (RFC 7616).

use md5::Md5;
use sha1::Digest as Hash;
use sha2::Sha256;

/// What a server asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge {
    /// What the user name and password are for, in the server's words.
    pub realm: String,
    /// How; `None` is Basic (RFC 7617).
    pub digest: Option<Digest>,
}

/// A challenge of the scheme Digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// The server named the algorithm; one that did not may not know the parameter.
    named: bool,
    /// The algorithm's `-sess` variant.
    session: bool,
    /// Quality of protection "auth"; without it, the arithmetic of RFC 2069.
    qop: bool,
    userhash: bool,
    /// Only the nonce was too old: user name and password need not be wrong.
    pub stale: bool,
}

/// From the weakest to the strongest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Challenge {
    /// The strongest challenge in a `WWW-Authenticate` header that can be answered, and the first of those.
    #[cold]
    pub fn strongest(field: &str) -> Option<Self> {
        let challenges = parse(field).into_iter().filter_map(|it| Self::read(&it));
        challenges.reduce(|best, other| if other.strength() > best.strength() { other } else { best })
    }

    #[cold]
    fn read(challenge: &Parsed<'_>) -> Option<Self> {
        let realm = challenge.param("realm").unwrap_or_default();
        if challenge.scheme.eq_ignore_ascii_case("basic") {
            return Some(Self { realm, digest: None });
        }
        let digest =
            if challenge.scheme.eq_ignore_ascii_case("digest") { Digest::read(challenge)? } else { return None };
        Some(Self { realm, digest: Some(digest) })
    }

    fn strength(&self) -> Option<Algorithm> {
        self.digest.as_ref().map(|digest| digest.algorithm)
    }
}

impl Digest {
    /// `None` if it asks for what is not known here.
    fn read(challenge: &Parsed<'_>) -> Option<Self> {
        let named = challenge.param("algorithm").map(|name| name.to_ascii_lowercase());
        let (algorithm, session) = match named.as_deref() {
            None | Some("md5") => (Algorithm::Md5, false),
            Some("md5-sess") => (Algorithm::Md5, true),
            Some("sha-256") => (Algorithm::Sha256, false),
            Some("sha-256-sess") => (Algorithm::Sha256, true),
            Some(_) => return None,
        };
        let qop = challenge.param("qop");
        if qop.as_ref().is_some_and(|list| !list.split(',').any(|it| it.trim().eq_ignore_ascii_case("auth"))) {
            return None;
        }
        let is_true = |name| challenge.param(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Some(Self {
            realm: challenge.param("realm")?,
            nonce: challenge.param("nonce")?,
            opaque: challenge.param("opaque"),
            algorithm,
            named: named.is_some(),
            session,
            qop: qop.is_some(),
            userhash: is_true("userhash"),
            stale: is_true("stale"),
        })
    }

    /// The value of the `Authorization` header of a request for `resource` (RFC 7616 §3.4). `count` is how many requests have used this
    /// nonce, this one included; `cnonce` must be random, and the same for all of them.
    #[cold]
    pub fn authorization(
        &self,
        username: &str,
        password: &str,
        method: &str,
        resource: &str,
        count: u32,
        cnonce: &str,
    ) -> String {
        let Self { realm, nonce, .. } = self;
        let hash = |parts: &[&str]| self.algorithm.hash(&parts.join(":"));
        let mut secret = hash(&[username, realm, password]);
        if self.session {
            secret = hash(&[&secret, nonce, cnonce]);
        }
        let request = hash(&[method, resource]);
        let nc = hex(&count.to_be_bytes());
        let response = match self.qop {
            true => hash(&[&secret, nonce, &nc, cnonce, "auth", &request]),
            false => hash(&[&secret, nonce, &request]),
        };
        let username = if self.userhash { hash(&[username, realm]) } else { username.to_owned() };
        let mut value = String::from("Digest ");
        let mut param = |name: &str, text: &str| value.extend([name, "=\"", &escape(text), "\", "]);
        param("username", &username);
        param("realm", realm);
        param("nonce", nonce);
        param("uri", resource);
        if let Some(opaque) = &self.opaque {
            param("opaque", opaque);
        }
        if self.qop || self.session {
            param("cnonce", cnonce);
        }
        param("response", &response);
        if self.qop {
            value.extend(["qop=auth, nc=", &nc, ", "]);
        }
        if self.named {
            value.extend(["algorithm=", self.algorithm.name(), if self.session { "-sess" } else { "" }, ", "]);
        }
        if self.userhash {
            value.push_str("userhash=true, ");
        }
        value.truncate(value.len().saturating_sub(2));
        value
    }
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// In lower-case hexadecimal.
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

#[cold]
fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

/// A challenge of whatever scheme.
struct Parsed<'a> {
    scheme: &'a str,
    params: Vec<(&'a str, String)>,
}

impl Parsed<'_> {
    /// The value of a parameter; of one that stands twice, the first.
    #[cold]
    fn param(&self, name: &str) -> Option<String> {
        let (_, value) = self.params.iter().find(|(it, _)| it.eq_ignore_ascii_case(name))?;
        Some(value.clone())
    }
}

/// The challenges of a list (RFC 9110 §11.6.1). Its commas stand between challenges, between their parameters, and in
/// quoted strings; what begins a challenge is a word that no `=` follows.
#[cold]
fn parse(field: &str) -> Vec<Parsed<'_>> {
    let mut challenges: Vec<Parsed<'_>> = Vec::new();
    let (mut quoted, mut escaped) = (false, false);
    let items = field.split(|char| {
        let is_literal = escaped;
        escaped = char == '\\' && quoted && !is_literal;
        quoted ^= char == '"' && !is_literal;
        char == ',' && !quoted
    });
    for item in items.map(str::trim).filter(|item| !item.is_empty()) {
        let (head, value) =
            item.split_once('=').map_or((item, None), |(head, value)| (head.trim(), Some(value.trim())));
        let (scheme, name) = match head.split_once([' ', '\t']) {
            Some((scheme, name)) => (Some(scheme), name.trim()),
            None if value.is_none() => (Some(head), ""),
            None => (None, head),
        };
        challenges.extend(scheme.map(|scheme| Parsed { scheme, params: Vec::new() }));
        if let (Some(challenge), Some(value)) = (challenges.last_mut(), value) {
            challenge.params.push((name, unquote(value)));
        }
    }
    challenges
}

/// A token as it is, a quoted string without its quotes and escapes (RFC 9110 §5.6.4).
#[cold]
fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|it| it.strip_suffix('"')) else { return value.to_owned() };
    let mut escaped = false;
    let mut is_kept = |char| {
        escaped = char == '\\' && !escaped;
        !escaped
    };
    inner.chars().filter(|char| is_kept(*char)).collect()
}

/// For between quotes (RFC 9110 §5.6.4).
#[cold]
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1.
    const RFC: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256,
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5,
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn strongest(field: &str) -> Challenge {
        Challenge::strongest(&field.replace('\n', "")).unwrap()
    }

    fn answer(field: &str, count: u32) -> String {
        let digest = strongest(field).digest.unwrap();
        digest.authorization("Mufasa", "Circle of Life", "GET", "/dir/index.html", count, CNONCE)
    }

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        let sha = answer(RFC, 1);
        assert!(
            sha.contains(r#"response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1""#),
            "{sha}"
        );
        assert!(sha.starts_with(r#"Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf"#), "{sha}");
        assert!(sha.ends_with("qop=auth, nc=00000001, algorithm=SHA-256"), "{sha}");
        let (_, md5) = RFC.rsplit_once("Digest").unwrap();
        let md5 = answer(&format!("Digest{md5}"), 1);
        assert!(md5.contains(r#"response="8ca523f5e9506fed4657c9700eebdbec""#), "{md5}");
    }

    #[test]
    fn the_example_of_rfc_2617_and_one_of_rfc_2069_come_out() {
        let field =
            r#"Digest realm="testrealm@host.com", qop="auth", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="x""#;
        let digest = strongest(field).digest.unwrap();
        let value = digest.authorization("Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1, "0a4f113b");
        assert!(value.contains(r#"response="6629fae49393a05397450978507c4ef1""#), "{value}");
        assert!(!value.contains("algorithm"), "{value}");
        let digest = strongest(r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#)
            .digest
            .unwrap();
        let value = digest.authorization("Mufasa", "CircleOfLife", "GET", "/dir/index.html", 1, "0a4f113b");
        assert!(value.contains(r#"response="1949323746fe6a43ef61f9606e7febea""#) && !value.contains("nc="), "{value}");
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
            assert_eq!(Challenge::strongest(none), None, "{none}");
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
        assert_eq!(strongest(r#"Basic realm="Zürich \\ \"", charset="UTF-8""#).realm, r#"Zürich \ ""#);
        assert_eq!(strongest("Basic").realm, "");
        for cut in (0..field.len()).filter(|at| field.is_char_boundary(*at)) {
            parse(&field[cut..]);
            parse(&field[..cut]);
        }
    }

    #[test]
    fn sessions_hashed_users_and_quotes() {
        let field = r#"Digest realm="a \"b\"", nonce="c", qop=auth, algorithm=MD5-sess, userhash=true, stale=TRUE"#;
        let digest = strongest(field).digest.unwrap();
        assert!(digest.stale);
        let value = digest.authorization("user", "pw", "GET", "/", 255, "d");
        let secret = Algorithm::Md5.hash(&format!("{}:c:d", Algorithm::Md5.hash(r#"user:a "b":pw"#)));
        let response = Algorithm::Md5.hash(&format!("{secret}:c:000000ff:d:auth:{}", Algorithm::Md5.hash("GET:/")));
        assert!(value.contains(&format!(r#"response="{response}""#)), "{value}");
        assert!(
            value.contains(r#"realm="a \"b\"""#) && value.ends_with("algorithm=MD5-sess, userhash=true"),
            "{value}"
        );
        assert!(value.contains(&format!(r#"username="{}""#, Algorithm::Md5.hash(r#"user:a "b""#))), "{value}");
    }
}
