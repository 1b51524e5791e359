//! The tunnel through an HTTP proxy: CONNECT (RFC 9110 §9.3.6).

use super::dial::Socket;
use super::failure::Obstacle;
use super::progress::Progress;
use crate::http::{Expect, Field, Response, isomorphic_encode};

/// Asks for a tunnel to `target`, a host and port. Returns the proxy's response if that is a refusal.
pub(super) async fn connect<S: Socket>(
    socket: &mut S,
    target: &str,
    authorization: Option<Field>,
    progress: &Progress,
) -> Result<Option<Response>, Obstacle<S::Cause>> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(field) = authorization {
        request.extend([field.name(), ": ", field.value(), "\r\n"]);
    }
    request.push_str("\r\n");
    socket.write(&isomorphic_encode(&request));
    let (response, rest) = progress.read_response(socket, Expect::Tunnel).await?;
    if !(200..300).contains(&response.status) {
        return Ok(Some(response));
    }
    if !rest.is_empty() {
        socket.unread(rest);
    }
    Ok(None)
}
