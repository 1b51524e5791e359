//! The frames that leave together in one write, and what is complete once the system has taken them.

use std::cell::Cell;
use std::rc::Rc;

use super::driving::Done;
use crate::protocol::shared::SharedFrames;

/// The frames of the next write.
#[derive(Default)]
pub(super) struct NextWrite {
    own: Vec<u8>,
    /// Frames that other connections send too. While there are any, `own` is empty.
    shared: SharedFrames,
    done: Done,
}

/// Frames beyond this many bytes are written at once, not at the tick's end.
const FULL: usize = 64 * 1024;

thread_local! {
    /// The memory of the last write. The next takes it, so that an idle connection owns none.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl NextWrite {
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.shared.is_empty()
    }

    /// Whether it must not wait for the tick's end.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.own.len() + self.shared.len() >= FULL
    }

    /// Whether a frame may be added without a copy of it.
    pub(super) fn takes_shared(&self) -> bool {
        self.own.is_empty()
    }

    /// Adds a frame that other connections send too, if [`takes_shared`](Self::takes_shared).
    pub(super) fn share(&mut self, frame: Rc<[u8]>) {
        self.shared.push(frame);
    }

    /// Where to append frames.
    #[inline]
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        if self.own.capacity() == 0 {
            self.own = SPARE.take();
        }
        self.unshared()
    }

    /// The same, where most often there is nothing to append: no memory is taken for it.
    #[inline]
    pub(super) fn unshared(&mut self) -> &mut Vec<u8> {
        if !self.shared.is_empty() {
            self.shared.move_to(&mut self.own);
        }
        &mut self.own
    }

    /// These, too, are complete with what was added.
    #[inline]
    pub(super) fn complete(&mut self, Done { messages, part }: Done) {
        self.done.messages += messages;
        self.done.part = if messages > 0 { 0 } else { self.done.part.saturating_add(part) };
    }

    /// Takes the frames, if other connections send all of them too.
    #[inline]
    pub(super) fn take_shared(&mut self) -> Option<(Rc<[u8]>, Done)> {
        let frames = self.shared.take_joined()?;
        Some((frames, std::mem::take(&mut self.done)))
    }

    /// Takes the frames. Give the memory back with [`recycle`].
    pub(super) fn take_own(&mut self) -> Vec<u8> {
        std::mem::take(self.unshared())
    }

    pub(super) fn take_done(&mut self) -> Done {
        std::mem::take(&mut self.done)
    }

    /// How much memory it holds.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.own.capacity()
    }
}

/// Keeps the memory of what was written for the next write, unless it is unusually large.
pub(super) fn recycle(mut out: Vec<u8>) {
    if out.capacity() <= 4 * FULL {
        out.clear();
        SPARE.set(out);
    }
}
