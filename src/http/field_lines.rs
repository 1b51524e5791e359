//! A response's header fields, in one piece of memory: a channel keeps those of its handshake.

use std::fmt;

/// Names as they were sent, and values without whitespace around them, in order.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct FieldLines(Box<[u8]>); // of each field: the name's length, the value's length, the name, the value

impl FieldLines {
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (name_len, value_len) = (take_len(&mut rest)?, take_len(&mut rest)?);
            let (name, value) = (rest.split_off(..name_len)?, rest.split_off(..value_len)?);
            Some((str::from_utf8(name).unwrap_or_default(), value))
        })
    }
}

fn take_len(bytes: &mut &[u8]) -> Option<usize> {
    let (len, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*len) as usize)
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for FieldLines {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut bytes = Vec::new();
        for (name, value) in fields {
            let (name, value) = (name.as_ref().as_bytes(), value.as_ref());
            for part in [name, value] {
                bytes.extend_from_slice(&(part.len() as u32).to_le_bytes()); // no string of a host's is longer
            }
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(value);
        }
        Self(bytes.into())
    }
}

impl fmt::Debug for FieldLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_order_even_empty_and_repeated_ones() {
        let fields = [("A", &b"b"[..]), ("", b""), ("a", b""), ("A", b"\xff: \n")];
        let lines: FieldLines = fields.into_iter().collect();
        assert!(lines.iter().eq(fields));
        assert_eq!(FieldLines::default().iter().count(), 0);
    }
}
