//! Why TLS failed, and what OpenSSL's and Node's codes for certificates mean.

use super::explanation::{Peer, Said};
use super::loss::Loss;

/// Whether the code is a TLS error.
pub(super) fn is_tls(code: &str) -> bool {
    code == "EPROTO" || code.starts_with("ERR_SSL_") || code.starts_with("ERR_TLS_") || distrust(code).is_some()
}

/// What went wrong during the TLS handshake with `peer`.
pub(super) fn explain<C>(peer: &Peer, loss: &Loss<C>) -> Said {
    let code = loss.code.as_str();
    if let Some((reason, advice)) = distrust(code) {
        return Said::new(format!("the certificate is not trusted: {reason}"), advice);
    }
    if has(&["wrong version number", "packet length too long", "http request"], &loss.message) {
        let advice = if peer.is_proxy() {
            "Use http: instead of https: in the option proxy."
        } else {
            "Open ws: instead of wss:."
        };
        return Said::new("this port does not speak TLS", advice);
    }
    if let Some(said) = failed_handshake(code) {
        return said;
    }
    if code.contains("NO_APPLICATION_PROTOCOL") {
        let advice =
            "If it speaks only HTTP/2, it must support extended CONNECT (RFC 8441), and the option http2 must be set.";
        return Said::new("this port does not speak HTTP/1.1", advice);
    }
    if has(&["PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"], code) {
        return Said::new("there is no TLS version in common", "Check the options tls.minVersion and tls.maxVersion.");
    }
    if code == "ECONNRESET" || code.is_empty() && loss.message.is_empty() {
        return Said::new("the connection ended during the TLS handshake", "");
    }
    // OpenSSL's own messages are meant for its authors. Any other message is meant for people, such as that of tls.checkServerIdentity.
    let detail = if loss.message.contains(":error:") { String::new() } else { loss.detail() };
    Said::new(format!("TLS failed{detail}"), "")
}

/// What went wrong with TLS after the handshake. With TLS 1.3, the server refuses a client's certificate only then.
pub(super) fn explain_later<C>(loss: &Loss<C>) -> Said {
    failed_handshake(&loss.code).unwrap_or_else(|| Said::new("TLS failed after the handshake", ""))
}

fn failed_handshake(code: &str) -> Option<Said> {
    let advice = "If a client certificate is required, pass one in the options tls.cert and tls.key.";
    let is_refusal = has(&["CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE"], code);
    is_refusal.then(|| Said::new("the TLS handshake was refused", advice))
}

fn has(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| text.contains(word))
}

const PASS_AUTHORITY: &str = "Pass the certificate of its authority in the option tls.ca.";

/// Why a certificate is not trusted, and what to do, by the error's code.
fn distrust(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "SELF_SIGNED_CERT_IN_CHAIN" => ("no known authority signed the last certificate of its chain", PASS_AUTHORITY),
        "DEPTH_ZERO_SELF_SIGNED_CERT" => ("it is self-signed", "If you trust it, pass it in the option tls.ca."),
        "UNABLE_TO_GET_ISSUER_CERT" => ("the certificate of its authority is missing", PASS_AUTHORITY),
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" => ("its authority is not known here", PASS_AUTHORITY),
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE" => (
            "its authority is not known here",
            "Pass the authority's certificate in the option tls.ca, or have the server send its intermediate certificates.",
        ),
        "CERT_HAS_EXPIRED" => ("it has expired", ""),
        "CERT_NOT_YET_VALID" => ("it is not valid yet", "Check this computer's clock."),
        "CERT_REVOKED" => ("it was revoked", ""),
        "ERR_TLS_CERT_ALTNAME_INVALID" => {
            ("it was issued for other names", "Check the host's name, or the option tls.servername.")
        }
        _ => return None,
    })
}
