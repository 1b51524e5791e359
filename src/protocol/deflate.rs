//! Compressing for permessage-deflate (RFC 7692 §7.2.1), with zlib-rs.

use zlib_rs::{Deflate, DeflateFlush};

use super::contexts::{Kept, Shape};
use super::inflate::TAIL;

/// The output buffer grows by at least this many bytes at a time.
const ROOM: usize = 16 * 1024;

/// Compresses messages.
pub(super) struct Deflater {
    takeover: bool,
    pub(super) context: Kept<Deflate>,
}

impl Deflater {
    pub(super) fn new(takeover: bool, level: i32, window_bits: u8) -> Self {
        Self { takeover, context: Kept::new(Shape { level, window_bits }) }
    }

    /// Compresses a message's next bytes and appends what the compressor returns to `out`. It may keep some for later. With `last`,
    /// it appends everything except the [`TAIL`]. Returns false at the beginning of a message if there is no memory for a compressor.
    #[must_use]
    pub(super) fn deflate(&mut self, input: &[u8], last: bool, out: &mut Vec<u8>) -> bool {
        let Some((mut context, _)) = self.context.begin() else { return false };
        deflate(&mut context, input, last, out);
        drop(context);
        if !last {
            return true;
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if self.takeover {
            self.context.set_idle();
        } else {
            self.context.give_back();
        }
        true
    }
}

fn deflate(context: &mut Deflate, mut input: &[u8], last: bool, out: &mut Vec<u8>) {
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
            return;
        }
    }
}
