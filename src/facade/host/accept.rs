//! Node: `asyncAccept` and `refuse`.

use alloc::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::accepting::{Denial, Request, Terms};
use crate::facade::arguments::quote;
use crate::facade::channel::{Inner, parse_bytes};
use crate::facade::options::{Options, whole_number};
use crate::transport::node::{Acceptance, respond};
use crate::transport::{HostTransport, Refusal, function, parse_url, property};
use crate::uri::Uri;

pub(in crate::facade) fn accept(
    channel: &Rc<Inner>,
    [request, socket, head]: [&JsValue; 3],
    (listener, context): (&JsValue, &JsValue),
) -> Result<(), Refusal> {
    let Options { timeouts, signal, max_message_size, host } = channel.settings("asyncAccept")?;
    let (parsed, socket) = parse("asyncAccept", request, socket)?;
    let head =
        if head.is_null() || head.is_undefined() { Vec::new() } else { parse_bytes(head, "asyncAccept")?.to_vec() };
    let protocols = channel.must_have("asyncAccept", listener)?;
    let uri = uri_of(request, &parsed, &socket);
    let href = uri.as_ref().map(|uri| uri.href.clone()).unwrap_or_default();
    let acceptance = Acceptance {
        request: parsed,
        uri,
        socket,
        head,
        terms: Terms { protocols, deflate: host.deflate, fields: host.headers },
        max_message_size,
        ping: channel.ping.get(),
        attributes: channel.attributes.clone(),
    };
    let connect = || HostTransport::accept(&channel.driver, acceptance);
    channel.begin("asyncAccept", timeouts, &signal, href, (listener, context), connect)
}

/// The channel stays idle: it has only lent its options' headers.
pub(in crate::facade) fn refuse(
    channel: &Rc<Inner>,
    [request, socket]: [&JsValue; 2],
    status: &JsValue,
    body: &JsValue,
) -> Result<(), Refusal> {
    let settings = channel.settings("refuse")?;
    let (_, socket) = parse("refuse", request, socket)?;
    let Some(status) = whole_number(status, 300, 599) else {
        let message = format!("refuse: {} is not a valid status. Use a whole number from 300 to 599.", quote(status));
        return Err(Refusal::invalid(message));
    };
    let body = match body.as_string() {
        Some(body) => body,
        None if body.is_undefined() => String::new(),
        None => {
            return Err(Refusal::invalid(format!(
                "refuse: body must be a string, not {}. Pass text, or leave it out.",
                quote(body)
            )));
        }
    };
    let denial = Denial { status: status as u16, message: body.into() };
    respond(&socket, &denial.to_bytes(&settings.host.headers));
    Ok(())
}

/// The request's head, and a socket to answer on.
fn parse(method: &str, request: &JsValue, socket: &JsValue) -> Result<(Request, JsValue), Refusal> {
    let raw: Option<Array> = property(request, "rawHeaders").dyn_into().ok();
    let Some(raw) = raw.filter(|_| request.is_object()) else {
        let message = ": request must be the request of an HTTP server's event 'upgrade'. Pass its first argument.";
        return Err(Refusal::invalid(format!("{method}{message}")));
    };
    if !socket.is_object() || ["on", "write", "end", "pause"].iter().any(|name| function(socket, name).is_none()) {
        let message = ": socket must be the socket of an HTTP server's event 'upgrade'. Pass its second argument.";
        return Err(Refusal::invalid(format!("{method}{message}")));
    }
    let text = |name| property(request, name).as_string().unwrap_or_default();
    let mut texts = raw.iter().map(|text| text.as_string().unwrap_or_default());
    let fields = std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect();
    let parsed = Request { method: text("method"), version: text("httpVersion"), fields };
    Ok((parsed, socket.clone()))
}

/// Where the client wanted to go: the target in the request, at the host that its field names (RFC 9112 §3.3).
fn uri_of(request: &JsValue, parsed: &Request, socket: &JsValue) -> Option<Uri> {
    let scheme = if property(socket, "encrypted").is_truthy() { "wss" } else { "ws" };
    let target = property(request, "url").as_string()?;
    let host = parsed.values("Host").next()?;
    let text = if target.starts_with('/') { format!("{scheme}://{host}{target}") } else { target };
    parse_url(&text.as_str().into(), &JsValue::UNDEFINED).ok()?.websocket().ok()
}
