//! Close codes and reasons: one table that answers three questions.
//!
//! Does `close()` accept the code? Which code goes out on the wire? May the peer send it? The sources are RFC 6455 §7.4, the IANA
//! registry of close codes, and the `nsIWebSocketChannel` page, which was written when the codes above 1006 were still reserved.

use alloc::string::String;

/// A code that a close frame may have. Every value of this type is valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloseCode(u16);

/// The code that is reported for a close frame without a code (RFC 6455 §7.1.5). It is never sent.
pub const NO_STATUS: u16 = 1005;
/// The code that is reported for a connection that ended without a close frame (RFC 6455 §7.1.5). It is never sent.
pub const ABNORMAL: u16 = 1006;
/// The most UTF-8 bytes of a reason: the 125 of a control frame minus 2 for the code (RFC 6455 §5.5).
pub const MAX_REASON: usize = 123;

impl CloseCode {
    /// 1000: the connection has served its purpose.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// 1001: this end is going away.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: the other end broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1007: data that does not match its type, for example text that is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode(1007);
    /// 1009: a message that is too big to process.
    pub const MESSAGE_TOO_BIG: CloseCode = CloseCode(1009);
    /// 1011: a fault of this end.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);

    /// The code that `close(code)` sends, or `None` if `close` must reject it.
    pub fn for_close(code: u16) -> Option<Self> {
        match use_of(code) {
            Use::Free => Some(Self(code)),
            Use::SentAs(other) => Some(Self(other)),
            Use::Never => None,
        }
    }

    /// The code of a close frame from the peer, or `None` if the peer must not send it.
    pub fn from_peer(code: u16) -> Option<Self> {
        matches!(use_of(code), Use::Free).then_some(Self(code))
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// Whether a web page may send it. The native `WebSocket.close` rejects all others (WHATWG WebSockets, `close()`).
    pub fn may_be_sent_by_a_page(self) -> bool {
        self.0 == 1000 || self.0 >= 3000
    }
}

/// The content of a close frame: nothing, or a code and a reason of at most [`MAX_REASON`] bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Close {
    body: Option<(CloseCode, String)>,
}

impl Close {
    /// A close frame without a code. The other end reports it as 1005.
    pub const EMPTY: Close = Close { body: None };

    /// A close frame with a code and no reason.
    pub fn with_code(code: CloseCode) -> Self {
        Self { body: Some((code, String::new())) }
    }

    /// A close frame with a code and a reason, or `None` if the reason is too long.
    pub fn new(code: CloseCode, reason: String) -> Option<Self> {
        (reason.len() <= MAX_REASON).then_some(Self { body: Some((code, reason)) })
    }

    /// A close frame with a code and a reason. A reason that is too long is left out.
    pub fn because(code: CloseCode, reason: &str) -> Self {
        Self::new(code, reason.into()).unwrap_or_else(|| Self::with_code(code))
    }

    /// The code, or `None` if the frame is empty.
    pub fn code(&self) -> Option<CloseCode> {
        self.body.as_ref().map(|(code, _)| *code)
    }

    /// The code to report: 1005 for an empty frame.
    pub fn reported_code(&self) -> u16 {
        self.code().map_or(NO_STATUS, CloseCode::number)
    }

    /// The reason, or `""` for an empty frame.
    pub fn reason(&self) -> &str {
        self.body.as_ref().map_or("", |(_, reason)| reason)
    }
}

/// The codes with their names and meanings. They become constants of `WebSocketChannel`.
pub const NAMES: &[(u16, &str, &str)] = &[
    (1000, "CLOSE_NORMAL", "The connection has served its purpose."),
    (1001, "CLOSE_GOING_AWAY", "This end is going away: a server shuts down, or a page is left."),
    (1002, "CLOSE_PROTOCOL_ERROR", "The other end broke the protocol."),
    (1003, "CLOSE_UNSUPPORTED", "This end cannot accept data of this type."),
    (1004, "CLOSE_TOO_LARGE", "A message is too large. It is sent as 1009, which RFC 6455 assigns to this."),
    (1005, "CLOSE_NO_STATUS", "Reported for a close frame without a code. It cannot be sent."),
    (1006, "CLOSE_ABNORMAL", "Reported when the connection ended without a close frame. It cannot be sent."),
    (1007, "CLOSE_INVALID_PAYLOAD", "Data does not match its type, for example text that is not UTF-8."),
    (1008, "CLOSE_POLICY_VIOLATION", "A message violates a policy of this end."),
    (1009, "CLOSE_MESSAGE_TOO_BIG", "A message is too big to process."),
    (1010, "CLOSE_EXTENSION_MISSING", "The server did not negotiate an extension that the client needs."),
    (1011, "CLOSE_INTERNAL_ERROR", "This end has an internal error."),
    (1012, "CLOSE_SERVICE_RESTART", "The service is restarting."),
    (1013, "CLOSE_TRY_AGAIN_LATER", "The service is overloaded."),
    (1014, "CLOSE_BAD_GATEWAY", "A gateway received an invalid response from the server behind it."),
    (1015, "CLOSE_TLS_FAILED", "Reported when TLS failed. It cannot be sent."),
];

/// The end of the error message for a code that `close()` does not accept. It names those that it does.
pub const NOT_SENDABLE: &str = " is not a code that may be sent. Use 1000 to 1004, 1007 to 1014, or 3000 to 4999.";

enum Use {
    /// Both ends may send it.
    Free,
    /// `close()` accepts it and sends this other code. The peer must not send it.
    SentAs(u16),
    /// Neither end may send it.
    Never,
}

/// The table: every `u16` is in exactly one row.
fn use_of(code: u16) -> Use {
    match code {
        0..=999 => Use::Never, // RFC 6455 §7.4.2: not used
        1000..=1003 => Use::Free,
        1004 => Use::SentAs(1009), // "too large" on the page, which follows a draft of the protocol
        1005 | 1006 => Use::Never, // RFC 6455 §7.4.1: only reported
        1007..=1014 => Use::Free,  // assigned since the page was written
        1015 => Use::Never,        // RFC 6455 §7.4.1: only reported
        1016..=2999 => Use::Never, // reserved for the protocol and its extensions
        3000..=4999 => Use::Free,
        5000.. => Use::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same table written a second time in another form, so that a mistake in one of them shows.
    fn expected(code: u16) -> (Option<u16>, Option<u16>) {
        let free = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].contains(&code)
            || (3000..5000).contains(&code);
        match code {
            1004 => (Some(1009), None),
            _ if free => (Some(code), Some(code)),
            _ => (None, None),
        }
    }

    #[test]
    fn each_of_the_65536_codes_is_used_as_the_table_says() {
        for code in 0..=u16::MAX {
            let (close, peer) = expected(code);
            assert_eq!(CloseCode::for_close(code).map(CloseCode::number), close, "close({code})");
            assert_eq!(CloseCode::from_peer(code).map(CloseCode::number), peer, "{code} from the peer");
        }
    }

    #[test]
    fn the_message_names_the_codes_that_close_accepts() {
        let named = NOT_SENDABLE.split_once(" Use ").and_then(|(_, named)| named.strip_suffix('.')).unwrap();
        let ranges: Vec<_> =
            named.split(", ").filter_map(|range| range.trim_start_matches("or ").split_once(" to ")).collect();
        assert_eq!(ranges.len(), 3);
        for code in 0..=u16::MAX {
            let is_named =
                ranges.iter().any(|(first, last)| (first.parse().unwrap()..=last.parse().unwrap()).contains(&code));
            assert_eq!(CloseCode::for_close(code).is_some(), is_named, "close({code})");
        }
    }

    #[test]
    fn a_page_may_send_1000_and_3000_to_4999_and_nothing_else() {
        for code in 0..=u16::MAX {
            let may = CloseCode::for_close(code).is_some_and(CloseCode::may_be_sent_by_a_page);
            assert_eq!(may, code == 1000 || (3000..5000).contains(&code), "{code}");
        }
    }

    #[test]
    fn a_reason_of_123_bytes_is_accepted_and_one_of_124_is_not() {
        assert!(Close::new(CloseCode::NORMAL, "x".repeat(123)).is_some());
        assert!(Close::new(CloseCode::NORMAL, "x".repeat(124)).is_none());
        assert!(Close::new(CloseCode::NORMAL, "€".repeat(41)).is_some(), "41 × 3 bytes");
        assert!(Close::new(CloseCode::NORMAL, "€".repeat(42)).is_none());
    }

    #[test]
    fn an_empty_close_frame_is_reported_as_1005() {
        assert_eq!((Close::EMPTY.reported_code(), Close::EMPTY.reason()), (1005, ""));
    }
}
