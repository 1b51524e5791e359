//! Where to go next, and what to show there: proxies, accounts, redirects, and what another origin must not see.

use std::collections::HashMap;

use super::account::{Account, Credentials};
use super::dial::{Hop, HopTls, Party, Route, TlsPeer};
use super::explanation::Peer;
use super::failure::{DeadEnd, InvalidArgument};
use super::handshake::Request;
use super::proxy::{Proxy, ProxyKind};
use super::settings::Settings;
use crate::grammar::quote;
use crate::http::{Field, Forbidden, Scheme, Trail, is_bad_port};
use crate::status::Status;
use crate::uri::{Uri, without_credentials};

/// The state of an opening between two connections.
pub(super) struct Plan {
    pub(super) settings: Settings,
    /// Where the connection goes now.
    pub(super) uri: Uri,
    /// The proxy on the path there.
    pub(super) proxy: Option<Proxy>,
    /// Only this origin may see private headers and options.
    first_origin: String,
    /// HTTP/2 is offered to the server. Cleared if the server turns out to have no extended CONNECT.
    offers_http2: bool,
    trail: Trail,
    /// The accounts of all origins, including the proxies'.
    accounts: HashMap<String, Account>,
}

/// Asks caches for nothing, if the user does not ask for something else (Fetch, HTTP-network-or-cache fetch).
fn add_no_cache(headers: &mut Vec<Field>) {
    for name in ["Pragma", "Cache-Control"] {
        if !headers.iter().any(|field| field.is(name)) {
            headers.extend(Field::new(name, "no-cache"));
        }
    }
}

impl Plan {
    /// `uri` must come from [`Uri::websocket`].
    pub(super) fn new<C>(uri: Uri, mut settings: Settings) -> Result<Self, InvalidArgument<C>> {
        let invalid = |message: String| InvalidArgument::new(Status::INVALID_ARG, message);
        let proxy = settings.proxy.choose(&uri, settings.parse).map_err(invalid)?;
        if proxy.is_some() && settings.unix_socket {
            return Err(invalid(
                "proxy, socket.path: a unix socket is reached without a proxy. Leave one of them out.".into(),
            ));
        }
        if let Some(credentials) = Credentials::of(&uri) {
            if settings.headers.iter().any(|field| field.is("Authorization")) {
                let message = "headers: the URI contains a user name or password, and headers has Authorization. Leave one of them out.";
                return Err(invalid(message.into()));
            }
            let malformed = |problem| InvalidArgument::new(Status::MALFORMED_URI, format!("URI: {problem}"));
            credentials.check(Scheme::Basic).map_err(malformed)?;
        }
        if settings.is_web {
            let port = uri.port();
            if is_bad_port(port) {
                let message = format!(
                    "URI: port {port} is blocked, because another protocol uses it. Let the server listen on another one."
                );
                return Err(InvalidArgument::new(Status::PORT_ACCESS_NOT_ALLOWED, message));
            }
            add_no_cache(&mut settings.headers);
        }
        let trail = Trail::new(requested(&uri, settings.is_web), settings.redirects);
        let mut plan = Self {
            first_origin: uri.origin(),
            offers_http2: false,
            trail,
            settings,
            uri: Uri::default(),
            proxy: None,
            accounts: HashMap::new(),
        };
        plan.enter(uri, proxy);
        Ok(plan)
    }

    /// Where to connect to.
    pub(super) fn hop(&self) -> Hop {
        let (host, port) = match &self.proxy {
            Some(proxy) => (proxy.host.as_str(), proxy.port),
            None => (self.uri.address(), self.uri.port()),
        };
        let tls = match (&self.proxy, self.uri.is_secure()) {
            (None, true) => HopTls::Server,
            (Some(_), true) => HopTls::Tunnel,
            (Some(proxy), false) if proxy.kind == ProxyKind::Https => HopTls::Proxy,
            (_, false) => HopTls::None,
        };
        let to = if self.proxy.is_some() { Party::Proxy } else { Party::Server };
        let (is_foreign, offers_http2) = (self.is_foreign(), self.offers_http2);
        Hop { host: host.to_owned(), port, to, is_foreign, tls, offers_http2 }
    }

    /// The peer for TLS with the server.
    pub(super) fn tls(&self) -> TlsPeer {
        TlsPeer {
            host: self.uri.address().to_owned(),
            port: self.uri.port(),
            party: Party::Server,
            is_foreign: self.is_foreign(),
            offers_http2: self.offers_http2,
        }
    }

    /// The peer for TLS with a proxy.
    pub(super) fn proxy_tls(&self, proxy: &Proxy) -> TlsPeer {
        let (host, is_foreign) = (proxy.host.clone(), self.is_foreign());
        TlsPeer { host, port: proxy.port, party: Party::Proxy, is_foreign, offers_http2: false }
    }

    /// The route whose HTTP/2 sessions may be shared; `None` if HTTP/2 is not offered.
    pub(super) fn route(&self) -> Option<Route> {
        self.offers_http2
            .then(|| Route { server: self.tls(), proxy: self.proxy.clone().map(|proxy| self.with_account(proxy)) })
    }

    /// The proxy with the user name and password that it gets now: onAuthRequired may have returned others. A tunnel is for one account.
    fn with_account(&self, proxy: Proxy) -> Proxy {
        let credentials = self.accounts.get(&proxy.origin()).and_then(Account::credentials).cloned();
        Proxy { credentials, ..proxy }
    }

    /// The server has no extended CONNECT, so the next connection to it uses HTTP/1.1.
    pub(super) fn do_without_http2(&mut self) {
        self.offers_http2 = false;
    }

    /// The peer that sentences are about.
    pub(super) fn peer(&self, party: Party) -> Peer {
        match (&self.proxy, party) {
            (Some(proxy), Party::Proxy) => Peer::proxy(&proxy.authority),
            // Another origin is not reached through the socket file.
            _ if self.settings.unix_socket && !self.is_foreign() => Peer::local_server(&self.uri),
            _ => Peer::server(&self.uri),
        }
    }

    /// The origin whose user name and password `party` asks for.
    pub(super) fn origin(&self, party: Party) -> String {
        match (&self.proxy, party) {
            (Some(proxy), Party::Proxy) => proxy.origin(),
            _ => self.uri.origin(),
        }
    }

    pub(super) fn account(&mut self, party: Party) -> &mut Account {
        self.accounts.entry(self.origin(party)).or_default()
    }

    /// The next request to the server, with this method.
    pub(super) fn request(&mut self, method: &str) -> Request {
        let resource = resource_of(&self.uri, self.settings.is_web).to_owned();
        let authorization = self.authorization(Party::Server, "Authorization", method, &resource);
        let is_foreign = self.is_foreign();
        let own = self.settings.headers.iter().filter(|field| {
            let is_replaced = authorization.is_some() && field.is("Authorization");
            let is_hidden = is_foreign && field.is_private();
            !is_replaced && !is_hidden
        });
        let fields = self.settings.origin.iter().chain(own).chain(&authorization).cloned().collect();
        Request {
            host: self.uri.host().to_owned(),
            resource,
            key: Request::key((self.settings.random)()),
            protocols: self.settings.protocols.clone(),
            deflate: self.settings.deflate.clone(),
            fields,
        }
    }

    /// The authorization field of the next CONNECT, if there is one.
    pub(super) fn proxy_authorization(&mut self) -> Option<Field> {
        let target = self.uri.authority();
        self.authorization(Party::Proxy, "Proxy-Authorization", "CONNECT", &target)
    }

    fn authorization(&mut self, party: Party, name: &str, method: &str, resource: &str) -> Option<Field> {
        let value = self.account(party).authorization(method, resource)?;
        Field::new(name, &value).ok() // never fails: neither credentials nor challenges have control characters
    }

    /// Where a `Location` leads, if the rules allow it.
    pub(super) fn target<C>(&self, location: &str) -> Result<Uri, DeadEnd<C>> {
        let bad = |reason: &str| self.not_followed(Status::BAD_URI, location, reason);
        let uri = (self.settings.parse)(location, Some(&self.uri.href)).ok_or_else(|| bad("this is not a URI."))?;
        let uri = uri.without_fragment().websocket().map_err(|_| bad("the scheme must be ws, wss, http or https."))?;
        Credentials::of(&uri).map_or(Ok(()), |it| it.check(Scheme::Basic)).map_err(bad)?;
        if self.settings.is_web && is_bad_port(uri.port()) {
            let reason = "its port is blocked, because another protocol uses it.";
            return Err(self.not_followed(Status::PORT_ACCESS_NOT_ALLOWED, location, reason));
        }
        match self.trail.check(self.uri.is_secure(), uri.is_secure(), &requested(&uri, self.settings.is_web)) {
            Ok(()) => Ok(uri),
            Err(Forbidden::Unencrypted) => Err(bad("it leads from an encrypted connection to an unencrypted one.")),
            Err(Forbidden::Circle) => Err(self.not_followed(
                Status::REDIRECT_LOOP,
                location,
                "it leads in a circle, to a URI that was visited before.",
            )),
            Err(Forbidden::TooMany) => {
                let reason =
                    format!("it is one more than the {} that the option redirects allows.", self.settings.redirects);
                Err(self.not_followed(Status::REDIRECT_LOOP, location, &reason))
            }
        }
    }

    /// Whether redirects are followed at all.
    pub(super) fn follows_redirects(&self) -> bool {
        self.settings.redirects > 0
    }

    /// Goes on to `uri`, which [`Plan::target`] has returned for `location`.
    pub(super) fn follow<C>(&mut self, location: &str, uri: Uri) -> Result<(), DeadEnd<C>> {
        let proxy = self.settings.proxy.choose(&uri, self.settings.parse);
        let proxy = proxy.map_err(|problem| self.not_followed(Status::BAD_URI, location, &problem))?;
        self.trail.follow(requested(&uri, self.settings.is_web));
        self.enter(uri, proxy);
        Ok(())
    }

    /// A `Location` without the user name and password that it may have, whether it can be parsed or not.
    pub(super) fn shown(&self, location: &str) -> String {
        let Some((_, behind)) = location.rsplit_once('@') else { return location.into() };
        let parsed = (self.settings.parse)(location, Some(&self.uri.href)).filter(|uri| uri.href.contains("//"));
        parsed.map_or_else(|| format!("…@{behind}"), |uri| without_credentials(&uri.href))
    }

    /// `reason` is the end of a sentence.
    pub(super) fn not_followed<C>(&self, status: Status, location: &str, reason: &str) -> DeadEnd<C> {
        let (at, location) = (self.uri.authority(), self.shown(location));
        let message = format!("{at}: the redirect to {} was not followed: {reason}", quote(&location));
        DeadEnd { status: Some(status), message, cause: None }
    }

    /// Moves on to `uri`. The user name and password in it belong to its origin.
    fn enter(&mut self, uri: Uri, proxy: Option<Proxy>) {
        self.offers_http2 = self.settings.http2 && uri.is_secure();
        self.uri = uri;
        self.proxy = proxy;
        if let Some(credentials) = Credentials::of(&self.uri) {
            self.account(Party::Server).learn(credentials);
        }
        if let Some(credentials) = self.proxy.as_ref().and_then(|proxy| proxy.credentials.clone()) {
            self.account(Party::Proxy).learn(credentials);
        }
    }

    fn is_foreign(&self) -> bool {
        self.uri.origin() != self.first_origin
    }
}

/// What the request for this URI asks for. A web class keeps an empty query (RFC 9112 §3.2.1), a channel does not (RFC 6455 §3).
fn resource_of(uri: &Uri, is_web: bool) -> &str {
    if is_web { uri.target() } else { uri.resource() }
}

/// The same for all URIs that the same request is made of.
fn requested(uri: &Uri, is_web: bool) -> String {
    format!("{}{}", uri.origin(), resource_of(uri, is_web))
}
