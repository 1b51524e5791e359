//! Which messages an acknowledgement is due for.

use alloc::collections::VecDeque;

use super::event::Taken;

/// The messages that were accepted and whose `onAcknowledge` is still to come.
#[derive(Default)]
pub(super) struct Unacknowledged {
    /// Their sizes, oldest first.
    sizes: VecDeque<u64>,
    /// The sum of `sizes`.
    bytes: u64,
    /// So many of the oldest have been taken by the host.
    taken: usize,
    /// The sum of the sizes of the others.
    untaken_bytes: u64,
}

impl Unacknowledged {
    pub(super) fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Payload bytes of all of them.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn add(&mut self, size: u64) {
        self.sizes.push_back(size);
        self.bytes = self.bytes.saturating_add(size);
        self.untaken_bytes = self.untaken_bytes.saturating_add(size);
    }

    /// The host has taken so much: whether a message was among it whose last byte it had not taken before.
    pub(super) fn take(&mut self, mut taken: Taken) -> bool {
        let before = self.taken;
        while let Some(size) = self.sizes.get(self.taken) {
            let rest = self.untaken_bytes.saturating_sub(*size);
            match &mut taken {
                Taken::Messages(0) => break,
                Taken::Messages(count) => *count = count.saturating_sub(1),
                // A message is taken when its last byte is.
                Taken::AllBut(left) if rest < *left => break,
                Taken::AllBut(_) => {}
            }
            self.untaken_bytes = rest;
            self.taken += 1;
        }
        self.taken > before
    }

    /// Whether an acknowledgement is due.
    pub(super) fn is_due(&self) -> bool {
        self.taken > 0
    }

    /// The size of the oldest message that the host has taken; it counts as acknowledged from now on.
    pub(super) fn pop_due(&mut self) -> Option<u64> {
        self.taken = self.taken.checked_sub(1)?;
        let size = self.sizes.pop_front()?;
        self.bytes = self.bytes.saturating_sub(size);
        if self.sizes.is_empty() {
            self.sizes = VecDeque::new(); // an idle channel owns no buffer
        }
        Some(size)
    }

    /// Counts every message as acknowledged that the host has taken: nobody wants to be told.
    pub(super) fn skip_due(&mut self) {
        while self.pop_due().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sizes: &[u64]) -> Unacknowledged {
        let mut unacknowledged = Unacknowledged::default();
        sizes.iter().for_each(|size| unacknowledged.add(*size));
        unacknowledged
    }

    fn take(messages: &mut Unacknowledged, taken: Taken) -> Vec<u64> {
        messages.take(taken);
        std::iter::from_fn(|| messages.pop_due()).collect()
    }

    #[test]
    fn a_message_counts_as_taken_only_when_its_last_byte_is() {
        let mut messages = of(&[10, 20, 30]);
        assert_eq!(take(&mut messages, Taken::AllBut(51)), []);
        assert_eq!(take(&mut messages, Taken::AllBut(49)), [10]);
        assert_eq!(messages.bytes(), 50);
        assert_eq!(take(&mut messages, Taken::AllBut(0)), [20, 30]);
        assert_eq!(messages.bytes(), 0);
    }

    #[test]
    fn what_is_taken_stays_buffered_until_it_is_acknowledged() {
        let mut messages = of(&[10, 20, 30]);
        assert!(messages.take(Taken::Messages(1)));
        assert!(messages.take(Taken::AllBut(30)), "the second one, too");
        assert!(!messages.take(Taken::AllBut(30)), "nothing new");
        assert_eq!(messages.bytes(), 60);
        assert_eq!(messages.pop_due(), Some(10));
        assert_eq!(messages.bytes(), 50);
        messages.skip_due();
        assert_eq!((messages.bytes(), messages.is_due(), messages.is_empty()), (30, false, false));
    }

    #[test]
    fn empty_messages_are_acknowledged_too() {
        assert_eq!(take(&mut of(&[0, 5, 0]), Taken::AllBut(0)), [0, 5, 0]);
        assert_eq!(take(&mut of(&[0, 5, 0]), Taken::Messages(2)), [0, 5]);
    }

    #[test]
    fn more_than_there_is_cannot_be_taken() {
        let mut messages = of(&[1]);
        assert_eq!(take(&mut messages, Taken::Messages(7)), [1]);
        assert_eq!(take(&mut messages, Taken::Messages(7)), []);
        assert_eq!(take(&mut messages, Taken::AllBut(9)), []);
    }
}
