//! `bufferedAmount` and which messages an acknowledgement is due for.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::event::Taken;

/// The sizes of the messages that were accepted and not yet taken by the host, oldest first.
#[derive(Default)]
pub(super) struct Unacknowledged {
    sizes: VecDeque<u64>,
    /// The sum of `sizes`.
    bytes: u64,
}

impl Unacknowledged {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    pub(super) fn add(&mut self, size: u64) {
        self.sizes.push_back(size);
        self.bytes = self.bytes.saturating_add(size);
    }

    /// Removes what the host has taken and answers its sizes, in order.
    pub(super) fn take(&mut self, taken: Taken) -> Vec<u64> {
        let count = match taken {
            Taken::Messages(count) => count.min(self.sizes.len()),
            Taken::AllBut(left) => self.count_until(left),
        };
        let sizes: Vec<u64> = self.sizes.drain(..count).collect();
        self.bytes = self.bytes.saturating_sub(sizes.iter().sum());
        if self.sizes.is_empty() {
            self.sizes = VecDeque::new(); // an idle channel owns no buffer
        }
        sizes
    }

    /// How many of the oldest messages are gone when `left` bytes remain: those that lie wholly before the remainder.
    fn count_until(&self, left: u64) -> usize {
        let mut remaining = self.bytes;
        self.sizes
            .iter()
            .take_while(|size| {
                remaining = remaining.saturating_sub(**size);
                remaining >= left
            })
            .count()
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

    #[test]
    fn a_message_counts_as_taken_only_when_its_last_byte_is() {
        let mut messages = of(&[10, 20, 30]);
        assert_eq!(messages.take(Taken::AllBut(51)), []);
        assert_eq!(messages.take(Taken::AllBut(49)), [10]);
        assert_eq!(messages.bytes(), 50);
        assert_eq!(messages.take(Taken::AllBut(0)), [20, 30]);
        assert_eq!(messages.bytes(), 0);
    }

    #[test]
    fn empty_messages_are_acknowledged_too() {
        assert_eq!(of(&[0, 5, 0]).take(Taken::AllBut(0)), [0, 5, 0]);
        assert_eq!(of(&[0, 5, 0]).take(Taken::Messages(2)), [0, 5]);
    }

    #[test]
    fn more_than_there_is_cannot_be_taken() {
        let mut messages = of(&[1]);
        assert_eq!(messages.take(Taken::Messages(7)), [1]);
        assert_eq!(messages.take(Taken::Messages(7)), []);
        assert_eq!(messages.take(Taken::AllBut(9)), []);
    }
}
