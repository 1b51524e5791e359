//! A host for one opening, made from the fuzzer's bytes: what its connections receive, and which of their awaits fail or never settle.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use websocket_channel::http::Response;
use websocket_channel::opening::{
    self, Answer, Ask, AuthRequest, Credentials, Dial, Failure, Hop, InvalidArgument, Loss, Opened, ProxySetting,
    Route, Settings, Socket, Stage, TlsPeer,
};
use websocket_channel::uri::Uri;

/// What one connection does.
#[derive(Default, Debug, Clone)]
pub(crate) struct Script {
    pub(crate) looks_up: bool,
    /// The await that fails.
    pub(crate) fails_at: Option<Await>,
    /// It never settles instead.
    pub(crate) hangs: bool,
    pub(crate) code: &'static str,
    pub(crate) chunks: VecDeque<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, arbitrary::Arbitrary)]
pub(crate) enum Await {
    Lookup,
    Connect,
    Tls,
    /// The read after the last chunk.
    Read,
}

/// What happened on one connection.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) hop: Hop,
    pub(crate) written: Vec<u8>,
    /// The peers with which TLS has been set up so far.
    pub(crate) tls: Vec<TlsPeer>,
    pub(crate) is_open: bool,
}

/// The host and the user of one opening.
#[derive(Default)]
pub(crate) struct World {
    scripts: RefCell<VecDeque<Script>>,
    pub(crate) logs: RefCell<Vec<Log>>,
    pub(crate) asks: Cell<u32>,
    pub(crate) redirects: Cell<u32>,
    /// The opening has reached an await that never settles.
    pub(crate) hung: Cell<bool>,
    credentials: Option<(String, String)>,
}

/// The state of an opening when nothing more can happen.
pub(crate) type End = Result<Poll<Result<Opened<FuzzSocket>, Failure<()>>>, InvalidArgument<()>>;

impl World {
    /// A connection without a script is ended by its peer. The user replies with `credentials`, or gives up.
    pub(crate) fn new(scripts: impl IntoIterator<Item = Script>, credentials: Option<(String, String)>) -> Rc<Self> {
        Rc::new(Self { scripts: RefCell::new(scripts.into_iter().collect()), credentials, ..Self::default() })
    }

    /// Polls once, because each await is ready at once or never.
    pub(crate) fn open(self: &Rc<Self>, uri: &str, settings: Settings) -> End {
        let uri = parse(uri, None).expect("a URI").websocket().expect("a WebSocket's");
        let (progress, opening) = opening::begin(uri, settings, Host(self.clone()), Host(self.clone()))?;
        let poll = pin!(opening).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll.is_pending(), self.hung.get(), "it waits for what does not come, and for nothing else");
        if poll.is_pending() {
            check_failure(&progress.timed_out::<()>());
        }
        Ok(poll)
    }
}

/// Asserts what is true of every failure.
pub(crate) fn check_failure<C>(failure: &Failure<C>) {
    let message = &failure.message;
    assert!(message.contains(": ") && message.ends_with('.') && !message.contains(['\r', '\n', '\0']), "{message:?}");
    assert!(failure.status.0 & 0x8000_0000 != 0, "{:?}", failure.status);
    assert!(failure.http.is_none() || !failure.timed_out);
    if let Some(http) = &failure.http {
        assert!(http.body.len() <= 4096 && http.fields.iter().count() <= 128);
    }
}

/// Returns the settings of a channel without options.
pub(crate) fn settings() -> Settings {
    Settings {
        origin: None,
        headers: Vec::new(),
        is_web: false,
        protocols: Vec::new(),
        deflate: None,
        redirects: 10,
        proxy: ProxySetting::None,
        one_connecting_per_host: false,
        http2: false, // in HTTP/2, node:http2 reads the bytes
        unix_socket: false,
        parse,
        random: || *b"the sample nonce",
    }
}

/// A URL parser like that of the hosts.
pub(crate) fn parse(text: &str, base: Option<&str>) -> Option<Uri> {
    let url = match base {
        Some(base) => url::Url::parse(base).ok()?.join(text).ok()?,
        None => url::Url::parse(text).ok()?,
    };
    Some(Uri::new(url.into()))
}

#[derive(Clone)]
struct Host(Rc<World>);

impl Dial for Host {
    type Socket = FuzzSocket;
    type Cause = ();
    type Key = Route;

    fn connect(&self, hop: &Hop) -> Result<FuzzSocket, ()> {
        let mut logs = self.0.logs.borrow_mut();
        assert!(!logs.iter().any(|log| log.is_open), "one connection at a time");
        logs.push(Log { hop: hop.clone(), written: Vec::new(), tls: Vec::new(), is_open: true });
        let script = self.0.scripts.borrow_mut().pop_front().unwrap_or_default();
        Ok(FuzzSocket { world: self.0.clone(), at: logs.len() - 1, script })
    }

    fn key(&self, route: &Route) -> Route {
        route.clone()
    }

    fn join(&self, _: &Route) -> Option<FuzzSocket> {
        panic!("HTTP/2 was not offered")
    }
}

pub(crate) struct FuzzSocket {
    world: Rc<World>,
    at: usize,
    script: Script,
}

impl FuzzSocket {
    async fn settle(&self, point: Await) -> Result<(), Loss<()>> {
        if self.script.fails_at != Some(point) {
            return Ok(());
        }
        if self.script.hangs {
            self.world.hung.set(true);
            pending::<()>().await;
        }
        Err(Loss { code: self.script.code.into(), message: "it is\r\nlost".into(), cause: Some(()) })
    }

    fn log(&self, write: impl FnOnce(&mut Log)) {
        write(&mut self.world.logs.borrow_mut()[self.at]);
    }
}

impl Drop for FuzzSocket {
    fn drop(&mut self) {
        self.log(|log| log.is_open = false);
    }
}

impl Socket for FuzzSocket {
    type Cause = ();
    type Key = Route;

    fn looks_up(&self) -> bool {
        self.script.looks_up
    }

    async fn resolved(&mut self) -> Result<(), Loss<()>> {
        assert!(self.script.looks_up);
        self.settle(Await::Lookup).await
    }

    async fn connected(&mut self) -> Result<(), Loss<()>> {
        self.settle(Await::Connect).await
    }

    async fn secure(&mut self, peer: &TlsPeer) -> Result<(), Loss<()>> {
        self.log(|log| log.tls.push(peer.clone()));
        self.settle(Await::Tls).await
    }

    fn has_shaken_hands(&self) -> bool {
        true
    }

    fn is_joined(&self) -> bool {
        false
    }

    fn speaks_http2(&self) -> bool {
        true // whatever the server says, because HTTP/2 was not offered
    }

    async fn share(&mut self, _: Route) -> Result<Option<usize>, Loss<()>> {
        panic!("HTTP/2 was not offered")
    }

    async fn request(&mut self, _: &[(String, String)]) -> Result<Response, Loss<()>> {
        panic!("HTTP/2 was not offered")
    }

    fn is_going_away(&self) -> bool {
        panic!("HTTP/2 was not offered")
    }

    fn write(&mut self, bytes: &[u8]) {
        assert!(!bytes.is_empty());
        self.log(|log| log.written.extend_from_slice(bytes));
    }

    async fn read(&mut self) -> Result<Vec<u8>, Loss<()>> {
        if let Some(chunk) = self.script.chunks.pop_front() {
            return Ok(chunk);
        }
        self.settle(Await::Read).await.map(|()| Vec::new())
    }

    fn unread(&mut self, bytes: Vec<u8>) {
        assert!(!bytes.is_empty());
        self.script.chunks.push_front(bytes);
    }
}

impl Ask for Host {
    type Cause = ();

    fn progress(&self, _: Stage, host: &str) {
        assert!(!host.is_empty() && !host.contains(['[', '@', '/']), "{host}");
    }

    fn sends(&self, head: impl FnOnce() -> String) {
        assert!(head().ends_with("\r\n"));
    }

    fn moved(&self, uri: &Uri) {
        assert!(uri.scheme().starts_with("ws") && !uri.href.contains('#'), "{uri:?}");
    }

    async fn credentials(&self, request: &AuthRequest) -> Answer<()> {
        self.0.asks.set(self.0.asks.get() + 1);
        assert!((1..=10).contains(&request.attempt));
        let credentials = self.0.credentials.clone();
        credentials
            .map_or(Answer::GaveUp, |(username, password)| Answer::Credentials(Credentials { username, password }))
    }

    async fn may_redirect(&self, from: &str, to: &str, status: u16) -> Result<bool, ()> {
        self.0.redirects.set(self.0.redirects.get() + 1);
        assert!(from != to && matches!(status, 301 | 302 | 303 | 307 | 308));
        Ok(true)
    }
}
