//! permessage-deflate's negotiation (RFC 7692 §7.1) as a client: the offer, and what makes the response valid.

use super::extension_list;
use super::frame::Role;
use super::parameters::{Disagreement, NAME, Parameters, WindowBits, disagreement, window_bits};
use crate::grammar::quote;

/// The user's options for permessage-deflate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeflateOptions {
    /// Messages with fewer bytes are not compressed. `None` means [`THRESHOLD`] or [`THRESHOLD_WITHOUT_TAKEOVER`].
    pub threshold: Option<u64>,
    /// zlib's level, 0 to 9.
    pub level: i32,
    /// How a client offers `client_max_window_bits`. A server limits those clients to it that have offered the parameter.
    pub client_max_window_bits: WindowBits,
    /// The largest window that the server may compress with, 8 to 15. `None` means 15, and a client does not mention it.
    pub server_max_window_bits: Option<u8>,
    /// Whether the client must compress each message by itself.
    pub client_no_context_takeover: bool,
    /// Whether the server must compress each message by itself.
    pub server_no_context_takeover: bool,
}

/// A message with fewer bytes gains nothing from compression.
const THRESHOLD: u64 = 128;
/// The same for a message compressed by itself.
const THRESHOLD_WITHOUT_TAKEOVER: u64 = 1024;
/// zlib's windows are 512 bytes or larger. With a limit of 256 bytes we do not compress (RFC 7692 §7.2.1 does not require it).
const SMALLEST_WINDOW_BITS: u8 = 9;

/// zlib's compromise, which is also its own default.
pub const DEFAULT_LEVEL: i32 = 6;

impl Default for DeflateOptions {
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
    client: Side,
    server: Side,
    threshold: u64,
    pub(super) level: i32,
}

/// How one end compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// 8 to 15.
    pub(super) window_bits: u8,
    /// Whether a message may refer to earlier ones.
    pub(super) takeover: bool,
}

impl Agreement {
    /// What a server has selected with its response, from which follows how it compresses. `role` is this end's.
    pub(super) fn new(client: Side, response: &Parameters, options: &DeflateOptions, role: Role) -> Self {
        let server = Side {
            window_bits: response.server_max_window_bits.unwrap_or(15),
            takeover: !response.server_no_context_takeover,
        };
        let mut agreement = Self { client, server, threshold: 0, level: options.level };
        let threshold = if agreement.side(role).takeover { THRESHOLD } else { THRESHOLD_WITHOUT_TAKEOVER };
        agreement.threshold = options.threshold.unwrap_or(threshold);
        agreement
    }

    /// How the end that is `role` compresses.
    pub(super) fn side(&self, role: Role) -> Side {
        match role {
            Role::Client => self.client,
            Role::Server => self.server,
        }
    }

    /// Whether to compress a message of `len` bytes with a window of `window_bits`.
    #[inline]
    pub(super) fn compresses(&self, len: u64, window_bits: u8) -> bool {
        len > 0 && len >= self.threshold && window_bits >= SMALLEST_WINDOW_BITS
    }
}

impl DeflateOptions {
    /// The offer: the value of `Sec-WebSocket-Extensions` in the request.
    #[cold]
    pub fn offer(&self) -> String {
        let parameters = Parameters {
            client_max_window_bits: self.client_max_window_bits,
            server_max_window_bits: self.server_max_window_bits,
            client_no_context_takeover: self.client_no_context_takeover,
            server_no_context_takeover: self.server_no_context_takeover,
        };
        format!("{NAME}{parameters}")
    }

    /// Checks the response's parameters.
    fn agree(&self, response: &Parameters) -> Result<Agreement, Disagreement> {
        let client_limit = match (self.client_max_window_bits, response.client_max_window_bits) {
            (_, WindowBits::Any) => window_bits("client_max_window_bits", None)?, // fails: a response must have a value
            (WindowBits::NotOffered, WindowBits::AtMost(_)) => {
                return Err(disagreement("client_max_window_bits", "was not offered"));
            }
            (WindowBits::AtMost(most), WindowBits::AtMost(bits)) if bits > most => {
                return Err(disagreement("client_max_window_bits", "is larger than what was offered"));
            }
            (_, WindowBits::AtMost(bits)) | (WindowBits::AtMost(bits), WindowBits::NotOffered) => bits,
            (_, WindowBits::NotOffered) => 15,
        };
        if let Some(most) = self.server_max_window_bits {
            match response.server_max_window_bits {
                Some(bits) if bits <= most => {}
                Some(_) => return Err(disagreement("server_max_window_bits", "is larger than requested")),
                None => return Err(disagreement("server_max_window_bits", "was requested and is missing")),
            }
        }
        if self.server_no_context_takeover && !response.server_no_context_takeover {
            return Err(disagreement("server_no_context_takeover", "was requested and is missing"));
        }
        let client = Side {
            window_bits: client_limit,
            takeover: !(self.client_no_context_takeover || response.client_no_context_takeover),
        };
        Ok(Agreement::new(client, response, self, Role::Client))
    }
}

/// Checks the `Sec-WebSocket-Extensions` header of a response (its lines joined by commas) against the offer (RFC 6455 §9.1, RFC 7692
/// §5.1). `None` means that no extension is used.
#[cold]
pub fn agree_as_client(options: Option<&DeflateOptions>, header: &str) -> Result<Option<Agreement>, Disagreement> {
    let Some(extensions) = extension_list::parse(header) else {
        let message =
            format!("The response's Sec-WebSocket-Extensions field is not a list of extensions: {}.", quote(header));
        return Err(Disagreement { message: message.into() });
    };
    let fault = match (extensions.as_slice(), options) {
        ([], _) => return Ok(None),
        ([only], Some(options)) if only.name == NAME => {
            return Parameters::parse(&only.parameters).and_then(|response| options.agree(&response)).map(Some);
        }
        ([first, second, ..], Some(_)) if first.name == NAME => {
            format!("The response has a second extension: {}.", quote(&second.name))
        }
        ([first, ..], _) => format!("The response has an extension that was not offered: {}.", quote(&first.name)),
    };
    Err(Disagreement { message: fault.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(offer: &DeflateOptions, header: &str) -> Result<Option<Agreement>, String> {
        agree_as_client(Some(offer), header).map_err(|fault| fault.message.into_owned())
    }

    #[test]
    fn the_offer_says_what_was_chosen() {
        assert_eq!(DeflateOptions::default().offer(), "permessage-deflate; client_max_window_bits");
        let offer = DeflateOptions {
            client_max_window_bits: WindowBits::AtMost(10),
            server_max_window_bits: Some(9),
            client_no_context_takeover: true,
            server_no_context_takeover: true,
            ..DeflateOptions::default()
        };
        let expected = "permessage-deflate; client_max_window_bits=10; server_max_window_bits=9; \
                        client_no_context_takeover; server_no_context_takeover";
        assert_eq!(offer.offer(), expected);
        let bare = DeflateOptions { client_max_window_bits: WindowBits::NotOffered, ..DeflateOptions::default() };
        assert_eq!(bare.offer(), "permessage-deflate");
    }

    #[test]
    fn an_answer_within_the_offer_is_agreed_on() {
        let offer = DeflateOptions::default();
        assert_eq!(answer(&offer, ""), Ok(None));
        let plain = answer(&offer, "permessage-deflate").unwrap().unwrap();
        assert!(plain.client == plain.server && plain.client == Side { window_bits: 15, takeover: true });
        for header in [", permessage-deflate,", "permessage-deflate , ,"] {
            assert!(
                answer(&offer, header).unwrap().is_some(),
                "{header}: empty elements are ignored (RFC 9110 §5.6.1.2)"
            );
        }
        let quoted = answer(&offer, "permessage-deflate; client_max_window_bits=\"1\\0\"").unwrap().unwrap();
        assert_eq!(quoted.client.window_bits, 10, "a quoted string (RFC 6455 §9.1)");
        let all = "permessage-deflate;server_no_context_takeover; client_no_context_takeover ;client_max_window_bits=10; \
                   server_max_window_bits = 12";
        let agreed = answer(&offer, all).unwrap().unwrap();
        assert_eq!(agreed.client, Side { window_bits: 10, takeover: false });
        assert_eq!(agreed.server, Side { window_bits: 12, takeover: false });
        assert_eq!((agreed.threshold, plain.threshold), (THRESHOLD_WITHOUT_TAKEOVER, THRESHOLD));
    }

    #[test]
    fn a_window_of_eight_bits_is_agreed_on_and_not_used() {
        let agreed =
            answer(&DeflateOptions::default(), "permessage-deflate; client_max_window_bits=8").unwrap().unwrap();
        assert!(!agreed.compresses(1 << 20, agreed.client.window_bits));
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
            let message = answer(&DeflateOptions::default(), &format!("permessage-deflate{parameters}")).unwrap_err();
            assert!(message.contains(name), "{parameters}: {message}");
        }
        assert!(answer(&DeflateOptions::default(), "x-webkit-deflate-frame").unwrap_err().contains("x-webkit"));
        let others = answer(&DeflateOptions::default(), "x-one, x-two").unwrap_err();
        assert!(others.contains("not offered: \"x-one\""), "{others}");
        assert!(agree_as_client(None, "permessage-deflate").is_err(), "not offered at all");
    }

    #[test]
    fn an_answer_that_does_not_keep_to_the_offer_is_refused() {
        let offer = DeflateOptions {
            client_max_window_bits: WindowBits::AtMost(10),
            server_max_window_bits: Some(10),
            server_no_context_takeover: true,
            ..DeflateOptions::default()
        };
        let good = "permessage-deflate; server_max_window_bits=10; server_no_context_takeover";
        assert_eq!(answer(&offer, good).unwrap().unwrap().client.window_bits, 10);
        for bits in [9, 10] {
            let limited = answer(&offer, &format!("{good}; client_max_window_bits={bits}"));
            assert_eq!(limited.unwrap().unwrap().client.window_bits, bits);
        }
        for wrong in [
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=11; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10; server_no_context_takeover; client_max_window_bits=11",
        ] {
            assert!(answer(&offer, wrong).is_err(), "{wrong}");
        }
        let none = DeflateOptions { client_max_window_bits: WindowBits::NotOffered, ..DeflateOptions::default() };
        assert!(answer(&none, "permessage-deflate; client_max_window_bits=15").is_err());
    }
}
