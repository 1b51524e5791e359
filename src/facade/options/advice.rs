//! Node: what to do about an unknown option.

use std::borrow::Cow;

use super::{NODE, SHARED};

/// What WebSocket and WebSocketStream take besides the options of a channel.
const WEB: &[&str] = &["protocols", "origin", "notificationCallbacks", "loadGroup", "pingInterval", "pingTimeout"];

/// What to do about an unknown option. It may be an attribute, or have another name in ws or in Node.
pub(super) fn advice_for(name: &str) -> Cow<'static, str> {
    let advice = match name {
        "pingInterval" | "pingTimeout" | "loadGroup" | "notificationCallbacks" => {
            "It is an attribute of the channel: set it before asyncOpen."
        }
        "protocol" | "protocols" | "subprotocol" | "subprotocols" => {
            "WebSocket and WebSocketStream take { protocols }. On a channel, set its attribute protocol before asyncOpen."
        }
        "0" => "Pass subprotocols as { protocols: [...] }.",
        "origin" => "Pass it to asyncOpen, as the second argument.",
        "perMessageDeflate" | "compression" => "It is called deflate here.",
        "handshakeTimeout" | "openTimeout" | "connectTimeout" | "timeout" => "Use openTimeoutMs, in milliseconds.",
        "closeTimeout" => "Use closeTimeoutMs, in milliseconds.",
        "maxPayload" => "It is called maxMessageSize here.",
        "followRedirects" | "maxRedirects" => "It is called redirects here: how many to follow.",
        "rejectUnauthorized" | "ca" | "cert" | "key" | "pfx" | "passphrase" | "servername" | "ciphers" => {
            "Put it into the option tls."
        }
        "localAddress" | "family" | "lookup" => "Put it into the option socket.",
        "agent" | "dispatcher" => "Use the option proxy for a proxy; tls and socket have the rest.",
        "auth" => "Put user and password into the URI, or use notificationCallbacks.onAuthRequired.",
        _ => return of_unknown(name).into(),
    };
    advice.into()
}

fn of_unknown(name: &str) -> String {
    if let Some(known) = WEB.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return format!("Did you mean {known}?");
    }
    let (options, web) = ([SHARED, NODE].concat().join(", "), WEB.join(", "));
    format!("Remove it. The options are {options}. WebSocket and WebSocketStream also take {web}.")
}
