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

/// Decompresses messages.
pub(super) struct Inflater {
    pub(super) context: Kept<Inflate>,
    /// What the next message may refer to; `None` without context takeover.
    pub(super) window: Option<Window>,
    /// Bytes that were inflated, or copied into a stream that begins.
    pub(super) work: usize,
}

impl Inflater {
    /// `window_bits` is the size of the peer's window as a power of two, with context takeover; `None` without it.
    pub(super) fn new(window_bits: Option<u8>) -> Self {
        Self { context: Kept::new(()), window: window_bits.map(Window::new), work: 0 }
    }

    /// Inflates from `input` into `output`. Returns the number of bytes read and the number of bytes written. Fails with
    /// [`FaultKind::NotDeflated`] or [`FaultKind::NoMemory`].
    pub(super) fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize), FaultKind> {
        let (mut context, is_new) = self.context.begin().ok_or(FaultKind::NoMemory)?;
        if is_new {
            preset(&mut context, &mut self.window, &mut self.work)?;
        }
        inflate(&mut context, &mut self.window, &mut self.work, input, output)
    }

    /// Ends a message.
    pub(super) fn finish(&mut self) {
        match self.window {
            Some(_) => self.context.rest(),
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

fn inflate(
    context: &mut Inflate,
    window: &mut Option<Window>,
    work: &mut usize,
    input: &[u8],
    output: &mut [u8],
) -> Result<(usize, usize), FaultKind> {
    let (taken, made) = (context.total_in(), context.total_out());
    let status = context.decompress(input, output, InflateFlush::SyncFlush).map_err(|_| FaultKind::NotDeflated)?;
    let (taken, made) = ((context.total_in() - taken) as usize, (context.total_out() - made) as usize);
    *work += made;
    if let Some(window) = window {
        window.keep(output.get(..made).unwrap_or_default()).map_err(|_| FaultKind::NoMemory)?;
    }
    if status == Status::StreamEnd {
        context.reset(false); // a final block (RFC 7692 §7.2.3.4) ends the stream, and another may follow
        preset(context, window, work)?; // the next message may refer to this one all the same (RFC 7692 §7.2.2)
        if taken == 0 {
            // The stream's last bits were read by an earlier call, so this input belongs to the next stream.
            let (taken, more) = inflate(context, window, work, input, output.get_mut(made..).unwrap_or_default())?;
            return Ok((taken, made + more));
        }
    }
    Ok((taken, made))
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
