//! Node: `asyncAccept` and `refuse`.

use alloc::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::accepting::{Denial, Request, Terms};
use crate::facade::WebSocketChannel;
use crate::facade::arguments::{check_listener, parse_bytes, parse_protocols, quote, text_length};
use crate::facade::channel::Inner;
use crate::facade::options::{Options, whole_number};
use crate::protocol::has_memory;
use crate::status::Status;
use crate::transport::node::{Acceptance, deny, fields_of};
use crate::transport::{ChannelError, HostTransport, function, is_array, parse_url, property};

/// What only Node can do: accept connections, and wait for the end of TCP.
#[wasm_bindgen]
impl WebSocketChannel {
    /// `asyncAccept`: `request`, `socket` and `head` are those of an HTTP server's event `upgrade`.
    #[wasm_bindgen(js_name = asyncAccept)]
    pub fn async_accept(
        &self,
        request: &JsValue,
        socket: &JsValue,
        head: &JsValue,
        listener: &JsValue,
        context: &JsValue,
    ) -> Result<(), JsValue> {
        Ok(accept(&self.inner, [request, socket, head], (listener, context))?)
    }

    /// The channel is the connection of a web class: see `is_web` in `transport/node/mod.rs`.
    #[wasm_bindgen(js_name = __becomeWeb)]
    pub fn become_web(&self) {
        self.inner.attributes.node.is_web.set(true);
    }

    /// How much has left `bufferedAmount` since the channel exists, in bytes.
    #[wasm_bindgen(getter, js_name = __taken)]
    pub fn taken(&self) -> f64 {
        self.inner.driver.taken_amount() as f64
    }

    /// `refuse`: answers an upgrade request with a status other than 101.
    pub fn refuse(&self, request: &JsValue, socket: &JsValue, status: &JsValue, body: &JsValue) -> Result<(), JsValue> {
        Ok(refuse(&self.inner, [request, socket], status, body)?)
    }
}

fn accept(
    channel: &Rc<Inner>,
    [request, socket, head]: [&JsValue; 3],
    (listener, context): (&JsValue, &JsValue),
) -> Result<(), ChannelError> {
    let Options { timeouts, signal, max_message_size, host } = channel.options_if_idle("asyncAccept")?;
    let (parsed, socket) = parse("asyncAccept", request, socket)?;
    if property(&socket, "readableEncoding").is_string() || property(&socket, "readableObjectMode").is_truthy() {
        let message = "asyncAccept: socket gives text or objects instead of bytes. Do not call its setEncoding.";
        return Err(ChannelError::invalid(message));
    }
    let head = parse_head(head)?;
    check_listener("asyncAccept", listener)?;
    let protocols = parse_protocols(&channel.protocols.borrow())?;
    let uri = parsed.uri.as_deref();
    let uri = uri.and_then(|uri| parse_url(&uri.into(), &JsValue::UNDEFINED).ok()?.websocket().ok());
    let href = uri.as_ref().map(|uri| uri.href.clone()).unwrap_or_default();
    let acceptance = Acceptance {
        request: parsed,
        uri,
        connection: connection(request, &socket),
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

/// What the client sent behind its request.
fn parse_head(head: &JsValue) -> Result<Vec<u8>, ChannelError> {
    if head.is_null() || head.is_undefined() {
        return Ok(Vec::new());
    }
    let bytes = parse_bytes(head, "asyncAccept", "Pass the third argument of the event 'upgrade'.")?;
    if !has_memory(bytes.length() as usize) {
        let message = "asyncAccept: there is no memory left for head. Close other channels first.";
        return Err(ChannelError::new(Status::OUT_OF_MEMORY, message));
    }
    Ok(bytes.to_vec())
}

/// The channel stays idle. Only the headers of its options are used.
fn refuse(
    channel: &Rc<Inner>,
    [request, socket]: [&JsValue; 2],
    status: &JsValue,
    body: &JsValue,
) -> Result<(), ChannelError> {
    let options = channel.options_if_idle("refuse")?;
    let (parsed, socket) = parse("refuse", request, socket)?;
    let Some(status) = whole_number(status, 300, 599) else {
        let message = format!("refuse: {} is not a valid status. Use a whole number from 300 to 599.", quote(status));
        return Err(ChannelError::invalid(message));
    };
    let denial = Denial { status: status as u16, message: parse_body(body)?.into() };
    deny(&parsed, &socket, &connection(request, &socket), &denial, &options.host.headers)
}

/// `refuse`'s last argument.
fn parse_body(body: &JsValue) -> Result<String, ChannelError> {
    if body.is_undefined() {
        return Ok(String::new());
    }
    let Some(length) = text_length(body) else {
        let message = format!("refuse: body must be a string, not {}. Pass text, or leave it out.", quote(body));
        return Err(ChannelError::invalid(message));
    };
    // It has up to three bytes for each unit, and is copied into the response.
    if !has_memory(length.saturating_mul(2 * 3)) {
        let message = "refuse: there is no memory left for body. Pass less text.";
        return Err(ChannelError::new(Status::OUT_OF_MEMORY, message));
    }
    Ok(body.as_string().unwrap_or_default())
}

/// Reads the request's head, and checks the socket to answer on. They are the arguments of an `upgrade` event, or the fields and the stream of
/// an HTTP/2 `stream` event. With a stream, `request` may also be the request that Node makes of the fields for its `connect` event.
fn parse(method: &str, request: &JsValue, socket: &JsValue) -> Result<(Request, JsValue), ChannelError> {
    let raw = Some(property(request, "rawHeaders")).filter(is_array).map(JsCast::unchecked_into);
    let is_stream = function(socket, "respond").is_some();
    if !request.is_object() || raw.is_none() && !is_stream {
        let message = ": request must be the request of an HTTP server's event 'upgrade'. Pass its first argument.";
        return Err(ChannelError::invalid(format!("{method}{message}")));
    }
    if !socket.is_object()
        || ["on", "once", "write", "end", "pause", "destroy"].iter().any(|name| function(socket, name).is_none())
    {
        let message = ": socket must be the socket of an HTTP server's event 'upgrade'. Pass its second argument.";
        return Err(ChannelError::invalid(format!("{method}{message}")));
    }
    let fields = match raw {
        Some(raw) => pairs(&raw).ok_or_else(|| {
            let message =
                "does not hold the names and values of headers. Pass the request as the event 'upgrade' has it.";
            ChannelError::invalid(format!("{method}: request.rawHeaders {message}"))
        })?,
        None => fields_of(request),
    };
    let parsed = if is_stream { Request::extended_connect(fields) } else { parse_upgrade(request, fields, socket) };
    Ok((parsed, socket.clone()))
}

/// The connection behind the socket: for a request with a body, Node 26 passes a stream instead of the socket.
fn connection(request: &JsValue, socket: &JsValue) -> JsValue {
    Some(property(request, "socket")).filter(JsValue::is_object).unwrap_or_else(|| socket.clone())
}

/// Reads an upgrade request.
fn parse_upgrade(request: &JsValue, fields: Vec<(String, String)>, socket: &JsValue) -> Request {
    let text = |name: &'static str| property(request, name).as_string();
    let (method, version) = (text("method").unwrap_or_default(), text("httpVersion").unwrap_or_default());
    let scheme = if property(socket, "encrypted").is_truthy() { "wss" } else { "ws" };
    Request::upgrade(method, version, text("url"), scheme, fields)
}

/// The pairs of an array in which names and values alternate: one call gets them all. `None` if it is no such array. No header contains a line
/// break; one that did would make the number of texts wrong.
fn pairs(raw: &Array) -> Option<Vec<(String, String)>> {
    let joined = join(raw, "\n").ok()?;
    let texts: Vec<_> = if joined.is_empty() { Vec::new() } else { joined.split('\n').collect() };
    let pair = |pair: &[&str]| Some((pair.first()?.to_string(), pair.get(1)?.to_string()));
    if texts.len() == raw.length() as usize { texts.chunks(2).map(pair).collect() } else { None }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["Array", "prototype", "join"], js_name = call, catch)]
    fn join(array: &Array, separator: &str) -> Result<String, JsValue>;
}
