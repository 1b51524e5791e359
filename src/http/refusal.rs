//! The body of a refusal: how much of it is kept, and where it ends (RFC 9112 §6).

use super::{Expect, Response, location};

/// How much of a refusal's body is kept.
pub(super) const MAX_BODY: usize = 4 * 1024;

/// A refusal whose body is still coming.
#[derive(Debug)]
pub(super) struct Refusal {
    response: Response,
    length: BodyLength,
    /// It is a redirect, whose head says everything. Its body is not waited for.
    is_redirect: bool,
}

/// How to find the end of a body (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug)]
enum BodyLength {
    Known(usize),
    Chunked,
    UntilEnd,
}

impl Refusal {
    pub(super) fn new(response: Response, expect: Expect) -> Self {
        let is_chunked =
            response.values("Transfer-Encoding").any(|value| value.to_ascii_lowercase().ends_with(b"chunked"));
        let content_length = response.values("Content-Length").next().and_then(|value| str::from_utf8(value).ok());
        let length = match (response.status, content_length.and_then(|value| value.parse().ok())) {
            (100..200 | 204 | 304, _) => BodyLength::Known(0),
            _ if is_chunked => BodyLength::Chunked,
            (_, Some(length)) => BodyLength::Known(length),
            (_, None) => BodyLength::UntilEnd,
        };
        let is_redirect = expect == Expect::Upgrade && location(&response).is_some();
        Self { response, length, is_redirect }
    }

    pub(super) fn is_complete(&self, body: &[u8]) -> bool {
        let is_all = match self.length {
            BodyLength::Known(length) => body.len() >= length,
            BodyLength::Chunked => join_chunks(body).1,
            BodyLength::UntilEnd => false,
        };
        is_all || self.is_redirect || body.len() >= MAX_BODY
    }

    pub(super) fn finish(self, mut body: Vec<u8>) -> Response {
        match self.length {
            BodyLength::Known(length) => body.truncate(length),
            BodyLength::Chunked => body = join_chunks(&body).0,
            BodyLength::UntilEnd => {}
        }
        Response { body, ..self.response }
    }
}

/// The data of the chunks that have arrived, and whether the last chunk has (RFC 9112 §7.1). Trailers are not waited for.
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

#[cfg(test)]
mod tests {
    use super::super::ResponseReader;
    use super::*;

    fn body_of(text: &str) -> Vec<u8> {
        let mut reader = ResponseReader::new(Expect::Upgrade);
        let read = reader.read(text.as_bytes()).unwrap();
        read.map_or_else(|| reader.end().unwrap(), |(response, _)| response).body
    }

    #[test]
    fn a_body_ends_as_its_fields_say() {
        for (fields, text, body) in [
            ("Content-Length: 3\r\n", "no!behind", "no!"),
            ("Content-Length: 30\r\n", "half", "half"),
            ("", "to the end", "to the end"),
            ("Content-Length: x\r\n", "to the end", "to the end"),
            (
                "Transfer-Encoding: gzip, Chunked\r\nContent-Length: 2\r\n",
                "3\r\nno!\r\n2;x=y\r\n!!\r\n0\r\n\r\nbehind",
                "no!!!",
            ),
            ("Transfer-Encoding: chunked\r\n", "10\r\n0123", "0123"),
        ] {
            assert_eq!(body_of(&format!("HTTP/1.1 403 No\r\n{fields}\r\n{text}")), body.as_bytes(), "{fields}");
        }
        for status in [204, 304] {
            assert_eq!(body_of(&format!("HTTP/1.1 {status} No\r\nContent-Length: 5\r\n\r\nbehind")), b"");
        }
    }
}
