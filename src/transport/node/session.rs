//! HTTP/2 sessions, which channels to one server share (RFC 8441), over `session.js`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::ending::LINGER_MS;
use super::loss::{loss_of, loss_of_stream};
use super::security::Security;
use crate::http::{FieldLines, Response, isomorphic_encode};
use crate::opening::{Loss, Proxy};
use crate::transport::{Bytes, bytes_of as bytes, is_array, to_text};

/// How a server is reached. Sessions with equal keys are interchangeable.
pub(super) struct RouteKey {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) proxy: Option<Proxy>,
    /// The options `tls` and `socket`, by their own keys.
    pub(super) tls: Object,
    pub(super) socket: Object,
}

/// One session.
pub(super) struct Session {
    raw: RawSession,
    key: RouteKey,
    /// The server's certificate.
    security: Security,
    state: RefCell<State>,
    /// How many channels use it, and how many of those keep the process alive.
    users: Cell<u32>,
    refs: Cell<u32>,
}

#[derive(Default)]
struct State {
    /// Whether the server's settings enable extended CONNECT. Set once they have arrived.
    is_enabled: Option<bool>,
    /// How many streams the server accepts.
    max_streams: f64,
    /// The session is closed.
    lost: Option<Loss<JsValue>>,
    waker: Option<Waker>,
}

thread_local! {
    /// The sessions that have room for more, as far as is known.
    static SESSIONS: RefCell<Vec<Rc<Session>>> = RefCell::default();
}

/// How many bytes the server may send on one stream before they are read.
const STREAM_WINDOW: u32 = 1 << 20;
/// How many bytes it may send on all streams of a session together.
const SESSION_WINDOW: u32 = 1 << 24;

impl Session {
    /// Makes a session of a connection on which TLS has agreed on HTTP/2. Returns the first place in it.
    pub(super) fn open(
        connection: JsValue,
        key: RouteKey,
        security: Security,
        is_ref: bool,
    ) -> Result<Stream, Loss<JsValue>> {
        let authority = match key.host.contains(':') {
            true => format!("https://[{}]:{}", key.host, key.port),
            false => format!("https://{}:{}", key.host, key.port),
        };
        let handler: Rc<RefCell<Option<Rc<Self>>>> = Rc::default();
        let raw_handler = SessionHandler(handler.clone());
        let raw =
            RawSession::new(raw_handler, &connection, &authority, STREAM_WINDOW, SESSION_WINDOW).map_err(loss_of)?;
        let session =
            Rc::new(Self { raw, key, security, state: RefCell::default(), users: Cell::new(0), refs: Cell::new(0) });
        session.raw.set_ref(false);
        handler.replace(Some(session.clone()));
        Ok(Stream::of(session, is_ref))
    }

    /// Takes a place in a session with an equal key that has room.
    pub(super) fn join(key: &RouteKey, is_ref: bool) -> Option<Stream> {
        let with_room: Vec<_> =
            SESSIONS.with_borrow(|sessions| sessions.iter().filter(|session| session.room() > 0).cloned().collect());
        let found = with_room.into_iter().find(|session| !session.raw.is_closed() && session.key.is_same(key));
        found.map(|session| Stream::of(session, is_ref))
    }

    /// How many more channels fit, according to the server's settings.
    fn room(&self) -> usize {
        (self.state.borrow().max_streams - f64::from(self.users.get())).max(0.0) as usize
    }

    /// Lets no more channels join.
    fn withdraw(&self) {
        SESSIONS.with_borrow_mut(|sessions| sessions.retain(|it| !std::ptr::eq(&raw const **it, self)));
    }

    fn handle(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = self.state.borrow_mut();
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn change_refs(&self, change: i32) {
        let before = self.refs.get();
        let after = before.saturating_add_signed(change);
        self.refs.set(after);
        if (before == 0) != (after == 0) {
            self.raw.set_ref(after > 0);
        }
    }
}

impl RouteKey {
    fn is_same(&self, other: &Self) -> bool {
        self.host == other.host
            && self.port == other.port
            && self.proxy == other.proxy
            && has_same_values(&self.tls, &other.tls)
            && has_same_values(&self.socket, &other.socket)
    }
}

fn has_same_values(one: &Object, other: &Object) -> bool {
    let keys = Object::keys(one);
    let is_same = |key: JsValue| match (Reflect::get(one, &key), Reflect::get(other, &key)) {
        (Ok(one), Ok(other)) => is_same_value(&one, &other),
        _ => false,
    };
    keys.length() == Object::keys(other).length() && keys.iter().all(is_same)
}

/// Whether two values are the same. Bytes, and arrays of them, are compared by content, because a certificate may have been read anew for each channel.
fn is_same_value(one: &JsValue, other: &JsValue) -> bool {
    match (items(one), items(other)) {
        (Some(one), Some(other)) => {
            one.length() == other.length()
                && one.iter().zip(other.iter()).all(|(one, other)| is_same_item(&one, &other))
        }
        _ => is_same_item(one, other),
    }
}

fn is_same_item(one: &JsValue, other: &JsValue) -> bool {
    match (bytes(one), bytes(other)) {
        (Bytes::Plain(one), Bytes::Plain(other)) => one.length() == other.length() && one.to_vec() == other.to_vec(),
        _ => Object::is(one, other),
    }
}

/// A copy of an array. `None` if it is none, or if reading it throws, as a Proxy may.
fn items(value: &JsValue) -> Option<Array> {
    if is_array(value) { copy_of(value).ok() } else { None }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn copy_of(array: &JsValue) -> Result<Array, JsValue>;
}

/// A channel's place in a session. The session ends with the last one.
pub(super) struct Stream {
    session: Rc<Session>,
    is_ref: Cell<bool>,
}

impl Stream {
    fn of(session: Rc<Session>, is_ref: bool) -> Self {
        session.users.set(session.users.get() + 1);
        if is_ref {
            session.change_refs(1);
        }
        Self { session, is_ref: Cell::new(is_ref) }
    }

    /// Waits for the server's settings. Returns `None` unless they enable extended CONNECT (RFC 8441 §3). If they do, others may join from
    /// now on, and this returns how many.
    pub(super) async fn room_for_others(&self) -> Result<Option<usize>, Loss<JsValue>> {
        let is_enabled = poll_fn(|context| {
            let mut state = self.session.state.borrow_mut();
            if let Some(is_enabled) = state.is_enabled {
                return Poll::Ready(Ok(is_enabled));
            }
            if let Some(loss) = state.lost.take() {
                return Poll::Ready(Err(loss));
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await?;
        if !is_enabled {
            return Ok(None);
        }
        SESSIONS.with_borrow_mut(|sessions| sessions.push(self.session.clone()));
        Ok(Some(self.session.room()))
    }

    pub(super) fn session(&self) -> &RawSession {
        &self.session.raw
    }

    /// The server's certificate.
    pub(super) fn security(&self) -> Security {
        self.session.security.clone()
    }

    /// Whether the channel keeps the process alive.
    pub(super) fn set_ref(&self, is_ref: bool) {
        if self.is_ref.replace(is_ref) != is_ref {
            self.session.change_refs(if is_ref { 1 } else { -1 });
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.set_ref(false);
        let left = self.session.users.get().saturating_sub(1);
        self.session.users.set(left);
        if left > 0 {
            return;
        }
        self.session.withdraw();
        let has_settings = self.session.state.borrow().is_enabled.is_some();
        match has_settings {
            true => self.session.raw.close(LINGER_MS),
            false => self.session.raw.destroy(), // its settings may never arrive
        }
    }
}

/// What `session.js` calls. Each method says what has happened.
#[wasm_bindgen(skip_typescript)]
pub struct SessionHandler(Rc<RefCell<Option<Rc<Session>>>>);

impl SessionHandler {
    fn session(&self) -> Option<Rc<Session>> {
        self.0.borrow().clone()
    }
}

#[wasm_bindgen]
impl SessionHandler {
    /// The server's settings have arrived.
    #[wasm_bindgen(js_name = handleSettings)]
    pub fn handle_settings(&self, is_enabled: bool, max_streams: f64) {
        if let Some(session) = self.session() {
            session.handle(|state| {
                state.is_enabled = Some(is_enabled);
                state.max_streams = max_streams;
            });
        }
    }

    /// The server accepts no more streams.
    #[wasm_bindgen(js_name = handleGoaway)]
    pub fn handle_goaway(&self) {
        if let Some(session) = self.session() {
            session.withdraw();
        }
    }

    /// The session is closed, because of `error` if that is not null. This is the last call.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(&self, error: JsValue) {
        let Some(session) = self.0.take() else { return };
        session.withdraw();
        let loss = loss_of_stream(error, 0, true);
        session.handle(|state| state.lost = Some(loss));
    }
}

/// Fields in the form that node:http2 takes. A repeated name has an array of values.
pub(super) fn fields_object(fields: &[(String, String)]) -> Object {
    let object = Object::create(JsValue::NULL.unchecked_ref());
    for (name, _) in fields {
        let values: Array =
            fields.iter().filter(|(it, _)| it == name).map(|(_, value)| JsValue::from_str(value)).collect();
        let value = if values.length() == 1 { values.get(0) } else { values.into() };
        let _ = Reflect::set(&object, &name.as_str().into(), &value); // cannot fail on a plain object
    }
    object
}

/// The names and values of an object such as [`fields_object`] makes.
pub(crate) fn fields_of(object: &JsValue) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    // It has no prototype, so instanceof does not recognize it as an Object.
    for entry in Object::entries(object.unchecked_ref()).iter().filter_map(|entry| entry.dyn_into::<Array>().ok()) {
        let (name, value) = (entry.get(0).as_string().unwrap_or_default(), entry.get(1));
        let values = if value.is_array() { Array::from(&value) } else { Array::of1(&value) };
        fields.extend(values.iter().filter_map(|value| Some((name.clone(), to_text(&value)?))));
    }
    fields
}

/// Fields as a response keeps them. The characters of their values are bytes.
pub(super) fn bytes_of(fields: Vec<(String, String)>) -> FieldLines {
    fields.into_iter().map(|(name, value)| (name, isomorphic_encode(&value))).collect()
}

/// A response, from the fields that node:http2 reports.
pub(super) fn response_of(fields: &JsValue) -> Response {
    let (pseudo, fields): (Vec<_>, Vec<_>) = fields_of(fields).into_iter().partition(|(name, _)| name.starts_with(':'));
    let status = pseudo.iter().find(|(name, _)| name == ":status").and_then(|(_, status)| status.parse().ok());
    Response { version: 1, status: status.unwrap_or_default(), fields: bytes_of(fields), body: Vec::new() }
}

#[wasm_bindgen(module = "/src/transport/node/session.js")]
extern "C" {
    /// An HTTP/2 session.
    #[wasm_bindgen(js_name = Session)]
    pub(super) type RawSession;

    #[wasm_bindgen(constructor, catch, js_class = "Session")]
    fn new(
        handler: SessionHandler,
        socket: &JsValue,
        authority: &str,
        stream_window: u32,
        session_window: u32,
    ) -> Result<RawSession, JsValue>;
    #[wasm_bindgen(method, getter, js_class = "Session", js_name = isClosed)]
    fn is_closed(this: &RawSession) -> bool;
    #[wasm_bindgen(method, js_class = "Session", js_name = setRef)]
    fn set_ref(this: &RawSession, is_ref: bool);
    #[wasm_bindgen(method, js_class = "Session")]
    fn close(this: &RawSession, ms: u32);
    #[wasm_bindgen(method, js_class = "Session")]
    fn destroy(this: &RawSession);
}
