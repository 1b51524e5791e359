//! Decompressing for permessage-deflate (RFC 7692 §7.2.2), with zlib-rs.
//!
//! With context takeover a connection keeps its context from one message to the next, until it gives way to another's: see
//! [`contexts`](super::contexts).

use std::collections::{TryReserveError, VecDeque};

use zlib_rs::{Inflate, InflateFlush, Status};

use super::contexts::Kept;
use super::fault::FaultKind;

/// What a compressor removes from the end of a message, and a decompressor appends (RFC 7692 §7.2.1, §7.2.2).
pub(super) const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
/// A byte follows the tail. It is read if the tail does not end a block.
const TAIL_AND_MORE: [u8; 5] = [0, 0, 0xFF, 0xFF, 0];

/// Decompresses messages.
pub(super) struct Inflater {
    pub(super) context: Kept<Inflate>,
    /// What the next message may refer to; `None` without context takeover.
    pub(super) window: Option<Window>,
    /// Bytes that were inflated, or copied into a stream that begins.
    pub(super) work: usize,
    /// The message has ended a stream, with a final block, and has begun no other.
    is_between_streams: bool,
}

impl Inflater {
    /// `window_bits` is the size of the peer's window as a power of two, with context takeover; `None` without it.
    pub(super) fn new(window_bits: Option<u8>) -> Self {
        Self { context: Kept::new(()), window: window_bits.map(Window::new), work: 0, is_between_streams: false }
    }

    /// Inflates from `input` into `output`. Returns the number of bytes read and the number of bytes written. Fails with
    /// [`FaultKind::NotDeflated`] or [`FaultKind::NoMemory`].
    pub(super) fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize), FaultKind> {
        self.run(input, output, InflateFlush::SyncFlush)
    }

    /// Reads the [`TAIL`], once everything before it has been inflated. Returns whether the message is complete: it ends within the header of
    /// an empty block, which the tail completes (RFC 7692 §7.2.1). In any other block, zlib would take the tail for data. A message that ends with
    /// a final block is complete, too, although its sender should have added a byte (§7.2.3.4).
    pub(super) fn read_tail(&mut self) -> Result<bool, FaultKind> {
        if self.is_between_streams {
            return Ok(true);
        }
        let (taken, made) = self.run(&TAIL_AND_MORE, &mut [0], InflateFlush::Block)?;
        Ok(taken == TAIL.len() && made == 0)
    }

    fn run(&mut self, input: &[u8], output: &mut [u8], flush: InflateFlush) -> Result<(usize, usize), FaultKind> {
        let (mut context, is_new) = self.context.begin().ok_or(FaultKind::NoMemory)?;
        if is_new {
            preset(&mut context, &mut self.window, &mut self.work)?;
        }
        let (mut taken, mut made) = (0, 0);
        loop {
            let (input, output) = (input.get(taken..).unwrap_or_default(), output.get_mut(made..).unwrap_or_default());
            let (more_taken, more_made, status) = inflate(&mut context, input, output, flush)?;
            (taken, made) = (taken + more_taken, made + more_made);
            self.work += more_made;
            if let Some(window) = &mut self.window {
                window.keep(output.get(..more_made).unwrap_or_default()).map_err(|_| FaultKind::NoMemory)?;
            }
            self.is_between_streams = status == Status::StreamEnd || (self.is_between_streams && more_taken == 0);
            if status != Status::StreamEnd {
                return Ok((taken, made));
            }
            context.reset(false); // a final block (RFC 7692 §7.2.3.4) ends the stream, and another may follow
            preset(&mut context, &mut self.window, &mut self.work)?; // the next message may refer to this one all the same (RFC 7692 §7.2.2)
            if more_taken > 0 {
                return Ok((taken, made));
            }
            // The stream's last bits were read by an earlier call, so this input belongs to the next stream.
        }
    }

    /// Ends a message.
    pub(super) fn finish(&mut self) {
        self.is_between_streams = false;
        match self.window {
            Some(_) => self.context.set_idle(),
            None => self.context.give_back(),
        }
    }
}

/// Begins a stream that may refer to the window.
fn preset(context: &mut Inflate, window: &mut Option<Window>, work: &mut usize) -> Result<(), FaultKind> {
    let Some(window) = window.as_mut().filter(|window| !window.bytes.is_empty()) else { return Ok(()) };
    *work += window.bytes.len();
    context.set_dictionary(window.bytes.make_contiguous()).map(drop).map_err(|_| FaultKind::NotDeflated)
}

/// Returns the number of bytes read and written.
fn inflate(
    context: &mut Inflate,
    input: &[u8],
    output: &mut [u8],
    flush: InflateFlush,
) -> Result<(usize, usize, Status), FaultKind> {
    let (taken, made) = (context.total_in(), context.total_out());
    let status = context.decompress(input, output, flush).map_err(|_| FaultKind::NotDeflated)?;
    Ok(((context.total_in() - taken) as usize, (context.total_out() - made) as usize, status))
}

/// The last bytes that were inflated.
pub(super) struct Window {
    pub(super) bytes: VecDeque<u8>,
    /// The most bytes to keep.
    size: usize,
}

impl Window {
    fn new(bits: u8) -> Self {
        Self { bytes: VecDeque::new(), size: 1 << bits }
    }

    fn keep(&mut self, output: &[u8]) -> Result<(), TryReserveError> {
        let output = output.get(output.len().saturating_sub(self.size)..).unwrap_or_default();
        let len = self.bytes.len() + output.len();
        self.bytes.drain(..len.saturating_sub(self.size));
        if len.min(self.size) > self.bytes.capacity() {
            let capacity = len.next_power_of_two().min(self.size);
            self.bytes.try_reserve_exact(capacity.saturating_sub(self.bytes.len()))?;
        }
        self.bytes.extend(output);
        Ok(())
    }
}
