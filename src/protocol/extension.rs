//! permessage-deflate's negotiation (RFC 7692 §7.1) as a client: the offer, and what makes the response valid.

use std::borrow::Cow;

use super::extension_list;
use super::frame::Role;

/// The user's options for permessage-deflate, as an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeflateOffer {
    /// Messages with fewer bytes are not compressed. `None` means [`THRESHOLD`] or [`THRESHOLD_WITHOUT_TAKEOVER`].
    pub threshold: Option<u64>,
    /// zlib's level, 0 to 9.
    pub level: i32,
    /// How `client_max_window_bits` is offered.
    pub client_max_window_bits: WindowBits,
    /// The largest window the server may compress with, 8 to 15. `None` does not mention it.
    pub server_max_window_bits: Option<u8>,
    /// Announces that we compress each message by itself.
    pub client_no_context_takeover: bool,
    /// Asks the server to compress each message by itself.
    pub server_no_context_takeover: bool,
}

/// An offer of `client_max_window_bits` (RFC 7692 §7.1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowBits {
    /// The server must not limit our window.
    NotOffered,
    /// The server may limit it as it likes.
    Any,
    /// The server may limit it further; 8 to 15.
    AtMost(u8),
}

/// A message with fewer bytes gains nothing from compression.
const THRESHOLD: u64 = 128;
/// The same for a message compressed by itself.
const THRESHOLD_WITHOUT_TAKEOVER: u64 = 1024;
/// zlib's windows are 512 bytes or larger. With a limit of 256 bytes we do not compress (RFC 7692 §7.2.1 does not require it).
const SMALLEST_WINDOW_BITS: u8 = 9;

/// zlib's compromise, which is also its own default.
pub const DEFAULT_LEVEL: i32 = 6;

impl Default for DeflateOffer {
    fn default() -> Self {
        Self {
            threshold: None,
            level: DEFAULT_LEVEL,
            client_max_window_bits: WindowBits::Any,
            server_max_window_bits: None,
            client_no_context_takeover: false,
            server_no_context_takeover: false,
        }
    }
}

/// What both ends negotiated, and how this one uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    client_window_bits: u8,
    server_window_bits: u8,
    client_takeover: bool,
    server_takeover: bool,
    threshold: u64,
    pub(super) level: i32,
}

impl Agreement {
    /// What a server has selected. `client` and `server` are the window bits and context takeover of each end. `own_takeover` is this end's.
    pub(super) fn new(client: (u8, bool), server: (u8, bool), config: &DeflateOffer, own_takeover: bool) -> Self {
        let threshold = if own_takeover { THRESHOLD } else { THRESHOLD_WITHOUT_TAKEOVER };
        Self {
            client_window_bits: client.0,
            server_window_bits: server.0,
            client_takeover: client.1,
            server_takeover: server.1,
            threshold: config.threshold.unwrap_or(threshold),
            level: config.level,
        }
    }

    /// Whether a message from the end that is `role` may refer to earlier ones.
    pub(super) fn own_takeover(&self, role: Role) -> bool {
        match role {
            Role::Client => self.client_takeover,
            Role::Server => self.server_takeover,
        }
    }

    /// The window bits that the other end compresses with, 8 to 15, if its messages may refer to earlier ones.
    pub(super) fn peer_window_bits(&self, role: Role) -> Option<u8> {
        match role {
            Role::Client => self.server_takeover.then_some(self.server_window_bits),
            Role::Server => self.client_takeover.then_some(self.client_window_bits),
        }
    }

    /// The window bits that the end that is `role` compresses with, 8 to 15.
    pub(super) fn own_window_bits(&self, role: Role) -> u8 {
        match role {
            Role::Client => self.client_window_bits,
            Role::Server => self.server_window_bits,
        }
    }

    /// Whether to compress a message of `len` bytes with a window of `window_bits`.
    #[inline]
    pub(super) fn compresses(&self, len: u64, window_bits: u8) -> bool {
        len > 0 && len >= self.threshold && window_bits >= SMALLEST_WINDOW_BITS
    }
}

/// A response that the offer does not allow: the handshake fails (RFC 6455 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// What is wrong, in a sentence that names the parameter.
    pub message: Cow<'static, str>,
}

impl DeflateOffer {
    /// The value of `Sec-WebSocket-Extensions` in the request.
    #[cold]
    pub fn header(&self) -> String {
        let mut header = String::from(NAME);
        match self.client_max_window_bits {
            WindowBits::NotOffered => {}
            WindowBits::Any => header.push_str("; client_max_window_bits"),
            WindowBits::AtMost(bits) => header.push_str(&format!("; client_max_window_bits={bits}")),
        }
        if let Some(bits) = self.server_max_window_bits {
            header.push_str(&format!("; server_max_window_bits={bits}"));
        }
        if self.client_no_context_takeover {
            header.push_str("; client_no_context_takeover");
        }
        if self.server_no_context_takeover {
            header.push_str("; server_no_context_takeover");
        }
        header
    }

    fn agree(&self, parameters: Parameters) -> Result<Agreement, Disagreement> {
        let client_limit = match (self.client_max_window_bits, parameters.client_max_window_bits) {
            (WindowBits::NotOffered, Some(_)) => {
                return Err(disagreement("client_max_window_bits", "was not offered"));
            }
            (WindowBits::AtMost(most), Some(bits)) if bits > most => {
                return Err(disagreement("client_max_window_bits", "is larger than what was offered"));
            }
            (WindowBits::AtMost(most), None) => most,
            (_, bits) => bits.unwrap_or(15),
        };
        if let Some(most) = self.server_max_window_bits {
            match parameters.server_max_window_bits {
                Some(bits) if bits <= most => {}
                Some(_) => return Err(disagreement("server_max_window_bits", "is larger than requested")),
                None => return Err(disagreement("server_max_window_bits", "was requested and is missing")),
            }
        }
        if self.server_no_context_takeover && !parameters.server_no_context_takeover {
            return Err(disagreement("server_no_context_takeover", "was requested and is missing"));
        }
        let client_takeover = !(self.client_no_context_takeover || parameters.client_no_context_takeover);
        let server_bits = parameters.server_max_window_bits.unwrap_or(15);
        let server = (server_bits, !parameters.server_no_context_takeover);
        Ok(Agreement::new((client_limit, client_takeover), server, self, client_takeover))
    }
}

/// The parameters of the response, each at most once.
#[derive(Default)]
struct Parameters {
    client_max_window_bits: Option<u8>,
    server_max_window_bits: Option<u8>,
    client_no_context_takeover: bool,
    server_no_context_takeover: bool,
}

impl Parameters {
    fn parse(items: &[(String, Option<String>)]) -> Result<Self, Disagreement> {
        let mut parsed = Self::default();
        for (name, value) in items {
            let value = value.as_deref();
            let twice = match name.as_str() {
                "client_max_window_bits" => parsed.client_max_window_bits.replace(window_bits(name, value)?).is_some(),
                "server_max_window_bits" => parsed.server_max_window_bits.replace(window_bits(name, value)?).is_some(),
                "client_no_context_takeover" => {
                    std::mem::replace(&mut parsed.client_no_context_takeover, flag(name, value)?)
                }
                "server_no_context_takeover" => {
                    std::mem::replace(&mut parsed.server_no_context_takeover, flag(name, value)?)
                }
                _ => return Err(disagreement(name, "is unknown")),
            };
            if twice {
                return Err(disagreement(name, "appears twice"));
            }
        }
        Ok(parsed)
    }
}

/// Checks the `Sec-WebSocket-Extensions` header of a response (its lines joined by commas) against the offer (RFC 6455 §9.1, RFC 7692
/// §5.1). `None` means that no extension is used.
#[cold]
pub fn agree_as_client(offer: Option<&DeflateOffer>, header: &str) -> Result<Option<Agreement>, Disagreement> {
    let Some(extensions) = extension_list::parse(header) else {
        let shown: String = header.chars().take(100).collect();
        let message =
            format!("The response's Sec-WebSocket-Extensions field is not a list of extensions: \"{shown}\".");
        return Err(Disagreement { message: message.into() });
    };
    let fault = match (extensions.as_slice(), offer) {
        ([], _) => return Ok(None),
        ([only], Some(offer)) if only.name == NAME => {
            return Parameters::parse(&only.parameters).and_then(|parameters| offer.agree(parameters)).map(Some);
        }
        ([first, second, ..], Some(_)) if first.name == NAME => {
            format!("The response has a second extension: \"{}\".", second.name)
        }
        ([first, ..], _) => format!("The response has an extension that was not offered: \"{}\".", first.name),
    };
    Err(Disagreement { message: fault.into() })
}

pub(super) const NAME: &str = "permessage-deflate";

/// One or two digits, no leading zero (RFC 7692 §7.1.2).
pub(super) fn window_bits(name: &str, value: Option<&str>) -> Result<u8, Disagreement> {
    let bits = value.filter(|value| !value.starts_with(['0', '+'])).and_then(|value| value.parse().ok());
    bits.filter(|bits| (8..=15).contains(bits)).ok_or_else(|| disagreement(name, "must have a value from 8 to 15"))
}

fn flag(name: &str, value: Option<&str>) -> Result<bool, Disagreement> {
    if value.is_some() { Err(disagreement(name, "must not have a value")) } else { Ok(true) }
}

fn disagreement(parameter: &str, problem: &str) -> Disagreement {
    let message = format!("The response's permessage-deflate parameter \"{parameter}\" {problem}.");
    Disagreement { message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(offer: &DeflateOffer, header: &str) -> Result<Option<Agreement>, String> {
        agree_as_client(Some(offer), header).map_err(|fault| fault.message.into_owned())
    }

    #[test]
    fn the_offer_says_what_was_chosen() {
        assert_eq!(DeflateOffer::default().header(), "permessage-deflate; client_max_window_bits");
        let offer = DeflateOffer {
            client_max_window_bits: WindowBits::AtMost(10),
            server_max_window_bits: Some(9),
            client_no_context_takeover: true,
            server_no_context_takeover: true,
            ..DeflateOffer::default()
        };
        let expected = "permessage-deflate; client_max_window_bits=10; server_max_window_bits=9; \
                        client_no_context_takeover; server_no_context_takeover";
        assert_eq!(offer.header(), expected);
        let bare = DeflateOffer { client_max_window_bits: WindowBits::NotOffered, ..DeflateOffer::default() };
        assert_eq!(bare.header(), "permessage-deflate");
    }

    #[test]
    fn an_answer_within_the_offer_is_agreed_on() {
        let offer = DeflateOffer::default();
        assert_eq!(answer(&offer, ""), Ok(None));
        let plain = answer(&offer, "permessage-deflate").unwrap().unwrap();
        assert!(plain.client_takeover && plain.server_takeover && plain.client_window_bits == 15);
        for header in [", permessage-deflate,", "permessage-deflate , ,"] {
            assert!(
                answer(&offer, header).unwrap().is_some(),
                "{header}: empty elements are ignored (RFC 9110 §5.6.1.2)"
            );
        }
        let quoted = answer(&offer, "permessage-deflate; client_max_window_bits=\"1\\0\"").unwrap().unwrap();
        assert_eq!(quoted.client_window_bits, 10, "a quoted string (RFC 6455 §9.1)");
        let all = "permessage-deflate;server_no_context_takeover; client_no_context_takeover ;client_max_window_bits=10; \
                   server_max_window_bits = 12";
        let agreed = answer(&offer, all).unwrap().unwrap();
        assert_eq!((agreed.client_window_bits, agreed.client_takeover, agreed.server_takeover), (10, false, false));
        assert_eq!((agreed.threshold, plain.threshold), (THRESHOLD_WITHOUT_TAKEOVER, THRESHOLD));
    }

    #[test]
    fn a_window_of_eight_bits_is_agreed_on_and_not_used() {
        let agreed = answer(&DeflateOffer::default(), "permessage-deflate; client_max_window_bits=8").unwrap().unwrap();
        assert!(!agreed.compresses(1 << 20, agreed.own_window_bits(Role::Client)));
    }

    #[test]
    fn a_wrong_answer_is_refused_by_its_parameters_name() {
        for (parameters, name) in [
            ("; foo", "\"foo\""),
            ("; ", "not a list"),
            ("; client_max_window_bits", "client_max_window_bits"),
            ("; client_max_window_bits=7", "client_max_window_bits"),
            ("; client_max_window_bits=16", "client_max_window_bits"),
            ("; client_max_window_bits=010", "client_max_window_bits"),
            ("; client_max_window_bits=\"1,0\"", "client_max_window_bits"),
            ("; client_max_window_bits=\"10", "client_max_window_bits"),
            ("; server_max_window_bits=+9", "server_max_window_bits"),
            ("; server_max_window_bits=", "server_max_window_bits"),
            ("; server_max_window_bits=9; server_max_window_bits=9", "server_max_window_bits"),
            ("; server_no_context_takeover=1", "server_no_context_takeover"),
            ("; client_no_context_takeover; client_no_context_takeover", "client_no_context_takeover"),
            (", x-other", "x-other"),
            (", permessage-deflate", "permessage-deflate"),
            ("\u{A0}", "not a list"), // whitespace in Unicode, but not in HTTP
            ("; server_no_context_takeover\u{A0}", "server_no_context_takeover"),
            ("; client_max_window_bits=\u{3000}10", "client_max_window_bits"),
        ] {
            let message = answer(&DeflateOffer::default(), &format!("permessage-deflate{parameters}")).unwrap_err();
            assert!(message.contains(name), "{parameters}: {message}");
        }
        assert!(answer(&DeflateOffer::default(), "x-webkit-deflate-frame").unwrap_err().contains("x-webkit"));
        assert!(agree_as_client(None, "permessage-deflate").is_err(), "not offered at all");
    }

    #[test]
    fn an_answer_that_does_not_keep_to_the_offer_is_refused() {
        let offer = DeflateOffer {
            client_max_window_bits: WindowBits::AtMost(10),
            server_max_window_bits: Some(10),
            server_no_context_takeover: true,
            ..DeflateOffer::default()
        };
        let good = "permessage-deflate; server_max_window_bits=10; server_no_context_takeover";
        assert_eq!(answer(&offer, good).unwrap().unwrap().client_window_bits, 10);
        for wrong in [
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=11; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10; server_no_context_takeover; client_max_window_bits=11",
        ] {
            assert!(answer(&offer, wrong).is_err(), "{wrong}");
        }
        let none = DeflateOffer { client_max_window_bits: WindowBits::NotOffered, ..DeflateOffer::default() };
        assert!(answer(&none, "permessage-deflate; client_max_window_bits=15").is_err());
    }
}
