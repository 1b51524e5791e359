//! HTTP as far as a WebSocket needs it, without a socket: header fields that are safe to write, one reader for responses (RFC 9110, RFC 9112),
//! challenges and their answers (RFC 7616, RFC 7617), the rules for redirects, and the names of HTTP/2's error codes.

/// The version of RFC 6455, in `Sec-WebSocket-Version`.
pub const WEBSOCKET_VERSION: &str = "13";

mod accept_key;
mod bad_port;
mod byte_string;
mod challenge;
mod digest;
mod error_code;
mod field;
mod field_lines;
mod redirect;
mod refusal;
mod response;

pub use accept_key::accept_for;
pub use bad_port::is_bad_port;
pub use byte_string::{isomorphic_decode, isomorphic_encode, to_readable};
pub use challenge::{Challenge, Scheme};
pub use digest::{Digest, Nonce};
pub use error_code::{error_name, is_error_name};
pub use field::{Field, FieldError, http2_field};
pub use field_lines::FieldLines;
pub use redirect::{Forbidden, Trail, location};
pub use response::{Expect, Malformed, MalformedKind, Response, ResponseReader};
