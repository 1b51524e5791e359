//! Frames on the wire (RFC 6455 §5.2) and masking (§5.3).

use super::fault::{Fault, FaultKind};

/// Which end of the connection a [`Connection`](super::Connection) is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Masks the frames that it sends, and rejects masked frames (RFC 6455 §5.1).
    Client,
    /// Sends unmasked frames, and rejects frames that are not masked (RFC 6455 §5.1).
    Server,
}

/// The most payload bytes of a control frame (RFC 6455 §5.5).
pub const MAX_CONTROL: usize = 125;
/// The most bytes of a header: two bytes, a 64-bit length, a mask key.
pub const MAX_HEADER: usize = 14;

/// The type of a frame (RFC 6455 §5.2).
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

/// A frame's header, without its mask key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) fin: bool,
    /// "Per-message compressed" (RFC 7692 §6), if permessage-deflate was negotiated.
    pub(super) rsv1: bool,
    pub(super) opcode: Opcode,
    pub(super) len: u64,
}

impl Header {
    /// The header of an uncompressed frame that is a whole message. Its length is 0: set it.
    pub(super) fn whole(opcode: Opcode) -> Self {
        Self { fin: true, rsv1: false, opcode, len: 0 }
    }
}

/// The result of reading a header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parsed {
    pub(super) header: Header,
    /// Set in a client's frames.
    pub(super) key: Option<MaskKey>,
    /// The number of bytes that the header takes, including the mask key.
    pub(super) size: usize,
}

/// Reads the header at the front of `bytes`, of a frame that is sent to `role`. Returns `None` if more bytes are needed.
///
/// It makes every check that needs no other frame. The reader makes those that depend on earlier frames.
#[inline]
pub(super) fn parse_header(bytes: &[u8], role: Role) -> Result<Option<Parsed>, Fault> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let wrong = |message| Err(FaultKind::Frame.because(message));
    if first & 0x30 != 0 {
        return wrong("A frame has RSV2 or RSV3 set, which no negotiated extension uses.");
    }
    let Some(opcode) = Opcode::parse(first & 0x0F) else { return wrong("A frame has a reserved opcode.") };
    let masked = second & 0x80 != 0;
    match role {
        Role::Client if masked => return wrong("A frame from the server is masked."),
        Role::Server if !masked => return wrong("A frame from the client is not masked."),
        _ => {}
    }
    let fin = first & 0x80 != 0;
    if opcode.is_control() && !fin {
        return wrong("A control frame is fragmented.");
    }
    if opcode.is_control() && u64::from(second & 0x7F) > MAX_CONTROL as u64 {
        return wrong("A control frame is longer than 125 bytes.");
    }
    let Some((len, size)) = parse_len(*second, rest) else { return Ok(None) };
    if len >> 63 != 0 {
        return wrong("A frame's 64-bit length has its top bit set.");
    }
    if (size == 4 && len < 126) || (size == 10 && len <= 0xFFFF) {
        return wrong("A frame's length is not in its shortest form.");
    }
    let header = Header { fin, rsv1: first & 0x40 != 0, opcode, len };
    if !masked {
        return Ok(Some(Parsed { header, key: None, size }));
    }
    let key = bytes.get(size..).and_then(|rest| rest.first_chunk().copied());
    Ok(key.map(|key| Parsed { header, key: Some(key), size: size + size_of::<MaskKey>() }))
}

/// Reads a payload length from a header's second byte and what follows it. Returns it with the header's size so far.
#[inline]
pub(super) fn parse_len(second: u8, rest: &[u8]) -> Option<(u64, usize)> {
    Some(match second & 0x7F {
        126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (u64::from_be_bytes(*rest.first_chunk()?), 10),
        short => (u64::from(short), 2),
    })
}

/// Reads a whole message at the front of `bytes`, in one unmasked frame without RSV bits. Returns its opcode, the size of its
/// header, and its payload. Everything else returns `None` and goes through [`parse_header`].
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

/// Appends a frame's header to `out`, with the length in its shortest form (RFC 6455 §5.2). A client passes a `key`.
#[inline]
pub(super) fn write_header(header: Header, key: Option<MaskKey>, out: &mut Vec<u8>) {
    let Header { fin, rsv1, opcode, len } = header;
    let first = opcode.nibble() | (u8::from(fin) << 7) | (u8::from(rsv1) << 6);
    let [l0, l1, l2, l3, l4, l5, l6, l7] = len.to_be_bytes();
    let Some([k0, k1, k2, k3]) = key else {
        return match len {
            0..=125 => out.extend_from_slice(&[first, l7]),
            126..=0xFFFF => out.extend_from_slice(&[first, 126, l6, l7]),
            _ => out.extend_from_slice(&[first, 127, l0, l1, l2, l3, l4, l5, l6, l7]),
        };
    };
    match len {
        0..=125 => out.extend_from_slice(&[first, 0x80 | l7, k0, k1, k2, k3]),
        126..=0xFFFF => out.extend_from_slice(&[first, 0x80 | 126, l6, l7, k0, k1, k2, k3]),
        _ => out.extend_from_slice(&[first, 0x80 | 127, l0, l1, l2, l3, l4, l5, l6, l7, k0, k1, k2, k3]),
    }
}

/// Makes a frame, or its beginning, in place. `frame` is [`MAX_HEADER`] bytes of room followed by the payload. Masks the payload
/// if there is a key, and writes the header right before it. Returns the offset in `frame` where the header begins.
pub(super) fn frame_in_place(header: Header, key: Option<MaskKey>, frame: &mut [u8]) -> usize {
    let (room, payload) = frame.split_at_mut(MAX_HEADER.min(frame.len()));
    if let Some(key) = key {
        mask(payload, key);
    }
    let mut bytes = Vec::with_capacity(MAX_HEADER);
    write_header(header, key, &mut bytes);
    let start = room.len().saturating_sub(bytes.len());
    room.get_mut(start..).unwrap_or_default().copy_from_slice(&bytes);
    start
}

/// The key that masks a client's frame: four unpredictable bytes (RFC 6455 §5.3).
pub type MaskKey = [u8; 4];

/// Masks or unmasks a payload in place (RFC 6455 §5.3).
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

/// Appends a frame's payload to `out`, masked if there is a key.
#[inline]
pub(super) fn append_payload(payload: &[u8], key: Option<MaskKey>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = key {
        mask(out.get_mut(start..).unwrap_or_default(), key);
    }
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
            write_header(header, Some(key), &mut expected);
            expected.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));

            let mut appended = Vec::new();
            write_header(header, Some(key), &mut appended);
            append_payload(&payload, Some(key), &mut appended);
            assert_eq!(appended, expected, "{len}");

            let mut frame = [&[0; MAX_HEADER], &payload[..]].concat();
            let start = frame_in_place(header, Some(key), &mut frame);
            assert_eq!(frame[start..], expected, "{len}");
        }
    }

    #[test]
    fn a_header_is_written_in_the_shortest_form_and_read_back_by_the_other_end() {
        for len in [0, 1, 125, 126, 127, 0xFFFF, 0x1_0000, u64::MAX >> 1] {
            for (key, reader, other) in
                [(None, Role::Client, Role::Server), (Some([1, 2, 3, 4]), Role::Server, Role::Client)]
            {
                let mut out = Vec::new();
                let header = Header { fin: true, rsv1: len % 2 == 0, opcode: Opcode::Binary, len };
                write_header(header, key, &mut out);
                let size = out.len();
                assert_eq!(parse_header(&out, reader), Ok(Some(Parsed { header, key, size })), "{len}");
                assert!(parse_header(&out, other).is_err(), "{len}: masked for a client, or not for a server");
                for short in 0..size {
                    assert_eq!(parse_header(&out[..short], reader), Ok(None), "{len}, {short} bytes");
                }
            }
        }
    }

    #[test]
    fn a_control_frame_may_have_125_bytes() {
        let header = Header { len: 125, ..Header::whole(Opcode::Ping) };
        assert_eq!(parse_header(&[0x89, 125], Role::Client), Ok(Some(Parsed { header, key: None, size: 2 })));
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
            assert!(parse_header(bytes, Role::Client).is_err(), "{bytes:02x?}");
        }
    }
}
