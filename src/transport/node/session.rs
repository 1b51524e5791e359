//! HTTP/2 sessions, which channels to one server share (RFC 8441), over `session.js`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use wasm_bindgen::prelude::*;

use super::ending::LINGER_MS;
use super::loss::{loss_of, loss_of_stream};
use super::route_key::RouteKey;
use super::security::Security;
use crate::opening::Loss;

/// One session.
pub(super) struct Session {
    raw: RawSession,
    key: RouteKey,
    /// The server's certificate.
    security: Option<Box<Security>>,
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
    /// The server accepts no more streams.
    is_going_away: bool,
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
        security: Option<Box<Security>>,
        is_ref: bool,
    ) -> Result<Place, Loss<JsValue>> {
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
        Ok(Place::of(session, is_ref))
    }

    /// Takes a place in a session with an equal key that has room.
    pub(super) fn join(key: &RouteKey, is_ref: bool) -> Option<Place> {
        let with_room: Vec<_> =
            SESSIONS.with_borrow(|sessions| sessions.iter().filter(|session| session.room() > 0).cloned().collect());
        // To compare keys may run the user's code, which may take the last place.
        let found = with_room.into_iter().find(|it| it.key == *key && it.room() > 0 && !it.raw.is_closed());
        found.map(|session| Place::of(session, is_ref))
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

/// A channel's place in a session. The session ends with the last one.
pub(super) struct Place {
    session: Rc<Session>,
    is_ref: Cell<bool>,
}

impl Place {
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

    /// Whether the server accepts no more streams.
    pub(super) fn is_going_away(&self) -> bool {
        self.session.state.borrow().is_going_away
    }

    /// Lets no more channels join the session: a timeout may mean that its connection is dead.
    pub(super) fn withdraw(&self) {
        self.session.withdraw();
    }

    pub(super) fn session(&self) -> &RawSession {
        &self.session.raw
    }

    /// The server's certificate.
    pub(super) fn security(&self) -> Option<Box<Security>> {
        self.session.security.clone()
    }

    /// Whether the channel keeps the process alive.
    pub(super) fn set_ref(&self, is_ref: bool) {
        if self.is_ref.replace(is_ref) != is_ref {
            self.session.change_refs(if is_ref { 1 } else { -1 });
        }
    }
}

impl Drop for Place {
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
            session.state.borrow_mut().is_going_away = true;
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
