//! An opening in progress: [`crate::opening`] as a task that can be dropped at any await.

use std::rc::Rc;

use futures_util::future::{AbortHandle, Abortable};
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::ask::Asker;
use super::dial::{Dialed, Dialer, Established};
use super::names::object;
use super::peer_options::PeerOptions;
use super::socket::Socket;
use super::{Node, keys};
use crate::channel::{Ending, TimedOut};
use crate::http::{Field, Response};
use crate::opening::{self, Failure, Opened, Progress, Settings};
use crate::protocol::{Agreement, Connection};
use crate::status::Status;
use crate::transport::{ChannelError, Evidence, JsHost, Target, parse_url, property};
use crate::uri::Uri;

/// The opening of one channel. Dropping it drops its sockets and everything it waits for.
pub(super) struct OpeningTask {
    progress: Rc<Progress>,
    abort: AbortHandle,
}

impl Drop for OpeningTask {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl OpeningTask {
    /// How the channel ends because openTimeoutMs has run out.
    pub(super) fn timed_out(&self) -> Ending<JsHost> {
        ending_of(self.progress.timed_out())
    }
}

/// Validates the target and starts to connect. None of the user's code runs before this has returned.
#[cold]
pub(super) fn begin(node: &Rc<Node>, target: Target) -> Result<(), ChannelError> {
    let Target { uri, protocols, options, .. } = target;
    let unix_socket = !property(&options.socket, "path").is_undefined();
    let origin = options.origin.map(|origin| Field::origin(&origin)).transpose();
    let settings = Settings {
        origin: origin.map_err(|_| {
            ChannelError::invalid(
                "asyncOpen: origin contains a character that a header must not have. Pass a URL's origin, or null.",
            )
        })?,
        headers: options.headers,
        is_web: node.attributes.node.is_web.get(),
        protocols,
        deflate: options.deflate,
        redirects: options.redirects,
        proxy: options.proxy,
        one_connecting_per_host: options.one_connecting_per_host,
        http2: options.http2,
        unix_socket,
        parse,
        random: keys::nonce,
    };
    let dialer = Dialer {
        node: node.clone(),
        options: PeerOptions { tls: options.tls, socket: options.socket },
        spare: Rc::default(),
    };
    keys::prepare().map_err(|thrown| {
        ChannelError::new(Status::UNEXPECTED, "asyncOpen: crypto.getRandomValues failed. The cause says why.")
            .because(thrown)
    })?;
    let begun = opening::begin(uri, settings, dialer, Asker { node: node.clone() });
    let (progress, future) = begun.map_err(|opening::InvalidArgument { status, message, cause }| {
        ChannelError::new(status, message).because(cause.unwrap_or_default())
    })?;
    let (abort, registration) = AbortHandle::new_pair();
    let (future, opened) = (Abortable::new(future, registration), node.clone());
    spawn_local(async move {
        match future.await {
            Ok(Ok(connection)) => opened.handle_opened(connection),
            Ok(Err(failure)) => opened.conclude(ending_of(failure), Socket::destroy),
            Err(_) => {} // the channel was closed
        }
    });
    *node.opening.borrow_mut() = Some(OpeningTask { progress, abort });
    Ok(())
}

/// The host's URL parser, in the form that the opening needs.
pub(crate) fn parse(text: &str, base: Option<&str>) -> Option<Uri> {
    parse_url(&text.into(), &base.map_or(JsValue::UNDEFINED, JsValue::from_str)).ok()
}

/// A variable of the environment.
pub(crate) fn env(name: &str) -> Option<String> {
    ENVIRONMENT.with(|environment| Reflect::get(environment, &name.into())).ok()?.as_string()
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = process, js_name = env)]
    static ENVIRONMENT: JsValue;
}

impl Node {
    fn handle_opened(self: &Rc<Self>, opened: Opened<Dialed>) {
        let over = self.opening.borrow_mut().take();
        if over.is_none() {
            return; // the channel was closed during the last await
        }
        drop(over);
        let Opened { socket, protocol, extensions, deflate, response, rest } = opened;
        let Established { socket, link, place, is_read } = socket.into_established();
        link.open(self.clone());
        let before = self.socket.replace(Some(socket));
        drop(before);
        self.place.replace(place);
        self.settle(deflate, protocol, extensions, response);
        self.start(&rest, is_read);
    }

    /// Stores what the handshake has settled, for either role. Frames follow.
    pub(super) fn settle(&self, deflate: Option<Agreement>, protocol: String, extensions: String, response: Response) {
        {
            let mut wire = self.wire.borrow_mut();
            wire.connection = Connection::new(self.role, deflate, wire.limit);
        }
        self.attributes.protocol.replace(protocol);
        self.attributes.extensions.replace(extensions);
        self.attributes.node.http_response.replace(HttpResponse::of(response));
        self.tell_opened();
    }
}

/// A failure as the channel reports it.
fn ending_of(failure: Failure<JsValue>) -> Ending<JsHost> {
    let Failure { status, message, http, cause, timed_out } = failure;
    let http = http.map_or(JsValue::NULL, |response| {
        let body = String::from_utf8_lossy(&response.body);
        let headers = headers_of(&response);
        let (status, body) = (response.status.into(), body.as_ref().into());
        object([("status", status), ("headers", headers.into()), ("body", body)]).into()
    });
    let evidence = Some(Evidence { http, cause: cause.unwrap_or(JsValue::NULL) });
    let timed_out = timed_out.then_some(TimedOut::Open);
    Ending { status, message: message.into(), timed_out, evidence, ..Ending::default() }
}

/// The attribute `httpResponse`: `{ status, headers }` of the response that opened the channel.
#[derive(Default)]
pub(crate) struct HttpResponse {
    response: Option<Response>,
    /// The attribute's value, made when it is first read. Few programs read it, and an object costs as much as all the rest of an opening's Rust.
    described: Option<JsValue>,
}

impl HttpResponse {
    fn of(response: Response) -> Self {
        Self { response: Some(response), described: None }
    }

    /// The attribute: the same object each time, or null before the channel was open.
    pub(crate) fn describe(&mut self) -> JsValue {
        if let Some(response) = self.response.take() {
            let headers = headers_of(&response).into();
            self.described = Some(object([("status", response.status.into()), ("headers", headers)]).into());
        }
        self.described.clone().unwrap_or(JsValue::NULL)
    }
}

/// The headers with lower-case names. The values of a repeated header are joined by commas (RFC 9110 §5.3).
fn headers_of(response: &Response) -> Object {
    let headers = Object::new();
    for (name, _) in response.fields.iter() {
        let value = response.joined(name).unwrap_or_default();
        let descriptor = object([
            ("value", value.into()),
            ("enumerable", true.into()),
            ("writable", true.into()),
            ("configurable", true.into()),
        ]);
        Object::define_property(&headers, &name.to_ascii_lowercase().into(), &descriptor); // `__proto__` is a name like any other
    }
    headers
}
