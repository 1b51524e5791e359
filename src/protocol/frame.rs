//! Frames on the wire (RFC 6455 §5.2) and masking (§5.3).

use super::fault::{Fault, FaultKind};

/// The longest payload of a control frame (RFC 6455 §5.5).
pub(super) const MAX_CONTROL: u64 = 125;
/// The longest header a server may send: two bytes and a 64-bit length.
pub(super) const MAX_SERVER_HEADER: usize = 10;

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn parse(nibble: u8) -> Option<Self> {
        Some(match nibble {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn nibble(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A frame's header, as a server may send it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) fin: bool,
    /// "Per-message compressed" (RFC 7692 §6), if that was agreed on.
    pub(super) rsv1: bool,
    pub(super) opcode: Opcode,
    pub(super) len: u64,
}

impl Header {
    /// Of a frame that is all of its message, uncompressed; its length is still to be set.
    pub(super) fn whole(opcode: Opcode) -> Self {
        Self { fin: true, rsv1: false, opcode, len: 0 }
    }
}

/// Reads a header off the front of `bytes`: it and its size, or `None` if more bytes are needed.
///
/// Checks all that a header alone can get wrong; what depends on the frames before it is the connection's matter.
#[inline]
pub(super) fn parse_header(bytes: &[u8]) -> Result<Option<(Header, usize)>, Fault> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let wrong = |message| Err(FaultKind::Frame.because(message));
    if first & 0x30 != 0 {
        return wrong("A frame has RSV2 or RSV3 set, which no extension gives a meaning.");
    }
    let Some(opcode) = Opcode::parse(first & 0x0F) else { return wrong("A frame has a reserved opcode.") };
    if second & 0x80 != 0 {
        return wrong("A frame from the server is masked.");
    }
    let fin = first & 0x80 != 0;
    if opcode.is_control() && !fin {
        return wrong("A control frame is fragmented.");
    }
    let (len, size) = match (second & 0x7F, rest) {
        (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 4),
        (127, [a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 10),
        (126 | 127, _) if opcode.is_control() => (MAX_CONTROL + 1, 2),
        (126 | 127, _) => return Ok(None),
        (short, _) => (u64::from(short), 2),
    };
    if opcode.is_control() && len > MAX_CONTROL {
        return wrong("A control frame is longer than 125 bytes.");
    }
    if len >> 63 != 0 {
        return wrong("A frame's 64-bit length has its top bit set.");
    }
    if (size == 4 && len < 126) || (size == 10 && len <= 0xFFFF) {
        return wrong("A frame's length is not in its shortest form.");
    }
    Ok(Some((Header { fin, rsv1: first & 0x40 != 0, opcode, len }, size)))
}

/// A message in one frame, without RSV bits, that lies whole at the front of `bytes`: its opcode, the size of its header,
/// its payload. `None` says no more than that this is another case: [`parse_header`] judges it.
#[inline]
pub(super) fn parse_whole(bytes: &[u8]) -> Option<(Opcode, usize, &[u8])> {
    let [first, second, rest @ ..] = bytes else { return None };
    let opcode = match first {
        0x81 => Opcode::Text,
        0x82 => Opcode::Binary,
        _ => return None,
    };
    match (*second, rest) {
        (len @ 0..=125, _) => Some((opcode, 2, rest.get(..usize::from(len))?)),
        (126, [a, b, rest @ ..]) => {
            let len = usize::from(u16::from_be_bytes([*a, *b]));
            let payload = rest.get(..len)?;
            (len > 125).then_some((opcode, 4, payload))
        }
        _ => None,
    }
}

/// Writes the header of a client's frame, its length in the shortest form.
#[inline]
pub(super) fn write_header(header: Header, key: MaskKey, out: &mut Vec<u8>) {
    let Header { fin, rsv1, opcode, len } = header;
    let first = opcode.nibble() | (u8::from(fin) << 7) | (u8::from(rsv1) << 6);
    let [l0, l1, l2, l3, l4, l5, l6, l7] = len.to_be_bytes();
    let [k0, k1, k2, k3] = key;
    match len {
        0..=125 => out.extend_from_slice(&[first, 0x80 | l7, k0, k1, k2, k3]),
        126..=0xFFFF => out.extend_from_slice(&[first, 0x80 | 126, l6, l7, k0, k1, k2, k3]),
        _ => out.extend_from_slice(&[first, 0x80 | 127, l0, l1, l2, l3, l4, l5, l6, l7, k0, k1, k2, k3]),
    }
}

/// The longest header a client may send: a server's and the mask key.
pub const MAX_HEADER: usize = MAX_SERVER_HEADER + size_of::<MaskKey>();

/// Makes a frame, or its beginning, where its payload lies: masks it, and writes the header right before it. `frame` is
/// [`MAX_HEADER`] bytes of room and the payload. Answers where in it the frame begins.
pub(super) fn frame_in_place(header: Header, key: MaskKey, frame: &mut [u8]) -> usize {
    let (room, payload) = frame.split_at_mut(MAX_HEADER.min(frame.len()));
    mask(payload, key);
    let mut bytes = Vec::with_capacity(MAX_HEADER);
    write_header(header, key, &mut bytes);
    let start = room.len().saturating_sub(bytes.len());
    room.get_mut(start..).unwrap_or_default().copy_from_slice(&bytes);
    start
}

/// The key a client's frame is masked with: four bytes nobody could have guessed (RFC 6455 §5.3).
pub type MaskKey = [u8; 4];

/// Masks a payload, or unmasks it (RFC 6455 §5.3).
#[inline]
pub(super) fn mask(payload: &mut [u8], [a, b, c, d]: MaskKey) {
    let key = [a, b, c, d, a, b, c, d];
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ u64::from_ne_bytes(key)).to_ne_bytes(); // becomes SIMD
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// Appends a frame's payload to `out`, masked.
#[inline]
pub(super) fn append_masked(payload: &[u8], key: MaskKey, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(payload);
    mask(out.get_mut(start..).unwrap_or_default(), key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_the_same_in_place_and_appended() {
        let key = [0x37, 0xFA, 0x21, 0x3D];
        for len in [0, 1, 3, 4, 7, 8, 13, 125, 126, 300, 0xFFFF, 0x1_0000] {
            let payload: Vec<u8> = (0..len).map(|index: u32| index as u8).collect();
            let header = Header { fin: true, rsv1: false, opcode: Opcode::Binary, len: u64::from(len) };
            let mut expected = Vec::new();
            write_header(header, key, &mut expected);
            expected.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));

            let mut appended = Vec::new();
            write_header(header, key, &mut appended);
            append_masked(&payload, key, &mut appended);
            assert_eq!(appended, expected, "{len}");

            let mut frame = [&[0; MAX_HEADER], &payload[..]].concat();
            let start = frame_in_place(header, key, &mut frame);
            assert_eq!(frame[start..], expected, "{len}");
        }
    }

    #[test]
    fn a_header_is_written_in_the_shortest_form_and_read_back() {
        for len in [0, 1, 125, 126, 127, 0xFFFF, 0x1_0000, u64::MAX >> 1] {
            let mut out = Vec::new();
            let header = Header { fin: true, rsv1: len % 2 == 0, opcode: Opcode::Binary, len };
            write_header(header, [1, 2, 3, 4], &mut out);
            assert_eq!(out.split_off(out.len() - 4), [1, 2, 3, 4]);
            out[1] &= 0x7F; // as if from a server
            let size = out.len();
            assert_eq!(parse_header(&out), Ok(Some((header, size))), "{len}");
            for short in 0..size {
                assert_eq!(parse_header(&out[..short]), Ok(None), "{len}, {short} bytes");
            }
        }
    }

    #[test]
    fn every_wrong_header_is_a_fault() {
        for bytes in [
            &[0xA1, 0x00][..],                          // RSV2
            &[0x91, 0x00],                              // RSV3
            &[0x83, 0x00],                              // opcode 3
            &[0x8B, 0x00],                              // opcode 11
            &[0x81, 0x80, 0, 0, 0, 0],                  // masked
            &[0x09, 0x00],                              // fragmented ping
            &[0x89, 126, 0, 126],                       // ping of 126 bytes
            &[0x89, 126],                               // … known from its second byte on
            &[0x81, 126, 0, 125],                       // not the shortest form
            &[0x81, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], // not the shortest form
            &[0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],    // top bit
        ] {
            assert!(parse_header(bytes).is_err(), "{bytes:02x?}");
        }
    }
}
