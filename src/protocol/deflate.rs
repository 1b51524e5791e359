//! Compressing and decompressing for permessage-deflate (RFC 7692 §7.2), with zlib-rs.
//!
//! A context is created on first use. Without context takeover it returns to a pool after each message, and all connections share
//! the pool. With context takeover it belongs to its connection and is dropped with it.

use std::cell::RefCell;

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

/// The bytes that a compressor removes from the end of a message and a decompressor appends (RFC 7692 §7.2.1, §7.2.2).
pub(super) const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
/// The most contexts of each kind in the pool.
const POOLED: usize = 2;
/// The output buffer grows by at least this many bytes at a time.
const ROOM: usize = 16 * 1024;

thread_local! {
    static INFLATERS: RefCell<Vec<Inflate>> = const { RefCell::new(Vec::new()) };
    static DEFLATERS: RefCell<Vec<(Shape, Deflate)>> = const { RefCell::new(Vec::new()) };
}

/// What makes two compressors interchangeable.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    level: i32,
    window_bits: u8,
}

/// Decompresses messages.
pub(super) struct Inflater {
    takeover: bool,
    /// Set from the first use on. Without context takeover, set only during a message.
    context: Option<Inflate>,
}

/// The data is not valid DEFLATE.
#[derive(Debug)]
pub(super) struct NotDeflated;

impl Inflater {
    pub(super) fn new(takeover: bool) -> Self {
        Self { takeover, context: None }
    }

    /// Inflates from `input` into `output`. Returns the number of bytes read and the number of bytes written.
    pub(super) fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize), NotDeflated> {
        let context = self.context.get_or_insert_with(|| {
            // A decompressor with the largest window reads every stream.
            INFLATERS.with_borrow_mut(Vec::pop).unwrap_or_else(|| Inflate::new(false, 15))
        });
        let (taken, made) = (context.total_in(), context.total_out());
        let status = context.decompress(input, output, InflateFlush::SyncFlush).map_err(|_| NotDeflated)?;
        let counts = ((context.total_in() - taken) as usize, (context.total_out() - made) as usize);
        if status == Status::StreamEnd {
            context.reset(false); // a final block (RFC 7692 §7.2.3.4) ends the stream, and another may follow
            if counts.0 == 0 {
                // The stream's last bits were read by an earlier call, so this input belongs to the next stream.
                let (taken, made) = self.inflate(input, output.get_mut(counts.1..).unwrap_or_default())?;
                return Ok((taken, counts.1 + made));
            }
        }
        Ok(counts)
    }

    /// Ends a message.
    pub(super) fn finish(&mut self) {
        if self.takeover {
            return;
        }
        if let Some(mut context) = self.context.take() {
            context.reset(false);
            INFLATERS.with_borrow_mut(|pool| {
                if pool.len() < POOLED {
                    pool.push(context)
                }
            });
        }
    }
}

/// Compresses messages.
pub(super) struct Deflater {
    takeover: bool,
    shape: Shape,
    /// Set as in [`Inflater`].
    context: Option<Deflate>,
}

impl Deflater {
    pub(super) fn new(takeover: bool, level: i32, window_bits: u8) -> Self {
        Self { takeover, shape: Shape { level, window_bits }, context: None }
    }

    /// Compresses a message's next bytes and appends what the compressor returns to `out`. It may keep some for later. With `last`,
    /// it appends everything except the [`TAIL`].
    pub(super) fn deflate(&mut self, mut input: &[u8], last: bool, out: &mut Vec<u8>) {
        let shape = self.shape;
        let context = self.context.get_or_insert_with(|| {
            let pooled = DEFLATERS.with_borrow_mut(|pool| {
                let index = pool.iter().position(|(other, _)| *other == shape)?;
                Some(pool.swap_remove(index).1)
            });
            pooled.unwrap_or_else(|| Deflate::new(shape.level, false, shape.window_bits))
        });
        let flush = if last { DeflateFlush::SyncFlush } else { DeflateFlush::NoFlush };
        loop {
            let start = out.len();
            out.resize(start + ROOM.max(input.len() / 2), 0);
            let (taken, made) = (context.total_in(), context.total_out());
            let room = out.get_mut(start..).unwrap_or_default();
            let size = room.len();
            // The only possible error is that there was nothing to do, which is harmless.
            let _ = context.compress(input, room, flush);
            let made = (context.total_out() - made) as usize;
            input = input.get((context.total_in() - taken) as usize..).unwrap_or_default();
            out.truncate(start + made);
            if input.is_empty() && made < size {
                break;
            }
        }
        if last {
            if out.ends_with(&TAIL) {
                out.truncate(out.len() - TAIL.len());
            }
            self.finish();
        }
    }

    fn finish(&mut self) {
        if self.takeover {
            return;
        }
        if let Some(mut context) = self.context.take() {
            context.reset();
            let shape = self.shape;
            DEFLATERS.with_borrow_mut(|pool| {
                if pool.len() < POOLED {
                    pool.push((shape, context))
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inflates a message through an output of `room` bytes.
    fn inflate(inflater: &mut Inflater, message: &[u8], room: usize) -> Vec<u8> {
        let input = [message, &TAIL].concat();
        let (mut at, mut whole, mut output) = (0, Vec::new(), vec![0; room]);
        loop {
            let (taken, made) = inflater.inflate(&input[at..], &mut output).unwrap();
            at += taken;
            whole.extend_from_slice(&output[..made]);
            if at == input.len() && made < room {
                inflater.finish();
                return whole;
            }
        }
    }

    #[test]
    fn rfc_7692s_examples_inflate_to_hello() {
        // §7.2.3.1, then §7.2.3.2 with the window of the first; §7.2.3.3 no compression; §7.2.3.4 a final block
        let mut inflater = Inflater::new(true);
        assert_eq!(inflate(&mut inflater, b"\xf2\x48\xcd\xc9\xc9\x07\x00", 100), b"Hello");
        assert_eq!(inflate(&mut inflater, b"\xf2\x00\x11\x00\x00", 100), b"Hello");
        for message in [&b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"[..], b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"] {
            assert_eq!(inflate(&mut Inflater::new(false), message, 100), b"Hello");
        }
        // §7.2.3.5, two blocks; §7.2.3.6, an empty message
        assert_eq!(inflate(&mut inflater, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 100), b"Hello");
        assert_eq!(inflate(&mut inflater, b"\x00", 100), b"");
    }

    #[test]
    fn compressed_data_inflates_to_the_original_with_all_settings() {
        let text: Vec<u8> = (0..60_000u32).flat_map(|number| (number % 613).to_string().into_bytes()).collect();
        for (takeover, level, bits) in [(true, 6, 15), (true, 1, 9), (false, 9, 12), (false, 0, 10)] {
            let (mut deflater, mut inflater) = (Deflater::new(takeover, level, bits), Inflater::new(takeover));
            for len in [1, 5, 500, text.len()] {
                for pieces in [1, 3] {
                    let mut compressed = Vec::new();
                    let mut chunks = text[..len].chunks(len.div_ceil(pieces)).peekable();
                    while let Some(chunk) = chunks.next() {
                        deflater.deflate(chunk, chunks.peek().is_none(), &mut compressed);
                    }
                    assert_eq!(
                        inflate(&mut inflater, &compressed, 777),
                        text[..len],
                        "{takeover} {level} {bits} {len}"
                    );
                }
            }
        }
    }

    /// No match reaches back further than the window, so a payload of two equal halves compresses badly with a small window.
    #[test]
    fn the_compressor_uses_no_more_than_the_agreed_window() {
        let mut state = 1u32; // xorshift32
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        };
        let noise: Vec<u8> = (0..4096).map(|_| random()).collect();
        let twice = [&noise[..], &noise].concat();
        let size = |bits| {
            let mut out = Vec::new();
            Deflater::new(false, 9, bits).deflate(&twice, true, &mut out);
            out.len()
        };
        assert!(size(9) > 7000, "with a window of 512 bytes: {}", size(9));
        assert!(size(15) < 5000, "with a window of 32 KiB: {}", size(15));
    }

    #[test]
    fn data_that_is_not_deflate_is_an_error() {
        assert!(Inflater::new(true).inflate(b"\xFF\xFF\xFF\xFF", &mut [0; 100]).is_err());
    }
}
