//! permessage-deflate as a server negotiates it (RFC 7692 §7.1): the first of the client's offers that can be accepted.

use super::extension::{Agreement, DeflateOffer, Disagreement, NAME, WindowBits, window_bits};

/// What a valid offer of permessage-deflate asks for.
#[derive(Default)]
struct Wishes {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// Set if the parameter is there, with or without a value.
    client_max_window_bits: Option<Option<u8>>,
}

/// Selects an offer from the request's `Sec-WebSocket-Extensions` (its lines joined by commas), as far as `config` allows. Returns the
/// agreement and the response's field, or `None` if no extension is used. Skips an offer that is wrong or cannot be accepted
/// (RFC 7692 §5.1).
///
/// # Errors
/// The field is not a list of extensions (RFC 6455 §9.1).
#[cold]
pub fn agree_as_server(
    header: &str,
    config: Option<&DeflateOffer>,
) -> Result<Option<(Agreement, String)>, Disagreement> {
    let offers = super::extension_list::parse(header).ok_or(Disagreement {
        message: "The request's Sec-WebSocket-Extensions field is not a list of extensions.".into(),
    })?;
    let Some(config) = config else { return Ok(None) };
    let good = offers.iter().filter(|offer| offer.name == NAME).find_map(|offer| Wishes::of(&offer.parameters));
    Ok(good.map(|wishes| wishes.agree(config)))
}

impl Wishes {
    /// `None` for parameters that are unknown, repeated or wrong (RFC 7692 §7.1).
    fn of(parameters: &[(String, Option<String>)]) -> Option<Self> {
        let mut wishes = Self::default();
        for (name, value) in parameters {
            let value = value.as_deref();
            let is_double = match (name.as_str(), value) {
                ("server_no_context_takeover", None) => std::mem::replace(&mut wishes.server_no_context_takeover, true),
                ("client_no_context_takeover", None) => std::mem::replace(&mut wishes.client_no_context_takeover, true),
                ("server_max_window_bits", _) => {
                    wishes.server_max_window_bits.replace(window_bits(name, value).ok()?).is_some()
                }
                ("client_max_window_bits", None) => wishes.client_max_window_bits.replace(None).is_some(),
                ("client_max_window_bits", _) => {
                    wishes.client_max_window_bits.replace(Some(window_bits(name, value).ok()?)).is_some()
                }
                _ => return None,
            };
            if is_double {
                return None;
            }
        }
        Some(wishes)
    }

    fn agree(&self, config: &DeflateOffer) -> (Agreement, String) {
        let server_takeover = !(self.server_no_context_takeover || config.server_no_context_takeover);
        let client_takeover = !(self.client_no_context_takeover || config.client_no_context_takeover);
        let server_bits = self.server_max_window_bits.unwrap_or(15).min(config.server_max_window_bits.unwrap_or(15));
        // A client that does not offer it cannot be limited (RFC 7692 §7.1.2.2).
        let client_bits = match (self.client_max_window_bits, config.client_max_window_bits) {
            (None, _) => 15,
            (Some(offered), WindowBits::AtMost(most)) => offered.unwrap_or(15).min(most),
            (Some(offered), _) => offered.unwrap_or(15),
        };
        let mut header = String::from(NAME);
        if !server_takeover {
            header.push_str("; server_no_context_takeover");
        }
        if !client_takeover {
            header.push_str("; client_no_context_takeover");
        }
        if server_bits < 15 || self.server_max_window_bits.is_some() {
            header.push_str(&format!("; server_max_window_bits={server_bits}"));
        }
        if client_bits < 15 {
            header.push_str(&format!("; client_max_window_bits={client_bits}"));
        }
        let agreement =
            Agreement::new((client_bits, client_takeover), (server_bits, server_takeover), config, server_takeover);
        (agreement, header)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Role;
    use super::*;

    fn answer(config: &DeflateOffer, header: &str) -> Option<String> {
        agree_as_server(header, Some(config)).unwrap().map(|(_, header)| header)
    }

    #[test]
    fn what_is_offered_is_taken() {
        let config = DeflateOffer::default();
        for (offered, answered) in [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
            ("permessage-deflate; client_max_window_bits=\"10\"", "permessage-deflate; client_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
            ("permessage-deflate;server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
            ("permessage-deflate ; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
            ("x-other; a=\"b\\c\", permessage-deflate", "permessage-deflate"),
            (" , permessage-deflate", "permessage-deflate"),
        ] {
            assert_eq!(answer(&config, offered).as_deref(), Some(answered), "{offered}");
        }
    }

    #[test]
    fn an_offer_that_is_wrong_is_passed_over_for_the_next() {
        let config = DeflateOffer::default();
        for wrong in [
            "; foo",
            "; foo=1",
            "; server_no_context_takeover=1",
            "; client_no_context_takeover=true",
            "; server_max_window_bits",
            "; server_max_window_bits=7",
            "; server_max_window_bits=16",
            "; server_max_window_bits=010",
            "; client_max_window_bits=7",
            "; client_max_window_bits; client_max_window_bits=10",
            "; server_no_context_takeover; server_no_context_takeover",
        ] {
            let alone = format!("permessage-deflate{wrong}");
            assert_eq!(answer(&config, &alone), None, "{alone}");
            assert_eq!(
                answer(&config, &format!("{alone}, permessage-deflate")).as_deref(),
                Some("permessage-deflate"),
                "{alone}"
            );
        }
        assert_eq!(answer(&config, ""), None);
        assert_eq!(answer(&config, "x-webkit-deflate-frame"), None);
        assert!(agree_as_server("permessage-deflate", None).unwrap().is_none(), "it is not supported");
    }

    #[test]
    fn what_is_no_list_of_extensions_is_refused() {
        for header in [
            "a b",
            "permessage-deflate; a=\"",
            ";",
            "permessage-deflate;",
            "permessage-deflate; =1",
            "a; b=",
            "(",
            "a; b=\"c d\"",
            "a; b=\"c,d\"",
            "é",
        ] {
            assert!(agree_as_server(header, Some(&DeflateOffer::default())).is_err(), "{header}");
        }
    }

    #[test]
    fn the_options_limit_both_ends() {
        let config = DeflateOffer {
            client_max_window_bits: WindowBits::AtMost(10),
            server_max_window_bits: Some(11),
            client_no_context_takeover: true,
            server_no_context_takeover: true,
            ..DeflateOffer::default()
        };
        let all = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=10";
        assert_eq!(answer(&config, "permessage-deflate; client_max_window_bits").as_deref(), Some(all));
        let (agreed, header) = agree_as_server("permessage-deflate", Some(&config)).unwrap().unwrap();
        assert_eq!(agreed.own_window_bits(Role::Client), 15, "it has not offered that it can be limited");
        assert_eq!((agreed.own_window_bits(Role::Server), agreed.peer_window_bits(Role::Server)), (11, None));
        assert!(!agreed.own_takeover(Role::Server) && !header.contains("client_max_window_bits"));
    }

    #[test]
    fn a_window_of_eight_bits_is_agreed_on_and_not_used() {
        let config = DeflateOffer::default();
        let (agreed, header) =
            agree_as_server("permessage-deflate; server_max_window_bits=8", Some(&config)).unwrap().unwrap();
        assert_eq!(header, "permessage-deflate; server_max_window_bits=8");
        assert!(!agreed.compresses(1 << 20, agreed.own_window_bits(Role::Server)));
    }
}
