//! Compressing for permessage-deflate (RFC 7692 §7.2.1), with zlib-rs. A context is taken and given back as in
//! [`inflate`](super::inflate).

use std::cell::RefCell;
use std::rc::Rc;

use zlib_rs::{Deflate, DeflateFlush};

use super::contexts::{self, Owner, Place, Shape};
use super::inflate::TAIL;

/// The output buffer grows by at least this many bytes at a time.
const ROOM: usize = 16 * 1024;

/// Compresses messages.
pub(super) struct Deflater {
    takeover: bool,
    pub(super) deflating: Rc<RefCell<Deflating>>,
}

pub(super) struct Deflating {
    shape: Shape,
    /// From the first use on, until it gives way. Without context takeover, only during a message.
    pub(super) context: Option<Deflate>,
    /// Between two messages.
    place: Option<Place>,
}

impl Deflater {
    pub(super) fn new(takeover: bool, level: i32, window_bits: u8) -> Self {
        let shape = Shape { level, window_bits };
        let deflating = Rc::new(RefCell::new(Deflating { shape, context: None, place: None }));
        Self { takeover, deflating }
    }

    /// Compresses a message's next bytes and appends what the compressor returns to `out`. It may keep some for later. With `last`,
    /// it appends everything except the [`TAIL`]. False at a message's begin if there is no memory for a compressor.
    #[must_use]
    pub(super) fn deflate(&mut self, input: &[u8], last: bool, out: &mut Vec<u8>) -> bool {
        let mut deflating = self.deflating.borrow_mut();
        let Deflating { shape, context, place } = &mut *deflating;
        *place = None;
        if context.is_none() {
            *context = contexts::take(*shape);
        }
        let Some(context) = context else { return false };
        deflate(context, input, last, out);
        if !last {
            return true;
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if self.takeover {
            deflating.place = Some(contexts::rest::<Deflate>(&self.deflating));
        } else {
            deflating.give_back();
        }
        true
    }
}

impl Deflating {
    fn give_back(&mut self) {
        self.place = None;
        if let Some(context) = self.context.take() {
            contexts::give_back(self.shape, context);
        }
    }
}

impl Owner for RefCell<Deflating> {
    fn give_way(&self) {
        self.borrow_mut().give_back();
    }
}

impl Drop for Deflating {
    fn drop(&mut self) {
        if self.place.is_some() {
            self.give_back();
        } else if let Some(context) = self.context.take() {
            contexts::discard(self.shape, context);
        }
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
