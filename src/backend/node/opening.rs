//! From `asyncOpen` to the open connection, as `opening.js` sees to it: one connection after the other, as redirects and
//! authorization want it.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::socket::{Socket, Url};
use super::{Engine, Node, keys, request};
use crate::backend::{Evidence, JsHost, Refusal};
use crate::channel::{Ending, Report, State, TimedOut};
use crate::protocol::{Challenge, Connection, HttpAnswer};
use crate::status::Status;

#[wasm_bindgen(module = "/src/backend/node/opening.js")]
extern "C" {
    pub(crate) type Opening;

    /// `options` are what `host.js` has checked.
    #[wasm_bindgen(constructor)]
    pub(super) fn new(url: &JsValue, options: &JsValue) -> Opening;
    /// Where to connect to now.
    #[wasm_bindgen(method, getter)]
    pub(super) fn url(this: &Opening) -> Url;
    #[wasm_bindgen(method, getter)]
    pub(super) fn origin(this: &Opening) -> Option<String>;
    /// Pairs of a header's name and value, the values still anything.
    #[wasm_bindgen(method, getter)]
    pub(super) fn headers(this: &Opening) -> Array;
    /// undefined, false, or an object of numbers and booleans.
    #[wasm_bindgen(method, getter)]
    pub(super) fn deflate(this: &Opening) -> JsValue;
    /// Answers by `handleRetry` or `handleRefused`, now or later.
    #[wasm_bindgen(method)]
    fn judge(this: &Opening, engine: Engine, http: &JsValue, last: bool, is_proxy: bool);
    #[wasm_bindgen(method, js_name = explainTimeout)]
    fn explain_timeout(this: &Opening) -> JsValue;

    #[wasm_bindgen(js_name = httpAnswer)]
    fn http_answer(status: u16, fields: Vec<String>, body: &[u8]) -> JsValue;
}

impl Node {
    /// A connection that will ask for what the opening says now.
    #[cold]
    pub(super) fn next_connection(&self) -> Result<(), Refusal> {
        let request = request::of(&self.opening, &self.protocols)?;
        self.connection.replace(Connection::new(request, keys::nonce(), self.limits));
        Ok(())
    }

    /// Connects.
    #[cold]
    pub(super) fn connect(self: &Rc<Self>) -> Result<(), Refusal> {
        let socket = Socket::new(Engine(self.clone()));
        socket.open(&self.opening).map_err(|cause| {
            socket.detach();
            let message = "The option tls or socket has something that Node refuses; see the cause.";
            Refusal { cause, ..Refusal::new(Status::INVALID_ARG, message) }
        })?;
        self.sending.start_over();
        *self.socket.borrow_mut() = Some(Rc::new(socket));
        Ok(())
    }

    /// The server answered with HTTP, and no upgrade. `last`: nothing else may be tried.
    #[cold]
    pub(super) fn refused(self: &Rc<Self>, answer: HttpAnswer, last: bool) {
        let fields = answer.headers.into_iter().flat_map(|(name, value)| [name, value]).collect();
        self.judge(&http_answer(answer.status, fields, &answer.body), last, false);
    }

    fn judge(self: &Rc<Self>, http: &JsValue, last: bool, is_proxy: bool) {
        self.let_go(Socket::destroy);
        self.opening.judge(Engine(self.clone()), http, last, is_proxy);
    }

    /// openTimeoutMs has run out. A refusal whose body is still coming says more than a timeout does.
    #[cold]
    pub(super) fn open_timed_out(self: &Rc<Self>) {
        let event = self.connection.borrow_mut().handle_end();
        if let Some(crate::protocol::Event::Refused(answer)) = event {
            return self.refused(answer, true);
        }
        let evidence = Some(Evidence { words: self.opening.explain_timeout(), ..Evidence::default() });
        let timed_out = Some(TimedOut::Open);
        self.conclude(
            Ending { status: Status::NET_TIMEOUT, timed_out, evidence, ..Ending::default() },
            Socket::destroy,
        );
    }

    #[cold]
    fn retry(self: &Rc<Self>) {
        if self.session.state() != State::Connecting {
            return; // it was closed meanwhile
        }
        if let Err(Refusal { status, message, cause }) = self.next_connection().and_then(|()| self.connect()) {
            let cause = if cause.is_undefined() { JsValue::NULL } else { cause };
            let evidence = Some(Evidence { cause, ..Evidence::default() });
            self.session.report(Report::Gone(Ending { status, message, evidence, ..Ending::default() }));
        }
    }
}

/// What `opening.js` calls.
#[wasm_bindgen]
impl Engine {
    /// The answer is a refusal; `kind` is how `opening.js` numbers them, `words` say why.
    #[wasm_bindgen(js_name = handleRefused)]
    pub fn handle_refused(&self, kind: u8, words: JsValue, http: JsValue, cause: JsValue) {
        let status = match kind {
            1 => Status::REDIRECT_LOOP,
            2 => Status::BAD_URI,
            3 => Status::PROXY_CONNECTION_REFUSED,
            _ => Status::CONNECTION_REFUSED,
        };
        let evidence = Some(Evidence { http, cause, words });
        let ending: Ending<JsHost> = Ending { status, evidence, ..Ending::default() };
        self.0.session.report(Report::Gone(ending));
    }

    /// The proxy's answer to CONNECT is a refusal; `fields` are the names and values of its headers by turns.
    #[wasm_bindgen(js_name = handleProxyRefusal)]
    pub fn handle_proxy_refusal(&self, status: u16, fields: Vec<String>, body: &[u8]) {
        self.0.judge(&http_answer(status, fields, body), false, true);
    }

    /// Connect again, to where the opening says now.
    #[wasm_bindgen(js_name = handleRetry)]
    pub fn handle_retry(&self) {
        self.0.retry();
    }

    /// The strongest challenge in a `WWW-Authenticate` or `Proxy-Authenticate` header: its scheme, its realm, and `"stale"` if that is all that is
    /// wrong. Empty if there is none that can be answered.
    #[wasm_bindgen(js_name = readChallenge)]
    pub fn read_challenge(&self, field: &str) -> Vec<String> {
        let Some(Challenge { realm, digest }) = Challenge::strongest(field) else { return Vec::new() };
        let scheme = if digest.is_some() { "Digest" } else { "Basic" };
        let stale = if digest.is_some_and(|it| it.stale) { "stale" } else { "" };
        vec![scheme.into(), realm, stale.into()]
    }

    /// The value of `Authorization` that answers a challenge of Digest.
    #[wasm_bindgen(js_name = answerChallenge)]
    #[allow(clippy::too_many_arguments)] // what Digest makes a hash of
    pub fn answer_challenge(
        &self,
        field: &str,
        username: &str,
        password: &str,
        method: &str,
        resource: &str,
        count: u32,
        cnonce: &str,
    ) -> Option<String> {
        let digest = Challenge::strongest(field)?.digest?;
        Some(digest.authorization(username, password, method, resource, count, cnonce))
    }
}
