//! The parameters of permessage-deflate (RFC 7692 §7.1), in an offer and in a response.

use std::borrow::Cow;
use std::fmt;
use std::mem::replace;

/// The extension's name.
pub(super) const NAME: &str = "permessage-deflate";

/// The parameters of one offer or response, each at most once. Displayed as they follow the extension's name.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) client_max_window_bits: WindowBits,
    /// The largest window that the server compresses with, 8 to 15.
    pub(super) server_max_window_bits: Option<u8>,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_no_context_takeover: bool,
}

/// `client_max_window_bits` (RFC 7692 §7.1.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WindowBits {
    /// The parameter is not there: the server must not limit the client's window.
    #[default]
    NotOffered,
    /// It has no value, which only an offer may have: the server may limit the window as it likes.
    Any,
    /// A value of 8 to 15. The server may limit the window further.
    AtMost(u8),
}

/// Parameters that are wrong, or that the offer does not allow: the handshake fails (RFC 6455 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// What is wrong, in a sentence that names the parameter.
    pub message: Cow<'static, str>,
}

impl Parameters {
    /// Fails for parameters that are unknown, repeated or wrong.
    pub(super) fn parse(items: &[(String, Option<String>)]) -> Result<Self, Disagreement> {
        let mut parsed = Self::default();
        for (name, value) in items {
            let value = value.as_deref();
            let is_repeated = match name.as_str() {
                "client_max_window_bits" => {
                    let bits =
                        value.map_or(Ok(WindowBits::Any), |_| window_bits(name, value).map(WindowBits::AtMost))?;
                    replace(&mut parsed.client_max_window_bits, bits) != WindowBits::NotOffered
                }
                "server_max_window_bits" => parsed.server_max_window_bits.replace(window_bits(name, value)?).is_some(),
                "client_no_context_takeover" => replace(&mut parsed.client_no_context_takeover, flag(name, value)?),
                "server_no_context_takeover" => replace(&mut parsed.server_no_context_takeover, flag(name, value)?),
                _ => return Err(disagreement(name, "is unknown")),
            };
            if is_repeated {
                return Err(disagreement(name, "appears twice"));
            }
        }
        Ok(parsed)
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client_max_window_bits {
            WindowBits::NotOffered => {}
            WindowBits::Any => out.write_str("; client_max_window_bits")?,
            WindowBits::AtMost(bits) => write!(out, "; client_max_window_bits={bits}")?,
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(out, "; server_max_window_bits={bits}")?;
        }
        if self.client_no_context_takeover {
            out.write_str("; client_no_context_takeover")?;
        }
        if self.server_no_context_takeover {
            out.write_str("; server_no_context_takeover")?;
        }
        Ok(())
    }
}

/// One or two digits, no leading zero (RFC 7692 §7.1.2).
pub(super) fn window_bits(name: &str, value: Option<&str>) -> Result<u8, Disagreement> {
    let bits = value.filter(|value| !value.starts_with(['0', '+'])).and_then(|value| value.parse().ok());
    bits.filter(|bits| (8..=15).contains(bits)).ok_or_else(|| disagreement(name, "must have a value from 8 to 15"))
}

fn flag(name: &str, value: Option<&str>) -> Result<bool, Disagreement> {
    if value.is_some() { Err(disagreement(name, "must not have a value")) } else { Ok(true) }
}

/// What is wrong with a parameter of the response. (An offer that is wrong is only skipped.)
pub(super) fn disagreement(parameter: &str, problem: &str) -> Disagreement {
    let message = format!("The response's permessage-deflate parameter \"{parameter}\" {problem}.");
    Disagreement { message: message.into() }
}
