//! Upgrade requests and extended CONNECTs that are valid or nearly so, compared with a second implementation of RFC 6455 §4.2.1 and RFC 8441.

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::accepting::{Request, Terms, accept};
use websocket_channel::http::Field;
use websocket_channel::protocol::{DeflateOptions, WindowBits, agree_as_client};
use websocket_channel::uri::Uri;

pub(crate) fn run(data: &[u8]) {
    if let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) {
        case.run();
    }
}

#[derive(Arbitrary, Debug)]
struct Case {
    /// The differences from a valid request: which field, and what it is instead.
    changes: Vec<(u8, Change)>,
    method: u8,
    version: u8,
    protocol: u8,
    client_bits: Option<u8>,
    server_bits: Option<u8>,
    no_takeover: (bool, bool),
    without_deflate: bool,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Remove,
    Double,
    /// A value from `VALUES`.
    Pick(u8),
    /// These characters, in Latin-1.
    Raw(Vec<u8>),
    Add(u8),
}

const NAMES: &[&str] = &[
    "Host",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "sec-websocket-protocol",
    "Sec-WebSocket-Extensions",
    "X-Other",
];
const VALUES: &[&str] = &[
    "",
    "example.org",
    "websocket",
    "WEBSOCKET, h2c",
    "h2c",
    "keep-alive, Upgrade",
    "close",
    "dGhlIHNhbXBsZSBub25jZQ==",
    "dGhlIHNhbXBsZSBub25jZQ",
    "AAAA",
    "13",
    "8",
    "chat",
    "a, chat",
    "chat, chat",
    "a b",
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
    "permessage-deflate; foo, permessage-deflate; server_no_context_takeover",
    "permessage-deflate; client_max_window_bits=\"8\"",
    "x; a=\"",
];

impl Case {
    fn run(&self) {
        let request = self.request();
        let terms = self.terms();
        let model = Model(&request);
        match accept(&request, Some(&Uri::default()), &terms) {
            Ok(upgrade) => {
                assert!(model.is_good(), "{request:?}");
                if request.is_http2 {
                    check_fields(&upgrade.to_fields(), &["200"]);
                } else {
                    let bytes = upgrade.to_bytes();
                    let mut fields = [httparse::EMPTY_HEADER; 16];
                    let mut response = httparse::Response::new(&mut fields);
                    assert_eq!(response.parse(&bytes), Ok(httparse::Status::Complete(bytes.len())));
                    assert_eq!((response.code, response.headers.len()), (Some(101), upgrade.fields.len()));
                }
                let asked = model.list("sec-websocket-protocol");
                let expected = terms.protocols.iter().find(|it| asked.contains(&it.as_str()));
                assert_eq!(upgrade.protocol, expected.cloned().unwrap_or_default());
                // Our own client, which offers everything, accepts the response.
                let judged =
                    agree_as_client(Some(&DeflateOptions::default()), &upgrade.extensions).expect("a good answer");
                assert_eq!(judged.is_some(), upgrade.deflate.is_some());
                assert!(terms.deflate.is_some() || upgrade.deflate.is_none());
            }
            Err(denial) => {
                assert!(!model.is_good(), "{request:?}: {denial:?}");
                if request.is_http2 {
                    return check_fields(&denial.to_fields(&[]), &["400", "405", "426", "501"]);
                }
                let bytes = denial.to_bytes("GET", &[]);
                let mut fields = [httparse::EMPTY_HEADER; 16];
                let mut response = httparse::Response::new(&mut fields);
                let Ok(httparse::Status::Complete(head)) = response.parse(&bytes) else {
                    panic!("no head: {denial:?}")
                };
                assert!(matches!(response.code, Some(400 | 405 | 426)));
                let length =
                    response.headers.iter().find(|field| field.name == "Content-Length").map(|field| field.value);
                assert_eq!(length, Some((bytes.len() - head).to_string().as_bytes()));
            }
        }
    }

    fn request(&self) -> Request {
        let good = [1, 2, 5, 7, 10].map(|at| VALUES[at].to_owned());
        let mut fields: Vec<(String, String)> = NAMES.iter().map(|name| (*name).to_owned()).zip(good).collect();
        for (at, change) in self.changes.iter().take(8) {
            let name = NAMES[usize::from(*at) % NAMES.len()].to_owned();
            let pick = |at: &u8| VALUES[usize::from(*at) % VALUES.len()].to_owned();
            match change {
                Change::Remove => fields.retain(|(it, _)| *it != name),
                Change::Double => {
                    if let Some(field) = fields.iter().find(|(it, _)| *it == name).cloned() {
                        fields.push(field);
                    }
                }
                Change::Add(value) => fields.push((name, pick(value))),
                Change::Pick(_) | Change::Raw(_) => {
                    let value = match change {
                        Change::Pick(value) => pick(value),
                        Change::Raw(bytes) => bytes.iter().map(|byte| char::from(*byte)).collect(),
                        _ => String::new(),
                    };
                    fields.retain(|(it, _)| *it != name);
                    fields.push((name, value));
                }
            }
        }
        let choose = |choice: u8, values: [&str; 4]| values[usize::from(choice.saturating_sub(252))].to_owned();
        let version = choose(self.version, ["1.1", "1.0", "2.0", ""]);
        let method = choose(self.method, ["GET", "POST", "get", "CONNECT"]);
        let protocol =
            Some(choose(self.protocol, ["websocket", "WebSocket", "connect-udp", ""])).filter(|it| !it.is_empty());
        let is_http2 = version == "2.0" && self.protocol < 128; // or an HTTP/1 request that claims this version
        Request { method, version, is_http2, protocol, fields, uri: None }
    }

    fn terms(&self) -> Terms {
        let bits = |bits: Option<u8>| bits.map(|bits| 8 + bits % 8);
        let deflate = DeflateOptions {
            client_max_window_bits: bits(self.client_bits).map_or(WindowBits::Any, WindowBits::AtMost),
            server_max_window_bits: bits(self.server_bits),
            client_no_context_takeover: self.no_takeover.0,
            server_no_context_takeover: self.no_takeover.1,
            ..DeflateOptions::default()
        };
        Terms {
            protocols: vec!["chat".into(), "a".into()],
            deflate: (!self.without_deflate).then_some(deflate),
            fields: vec![Field::new("X-Own", "yes").expect("a field")],
        }
    }
}

/// The second implementation, which says what is valid.
struct Model<'a>(&'a Request);

impl<'a> Model<'a> {
    fn all(&self, name: &str) -> Vec<&'a str> {
        let Request { fields, .. } = self.0;
        fields
            .iter()
            .filter(|(it, _)| it.to_lowercase() == name)
            .map(|(_, value)| value.trim_matches([' ', '\t']))
            .collect()
    }

    fn list(&self, name: &str) -> Vec<&'a str> {
        let items = self.all(name).into_iter().flat_map(|value| value.split(','));
        items.map(|item| item.trim_matches([' ', '\t'])).filter(|item| !item.is_empty()).collect()
    }

    fn is_good(&self) -> bool {
        let has = |name, token: &str| self.list(name).iter().any(|it| it.to_ascii_lowercase() == token);
        let protocols = self.list("sec-websocket-protocol");
        let is_set = protocols.iter().enumerate().all(|(at, it)| !protocols[..at].contains(it));
        let starts_well = if self.0.is_http2 {
            self.0.method == "CONNECT" && self.0.protocol.as_deref() == Some("websocket")
        } else {
            self.0.method == "GET"
                && self.0.version == "1.1"
                && matches!(self.all("host")[..], [host] if is_host(host))
                && has("upgrade", "websocket")
                && has("connection", "upgrade")
                && matches!(self.all("sec-websocket-key")[..], [key] if is_key(key))
        };
        starts_well
            && self.all("sec-websocket-version") == ["13"]
            && (!protocols.is_empty() || self.all("sec-websocket-protocol").is_empty())
            && is_set
            && protocols.iter().all(|it| is_token(it))
            && is_list_of_extensions(&self.all("sec-websocket-extensions").join(","))
    }
}

/// Whether a Host field may have this value: visible characters, none of which ends a URI's host.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| ('!'..='~').contains(&it) && !['/', '?', '#', '@', '\\'].contains(&it))
}

/// Asserts that one of these statuses comes first, and that nothing is there that HTTP/2 forbids (RFC 9113 §8.2).
fn check_fields(fields: &[(String, String)], statuses: &[&str]) {
    let Some(((name, status), rest)) = fields.split_first() else { panic!("no fields") };
    assert!(name == ":status" && statuses.contains(&status.as_str()), "{fields:?}");
    for (name, value) in rest {
        assert!(
            *name == name.to_lowercase() && !name.starts_with(':') && !value.contains(['\r', '\n', '\0']),
            "{fields:?}"
        );
        assert!(!["connection", "upgrade", "keep-alive", "transfer-encoding"].contains(&name.as_str()), "{fields:?}");
    }
}

/// Whether this is 16 bytes in base64: 22 digits, of which the last has four unused bits, and two padding characters.
fn is_key(key: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let Some(digits) = key.strip_suffix("==") else { return false };
    digits.len() == 22 && digits.bytes().all(digit) && digits.ends_with(['A', 'Q', 'g', 'w'])
}

fn is_token(text: &str) -> bool {
    let separators = "()<>@,;:\\\"/[]?={}";
    !text.is_empty() && text.chars().all(|char| char.is_ascii_graphic() && !separators.contains(char))
}

/// Checks RFC 6455 §9.1, character by character.
fn is_list_of_extensions(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return true;
        }
        for is_name in std::iter::once(true).chain(std::iter::repeat(false)) {
            let Some(behind) = after_token(rest.trim_start_matches([' ', '\t'])) else { return false };
            rest = behind.trim_start_matches([' ', '\t']);
            if let Some(value) = rest.strip_prefix('=').filter(|_| !is_name) {
                let Some(behind) = after_value(value.trim_start_matches([' ', '\t'])) else { return false };
                rest = behind.trim_start_matches([' ', '\t']);
            }
            match rest.strip_prefix(';') {
                Some(more) => rest = more,
                None => break,
            }
        }
        if !rest.is_empty() && !rest.starts_with(',') {
            return false;
        }
    }
}

fn after_token(text: &str) -> Option<&str> {
    let len = text.find(|char: char| !is_token(char.encode_utf8(&mut [0; 4]))).unwrap_or(text.len());
    (len > 0).then(|| &text[len..])
}

/// Returns what follows a token, which may be quoted. In quotes, a backslash may precede each character.
fn after_value(text: &str) -> Option<&str> {
    let Some(quoted) = text.strip_prefix('"') else { return after_token(text) };
    let mut content = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return is_token(&content).then(|| &quoted[at + 1..]),
            '\\' => content.push(chars.next()?.1),
            _ => content.push(char),
        }
    }
    None
}
