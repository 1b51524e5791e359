//! The error codes of HTTP/2 (RFC 9113 §7).

/// The names of the codes, starting at 1. Code 0 means no error.
const NAMES: [&str; 13] = [
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// The name of an error code; `None` for 0. An unknown code means no more than INTERNAL_ERROR does.
pub fn error_name(code: u32) -> Option<&'static str> {
    let at = (code as usize).checked_sub(1)?;
    NAMES.get(at).copied().or(Some("INTERNAL_ERROR"))
}

/// Whether `text` is the name of an error code.
pub fn is_error_name(text: &str) -> bool {
    NAMES.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_the_name_that_the_standard_gives_it() {
        for (code, name) in [(1, "PROTOCOL_ERROR"), (7, "REFUSED_STREAM"), (8, "CANCEL"), (13, "HTTP_1_1_REQUIRED")] {
            assert_eq!(error_name(code), Some(name));
            assert!(is_error_name(name));
        }
        assert_eq!(error_name(0), None);
        assert_eq!([error_name(14), error_name(u32::MAX)], [Some("INTERNAL_ERROR"); 2]);
        assert!(!is_error_name("ECONNRESET") && !is_error_name(""));
    }
}
