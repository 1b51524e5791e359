//! Any bytes as a response. The first two choose the kind of request and how the response is cut. The others are the response.

use websocket_channel::http::{Expect, Malformed, MalformedKind, Response, ResponseReader};

use super::driver;

pub(crate) fn run(data: &[u8]) {
    let [settings, seed, bytes @ ..] = data else { return };
    let expect = if settings & 1 == 0 { Expect::Upgrade } else { Expect::Tunnel };
    let whole = read(expect, bytes, || usize::MAX);
    compare(&whole, &read(expect, bytes, || 1));
    compare(&whole, &read(expect, bytes, driver::cuts(u32::from(*seed), 64)));
    predict(expect, bytes, &whole);
    endless(expect, bytes, [&b"a"[..], b"\r\n", b"X: 1\r\n", b"0\r\n\r"][usize::from(settings >> 1 & 3)]);
}

type Outcome = Result<(Response, Vec<u8>), Malformed>;

/// Returns the response that is read from the bytes, or from the end of the stream if it needs that. After a success, also returns all bytes that were not read.
fn read(expect: Expect, mut bytes: &[u8], mut size: impl FnMut() -> usize) -> Outcome {
    let mut reader = ResponseReader::new(expect);
    while !bytes.is_empty() {
        let (chunk, rest) = bytes.split_at(size().min(bytes.len()));
        bytes = rest;
        if let Some((response, behind)) = reader.read(chunk)? {
            let is_success = is_success(expect, response.status);
            assert!(is_success || behind.is_empty(), "behind a refusal nothing is anyone's");
            return Ok((response, if is_success { [&behind, bytes].concat() } else { Vec::new() }));
        }
    }
    reader.end().map(|response| (response, Vec::new()))
}

fn is_success(expect: Expect, status: u16) -> bool {
    if expect == Expect::Upgrade { status == 101 } else { (200..300).contains(&status) }
}

/// Asserts that the result is the same wherever the bytes are cut. Only the body of a redirect may be shorter: it is what came with the head.
fn compare(whole: &Outcome, cut: &Outcome) {
    match (whole, cut) {
        (Ok((a, _)), Ok((b, _))) if matches!(a.status, 301 | 302 | 303 | 307 | 308) => {
            assert_eq!((a.status, a.version, &a.fields), (b.status, b.version, &b.fields));
            assert!(a.body.starts_with(&b.body));
        }
        _ => assert_eq!(whole, cut),
    }
}

/// Asserts that the heads, one after the other, are read as httparse alone reads them. A folded line is joined with spaces (RFC 9112 §5.2).
fn predict(expect: Expect, mut bytes: &[u8], outcome: &Outcome) {
    loop {
        let starts = bytes.iter().zip(b"HTTP/1.").all(|(byte, expected)| byte == expected);
        if !starts {
            assert_eq!(outcome.as_ref().unwrap_err().kind, MalformedKind::NotHttp);
            return;
        }
        let Some(len) = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else {
            let has_blank_line =
                bytes.windows(2).any(|line| line == b"\n\n") || bytes.windows(3).any(|line| line == b"\n\r\n");
            let kind =
                if bytes.len() < 16 * 1024 && !has_blank_line { MalformedKind::NotHttp } else { MalformedKind::Wrong };
            assert_eq!(outcome.as_ref().unwrap_err().kind, kind);
            return;
        };
        let mut fields = [httparse::EMPTY_HEADER; 128];
        let mut parsed = httparse::Response::new(&mut fields);
        let mut config = httparse::ParserConfig::default();
        config.allow_obsolete_multiline_headers_in_responses(true);
        let is_whole = config.parse_response(&mut parsed, &bytes[..len]) == Ok(httparse::Status::Complete(len));
        if !is_whole || len > 16 * 1024 {
            assert!(outcome.is_err(), "{outcome:?}");
            return;
        }
        let status = parsed.code.expect("a status");
        bytes = &bytes[len..];
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let (response, rest) = outcome.as_ref().expect("a good head");
        assert_eq!((response.status, Some(response.version)), (status, parsed.version));
        let on_one_line = |value: &[u8]| -> Vec<u8> {
            value.trim_ascii().iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }).collect()
        };
        let expected = parsed.headers.iter().map(|field| (field.name.to_owned(), on_one_line(field.value)));
        assert!(response.fields.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).eq(expected));
        match is_success(expect, status) {
            true => assert!(rest == bytes && response.body.is_empty(), "what lies behind is not HTTP"),
            false => assert!(rest.is_empty() && response.body.len() <= bytes.len().min(4096)),
        }
        return;
    }
}

/// Asserts that, whatever the beginning, a peer that never stops is cut off. The exception is interim responses, which only a timeout ends.
fn endless(expect: Expect, bytes: &[u8], filler: &[u8]) {
    let mut reader = ResponseReader::new(expect);
    if !matches!(reader.read(bytes), Ok(None)) {
        return;
    }
    let is_over = (0..24 * 1024 / filler.len()).any(|_| !matches!(reader.read(filler), Ok(None)));
    assert!(is_over, "24 KiB were not enough");
}
