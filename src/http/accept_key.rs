//! `Sec-WebSocket-Accept`: the proof that a server has read the request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The value that the server must return for `key` (RFC 6455 §4.2.2, item 5).
pub fn accept_for(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// RFC 6455 §1.3
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    #[test]
    fn the_key_of_the_rfc_gives_the_value_of_the_rfc() {
        assert_eq!(super::accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
