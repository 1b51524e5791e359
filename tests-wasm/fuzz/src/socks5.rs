//! A SOCKS5 proxy that says anything, compared with a second implementation of RFC 1928 and RFC 1929, which has all of its bytes at once.

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::http::{Expect, ResponseReader};
use websocket_channel::opening::{Proxy, ProxySetting, Settings};
use websocket_channel::status::Status;

use super::driver;
use super::world::{Script, World, check_failure, parse, settings};

pub(crate) fn run(data: &[u8]) {
    if let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) {
        case.run();
    }
}

#[derive(Arbitrary, Debug)]
struct Case {
    has_credentials: bool,
    host: u8,
    seed: u8,
    says: Vec<Say>,
}

#[derive(Arbitrary, Debug)]
enum Say {
    NoAuthentication,
    Password,
    Accepted,
    Connected,
    ConnectedByName(u8),
    Bytes(Vec<u8>),
    /// A response of the server behind the proxy.
    Refusal,
}

impl Say {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::NoAuthentication => out.extend([5, 0]),
            Self::Password => out.extend([5, 2]),
            Self::Accepted => out.extend([1, 0]),
            Self::Connected => out.extend([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]),
            Self::ConnectedByName(len) => {
                out.extend([5, 0, 0, 3, *len]);
                out.extend(vec![b'a'; usize::from(*len) + 2]);
            }
            Self::Bytes(bytes) => out.extend(bytes),
            Self::Refusal => out.extend(b"HTTP/1.1 418 No\r\nContent-Length: 0\r\n\r\n"),
        }
    }
}

const HOSTS: [(&str, &[u8]); 3] = [
    ("server.example", b"\x03\x0eserver.example"),
    ("127.0.0.1", b"\x01\x7f\0\0\x01"),
    ("[::1]", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
];

impl Case {
    fn run(self) {
        let mut bytes = Vec::new();
        self.says.iter().for_each(|say| say.write(&mut bytes));
        let (host, address) = HOSTS[usize::from(self.host) % HOSTS.len()];
        let (tunnel, written) = self.predict(&bytes, address);
        for cut in [bytes.len().max(1), 1, 0] {
            let mut sizes = driver::cuts(u32::from(self.seed), 64);
            let (mut chunks, mut rest) = (Vec::new(), &bytes[..]);
            while !rest.is_empty() {
                let size = if cut == 0 { sizes() } else { cut };
                let (chunk, behind) = rest.split_at(size.min(rest.len()));
                chunks.push(chunk.to_vec());
                rest = behind;
            }
            let world = World::new([Script { chunks: chunks.into(), ..Script::default() }], None);
            let uri =
                if self.has_credentials { "socks5://us%3Aer:secret@proxy.example" } else { "socks5://proxy.example" };
            let proxy = ProxySetting::Fixed(Proxy::parse(uri, "proxy", parse).expect("a proxy"));
            let end = world.open(&format!("ws://{host}:258/"), Settings { proxy, ..settings() }).expect("begun");
            let std::task::Poll::Ready(Err(failure)) = end else { panic!("nobody accepts") };
            check_failure(&failure);
            assert!(!failure.message.contains("secret"));
            let log = &world.logs.borrow()[0];
            match tunnel {
                Some(_) => assert_ne!(failure.status, Status::PROXY_CONNECTION_REFUSED, "{failure:?}"),
                None => assert_eq!(failure.status, Status::PROXY_CONNECTION_REFUSED, "{failure:?}"),
            }
            let is_418 = tunnel.is_some_and(|at| status_of(&bytes[at..]) == Some(418));
            assert_eq!(failure.http.is_some_and(|http| http.status == 418), is_418);
            let request = log.written.strip_prefix(&written[..]).expect("the dialogue");
            assert_eq!(request.starts_with(b"GET / HTTP/1.1\r\n"), tunnel.is_some(), "{}", request.escape_ascii());
            assert!(tunnel.is_some() || request.is_empty());
        }
    }

    /// Returns where in the proxy's bytes the tunnel begins, if it does, and what the client has written until then.
    fn predict(&self, bytes: &[u8], address: &[u8]) -> (Option<usize>, Vec<u8>) {
        let mut written = if self.has_credentials { vec![5, 2, 0, 2] } else { vec![5, 1, 0] };
        let mut at = 2;
        match bytes {
            [5, 0, ..] => {}
            [5, 2, rest @ ..] if self.has_credentials => {
                written.extend(b"\x01\x05us:er\x06secret");
                let [_, 0, ..] = rest else { return (None, written) };
                at += 2;
            }
            _ => return (None, written),
        }
        written.extend([5, 1, 0]);
        written.extend(address);
        written.extend([1, 2]);
        let len = match &bytes[at..] {
            [5, 0, _, 1, ..] => 10,
            [5, 0, _, 3, len, ..] => 7 + usize::from(*len),
            [5, 0, _, 4, ..] => 22,
            _ => return (None, written),
        };
        at += len;
        ((bytes.len() >= at).then_some(at), written)
    }
}

/// Returns the status of the first response.
fn status_of(bytes: &[u8]) -> Option<u16> {
    let mut reader = ResponseReader::new(Expect::Upgrade);
    let read = reader.read(bytes).ok()?;
    read.map(|(response, _)| response).or_else(|| reader.refusal()).map(|response| response.status)
}
