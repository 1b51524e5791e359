//! Reads HTTP responses (RFC 9112): those to an upgrade request, and a proxy's to CONNECT.

use std::borrow::Cow;

use super::field_lines::FieldLines;
use super::isomorphic_decode;
use super::refusal::{MAX_BODY, Refusal};

/// An HTTP response.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Response {
    /// The minor version: 1 for HTTP/1.1, and for HTTP/2.
    pub version: u8,
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub fields: FieldLines,
    /// The start of a refusal's body, chunks joined: at most 4 KiB. Empty if the response is not a refusal.
    pub body: Vec<u8>,
}

impl Response {
    /// The values of all fields with this name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.fields.iter().filter(move |(it, _)| it.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value)
    }

    /// Adds `bytes` to the body, up to its limit. Returns whether the limit has been reached.
    pub fn extend_body(&mut self, bytes: &[u8]) -> bool {
        let room = MAX_BODY.saturating_sub(self.body.len());
        self.body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.body.len() >= MAX_BODY
    }

    /// The values of all fields with this name, joined by commas (RFC 9110 §5.3). Each byte becomes the character with its number, as in `fetch`.
    pub fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<String> = self.values(name).map(isomorphic_decode).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// What a response answers. It decides which responses are a success. Behind a success, HTTP ends and other bytes begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// An upgrade request: 101 is a success.
    Upgrade,
    /// CONNECT: 2xx is a success, and has no body whatever its fields say (RFC 9110 §9.3.6).
    Tunnel,
}

/// What is wrong with a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Which kind of mistake it is.
    pub kind: MalformedKind,
    /// A sentence about "the response" or "the connection", for people.
    pub message: Cow<'static, str>,
}

impl Malformed {
    fn not_http(message: &'static str) -> Self {
        Self { kind: MalformedKind::NotHttp, message: message.into() }
    }

    /// The peer breaks its protocol's rules, or this client's limits.
    pub fn wrong(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: MalformedKind::Wrong, message: message.into() }
    }
}

/// The two kinds of mistakes in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedKind {
    /// It is not HTTP/1.x at all, or stops in the middle.
    NotHttp,
    /// It is HTTP, and breaks its rules or this client's limits.
    Wrong,
}

/// Reads one response, in whatever pieces it arrives. Skips interim responses before it (RFC 9110 §15.2).
#[derive(Debug)]
pub struct ResponseReader {
    expect: Expect,
    /// The head while it is incomplete, at most [`MAX_HEAD`] bytes; then a refusal's body as it was sent, at most [`MAX_BODY`].
    held: Vec<u8>,
    /// A refusal whose body is still coming.
    refusal: Option<Refusal>,
}

/// The longest response head that is read. Browsers and servers have about the same limit.
const MAX_HEAD: usize = 16 * 1024;
/// The most fields in it.
const MAX_FIELDS: usize = 128;

impl ResponseReader {
    /// A reader for the response to what `expect` names.
    pub fn new(expect: Expect) -> Self {
        Self { expect, held: Vec::new(), refusal: None }
    }

    /// Takes the next bytes. Returns the response once it is complete, and the bytes behind it if it is a success: those are not HTTP.
    /// Do not call this again after a response or an error.
    pub fn read(&mut self, mut input: &[u8]) -> Result<Option<(Response, Vec<u8>)>, Malformed> {
        while self.refusal.is_none() {
            let Some(head) = self.take_head(&mut input)? else { return Ok(None) };
            let response = parse_head(&head)?;
            match (self.expect, response.status) {
                (Expect::Upgrade, 101) | (Expect::Tunnel, 200..300) => return Ok(Some((response, input.to_vec()))),
                (_, 100..200) if response.status != 101 => {} // interim
                _ => self.refusal = Some(Refusal::new(response, self.expect)),
            }
        }
        let room = MAX_BODY.saturating_sub(self.held.len());
        self.held.extend_from_slice(input.get(..room).unwrap_or(input));
        let is_complete = self.refusal.as_ref().is_some_and(|refusal| refusal.is_complete(&self.held));
        Ok(if is_complete { self.refusal().map(|refusal| (refusal, Vec::new())) } else { None })
    }

    /// The connection has ended, or the time is up. Returns what has arrived of a refusal.
    pub fn end(&mut self) -> Result<Response, Malformed> {
        let is_empty = self.held.is_empty();
        self.refusal().ok_or_else(|| {
            Malformed::not_http(if is_empty {
                "The connection ended before a response came."
            } else {
                "The connection ended in the middle of the response."
            })
        })
    }

    /// What has arrived of a refusal, if there is one. Its head is complete.
    pub fn refusal(&mut self) -> Option<Response> {
        let held = std::mem::take(&mut self.held);
        self.refusal.take().map(|refusal| refusal.finish(held))
    }

    /// Moves the next head out of `input`, blank line included. Fails early: a peer that speaks something else may never send
    /// a blank line.
    fn take_head(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        let before = self.held.len();
        let room = MAX_HEAD.saturating_sub(before);
        self.held.extend_from_slice(input.get(..room).unwrap_or(input));
        if self.held.iter().zip(b"HTTP/1.").any(|(byte, expected)| byte != expected) {
            return Err(Malformed::not_http(NOT_HTTP));
        }
        let Some(len) = end_of_head(&self.held, before)? else {
            return if self.held.len() < MAX_HEAD {
                Ok(None)
            } else {
                Err(Malformed::wrong("The response's head is longer than 16 KiB."))
            };
        };
        *input = input.get(len.saturating_sub(before)..).unwrap_or_default();
        self.held.truncate(len);
        Ok(Some(std::mem::take(&mut self.held)))
    }
}

/// Where the head ends, if it does: behind the first blank line. `seen` bytes were looked at before.
fn end_of_head(held: &[u8], seen: usize) -> Result<Option<usize>, Malformed> {
    let lines = held.iter().enumerate().skip(seen).filter(|(_, byte)| **byte == b'\n');
    for (at, _) in lines {
        let before = held.get(..at).unwrap_or_default();
        if before.ends_with(b"\r\n\r") {
            return Ok(Some(at.saturating_add(1)));
        }
        if before.ends_with(b"\n") || before.ends_with(b"\n\r") {
            return Err(Malformed::wrong("The response's lines end in LF instead of CRLF."));
        }
    }
    Ok(None)
}

fn parse_head(head: &[u8]) -> Result<Response, Malformed> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    let mut config = httparse::ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    match config.parse_response(&mut parsed, head) {
        // The parser accepts a bare LF as the end of a line. It must not find the end of the head earlier than we do.
        Ok(httparse::Status::Complete(size)) if size == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Malformed::wrong("The response has more than 128 header fields."));
        }
        Err(httparse::Error::Version | httparse::Error::Status) => return Err(Malformed::not_http(NOT_HTTP)),
        _ => return Err(Malformed::wrong("The response's head is malformed.")),
    }
    let fields = parsed.headers.iter().map(|field| (field.name, unfolded(field.value)));
    Ok(Response {
        version: parsed.version.unwrap_or_default(),
        status: parsed.code.unwrap_or_default(),
        fields: fields.collect(),
        body: Vec::new(),
    })
}

/// A field's value, on one line: each fold becomes spaces (RFC 9112 §5.2: "MUST replace each received obs-fold").
fn unfolded(value: &[u8]) -> Vec<u8> {
    value.trim_ascii().iter().map(|byte| if b"\r\n".contains(byte) { b' ' } else { *byte }).collect()
}

const NOT_HTTP: &str = "The response is not HTTP/1.1.";

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a response in one piece and byte by byte, and then its end if it is not complete.
    fn read(expect: Expect, text: &str) -> Result<(Response, Vec<u8>), Malformed> {
        let read = |size: usize| {
            let mut reader = ResponseReader::new(expect);
            let mut chunks = text.as_bytes().chunks(size);
            while let Some(chunk) = chunks.next() {
                if let Some((response, mut rest)) = reader.read(chunk)? {
                    rest.extend(chunks.flatten());
                    return Ok((response, rest));
                }
            }
            reader.end().map(|response| (response, Vec::new()))
        };
        let whole = read(text.len().max(1));
        let bytewise = read(1);
        // A redirect's body is whatever came with the head, and the bytes behind a refusal belong to nothing, so only the status is compared.
        assert_eq!(whole.as_ref().map(|it| it.0.status), bytewise.as_ref().map(|it| it.0.status));
        whole
    }

    fn malformed(text: &str) -> Malformed {
        read(Expect::Upgrade, text).unwrap_err()
    }

    #[test]
    fn what_lies_behind_a_success_is_handed_over() {
        for (expect, head) in [
            (Expect::Upgrade, "HTTP/1.1 101 Ok\r\nA:  b \r\n\r\n"),
            (Expect::Tunnel, "HTTP/1.0 200\r\nContent-Length: 9\r\n\r\n"),
        ] {
            let (response, rest) = read(expect, &format!("HTTP/1.1 100\r\n\r\n{head}HTTP/1.1 behind")).unwrap();
            assert_eq!((response.body, rest.as_slice()), (Vec::new(), &b"HTTP/1.1 behind"[..]));
        }
        let (response, _) = read(Expect::Upgrade, "HTTP/1.1 101 Ok\r\nA:  b \r\na: c\r\n\r\n").unwrap();
        assert_eq!((response.version, response.status, response.joined("A").as_deref()), (1, 101, Some("b, c")));
        assert_eq!(response.fields, [("A", "b"), ("a", "c")].into_iter().collect());
        let (response, _) = read(Expect::Upgrade, "HTTP/1.1 101 Ok\r\nA: b\r\n\tc\r\nD:\r\n e\r\n\r\n").unwrap();
        let fields = [("A", "b  \tc"), ("D", "e")].into_iter().collect();
        assert_eq!(response.fields, fields, "folded lines (RFC 9112 §5.2)");
    }

    #[test]
    fn a_success_of_one_kind_is_a_refusal_of_the_other() {
        assert_eq!(read(Expect::Tunnel, "HTTP/1.1 101 Ok\r\n\r\nbehind").unwrap().0.body, b"");
        assert_eq!(read(Expect::Upgrade, "HTTP/1.1 200 Ok\r\nContent-Length: 4\r\n\r\nbody").unwrap().0.body, b"body");
    }

    #[test]
    fn no_more_than_4_kib_of_a_body_are_kept_or_waited_for() {
        let mut reader = ResponseReader::new(Expect::Upgrade);
        assert_eq!(reader.read(b"HTTP/1.1 403 No\r\n\r\n"), Ok(None));
        assert_eq!(reader.read(&[b'b'; 4095]), Ok(None));
        let (response, _) = reader.read(b"bbbb").unwrap().unwrap();
        assert_eq!(response.body, [b'b'; 4096]);
    }

    #[test]
    fn a_redirect_is_complete_with_its_head_but_not_at_a_proxy() {
        let head = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 100\r\n\r\n";
        assert!(ResponseReader::new(Expect::Upgrade).read(head).unwrap().is_some());
        assert!(ResponseReader::new(Expect::Tunnel).read(head).unwrap().is_none());
    }

    #[test]
    fn what_is_not_http_fails_at_its_first_wrong_byte() {
        for text in ["S", "\r\n", "HTTP/2", "http/1.1", "HTTP 1", "HTTP/1.1 100\r\n\r\nX"] {
            let mut reader = ResponseReader::new(Expect::Upgrade);
            assert_eq!(reader.read(text.as_bytes()).unwrap_err().kind, MalformedKind::NotHttp, "{text}");
        }
        for text in ["HTTP/1.1 1000 x\r\n\r\n", "HTTP/1.1 x\r\n\r\n", "HTTP/1.x 101\r\n\r\n"] {
            assert_eq!(malformed(text).kind, MalformedKind::NotHttp, "{text}");
        }
        for text in ["", "HTTP/1.1", "HTTP/1.1 404 Not Found\r\nContent-", "HTTP/1.1 100\r\n\r\n"] {
            assert_eq!(malformed(text).kind, MalformedKind::NotHttp, "{text}");
        }
    }

    #[test]
    fn a_head_that_breaks_the_rules_is_wrong() {
        for lines in ["A b: c\r\n", ": c\r\n", "A: b\0\r\n", " folded: a\r\n", "A: b\n\nhidden\r\n"] {
            assert_eq!(malformed(&format!("HTTP/1.1 101 Ok\r\n{lines}\r\n")).kind, MalformedKind::Wrong, "{lines:?}");
        }
    }

    #[test]
    fn lines_that_end_in_lf_are_recognized_at_the_blank_line() {
        for head in ["HTTP/1.1 101 Ok\nA: b\n\n", "HTTP/1.1 101 Ok\nA: b\n\r\n", "HTTP/1.1 101 Ok\r\nA: b\n\r\n"] {
            for size in [head.len(), 1] {
                let mut reader = ResponseReader::new(Expect::Upgrade);
                let error = head.as_bytes().chunks(size).find_map(|chunk| reader.read(chunk).err());
                assert!(error.unwrap().message.contains("LF"), "{head:?}");
            }
        }
    }

    #[test]
    fn the_limits_are_16_kib_and_128_fields_to_the_byte_and_the_field() {
        let head = |size: usize| format!("HTTP/1.1 101 Ok\r\nA: {}\r\n\r\n", "b".repeat(size - 24));
        assert_eq!(head(100).len(), 100);
        assert!(read(Expect::Upgrade, &head(16 * 1024)).is_ok());
        assert_eq!(malformed(&head(16 * 1024 + 1)).kind, MalformedKind::Wrong);
        assert!(
            ResponseReader::new(Expect::Upgrade).read(&head(20_000).as_bytes()[..16 * 1024]).is_err(),
            "without its end"
        );
        let fields = |count| format!("HTTP/1.1 101 Ok\r\n{}\r\n", "A: b\r\n".repeat(count));
        assert_eq!(read(Expect::Upgrade, &fields(128)).unwrap().0.fields.iter().count(), 128);
        assert!(malformed(&fields(129)).message.contains("128"));
    }

    #[test]
    fn time_that_runs_out_leaves_what_has_come_of_a_refusal_and_nothing_else() {
        let mut reader = ResponseReader::new(Expect::Upgrade);
        assert_eq!(reader.read(b"HTTP/1.1 403 No\r\n\r"), Ok(None));
        assert_eq!(reader.refusal(), None);
        let mut reader = ResponseReader::new(Expect::Tunnel);
        assert_eq!(reader.read(b"HTTP/1.1 403 No\r\n\r\nhalf"), Ok(None));
        assert_eq!(reader.refusal().unwrap().body, b"half");
    }
}
