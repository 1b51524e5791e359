//! Digest's arithmetic (RFC 7616): the answer to a challenge. Randomness is an argument.

use md5::Md5;
use sha1::Digest as _;
use sha2::Sha256;

use super::challenge::Parsed;
use super::{isomorphic_decode, isomorphic_encode};

/// A challenge of the scheme Digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    pub(super) algorithm: Algorithm,
    /// The server named the algorithm. A server that did not may not know the parameter.
    named: bool,
    /// The algorithm's `-sess` variant.
    session: bool,
    /// Quality of protection "auth"; without it, the arithmetic of RFC 2069.
    qop: bool,
    userhash: bool,
    /// The nonce was too old, and nothing else: user name and password may be right.
    pub is_stale: bool,
}

/// From the weakest to the strongest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Algorithm {
    Md5,
    Sha256,
}

/// A challenge in use. A server's nonce may authorize many requests, which are counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nonce {
    digest: Digest,
    cnonce: String,
    count: u32,
}

impl Nonce {
    /// `random` must come from a cryptographic generator; it is the client's nonce.
    pub fn new(digest: Digest, random: &[u8]) -> Self {
        Self { digest, cnonce: hex(random), count: 0 }
    }

    /// The value of the next request's `Authorization` field, as a [byte string](isomorphic_decode). `method` and `resource` are the request's.
    pub fn authorization(&mut self, username: &str, password: &str, method: &str, resource: &str) -> String {
        self.count = self.count.saturating_add(1);
        self.digest.authorization(username, password, method, resource, self.count, &self.cnonce)
    }
}

impl Digest {
    /// `None` if the challenge asks for something that is not supported here.
    pub(super) fn read(challenge: &Parsed<'_>) -> Option<Self> {
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
            is_stale: is_true("stale"),
        })
    }

    /// RFC 7616 §3.4. `count` is the number of requests that used this nonce, this one included.
    fn authorization(
        &self,
        username: &str,
        password: &str,
        method: &str,
        resource: &str,
        count: u32,
        cnonce: &str,
    ) -> String {
        let Self { realm, nonce, .. } = self;
        let [username, password] = [username, password].map(|text| isomorphic_decode(text.as_bytes())); // in UTF-8
        let hash = |parts: &[&str]| self.algorithm.hash(&parts.join(":"));
        let mut secret = hash(&[&username, realm, &password]);
        if self.session {
            secret = hash(&[&secret, nonce, cnonce]);
        }
        let request = hash(&[method, resource]);
        let nc = hex(&count.to_be_bytes());
        let response = match self.qop {
            true => hash(&[&secret, nonce, &nc, cnonce, "auth", &request]),
            false => hash(&[&secret, nonce, &request]),
        };
        let username = if self.userhash { hash(&[&username, realm]) } else { username };
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

    /// The hash of the bytes of `text`, in lower-case hexadecimal digits.
    fn hash(self, text: &str) -> String {
        let bytes = isomorphic_encode(text);
        match self {
            Self::Md5 => hex(&Md5::digest(bytes)),
            Self::Sha256 => hex(&Sha256::digest(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

/// Escapes `text` for use between quotes (RFC 9110 §5.6.4).
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::super::Challenge;
    use super::*;

    /// RFC 7616 §3.9.1.
    const RFC: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256,
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5,
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn read(field: &str) -> Digest {
        Challenge::strongest([field.replace('\n', "").as_str()]).unwrap().digest.unwrap()
    }

    fn answer(field: &str, count: u32) -> String {
        read(field).authorization("Mufasa", "Circle of Life", "GET", "/dir/index.html", count, CNONCE)
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
        let digest = read(field);
        let value = digest.authorization("Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1, "0a4f113b");
        assert!(value.contains(r#"response="6629fae49393a05397450978507c4ef1""#), "{value}");
        assert!(!value.contains("algorithm"), "{value}");
        let digest = read(r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#);
        let value = digest.authorization("Mufasa", "CircleOfLife", "GET", "/dir/index.html", 1, "0a4f113b");
        assert!(value.contains(r#"response="1949323746fe6a43ef61f9606e7febea""#) && !value.contains("nc="), "{value}");
    }

    #[test]
    fn sessions_hashed_users_and_quotes() {
        let field = r#"Digest realm="a \"b\"", nonce="c", qop=auth, algorithm=MD5-sess, userhash=true, stale=TRUE"#;
        let digest = read(field);
        assert!(digest.is_stale);
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

    #[test]
    fn a_nonce_counts_its_requests_and_keeps_its_cnonce() {
        let mut nonce = Nonce::new(read(r#"Digest realm="r", nonce="n", qop="auth""#), &[0xAB, 0x01]);
        for count in ["00000001", "00000002"] {
            let value = nonce.authorization("user", "pw", "GET", "/");
            assert!(value.contains(&format!("nc={count}")) && value.contains(r#"cnonce="ab01""#), "{value}");
        }
    }

    #[test]
    fn a_realm_is_echoed_and_hashed_byte_by_byte_and_a_user_name_is_utf8() {
        let mut nonce = Nonce::new(read("Digest realm=\"Z\u{fc}rich\", nonce=n"), b"");
        let user = isomorphic_decode("jäger".as_bytes());
        let response = "04fecc1c75c523f72b297afe4fd46abb"; // computed by Python's hashlib
        assert_eq!(
            nonce.authorization("jäger", "p", "GET", "/"),
            format!(
                "Digest username=\"{user}\", realm=\"Z\u{fc}rich\", nonce=\"n\", uri=\"/\", response=\"{response}\""
            )
        );
    }
}
