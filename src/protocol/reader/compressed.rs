//! Compressed messages: they are inflated into the scratch memory (RFC 7692 §7.2.2).

use std::ops::Range;

use super::super::event::{Event, Kind, Source};
use super::super::fault::{Fault, FaultKind};
use super::super::utf8;
use super::{Message, Read, Reader, Step, not_utf8, too_big};

/// A compressed message that is being inflated into the scratch memory.
#[derive(Default)]
pub(super) struct Inflating {
    /// The number of bytes inflated so far.
    size: u64,
    /// The number of bytes in the scratch memory that have not been returned.
    filled: usize,
    /// The scratch memory was full, so there may be more to inflate of what was read.
    may_have_more: bool,
    /// The tail has been read.
    is_complete: bool,
    /// [`Event::Begin`] was returned, because the message did not fit the scratch memory.
    begun: bool,
}

impl Reader {
    /// Inflates the frame's `input` until the scratch memory is full. Behind a message's last frame, it inflates what is left, and reads the tail.
    pub(super) fn read_compressed(&mut self, input: &mut [u8], at: &mut usize, scratch: &mut [u8]) -> Step {
        let (Some(frame), Some(inflater)) = (&mut self.frame, &mut self.inflater) else { return Ok(None) };
        let Some(inflating) = self.message.as_mut().and_then(|message| message.inflating.as_mut()) else {
            return Ok(None);
        };
        if frame.remaining == 0 && !frame.header.fin {
            self.frame = None;
            return Ok(None);
        }
        let is_behind = frame.remaining == 0; // and so `input` is empty
        frame.unmask(input);
        let room = scratch.get_mut(inflating.filled..).unwrap_or_default();
        if room.is_empty() {
            return self.empty_scratch(scratch);
        }
        if input.is_empty() && !is_behind {
            return Ok(None);
        }
        let size = room.len();
        let is_over = is_behind && !inflating.may_have_more;
        let (taken, made) = if is_over { (0, 0) } else { inflater.inflate(input, room).map_err(not_inflated)? };
        inflating.may_have_more = made == size;
        inflating.filled += made;
        inflating.size = inflating.size.saturating_add(made as u64);
        if inflating.size > self.limit {
            return Err(too_big());
        }
        if is_behind {
            if inflating.may_have_more {
                return Ok(None);
            }
            inflating.is_complete = inflating.is_complete || inflater.read_tail().map_err(not_inflated)?;
            return if inflating.is_complete { self.end_compressed(scratch) } else { Err(incomplete()) };
        }
        frame.advance(taken);
        *at += taken;
        if taken == 0 && made < size { Err(incomplete()) } else { Ok(None) }
    }

    pub(in super::super) fn take_inflated(&mut self) -> usize {
        self.inflater.as_mut().map_or(0, |inflater| std::mem::take(&mut inflater.work))
    }

    /// The message is inflated. If it fits the scratch memory, it is returned as a whole.
    fn end_compressed(&mut self, scratch: &[u8]) -> Step {
        let Some(Message { kind, inflating: Some(inflating), .. }) = &self.message else { return Ok(None) };
        if inflating.begun {
            if inflating.filled > 0 {
                return self.empty_scratch(scratch); // the next call ends the message
            }
            self.leave_compressed();
            return self.end_message();
        }
        let (kind, payload) = (*kind, 0..inflating.filled);
        let bytes = scratch.get(payload.clone()).unwrap_or_default();
        let ascii = kind == Kind::Text && utf8::check_whole(bytes).map_err(|_| not_utf8())?;
        self.leave_compressed();
        self.message = None;
        Ok(Some(Read::Event(Event::Message { kind, source: Source::Scratch, payload, ascii })))
    }

    fn leave_compressed(&mut self) {
        self.frame = None;
        if let Some(inflater) = &mut self.inflater {
            inflater.finish();
        }
    }

    /// Returns what has been inflated so far, because the scratch memory is full or the chunk has been read.
    pub(super) fn empty_scratch(&mut self, scratch: &[u8]) -> Step {
        let Some(message) = &mut self.message else { return Ok(None) };
        let Some(inflating) = message.inflating.as_mut().filter(|inflating| inflating.filled > 0) else {
            return Ok(None);
        };
        let kind = message.kind;
        if !std::mem::replace(&mut inflating.begun, true) {
            return Ok(Some(Read::Event(Event::Begin { kind, size_hint: 2 * scratch.len() as u64 })));
        }
        let payload: Range<usize> = 0..std::mem::take(&mut inflating.filled);
        let bytes = scratch.get(payload.clone()).unwrap_or_default();
        let ascii = kind == Kind::Text && message.utf8.check(bytes).map_err(|_| not_utf8())?;
        Ok(Some(Read::Event(Event::Piece { source: Source::Scratch, payload, ascii })))
    }
}

fn incomplete() -> Fault {
    FaultKind::NotDeflated.because("A compressed message is cut off, or does not end as RFC 7692 §7.2.1 requires.")
}

fn not_inflated(kind: FaultKind) -> Fault {
    kind.because(match kind {
        FaultKind::NoMemory => "There is no memory left to inflate a message.",
        _ => "A compressed message is not valid DEFLATE data.",
    })
}
