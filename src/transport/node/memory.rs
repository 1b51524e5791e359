//! Grows wasm's memory in large steps. Each growth detaches JavaScript's views of it, and makes V8 count all of it as new, so that
//! garbage is collected soon. With the allocator's own steps of 64 KiB, a message on one of ten thousand channels took four times as long.

use core::arch::wasm32::memory_size;
use std::cell::Cell;
use std::hint::black_box;

use crate::protocol;

const PAGE: usize = 65_536;
const SMALLEST_STEP: usize = 1 << 20;

thread_local! {
    static PAGES: Cell<usize> = const { Cell::new(0) };
}

/// If memory has grown since the last call, makes it grow by another sixteenth. The allocator takes its next allocations from what is
/// allocated and freed here.
#[inline]
pub(super) fn grow_ahead() {
    if memory_size(0) != PAGES.get() {
        grow();
    }
}

#[cold]
fn grow() {
    let mut ahead: Vec<u8> = Vec::new();
    let _ = ahead.try_reserve_exact((memory_size(0) * (PAGE / 16)).max(SMALLEST_STEP)); // `Err`: there is no more memory
    drop(black_box(ahead));
    PAGES.set(memory_size(0));
}

/// Whether there is memory for another channel.
pub(super) fn can_open() -> bool {
    protocol::has_memory(0)
}

/// Whether there is memory for another message behind `count` that wait, if it doubles their queues. A message takes up to 64 bytes in
/// one queue, and 8 in another.
pub(crate) fn can_queue(count: usize) -> bool {
    protocol::has_memory(count.saturating_mul(2 * (64 + 8)))
}
