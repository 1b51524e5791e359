//! The `nsresult` values this package reports, by name and number.
//!
//! One table. The build makes JavaScript's `Status` and `statusName` from it.

/// An `nsresult`: 0 is success, and every number with the top bit set is a failure.
///
/// Any number is possible, because `LoadGroup.cancel` accepts any. The statuses of this package are in [`TABLE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($constant:ident = $number:literal, $name:literal: $meaning:literal;)*) => {
        impl Status {
            $(#[doc = $meaning] pub const $constant: Status = Status($number);)*
        }

        /// The names alone, in the same order. Of two names for one number, an error carries the first, and `onStop` reports the last.
        const NAMES: &[(Status, &str)] = &[$((Status($number), $name),)*];

        /// Every status with its name and its meaning, in the order of the table.
        pub const TABLE: &[(Status, &str, &str)] = &[$((Status($number), $name, $meaning),)*];
    };
}

impl Status {
    /// The name that `onStop` reports; 0x80070057 is NS_ERROR_ILLEGAL_VALUE there. `None` for a number that is not in the table.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().rev().find(|(status, _)| *status == self).map(|(_, name)| *name)
    }

    /// The name that an error carries; 0x80070057 is NS_ERROR_INVALID_ARG there.
    pub fn error_name(self) -> &'static str {
        NAMES.iter().find(|(status, _)| *status == self).map_or("NS_ERROR_FAILURE", |(_, name)| *name)
    }
}

statuses! {
    OK = 0, "NS_OK": "Both close frames were exchanged.";
    BINDING_ABORTED = 0x804B_0002, "NS_BINDING_ABORTED": "close() was called while connecting, a load group was cancelled, or the option signal was aborted.";
    BASE_STREAM_CLOSED = 0x8047_0002, "NS_BASE_STREAM_CLOSED": "The connection ended without a close frame.";
    NET_RESET = 0x804B_0014, "NS_ERROR_NET_RESET": "The connection was reset.";
    UNKNOWN_HOST = 0x804B_001E, "NS_ERROR_UNKNOWN_HOST": "The host name was not found.";
    CONNECTION_REFUSED = 0x804B_0057, "NS_ERROR_WEBSOCKET_CONNECTION_REFUSED": "The connection was refused, the response was not HTTP, or its status was not 101.";
    INADEQUATE_SECURITY = 0x804B_0052, "NS_ERROR_NET_INADEQUATE_SECURITY": "TLS failed, or the certificate is not trusted.";
    PORT_ACCESS_NOT_ALLOWED = 0x804B_0013, "NS_ERROR_PORT_ACCESS_NOT_ALLOWED": "Fetch blocks the port (WebSocket and WebSocketStream only).";
    PROXY_CONNECTION_REFUSED = 0x804B_0048, "NS_ERROR_PROXY_CONNECTION_REFUSED": "The proxy could not be reached, or it refused the connection.";
    UNKNOWN_PROXY_HOST = 0x804B_002A, "NS_ERROR_UNKNOWN_PROXY_HOST": "The proxy's host name was not found.";
    REDIRECT_LOOP = 0x804B_001F, "NS_ERROR_REDIRECT_LOOP": "There were too many redirects, or they lead in a circle.";
    BAD_URI = 0x8053_03F4, "NS_ERROR_DOM_BAD_URI": "A redirect led to a URI that is not allowed.";
    NET_TIMEOUT = 0x804B_0055, "NS_ERROR_NET_TIMEOUT_EXTERNAL": "The open, close or ping timeout expired.";
    // The same number as NS_ERROR_ILLEGAL_VALUE below. A thrown error has this name; onStop reports the other.
    INVALID_ARG = 0x8007_0057, "NS_ERROR_INVALID_ARG": "An argument or option is invalid.";
    ILLEGAL_VALUE = 0x8007_0057, "NS_ERROR_ILLEGAL_VALUE": "The peer sent a wrong handshake header or a wrong frame (close code 1002).";
    CANNOT_CONVERT_DATA = 0x8046_0001, "NS_ERROR_CANNOT_CONVERT_DATA": "The peer sent text or a close reason that is not UTF-8 (close code 1007).";
    FILE_TOO_BIG = 0x8052_000F, "NS_ERROR_FILE_TOO_BIG": "A message was longer than maxMessageSize (close code 1009).";
    INVALID_CONTENT_ENCODING = 0x804B_001B, "NS_ERROR_INVALID_CONTENT_ENCODING": "The peer sent compressed data that is not valid (close code 1007).";
    OUT_OF_MEMORY = 0x8007_000E, "NS_ERROR_OUT_OF_MEMORY": "The package has no memory left for another channel or message (close code 1011).";
    UNEXPECTED = 0x8000_FFFF, "NS_ERROR_UNEXPECTED": "A message or stream could not be sent (close code 1011), the system's random generator failed, or resume() was called on a channel that is not suspended.";
    ALREADY_OPENED = 0x804B_0049, "NS_ERROR_ALREADY_OPENED": "The channel was opened before. A channel can be opened once.";
    NOT_CONNECTED = 0x804B_000C, "NS_ERROR_NOT_CONNECTED": "asyncOpen has not been called.";
    NOT_INITIALIZED = 0xC1F3_0001, "NS_ERROR_NOT_INITIALIZED": "The attribute has no value before asyncOpen.";
    MALFORMED_URI = 0x804B_000A, "NS_ERROR_MALFORMED_URI": "The URI is invalid, is not ws or wss, or has a fragment.";
    NOT_IMPLEMENTED = 0x8000_4001, "NS_ERROR_NOT_IMPLEMENTED": "This host does not support the option, attribute, method or argument.";
    NOT_AVAILABLE = 0x8004_0111, "NS_ERROR_NOT_AVAILABLE": "WebAssembly is not available here, or 1024 pings are unanswered.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_occurs_once_and_only_the_two_names_of_0x80070057_share_a_number() {
        for (index, (status, name, meaning)) in TABLE.iter().enumerate() {
            assert!(name.starts_with("NS_") && meaning.ends_with('.'), "{name}");
            for (other, other_name, _) in &TABLE[index + 1..] {
                assert_ne!(name, other_name);
                assert!(status != other || *status == Status::INVALID_ARG, "{name} and {other_name}");
            }
        }
    }

    #[test]
    fn only_ns_ok_is_a_success() {
        for (status, name, _) in TABLE {
            assert_eq!(status.0 & 0x8000_0000 == 0, *name == "NS_OK", "{name}");
        }
    }
}
