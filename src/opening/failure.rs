//! Why a channel does not open.

use super::loss::Loss;
use crate::http::{Malformed, Response};
use crate::status::Status;

/// An argument or option that cannot be used: `asyncOpen` throws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidArgument<C> {
    /// The status that the error is named after.
    pub status: Status,
    /// A sentence: what is wrong, and what to do.
    pub message: String,
    /// The host's error.
    pub cause: Option<C>,
}

/// Why a channel did not open: `onStop`'s status and detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<C> {
    /// The status.
    pub status: Status,
    /// A sentence: what is wrong, and what to do.
    pub message: String,
    /// The response that was not an upgrade, or not a tunnel.
    pub http: Option<Response>,
    /// The system's error, or what a callback threw.
    pub cause: Option<C>,
    /// openTimeoutMs has run out.
    pub timed_out: bool,
}

impl<C> InvalidArgument<C> {
    pub(super) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), cause: None }
    }
}

impl<C> Failure<C> {
    pub(super) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), http: None, cause: None, timed_out: false }
    }
}

/// Why a dialogue with a peer failed.
#[derive(Debug)]
pub(super) enum Obstacle<C> {
    /// The connection was lost.
    Lost(Loss<C>),
    /// The peer broke the rules.
    Malformed(Malformed),
}

impl<C> From<Malformed> for Obstacle<C> {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl<C> From<Loss<C>> for Obstacle<C> {
    fn from(loss: Loss<C>) -> Self {
        Self::Lost(loss)
    }
}

/// Why a refusal is not followed up.
pub(super) struct DeadEnd<C> {
    /// `None` for the status that the refusal itself calls for.
    pub(super) status: Option<Status>,
    /// A sentence, or empty. With a status, it is the whole message. Without one, it follows the refusal's own sentence.
    pub(super) message: String,
    pub(super) cause: Option<C>,
}

impl<C> DeadEnd<C> {
    /// The refusal is all there is to say.
    pub(super) const PLAIN: Self = Self { status: None, message: String::new(), cause: None };

    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::PLAIN }
    }
}
