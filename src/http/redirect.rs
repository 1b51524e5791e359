//! Redirects (RFC 9110 §15.4): which responses redirect, and where they may lead.

use std::collections::BTreeSet;

use super::Response;

/// The `Location` of a response that asks for a redirect. 300, 304 and 305 are not followed.
pub fn location(response: &Response) -> Option<String> {
    let location = response.values("Location").next()?;
    let is_followed = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    is_followed.then(|| String::from_utf8_lossy(location).into_owned())
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// It leads from wss to ws, so the connection would no longer be encrypted.
    Unencrypted,
    /// It leads back to a URI that has redirected before.
    Circle,
    /// It exceeds the limit.
    TooMany,
}

/// The URIs that a chain of redirects has visited.
#[derive(Debug)]
pub struct Trail {
    /// URIs without user name and password.
    visited: BTreeSet<String>,
    limit: usize,
}

impl Trail {
    /// A chain that starts at `uri`, of at most `limit` redirects.
    pub fn new(uri: String, limit: u32) -> Self {
        Self { visited: BTreeSet::from([uri]), limit: usize::try_from(limit).unwrap_or(usize::MAX) }
    }

    /// Whether the next redirect may lead to `uri`. The two booleans say whether the connections before and after it are encrypted.
    pub fn check(&self, from_secure: bool, to_secure: bool, uri: &str) -> Result<(), Forbidden> {
        if from_secure && !to_secure {
            return Err(Forbidden::Unencrypted);
        }
        if self.visited.contains(uri) {
            return Err(Forbidden::Circle);
        }
        if self.visited.len() > self.limit { Err(Forbidden::TooMany) } else { Ok(()) }
    }

    /// Records that the redirect to `uri` is followed.
    pub fn follow(&mut self, uri: String) {
        self.visited.insert(uri);
    }
}
