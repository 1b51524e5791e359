//! A user name and password for one origin, and how they are shown there: Basic (RFC 7617) or Digest (RFC 7616).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::{Challenge, Nonce, Scheme};
use crate::uri::Uri;

/// How many times the user is asked for the credentials of one origin. A callback that always returns the same credentials must not
/// query a server forever.
pub(super) const MAX_ATTEMPTS: u32 = 10;
/// How many times a server may call its own nonce too old.
const MAX_STALE: u32 = 3;

/// A user name and a password.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Credentials") // no secret gets into a message or a log
    }
}

impl Credentials {
    /// The user name and password in a URI, `None` if it has neither. What cannot be percent-decoded stays as it is.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let decode = |text: &str| percent_decode(text).unwrap_or_else(|| text.to_owned());
        let (username, password) = uri.user();
        let credentials = Self { username: decode(username), password: decode(password) };
        (credentials != Self::default()).then_some(credentials)
    }

    /// Whether the scheme can carry them. The error is a sentence to put behind "where: ".
    pub fn check(&self, scheme: Scheme) -> Result<(), &'static str> {
        if self.username.chars().chain(self.password.chars()).any(|char| char.is_ascii_control()) {
            return Err("the user name or password contains a control character. Remove it.");
        }
        if scheme == Scheme::Basic && self.username.contains(':') {
            return Err(
                "the user name contains a colon, which Basic cannot carry (RFC 7617 §2). Use another user name.",
            );
        }
        Ok(())
    }
}

/// Percent-decoded. `None` if there is a `%` without two hexadecimal digits behind it, or if the bytes are not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                // (The standard parser would accept a sign.)
                let digits =
                    str::from_utf8(&digits).ok().filter(|it| it.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

/// What is known for one origin.
#[derive(Default)]
pub(super) struct Account {
    credentials: Option<Credentials>,
    /// The credentials of the last URI that had any. They count only if they change: a relative redirect repeats them, and must not
    /// replace what has been agreed on since.
    in_uri: Option<Credentials>,
    /// The challenge of Digest that is being answered; `None` for Basic, with which every account starts.
    nonce: Option<Nonce>,
    /// How many times the user was asked.
    pub(super) attempts: u32,
    stale: u32,
}

impl Account {
    /// Takes the credentials of a URI of this origin.
    pub(super) fn learn(&mut self, credentials: Credentials) {
        if self.in_uri.as_ref() == Some(&credentials) {
            return;
        }
        self.in_uri = Some(credentials.clone());
        self.set(credentials);
    }

    /// Uses these credentials from now on.
    pub(super) fn set(&mut self, credentials: Credentials) {
        self.credentials = Some(credentials);
        self.nonce = None;
    }

    pub(super) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Whether the credentials that were just refused may be sent once more without asking the user: by Digest instead of Basic,
    /// or with a new nonce. Counts the new nonces, because a server may ask for them for ever.
    pub(super) fn try_again(&mut self, challenge: &Challenge) -> bool {
        if self.credentials.is_none() || challenge.scheme() != Scheme::Digest {
            return false;
        }
        if self.nonce.is_none() {
            return true;
        }
        if !challenge.is_stale() {
            return false;
        }
        self.stale = self.stale.saturating_add(1);
        self.stale <= MAX_STALE
    }

    /// Makes the next requests answer this challenge.
    pub(super) fn challenged(&mut self, challenge: Challenge, random: [u8; 16]) {
        self.nonce = challenge.digest.map(|digest| Nonce::new(digest, &random));
    }

    /// The field's value in the next request to this origin; `None` if there are no credentials.
    pub(super) fn authorization(&mut self, method: &str, resource: &str) -> Option<String> {
        let Credentials { username, password } = self.credentials.as_ref()?;
        Some(match &mut self.nonce {
            Some(nonce) => nonce.authorization(username, password, method, resource),
            None => format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoded_utf8_is_decoded_and_nothing_else_is() {
        for (text, decoded) in [("a%20b%C3%A4%2b", "a bä+"), ("", ""), ("ä+", "ä+"), ("%25%32%30", "%20")] {
            assert_eq!(percent_decode(text).as_deref(), Some(decoded));
        }
        for text in ["%", "%2", "a%zz", "%+f", "%-1", "% 2", "%ff", "%c3%", "%\u{e4}"] {
            assert_eq!(percent_decode(text), None, "{text}");
        }
    }

    #[test]
    fn credentials_do_not_show_when_they_are_printed() {
        let credentials = Credentials { username: "user".into(), password: "hunter2".into() };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
