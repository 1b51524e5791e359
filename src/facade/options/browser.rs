//! A browser honours no options of its own. It always behaves as `oneConnectingPerHost` asks, whatever the option says.

use alloc::borrow::Cow;

use super::{NODE, Properties, given};
use crate::facade::arguments::quote;
use crate::facade::host::not_implemented;
use crate::transport::{ChannelError, HostOptions, sentence};

pub(super) fn parse_host_options(options: &Properties) -> Result<HostOptions, ChannelError> {
    if let Some(flag) = given(options, "oneConnectingPerHost")
        && flag.as_bool().is_none()
    {
        let advice = " is not allowed. Use true or false.";
        return Err(ChannelError::invalid(sentence(&["oneConnectingPerHost: ", &quote(flag), advice])));
    }
    match NODE.iter().find(|name| given(options, name).is_some()) {
        None => Ok(HostOptions),
        Some(name) => {
            let instead = match *name {
                "headers" => "A page cannot add headers: put what the server needs into the URI or the first message.",
                "deflate" => "The browser negotiates compression by itself.",
                "redirects" => "The browser follows no redirects: pass the final URI.",
                "proxy" => "The browser uses the system's proxy.",
                _ => "The browser makes the connection by itself.",
            };
            let (problem, advice) = (": a browser cannot honour this option. ", " Set it in Node only, or to null.");
            Err(not_implemented(sentence(&[name, problem, instead, advice])))
        }
    }
}

/// What to do about an unknown option.
pub(super) fn advice_for(_name: &str) -> Cow<'static, str> {
    "Remove it. The documentation lists the options.".into()
}
