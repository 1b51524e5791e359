//! An opening over servers and proxies that say anything, in any pieces, and over connections that fail anywhere. It ends, it
//! asks within its limits, it writes only whole requests, and each secret reaches only the host that it is for.

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::http::Field;
use websocket_channel::opening::{Failure, Party, Proxy, ProxySetting, Settings};
use websocket_channel::status::Status;

use super::driver;
use super::world::{Await, Log, Script, World, check_failure, parse, settings};

pub(crate) fn run(data: &[u8]) {
    if let Ok(story) = Story::arbitrary_take_rest(Unstructured::new(data)) {
        story.play();
    }
}

#[derive(Arbitrary, Debug)]
struct Story {
    is_secure: bool,
    has_credentials: bool,
    has_secret_header: bool,
    proxy: Option<Via>,
    redirects: u8,
    answers: Option<u8>,
    connections: Vec<Connection>,
}

#[derive(Arbitrary, Debug)]
enum Via {
    Http,
    HttpWithCredentials,
    Https,
    Socks5,
}

#[derive(Arbitrary, Debug)]
struct Connection {
    looks_up: bool,
    fails_at: Option<Await>,
    hangs: bool,
    code: u8,
    seed: u8,
    says: Vec<Say>,
}

#[derive(Arbitrary, Debug)]
enum Say {
    Established,
    Socks5,
    Accept,
    Interim,
    /// A 401 or 407 with these challenges.
    Demand {
        proxy: bool,
        digest: bool,
        stale: bool,
        nonce: u8,
    },
    Redirect {
        status: u8,
        to: u8,
    },
    Status(u16),
    Bytes(Vec<u8>),
}

/// The servers' names show who owns them.
const TARGETS: [&str; 9] = [
    "/relative",
    "ws://first.example/back",
    "ws://other.example/",
    "wss://other.example/",
    "http://other.example:8080/#x",
    "//first.example/2",
    "ws://thief:known@other.example/",
    "ftp://other.example/",
    "ws://[::1",
];
const CODES: [&str; 6] = ["", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "CERT_HAS_EXPIRED", "EWEIRD"];

impl Story {
    fn play(self) {
        let scripts = self.connections.iter().take(60).map(Connection::script);
        let answer = self.answers.map(|odd| match odd % 4 {
            0 => ("asked".to_owned(), "asked-secret".to_owned()),
            1 => ("as:ked".to_owned(), "asked-secret".to_owned()),
            2 => ("asked\r\nX-Evil: 1".to_owned(), "asked-secret".to_owned()),
            _ => ("as\"ked\\".to_owned(), String::new()),
        });
        let world = World::new(scripts, answer);
        let mut settings = Settings { redirects: u32::from(self.redirects % 12), proxy: self.proxy(), ..settings() };
        if self.has_secret_header {
            settings.headers.push(Field::new("Cookie", "cookie-secret").expect("a header"));
        }
        let scheme = if self.is_secure { "wss" } else { "ws" };
        let user = if self.has_credentials { "user:uri-secret@" } else { "" };
        let end = world.open(&format!("{scheme}://{user}first.example/"), settings).expect("begun");
        match end {
            std::task::Poll::Ready(Ok(opened)) => {
                assert_eq!(opened.response.status, 101);
                assert_eq!((opened.protocol.as_str(), opened.extensions.as_str(), opened.deflate), ("", "", None));
            }
            std::task::Poll::Ready(Err(failure)) => self.check(&failure),
            std::task::Poll::Pending => {}
        }
        self.check_limits(&world);
        world.logs.borrow().iter().for_each(|log| self.check_requests(log));
    }

    fn proxy(&self) -> ProxySetting {
        let uri = match self.proxy {
            None => return ProxySetting::None,
            Some(Via::Http) => "http://proxy.example",
            Some(Via::HttpWithCredentials) => "http://user:proxy-secret@proxy.example",
            Some(Via::Https) => "https://proxy.example",
            Some(Via::Socks5) => "socks5://user:proxy-secret@proxy.example",
        };
        ProxySetting::Fixed(Proxy::parse(uri, "proxy", parse).expect("a proxy"))
    }

    fn check(&self, failure: &Failure<()>) {
        check_failure(failure);
        assert!(!failure.message.contains("-secret") && !failure.timed_out, "{}", failure.message);
        let is_proxys = [Status::PROXY_CONNECTION_REFUSED, Status::UNKNOWN_PROXY_HOST].contains(&failure.status);
        assert!(!is_proxys || self.proxy.is_some(), "{failure:?}");
        assert!(!is_proxys || failure.message.starts_with("proxy proxy.example:"), "{failure:?}");
    }

    /// Five origins and a proxy each ask ten times, accept a nonce as stale three times, and switch once from Basic to Digest.
    fn check_limits(&self, world: &World) {
        let redirects = u32::from(self.redirects % 12);
        assert!(world.redirects.get() <= redirects);
        assert!(world.asks.get() <= 60, "five origins and a proxy");
        let connections = world.logs.borrow().len();
        assert!(connections <= 1 + redirects as usize + 6 * 14, "{connections} connections");
    }

    /// Asserts that requests are whole lines, and that each host gets only the secrets that are for it.
    fn check_requests(&self, log: &Log) {
        let dialogue = matches!(self.proxy, Some(Via::Socks5));
        let text = String::from_utf8_lossy(&log.written);
        let http = if dialogue { text.find("GET ").map_or("", |at| &text[at..]) } else { &text };
        for (number, line) in http.split("\r\n").enumerate() {
            let is_request = line.is_empty() || line.starts_with("GET /") || line.starts_with("CONNECT ");
            assert!(is_request || line.contains(": ") && number > 0, "{line:?} in {text:?}");
            assert!(!line.contains(|char: char| char.is_ascii_control()) && !line.starts_with("X-Evil"), "{line:?}");
        }
        let (connect, request) =
            if http.starts_with("CONNECT ") { http.split_once("\r\n\r\n").unwrap_or((http, "")) } else { ("", http) };
        assert!(
            !connect.contains("\r\nAuthorization") && !connect.contains("Cookie") && !connect.contains("secret"),
            "{connect}"
        );
        assert!(!request.contains("Proxy-Authorization"), "{request}");
        let is_first = request.contains("\r\nHost: first.example\r\n");
        assert!(is_first || request.is_empty() || log.hop.is_foreign, "{request}");
        if log.hop.is_foreign {
            assert!(!request.contains("cookie-secret") && !request.contains(USER), "{request}");
        }
        assert_eq!(log.hop.to == Party::Proxy, self.proxy.is_some());
        assert!(
            log.tls.iter().filter(|peer| peer.party == Party::Proxy).count()
                <= usize::from(matches!(self.proxy, Some(Via::Https)))
        );
    }
}

/// `user:uri-secret` in base64.
const USER: &str = "dXNlcjp1cmktc2VjcmV0";

impl Connection {
    fn script(&self) -> Script {
        let mut bytes = Vec::new();
        self.says.iter().for_each(|say| say.write(&mut bytes));
        let mut sizes = driver::cuts(u32::from(self.seed), 400);
        let mut chunks = Vec::new();
        while !bytes.is_empty() {
            let rest = bytes.split_off(sizes().min(bytes.len()));
            chunks.push(std::mem::replace(&mut bytes, rest));
        }
        let code = CODES[usize::from(self.code) % CODES.len()];
        Script { looks_up: self.looks_up, fails_at: self.fails_at, hangs: self.hangs, code, chunks: chunks.into() }
    }
}

impl Say {
    fn write(&self, out: &mut Vec<u8>) {
        let text = match self {
            Self::Established => "HTTP/1.1 200 Connection established\r\n\r\n".into(),
            Self::Socks5 => return out.extend([5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 80]),
            Self::Accept => format!("{}\r\n", GOOD),
            Self::Interim => "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".into(),
            Self::Demand { proxy, digest, stale, nonce } => {
                let (status, name) = if *proxy { (407, "Proxy-Authenticate") } else { (401, "WWW-Authenticate") };
                let challenge = match digest {
                    true => format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\", stale={stale}"),
                    false => "Negotiate, Basic realm=\"r\"".into(),
                };
                format!("HTTP/1.1 {status} No\r\n{name}: {challenge}\r\nContent-Length: 0\r\n\r\n")
            }
            Self::Redirect { status, to } => {
                let status = [301, 302, 303, 307, 308][usize::from(*status) % 5];
                let to = TARGETS[usize::from(*to) % TARGETS.len()];
                format!("HTTP/1.1 {status} Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
            }
            Self::Status(status) => format!("HTTP/1.1 {} No\r\nContent-Length: 2\r\n\r\nno", status % 1000),
            Self::Bytes(bytes) => return out.extend(bytes),
        };
        out.extend(text.bytes());
    }
}

/// The head of a valid response, without its blank line. The key is the example of RFC 6455 §1.3.
const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
