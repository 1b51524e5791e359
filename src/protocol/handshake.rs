//! The opening handshake (RFC 6455 §4.1): the request, and what makes its answer good.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::extension::{self, Agreement, DeflateOffer};
use super::fault::{Fault, FaultKind};

/// The upgrade request, all of its parts already checked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The `Host` header: name, and port unless it is the scheme's default.
    pub host: String,
    /// Path and query, as `URL` gives them: percent-encoded, beginning with a slash.
    pub resource: String,
    /// The subprotocols asked for, in order of preference.
    pub protocols: Vec<String>,
    /// permessage-deflate, if it is to be offered.
    pub deflate: Option<DeflateOffer>,
    /// The other headers: `Origin` and what the user adds.
    pub fields: Vec<Field>,
}

/// A header that is safe to write (RFC 9110 §5.5): one that exists has no CR, LF, NUL or other control in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: String,
    value: String,
}

/// Why a header cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// The name is no token (RFC 9110 §5.6.2).
    Name,
    /// The value has a control character in it.
    Value,
    /// The handshake writes this header itself.
    Owned,
}

impl Field {
    /// A header the user adds.
    pub fn new(name: &str, value: &str) -> Result<Self, FieldError> {
        let lower = name.to_ascii_lowercase();
        if OWNED.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") {
            return Err(FieldError::Owned);
        }
        Self::checked(name, value)
    }

    /// The `Origin` header.
    pub fn origin(origin: &str) -> Result<Self, FieldError> {
        Self::checked("Origin", origin)
    }

    /// Lets the HTTP parser read the line back: a header is safe if that is all that is found, and found unchanged.
    #[cold]
    fn checked(name: &str, value: &str) -> Result<Self, FieldError> {
        let value = value.trim_matches([' ', '\t']);
        let line = format!("{name}: {value}\r\n\r\n");
        let mut fields = [httparse::EMPTY_HEADER; 1];
        match httparse::parse_headers(line.as_bytes(), &mut fields) {
            Ok(httparse::Status::Complete((size, [field]))) if size == line.len() && field.name == name => {}
            Err(httparse::Error::HeaderName) => return Err(FieldError::Name),
            _ => return Err(FieldError::Value),
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// Headers that are not the user's to set.
const OWNED: &[&str] =
    &["host", "upgrade", "connection", "origin", "content-length", "transfer-encoding", "trailer", "te", "expect"];

/// An HTTP response that is not the upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The headers in order; names as the peer wrote them, bytes that are not UTF-8 replaced.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, chunks already joined: at most 4 KiB.
    pub body: Vec<u8>,
}

/// What a response turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The connection is open.
    Opened { protocol: String, extensions: String, deflate: Option<Agreement> },
    /// The peer spoke HTTP and said no.
    Refused(HttpAnswer),
}

/// One handshake under way.
pub(super) struct Handshake {
    request: Request,
    /// `Sec-WebSocket-Key`, base64 of 16 random bytes.
    key: String,
    request_written: bool,
    /// What came of the response so far; bounded by [`MAX_HEAD`] and [`MAX_BODY`].
    response: Vec<u8>,
    /// The refusal whose body is still coming.
    refusal: Option<Refusal>,
}

struct Refusal {
    answer: HttpAnswer,
    length: BodyLength,
    /// It is a redirect, which says all in its head: its body is not waited for.
    redirects: bool,
}

/// How the end of a response's body is told (RFC 9112 §6.3).
enum BodyLength {
    Known(usize),
    Chunked,
    UntilEnd,
}

/// The longest response head that is read. Browsers and servers agree on more or less this number.
const MAX_HEAD: usize = 16 * 1024;
/// The most headers in it.
const MAX_FIELDS: usize = 128;
/// How much of a refusal's body is kept.
const MAX_BODY: usize = 4 * 1024;
/// RFC 6455 §1.3
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

impl Handshake {
    pub(super) fn new(request: Request, nonce: [u8; 16]) -> Self {
        Self { request, key: STANDARD.encode(nonce), request_written: false, response: Vec::new(), refusal: None }
    }

    /// Writes the request, once.
    #[cold]
    pub(super) fn write_request(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.request_written, true) {
            return;
        }
        let Request { host, resource, protocols, deflate, fields } = &self.request;
        let mut line = |parts: &[&str]| {
            parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
            out.extend_from_slice(b"\r\n");
        };
        line(&["GET ", resource, " HTTP/1.1"]);
        line(&["Host: ", host]);
        line(&["Upgrade: websocket"]);
        line(&["Connection: Upgrade"]);
        line(&["Sec-WebSocket-Key: ", &self.key]);
        line(&["Sec-WebSocket-Version: 13"]);
        if !protocols.is_empty() {
            line(&["Sec-WebSocket-Protocol: ", &protocols.join(", ")]);
        }
        if let Some(offer) = deflate {
            line(&["Sec-WebSocket-Extensions: ", &offer.header()]);
        }
        for Field { name, value } in fields {
            line(&[name, ": ", value]);
        }
        line(&[]);
    }

    /// Takes the next bytes of the response and moves `at` behind those that belong to it.
    #[cold]
    pub(super) fn read(&mut self, input: &[u8], at: &mut usize) -> Result<Option<Outcome>, Fault> {
        if self.refusal.is_some() {
            let rest = input.get(*at..).unwrap_or_default();
            *at = input.len();
            self.response.extend(rest.iter().take(MAX_BODY.saturating_sub(self.response.len())));
            return Ok(self.refusal_if_complete());
        }
        loop {
            let rest = input.get(*at..).unwrap_or_default();
            let before = self.response.len();
            self.response.extend(rest.iter().take(MAX_HEAD.saturating_sub(before)));
            self.judge_start()?;
            let Some(head_len) = end_of_head(&self.response, before) else {
                *at = input.len();
                return self.judge_length().map(|()| None);
            };
            *at = at.saturating_add(head_len.saturating_sub(before));
            let body_so_far = self.response.split_off(head_len);
            let head = std::mem::take(&mut self.response);
            let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
            let mut response = httparse::Response::new(&mut fields);
            // The parser takes a bare LF for a line's end: its head must be all of ours.
            if response.parse(&head).map_err(not_http)? != httparse::Status::Complete(head_len) {
                return Err(FaultKind::Handshake.because("The response's head is malformed."));
            }
            match response.code {
                Some(101) => return self.judge(&response).map(Some),
                Some(100..200) => continue, // an interim response: another follows (RFC 9110 §15.2)
                _ => {}
            }
            self.refusal = Some(Refusal::new(&response));
            *at = input.len();
            self.response = body_so_far.into_iter().take(MAX_BODY).collect();
            return Ok(self.refusal_if_complete());
        }
    }

    /// Nothing more will come: what there is of a refusal, or a fault.
    pub(super) fn end(&mut self) -> Result<Outcome, Fault> {
        match self.refusal.take() {
            Some(refusal) => Ok(refusal.finish(&self.response)),
            None if self.response.is_empty() => {
                Err(FaultKind::NotHttp.because("The peer ended the connection without an answer."))
            }
            None => Err(FaultKind::NotHttp.because("The peer ended the connection in the middle of its answer.")),
        }
    }

    fn refusal_if_complete(&mut self) -> Option<Outcome> {
        let complete = self.refusal.as_ref().is_some_and(|refusal| refusal.is_complete(&self.response));
        let refusal = if complete { self.refusal.take() } else { None };
        refusal.map(|refusal| refusal.finish(&self.response))
    }

    /// Fails early on what is no HTTP: a peer that speaks something else may never send a blank line.
    fn judge_start(&self) -> Result<(), Fault> {
        let start = b"HTTP/1.";
        if self.response.iter().zip(start).any(|(byte, expected)| byte != expected) {
            return Err(FaultKind::NotHttp.because("The peer's answer is not HTTP/1.1."));
        }
        Ok(())
    }

    /// Fails early on a head that is too long.
    fn judge_length(&self) -> Result<(), Fault> {
        if self.response.len() >= MAX_HEAD {
            return Err(FaultKind::Handshake.because("The response's head is longer than 16 KiB."));
        }
        Ok(())
    }

    /// RFC 6455 §4.1, "the client MUST validate the server's response as follows", items 2 to 6.
    #[cold]
    fn judge(&self, response: &httparse::Response<'_, '_>) -> Result<Outcome, Fault> {
        let wrong = |message| Err(FaultKind::Handshake.because(message));
        if response.version != Some(1) {
            return wrong("The response is HTTP/1.0, which cannot upgrade.");
        }
        let mut upgrade = values(response, "Upgrade");
        if !matches!((upgrade.next(), upgrade.next()), (Some(value), None) if value.eq_ignore_ascii_case(b"websocket"))
        {
            return wrong("The response's Upgrade header is not \"websocket\".");
        }
        if !values(response, "Connection").any(has_upgrade_token) {
            return wrong("The response's Connection header does not say \"Upgrade\".");
        }
        let mut accept = values(response, "Sec-WebSocket-Accept");
        let expected = accept_for(&self.key);
        if !matches!((accept.next(), accept.next()), (Some(value), None) if value == expected.as_bytes()) {
            return wrong("The response's Sec-WebSocket-Accept is not the answer to this request's key.");
        }
        let extensions: Vec<_> = values(response, "Sec-WebSocket-Extensions").map(String::from_utf8_lossy).collect();
        let extensions = extensions.join(", ");
        let deflate = extension::judge(self.request.deflate.as_ref(), &extensions)?;
        let mut protocol = values(response, "Sec-WebSocket-Protocol");
        let protocol = match (protocol.next(), protocol.next()) {
            (None, _) => String::new(),
            (Some(value), None) if self.request.protocols.iter().any(|asked| asked.as_bytes() == value) => {
                String::from_utf8_lossy(value).into_owned()
            }
            _ => return wrong("The response selects a subprotocol that was not asked for."),
        };
        Ok(Outcome::Opened { protocol, extensions, deflate })
    }
}

impl Refusal {
    #[cold]
    fn new(response: &httparse::Response<'_, '_>) -> Self {
        let status = response.code.unwrap_or_default();
        let chunked =
            values(response, "Transfer-Encoding").any(|value| value.to_ascii_lowercase().ends_with(b"chunked"));
        let known = values(response, "Content-Length")
            .next()
            .and_then(|value| std::str::from_utf8(value).ok())
            .and_then(|value| value.parse().ok());
        let length = match known {
            _ if status == 204 || status == 304 => BodyLength::Known(0),
            _ if chunked => BodyLength::Chunked,
            Some(length) => BodyLength::Known(length),
            None => BodyLength::UntilEnd,
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = response.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect();
        let redirects = matches!(status, 301 | 302 | 303 | 307 | 308) && values(response, "Location").next().is_some();
        Self { answer: HttpAnswer { status, headers, body: Vec::new() }, length, redirects }
    }

    fn is_complete(&self, body: &[u8]) -> bool {
        self.redirects
            || body.len() >= MAX_BODY
            || match self.length {
                BodyLength::Known(length) => body.len() >= length,
                BodyLength::Chunked => join_chunks(body).1,
                BodyLength::UntilEnd => false,
            }
    }

    fn finish(self, body: &[u8]) -> Outcome {
        let body = match self.length {
            BodyLength::Known(length) => body.get(..length).unwrap_or(body).to_vec(),
            BodyLength::Chunked => join_chunks(body).0,
            BodyLength::UntilEnd => body.to_vec(),
        };
        Outcome::Refused(HttpAnswer { body, ..self.answer })
    }
}

/// The data of as many chunks as are there, and whether the last one is (RFC 9112 §7.1). Trailers are not waited for.
#[cold]
fn join_chunks(mut body: &[u8]) -> (Vec<u8>, bool) {
    let mut joined = Vec::new();
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(body) {
        if size == 0 {
            return (joined, true);
        }
        let data = body.get(start..).unwrap_or_default();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        joined.extend_from_slice(data.get(..size).unwrap_or(data));
        body = size.checked_add(2).and_then(|next| data.get(next..)).unwrap_or_default();
    }
    (joined, false)
}

/// What the server must answer to `key` (RFC 6455 §4.2.2, item 5).
#[cold]
fn accept_for(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// Where the head ends, if it does. Only what is new since `seen` bytes, and the three before it, is looked at.
fn end_of_head(response: &[u8], seen: usize) -> Option<usize> {
    let from = seen.saturating_sub(3);
    let position = response.get(from..)?.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(from.saturating_add(position).saturating_add(4))
}

fn values<'a>(response: &'a httparse::Response<'_, '_>, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let fields = response.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    fields.map(|field| field.value.trim_ascii())
}

fn has_upgrade_token(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

fn not_http(error: httparse::Error) -> Fault {
    match error {
        httparse::Error::TooManyHeaders => FaultKind::Handshake.because("The response has more than 128 headers."),
        httparse::Error::Version | httparse::Error::Status => {
            FaultKind::NotHttp.because("The peer's answer is not HTTP/1.1.")
        }
        _ => FaultKind::Handshake.because("The response's head is malformed."),
    }
}
