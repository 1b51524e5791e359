//! Fields that ask for authorization, made from the words of challenges. We must read them as http-auth, a second parser, does,
//! wherever it can read them (it supports neither token68 nor anything beyond ASCII).

use arbitrary::{Arbitrary, Unstructured};
use http_auth::ChallengeRef;
use websocket_channel::http::{Challenge, Field, Nonce, Scheme, isomorphic_decode};

pub(crate) fn run(data: &[u8]) {
    if let Ok(fields) = Vec::<Vec<Word>>::arbitrary_take_rest(Unstructured::new(data)) {
        let fields: Vec<String> = fields.iter().map(|words| words.iter().map(Word::text).collect()).collect();
        let challenge = Challenge::strongest(fields.iter().map(String::as_str));
        if let [field] = &fields[..] {
            compare(field, challenge.as_ref());
        }
        if let Some(digest) = challenge.and_then(|challenge| challenge.digest) {
            answer(Nonce::new(digest, b"random"), fields.concat().contains(|char: char| char.is_ascii_control()));
        }
    }
}

#[derive(Arbitrary, Debug)]
enum Word {
    Basic,
    Digest,
    Negotiate,
    Realm,
    Nonce,
    Qop,
    Auth,
    Algorithm,
    Md5Session,
    Sha256,
    Stale,
    True,
    Userhash,
    Opaque,
    Comma,
    Space,
    Equals,
    Quote,
    Backslash,
    /// `, Digest realm="…", nonce="…"`
    Whole(u8),
    Text(String),
}

impl Word {
    fn text(&self) -> String {
        String::from(match self {
            Self::Basic => "Basic ",
            Self::Digest => "dIGEST ",
            Self::Negotiate => "Negotiate YWJj==",
            Self::Realm => "realm=",
            Self::Nonce => "nonce=",
            Self::Qop => "qop=",
            Self::Auth => "auth",
            Self::Algorithm => "algorithm=",
            Self::Md5Session => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Stale => "stale=",
            Self::True => "TRUE",
            Self::Userhash => "userhash=",
            Self::Opaque => "opaque=",
            Self::Comma => ", ",
            Self::Space => " ",
            Self::Equals => "=",
            Self::Quote => "\"",
            Self::Backslash => "\\",
            Self::Whole(number) => return format!(", Digest realm=\"{number}\", nonce=\"\\{number}\""),
            Self::Text(text) => {
                return isomorphic_decode(text.as_bytes()).chars().filter(|char| !char.is_ascii_control()).collect();
            }
        })
    }
}

/// Asserts that we read what http-auth reads.
fn compare(field: &str, ours: Option<&Challenge>) {
    let Ok(challenges) = http_auth::parse_challenges(field) else { return };
    let mut best: Option<(u8, &ChallengeRef)> = None;
    for challenge in &challenges {
        let Some(strength) = strength(challenge) else { continue };
        if best.is_none_or(|(other, _)| strength > other) {
            best = Some((strength, challenge));
        }
    }
    let theirs = best.map(|(strength, challenge)| {
        let scheme = if strength == 0 { Scheme::Basic } else { Scheme::Digest };
        let is_stale = strength > 0 && is_true(challenge, "stale");
        (scheme, param(challenge, "realm").unwrap_or_default(), is_stale)
    });
    assert_eq!(ours.map(|it| (it.scheme(), it.realm.clone(), it.is_stale())), theirs, "{field:?}");
}

fn param(challenge: &ChallengeRef, name: &str) -> Option<String> {
    let (_, value) = challenge.params.iter().find(|(it, _)| it.eq_ignore_ascii_case(name))?;
    Some(value.to_unescaped())
}

fn is_true(challenge: &ChallengeRef, name: &str) -> bool {
    param(challenge, name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Returns 0 for Basic, 1 for Digest with MD5, 2 for Digest with SHA-256, and `None` for a challenge that cannot be answered.
fn strength(challenge: &ChallengeRef) -> Option<u8> {
    if challenge.scheme.eq_ignore_ascii_case("basic") {
        return Some(0);
    }
    let qop = param(challenge, "qop").unwrap_or("auth".into());
    let is_answerable = challenge.scheme.eq_ignore_ascii_case("digest")
        && param(challenge, "realm").is_some()
        && param(challenge, "nonce").is_some()
        && qop.split(',').any(|it| it.trim().eq_ignore_ascii_case("auth"));
    let algorithm = param(challenge, "algorithm").unwrap_or("MD5".into()).to_ascii_uppercase();
    match algorithm.trim_end_matches("-SESS") {
        "MD5" if is_answerable => Some(1),
        "SHA-256" if is_answerable => Some(2),
        _ => None,
    }
}

/// Asserts that the answer is a field that is safe to send, and that quoted text does not break out of its quotes.
fn answer(mut nonce: Nonce, has_controls: bool) {
    let value = nonce.authorization("us\"er, x=\"1\\", "secret", "GET", "/a\"b");
    assert!(has_controls || Field::new("Authorization", &value).is_ok(), "{value:?}");
    assert!(!value.contains("secret"));
    assert!(value.starts_with("Digest username=\""), "{value}");
    let again = http_auth::parse_challenges(&value);
    assert!(!value.is_ascii() || has_controls || again.is_ok_and(|list| list.len() == 1), "{value:?}");
}
