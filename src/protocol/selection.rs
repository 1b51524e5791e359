//! permessage-deflate as a server negotiates it (RFC 7692 §7.1): the first of the client's offers that can be accepted.

use super::extension::{Agreement, DeflateOptions, Side};
use super::frame::Role;
use super::parameters::{Disagreement, NAME, Parameters, WindowBits};

/// Selects an offer from the request's `Sec-WebSocket-Extensions` (its lines joined by commas), as far as `options` allows. Returns the
/// agreement and the response's field, or `None` if no extension is used. Skips an offer that is wrong or cannot be accepted
/// (RFC 7692 §5.1).
///
/// # Errors
/// The field is not a list of extensions (RFC 6455 §9.1).
#[cold]
pub fn agree_as_server(
    header: &str,
    options: Option<&DeflateOptions>,
) -> Result<Option<(Agreement, String)>, Disagreement> {
    let offers = super::extension_list::parse(header).ok_or(Disagreement {
        message: "The request's Sec-WebSocket-Extensions field is not a list of extensions.".into(),
    })?;
    let Some(options) = options else { return Ok(None) };
    let mut named = offers.iter().filter(|offer| offer.name == NAME);
    let offer = named.find_map(|offer| Parameters::parse(&offer.parameters).ok());
    Ok(offer.map(|offer| {
        let response = respond(&offer, options);
        let client_limit = match response.client_max_window_bits {
            WindowBits::AtMost(bits) => bits,
            WindowBits::NotOffered | WindowBits::Any => 15,
        };
        let client = Side { window_bits: client_limit, takeover: !response.client_no_context_takeover };
        (Agreement::new(client, &response, options, Role::Server), format!("{NAME}{response}"))
    }))
}

/// The parameters of the response.
fn respond(offer: &Parameters, options: &DeflateOptions) -> Parameters {
    let server_limit = options.server_max_window_bits.unwrap_or(15).min(offer.server_max_window_bits.unwrap_or(15));
    let client_limit = match (offer.client_max_window_bits, options.client_max_window_bits) {
        (WindowBits::NotOffered, _) => 15, // it cannot be limited (RFC 7692 §7.1.2.2)
        (WindowBits::AtMost(offered), WindowBits::AtMost(most)) => offered.min(most),
        (WindowBits::AtMost(bits), _) | (WindowBits::Any, WindowBits::AtMost(bits)) => bits,
        (WindowBits::Any, _) => 15,
    };
    let asks_for_limit = offer.server_max_window_bits.is_some();
    Parameters {
        client_max_window_bits: if client_limit < 15 {
            WindowBits::AtMost(client_limit)
        } else {
            WindowBits::NotOffered
        },
        server_max_window_bits: (server_limit < 15 || asks_for_limit).then_some(server_limit),
        client_no_context_takeover: offer.client_no_context_takeover || options.client_no_context_takeover,
        server_no_context_takeover: offer.server_no_context_takeover || options.server_no_context_takeover,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(config: &DeflateOptions, header: &str) -> Option<String> {
        agree_as_server(header, Some(config)).unwrap().map(|(_, header)| header)
    }

    #[test]
    fn what_is_offered_is_taken() {
        let config = DeflateOptions::default();
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
        let config = DeflateOptions::default();
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
            assert!(agree_as_server(header, Some(&DeflateOptions::default())).is_err(), "{header}");
        }
    }

    #[test]
    fn the_options_limit_both_ends() {
        let config = DeflateOptions {
            client_max_window_bits: WindowBits::AtMost(10),
            server_max_window_bits: Some(11),
            client_no_context_takeover: true,
            server_no_context_takeover: true,
            ..DeflateOptions::default()
        };
        let all = "permessage-deflate; client_max_window_bits=10; server_max_window_bits=11; client_no_context_takeover; server_no_context_takeover";
        assert_eq!(answer(&config, "permessage-deflate; client_max_window_bits").as_deref(), Some(all));
        let (agreed, header) = agree_as_server("permessage-deflate", Some(&config)).unwrap().unwrap();
        let client = Side { window_bits: 15, takeover: false };
        assert_eq!(agreed.side(Role::Client), client, "it has not offered that it can be limited");
        assert_eq!(agreed.side(Role::Server), Side { window_bits: 11, takeover: false });
        assert!(!header.contains("client_max_window_bits"));
    }

    #[test]
    fn a_window_of_eight_bits_is_agreed_on_and_not_used() {
        let config = DeflateOptions::default();
        let (agreed, header) =
            agree_as_server("permessage-deflate; server_max_window_bits=8", Some(&config)).unwrap().unwrap();
        assert_eq!(header, "permessage-deflate; server_max_window_bits=8");
        assert!(!agreed.compresses(1 << 20, agreed.side(Role::Server).window_bits));
    }
}
