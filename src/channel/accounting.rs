//! Counts which messages are due for an acknowledgement.

use alloc::collections::VecDeque;

use super::event::Taken;

/// The messages that were accepted and have not been acknowledged.
#[derive(Default)]
pub(super) struct Unacknowledged {
    /// Their sizes, oldest first.
    sizes: VecDeque<u64>,
    /// Their payload bytes, minus what the host has taken in parts.
    bytes: u64,
    /// The payload bytes of all messages that were ever added.
    total: u64,
    /// The number of oldest messages that the host has taken completely.
    taken: usize,
    /// The payload bytes of the others, minus what the host has taken in parts.
    untaken_bytes: u64,
    /// The payload bytes that the host has taken of the oldest message that it has not taken completely.
    part: u64,
    /// The payload bytes of completely taken messages that `bytes` no longer counts, because they were taken in parts.
    early: u64,
}

impl Unacknowledged {
    pub(super) fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// The number of messages, if the queues that hold them are large and double with the next one.
    #[inline]
    pub(super) fn doubling(&self) -> Option<usize> {
        const LARGE: usize = 1024;
        let count = self.sizes.len();
        (count >= LARGE && count.is_power_of_two()).then_some(count)
    }

    /// The payload bytes that were accepted and neither acknowledged nor taken in parts.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The payload bytes that [`bytes`](Self::bytes) has ever counted and no longer does.
    pub(super) fn taken_bytes(&self) -> u64 {
        self.total.saturating_sub(self.bytes)
    }

    #[inline]
    pub(super) fn add(&mut self, size: u64) {
        self.sizes.push_back(size);
        self.bytes = self.bytes.saturating_add(size);
        self.total = self.total.saturating_add(size);
        self.untaken_bytes = self.untaken_bytes.saturating_add(size);
    }

    /// The host has taken this much. Returns whether that completes at least one message.
    pub(super) fn take(&mut self, mut taken: Taken) -> bool {
        if let Taken::Part(len) = taken {
            self.take_part(len);
            return false;
        }
        let before = self.taken;
        while let Some(size) = self.sizes.get(self.taken) {
            let rest = self.untaken_bytes.saturating_sub(size.saturating_sub(self.part));
            match &mut taken {
                Taken::Messages(0) | Taken::Part(_) => break,
                Taken::Messages(count) => *count = count.saturating_sub(1),
                // A message is taken when its last byte is.
                Taken::AllBut(left) if rest < *left => break,
                Taken::AllBut(_) => {}
            }
            self.untaken_bytes = rest;
            self.taken += 1;
            self.early = self.early.saturating_add(core::mem::take(&mut self.part));
        }
        self.taken > before
    }

    fn take_part(&mut self, len: u64) {
        let Some(size) = self.sizes.get(self.taken) else { return };
        let len = len.min(size.saturating_sub(self.part));
        self.part += len;
        self.bytes = self.bytes.saturating_sub(len);
        self.untaken_bytes = self.untaken_bytes.saturating_sub(len);
    }

    /// Whether an acknowledgement is due.
    pub(super) fn is_due(&self) -> bool {
        self.taken > 0
    }

    /// Removes the oldest message that the host has taken completely, and returns its size.
    pub(super) fn pop_due(&mut self) -> Option<u64> {
        self.taken = self.taken.checked_sub(1)?;
        let size = self.sizes.pop_front()?;
        let early = self.early.min(size);
        self.early -= early;
        self.bytes = self.bytes.saturating_sub(size - early);
        if self.sizes.is_empty() {
            self.sizes = VecDeque::new(); // an idle channel owns no buffer
        }
        Some(size)
    }

    /// Removes every message that the host has taken completely.
    pub(super) fn skip_due(&mut self) {
        while self.pop_due().is_some() {}
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
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
    fn a_message_is_taken_when_its_last_byte_is() {
        let mut messages = of(&[10, 20, 30]);
        assert_eq!(take(&mut messages, Taken::AllBut(51)), []);
        assert_eq!(take(&mut messages, Taken::AllBut(49)), [10]);
        assert_eq!(messages.bytes(), 50);
        assert_eq!(take(&mut messages, Taken::AllBut(0)), [20, 30]);
        assert_eq!(messages.bytes(), 0);
    }

    #[test]
    fn a_message_stays_buffered_until_it_is_acknowledged() {
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
    fn a_part_of_a_message_stops_being_buffered_when_it_is_taken() {
        let mut messages = of(&[10, 100, 5]);
        assert!(!messages.take(Taken::Part(4)));
        assert_eq!(messages.bytes(), 111);
        assert!(messages.take(Taken::Messages(1)), "the rest of the first");
        assert!(!messages.take(Taken::Part(60)));
        assert_eq!(messages.bytes(), 51);
        assert_eq!((messages.pop_due(), messages.bytes()), (Some(10), 45));
        assert!(messages.take(Taken::AllBut(5)), "the rest of the second");
        assert_eq!((messages.pop_due(), messages.bytes()), (Some(100), 5));
        messages.take(Taken::Part(1000));
        assert_eq!(
            (messages.bytes(), messages.is_due()),
            (0, false),
            "no more than the message has; its end is not there"
        );
        assert!(messages.take(Taken::Messages(1)));
        assert_eq!((messages.pop_due(), messages.bytes()), (Some(5), 0));
    }

    #[test]
    fn empty_messages_are_acknowledged_too() {
        assert_eq!(take(&mut of(&[0, 5, 0]), Taken::AllBut(0)), [0, 5, 0]);
        assert_eq!(take(&mut of(&[0, 5, 0]), Taken::Messages(2)), [0, 5]);
    }

    #[test]
    fn a_queue_tells_that_it_doubles_only_when_it_is_large_and_full() {
        let mut messages = Unacknowledged::default();
        let doubling: Vec<usize> = (0..=4096)
            .filter_map(|_| {
                let doubling = messages.doubling();
                messages.add(1);
                doubling
            })
            .collect();
        assert_eq!(doubling, [1024, 2048, 4096]);
    }

    #[test]
    fn the_host_cannot_take_more_than_was_sent() {
        let mut messages = of(&[1]);
        assert_eq!(take(&mut messages, Taken::Messages(7)), [1]);
        assert_eq!(take(&mut messages, Taken::Messages(7)), []);
        assert_eq!(take(&mut messages, Taken::AllBut(9)), []);
    }
}
