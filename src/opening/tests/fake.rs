//! A world for one opening: its sockets follow scripts, its callbacks are closures, and everything is recorded.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::*;
pub(super) use super::script::*;
use crate::http::isomorphic_decode;
use crate::uri::tests::parse;

/// What happened on a connection.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) hop: Hop,
    pub(super) tls: Vec<TlsPeer>,
    pub(super) written: Vec<u8>,
    pub(super) is_dropped: bool,
}

impl Connection {
    /// What was written, as text.
    pub(super) fn text(&self) -> String {
        isomorphic_decode(&self.written)
    }

    /// The value of a field in what was written, the last one.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let text = self.text();
        let mut values =
            text.lines().filter_map(|line| line.split_once(": ")).filter(|(it, _)| it.eq_ignore_ascii_case(name));
        values.next_back().map(|(_, value)| value.to_owned())
    }
}

type Credential = Box<dyn Fn(&AuthRequest) -> Result<Option<Credentials>, &'static str>>;
type Permission = Box<dyn Fn(&str, &str, u16) -> Result<bool, &'static str>>;

#[derive(Default)]
pub(super) struct Recorded {
    scripts: VecDeque<Script>,
    /// Sessions that others have made, each with one stream.
    pub(super) sessions: VecDeque<Script>,
    pub(super) joined: Vec<Route>,
    /// The keys of the sessions that this opening has made.
    pub(super) shared: Vec<Route>,
    /// The fields of each extended CONNECT.
    pub(super) requests: Vec<Vec<(String, String)>>,
    pub(super) connections: Vec<Connection>,
    pub(super) told: Vec<String>,
    /// The requests' heads, as the host was told.
    pub(super) heads: Vec<String>,
    pub(super) moved: Vec<String>,
    pub(super) asked: Vec<AuthRequest>,
    pub(super) redirects: Vec<(String, String, u16)>,
}

/// The host and the user.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) seen: Rc<RefCell<Recorded>>,
    credentials: Option<Rc<Credential>>,
    permission: Option<Rc<Permission>>,
    /// Callbacks whose promises never settle.
    thinks_forever: bool,
}

/// The state of an opening after everything that can happen has happened.
pub(super) enum Stand {
    Opened(Box<Opened<FakeSocket>>),
    Failed(Failure<&'static str>),
    Waiting(Rc<Progress>),
}

impl Stand {
    pub(super) fn opened(self) -> Box<Opened<FakeSocket>> {
        match self {
            Self::Opened(opened) => opened,
            Self::Failed(failure) => panic!("it failed: {failure:?}"),
            Self::Waiting(_) => panic!("it waits"),
        }
    }

    pub(super) fn failed(self) -> Failure<&'static str> {
        match self {
            Self::Opened(_) => panic!("it opened"),
            Self::Failed(failure) => {
                assert!(
                    !failure.message.contains(['\n', '\r']) && failure.message.ends_with('.'),
                    "{}",
                    failure.message
                );
                failure
            }
            Self::Waiting(_) => panic!("it waits"),
        }
    }

    pub(super) fn waiting(self) -> Rc<Progress> {
        match self {
            Self::Waiting(progress) => progress,
            _ => panic!("it does not wait"),
        }
    }
}

impl World {
    pub(super) fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let world = Self::default();
        world.seen.borrow_mut().scripts = scripts.into_iter().collect();
        world
    }

    pub(super) fn with_credentials(
        mut self,
        credentials: impl Fn(&AuthRequest) -> Result<Option<Credentials>, &'static str> + 'static,
    ) -> Self {
        self.credentials = Some(Rc::new(Box::new(credentials)));
        self
    }

    pub(super) fn with_permission(
        mut self,
        permission: impl Fn(&str, &str, u16) -> Result<bool, &'static str> + 'static,
    ) -> Self {
        self.permission = Some(Rc::new(Box::new(permission)));
        self
    }

    pub(super) fn thinking_forever(self) -> Self {
        Self { thinks_forever: true, ..self }
    }

    pub(super) fn open(&self, uri: &str) -> Stand {
        self.open_with(uri, settings())
    }

    pub(super) fn open_with(&self, uri: &str, settings: Settings) -> Stand {
        self.try_open(uri, settings).unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
    }

    /// Polls once: scripted awaits are ready at once, or never.
    pub(super) fn try_open(&self, uri: &str, settings: Settings) -> Result<Stand, InvalidArgument<&'static str>> {
        let uri = parse(uri, None).unwrap().websocket().unwrap();
        let (progress, opening) = begin(uri, settings, self.clone(), self.clone())?;
        {
            let seen = self.seen.borrow();
            assert!(seen.connections.len() <= 1 && seen.told.is_empty(), "one connection, no call of a callback");
        }
        let poll = pin!(opening).poll(&mut Context::from_waker(Waker::noop()));
        Ok(match poll {
            Poll::Ready(Ok(opened)) => Stand::Opened(Box::new(opened)),
            Poll::Ready(Err(failure)) => Stand::Failed(failure),
            Poll::Pending => Stand::Waiting(progress),
        })
    }

    pub(super) fn connections(&self) -> Vec<Connection> {
        self.seen.borrow().connections.clone()
    }

    /// The value of this field in each connection's request.
    pub(super) fn fields(&self, name: &str) -> Vec<Option<String>> {
        self.connections().iter().map(|connection| connection.field(name)).collect()
    }

    pub(super) fn told(&self) -> Vec<String> {
        self.seen.borrow().told.clone()
    }
}

/// The settings of a channel without options.
pub(super) fn settings() -> Settings {
    Settings {
        origin: None,
        headers: Vec::new(),
        is_web: false,
        protocols: Vec::new(),
        deflate: None,
        redirects: 10,
        proxy: ProxySetting::None,
        one_connecting_per_host: false,
        http2: false,
        unix_socket: false,
        parse,
        random: || [7; 16],
    }
}

pub(super) fn through(proxy: &str) -> Settings {
    Settings { proxy: ProxySetting::Fixed(Proxy::parse(proxy, "proxy", parse).unwrap()), ..settings() }
}

pub(super) fn user(username: &str, password: &str) -> Credentials {
    Credentials { username: username.into(), password: password.into() }
}

pub(super) fn basic(text: &str) -> Option<String> {
    Some(format!("Basic {}", STANDARD.encode(text)))
}

impl Dial for World {
    type Socket = FakeSocket;
    type Cause = &'static str;
    type Key = Route;

    fn connect(&self, hop: &Hop) -> Result<FakeSocket, &'static str> {
        let mut seen = self.seen.borrow_mut();
        let script = seen.scripts.pop_front().unwrap_or_else(|| panic!("a connection too many: {hop:?}"));
        if script.refused_options {
            seen.connections.pop();
            return Err("refused options");
        }
        seen.connections.push(Connection { hop: hop.clone(), tls: Vec::new(), written: Vec::new(), is_dropped: false });
        let at = seen.connections.len() - 1;
        Ok(FakeSocket { world: self.clone(), at, script, unread: VecDeque::new(), is_joined: false })
    }

    fn key(&self, route: &Route) -> Route {
        route.clone()
    }

    fn join(&self, route: &Route) -> Option<FakeSocket> {
        let mut seen = self.seen.borrow_mut();
        let script = seen.sessions.pop_front()?;
        seen.joined.push(route.clone());
        seen.connections.push(Connection {
            hop: Hop::default(),
            tls: Vec::new(),
            written: Vec::new(),
            is_dropped: false,
        });
        let at = seen.connections.len() - 1;
        Some(FakeSocket { world: self.clone(), at, script, unread: VecDeque::new(), is_joined: true })
    }
}

pub(super) struct FakeSocket {
    world: World,
    at: usize,
    script: Script,
    pub(super) unread: VecDeque<Vec<u8>>,
    is_joined: bool,
}

impl Drop for FakeSocket {
    fn drop(&mut self) {
        self.world.seen.borrow_mut().connections[self.at].is_dropped = true;
    }
}

impl Socket for FakeSocket {
    type Cause = &'static str;
    type Key = Route;

    fn looks_up(&self) -> bool {
        self.script.has_name
    }

    async fn resolved(&mut self) -> Result<(), Loss<Self::Cause>> {
        settle(self.script.resolved.clone()).await
    }

    async fn connected(&mut self) -> Result<(), Loss<Self::Cause>> {
        settle(self.script.connected.clone()).await
    }

    async fn secure(&mut self, peer: &TlsPeer) -> Result<(), Loss<Self::Cause>> {
        self.world.seen.borrow_mut().connections[self.at].tls.push(peer.clone());
        settle(self.script.secure.pop_front().unwrap_or(Step::Done)).await
    }

    fn has_shaken_hands(&self) -> bool {
        self.script.shakes_hands
    }

    fn is_joined(&self) -> bool {
        self.is_joined
    }

    fn speaks_http2(&self) -> bool {
        self.script.shares.is_some()
    }

    async fn share(&mut self, key: Route) -> Result<Option<usize>, Loss<Self::Cause>> {
        self.world.seen.borrow_mut().shared.push(key);
        match self.script.shares {
            Some(Share::Enabled(room)) => Ok(Some(room)),
            Some(Share::Disabled) => Ok(None),
            Some(Share::Lost(code)) => Err(loss(code, "")),
            Some(Share::Never) | None => pending().await,
        }
    }

    fn is_going_away(&self) -> bool {
        self.script.is_going_away
    }

    async fn request(&mut self, fields: &[(String, String)]) -> Result<Response, Loss<Self::Cause>> {
        self.world.seen.borrow_mut().requests.push(fields.to_vec());
        match self.script.answers.pop_front() {
            Some(Ok(response)) => Ok(response),
            Some(Err(code)) => Err(loss(code, "")),
            None => pending().await,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.world.seen.borrow_mut().connections[self.at].written.extend_from_slice(bytes);
    }

    async fn read(&mut self) -> Result<Vec<u8>, Loss<Self::Cause>> {
        if let Some(bytes) = self.unread.pop_front() {
            return Ok(bytes);
        }
        match self.script.reads.pop_front() {
            Some(Read::Bytes(bytes)) => Ok(bytes),
            Some(Read::Accept(lines, rest)) => {
                let key = self.world.connections()[self.at].field("Sec-WebSocket-Key").unwrap();
                Ok([accept(&key, lines).as_bytes(), rest].concat())
            }
            Some(Read::Lost(code, message)) => Err(loss(code, message)),
            Some(Read::Never) => pending().await,
            Some(Read::End) | None => Ok(Vec::new()),
        }
    }

    fn unread(&mut self, bytes: Vec<u8>) {
        assert!(!bytes.is_empty());
        self.unread.push_front(bytes);
    }
}

impl Ask for World {
    type Cause = &'static str;

    fn progress(&self, stage: Stage, host: &str) {
        self.seen.borrow_mut().told.push(format!("{} {host}", stage.name().trim_start_matches("NS_NET_STATUS_")));
    }

    fn sends(&self, head: impl FnOnce() -> String) {
        self.seen.borrow_mut().heads.push(head());
    }

    fn moved(&self, uri: &Uri) {
        self.seen.borrow_mut().moved.push(uri.href.clone());
    }

    async fn credentials(&self, request: &AuthRequest) -> Answer<&'static str> {
        self.seen.borrow_mut().asked.push(request.clone());
        if self.thinks_forever {
            pending::<()>().await;
        }
        match self.credentials.as_ref().map(|credentials| credentials(request)) {
            Some(Ok(Some(credentials))) => Answer::Credentials(credentials),
            Some(Ok(None)) => Answer::GaveUp,
            Some(Err(thrown)) => Answer::Failed(thrown),
            None => Answer::NoCallback,
        }
    }

    async fn may_redirect(&self, from: &str, to: &str, status: u16) -> Result<bool, &'static str> {
        self.seen.borrow_mut().redirects.push((from.into(), to.into(), status));
        if self.thinks_forever {
            pending::<()>().await;
        }
        self.permission.as_ref().map_or(Ok(true), |permission| permission(from, to, status))
    }
}
