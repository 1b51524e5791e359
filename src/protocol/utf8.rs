//! Validates UTF-8 in pieces and reports the first invalid byte at once (RFC 6455 §8.1). Converts text for JavaScript.

use encoding_rs::mem;
use simdutf8::compat::from_utf8;

/// Validates the text of one message as it arrives.
#[derive(Default)]
pub(super) struct Utf8 {
    /// The beginning of a character that is still incomplete.
    partial: [u8; 4],
    partial_len: usize,
}

/// The text is not valid UTF-8, no matter what follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

impl Utf8 {
    /// Validates the next bytes. Returns true if they are ASCII and no character is incomplete before them.
    pub(super) fn check(&mut self, piece: &[u8]) -> Result<bool, NotUtf8> {
        if self.partial_len == 0 && is_ascii(piece) {
            return Ok(true);
        }
        self.check_characters(piece).map(|()| false)
    }

    fn check_characters(&mut self, mut piece: &[u8]) -> Result<(), NotUtf8> {
        while self.partial_len > 0 {
            let Some((byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.complete_with(*byte)?;
        }
        match from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_some() => Err(NotUtf8),
            Err(error) => self.keep(piece.get(error.valid_up_to()..).unwrap_or_default()),
        }
    }

    /// Ends the text.
    pub(super) fn finish(self) -> Result<(), NotUtf8> {
        if self.partial_len == 0 { Ok(()) } else { Err(NotUtf8) }
    }

    fn complete_with(&mut self, byte: u8) -> Result<(), NotUtf8> {
        *self.partial.get_mut(self.partial_len).ok_or(NotUtf8)? = byte;
        self.partial_len += 1;
        match from_utf8(self.partial.get(..self.partial_len).ok_or(NotUtf8)?) {
            Ok(_) => self.partial_len = 0,
            Err(error) if error.error_len().is_some() => return Err(NotUtf8),
            Err(_) => {} // still incomplete
        }
        Ok(())
    }

    fn keep(&mut self, beginning: &[u8]) -> Result<(), NotUtf8> {
        self.partial.get_mut(..beginning.len()).ok_or(NotUtf8)?.copy_from_slice(beginning);
        self.partial_len = beginning.len();
        Ok(())
    }
}

/// Compiles to SIMD. The standard library's version checks four bytes at a time in wasm.
#[inline]
fn is_ascii(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks();
    let seen = words.iter().fold(0, |seen, word| seen | u64::from_ne_bytes(*word));
    let rest = rest.iter().fold(0, |seen, byte| seen | byte);
    seen & u64::from_ne_bytes([0x80; 8]) == 0 && rest < 0x80
}

/// Validates a complete text. Returns whether it is ASCII.
#[inline]
pub(super) fn check_whole(text: &[u8]) -> Result<bool, NotUtf8> {
    if is_ascii(text) {
        return Ok(true);
    }
    simdutf8::basic::from_utf8(text).map(|_| false).map_err(|_| NotUtf8)
}

/// A text as the code units of a JavaScript string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Units {
    /// The number of code units.
    pub count: usize,
    /// Each unit is below 0x100 and is stored as one byte. Each `u16` holds two of them, the first in its lower half.
    pub narrow: bool,
}

/// Converts UTF-8 to UTF-16 code units in `units`, which must have at least as many elements as `text` has bytes. Returns `None`
/// if it has fewer, or if `text` is not valid UTF-8. V8 before version 13 takes two and a half times as long for the same conversion.
pub fn to_units(text: &[u8], units: &mut [u16]) -> Option<Units> {
    if units.len() < text.len() {
        return None;
    }
    let count = mem::convert_utf8_to_utf16_without_replacement(text, units)?;
    let made = units.get_mut(..count)?;
    let narrow = mem::is_utf16_latin1(made);
    if narrow {
        for index in 0..count.div_ceil(2) {
            let [low, high] = [2 * index, 2 * index + 1].map(|from| made.get(from).copied().unwrap_or_default());
            *made.get_mut(index)? = low | high << 8;
        }
    }
    Some(Units { count, narrow })
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is available only on the host
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_pieces(text: &[u8], cuts: &[usize]) -> Result<(), NotUtf8> {
        let (mut utf8, mut from) = (Utf8::default(), 0);
        for cut in cuts.iter().copied().chain([text.len()]) {
            let to = cut.clamp(from, text.len());
            utf8.check(&text[from..to])?;
            from = to;
        }
        utf8.finish()
    }

    #[test]
    fn the_first_invalid_byte_is_an_error_even_if_nothing_follows() {
        for bad in [&b"\xC0"[..], b"\xF5", b"\x80", b"\xED\xA0", b"\xE0\x80", b"\xF0\x80", b"\xF4\x90", b"abc\xFF"] {
            let (last, before) = bad.split_last().unwrap();
            let mut utf8 = Utf8::default();
            assert!(utf8.check(before).is_ok(), "{bad:02x?}");
            assert_eq!(utf8.check(&[*last]), Err(NotUtf8), "{bad:02x?}");
        }
    }

    #[test]
    fn an_incomplete_character_is_an_error_at_the_end() {
        assert_eq!(in_pieces("€".as_bytes().split_last().unwrap().1, &[]), Err(NotUtf8));
    }

    proptest! {
        #[test]
        fn pieces_are_validated_as_the_whole_is(text in any::<String>(), cuts in proptest::collection::vec(0usize..40, 0..6)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            prop_assert_eq!(in_pieces(text.as_bytes(), &cuts), Ok(()));
            prop_assert_eq!(check_whole(text.as_bytes()), Ok(text.is_ascii()));
        }

        #[test]
        fn a_text_has_the_same_units_as_in_the_standard_library(text in any::<String>(), latin in "[a-zà-ÿ]{0,40}") {
            for text in [text, latin] {
                let expected: Vec<u16> = text.encode_utf16().collect();
                let mut units = vec![0; text.len()];
                let Units { count, narrow } = to_units(text.as_bytes(), &mut units).unwrap();
                prop_assert_eq!(narrow, expected.iter().all(|unit| *unit < 0x100));
                units.truncate(if narrow { count.div_ceil(2) } else { count });
                let bytes = units.iter().flat_map(|unit| unit.to_le_bytes());
                let made: Vec<u16> = if narrow { bytes.map(u16::from).take(count).collect() } else { units };
                prop_assert_eq!(made, expected);
            }
        }

        #[test]
        fn any_bytes_are_validated_as_the_standard_library_does(
            bytes in proptest::collection::vec(any::<u8>(), 0..12),
            cuts in proptest::collection::vec(0usize..12, 0..6),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            prop_assert_eq!(in_pieces(&bytes, &cuts).is_ok(), std::str::from_utf8(&bytes).is_ok());
            prop_assert_eq!(check_whole(&bytes).is_ok(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
