//! Which messages an acknowledgement is due for.

use alloc::collections::VecDeque;

use super::event::Taken;

/// The sizes of the messages that were accepted and not yet taken by the host, oldest first.
#[derive(Default)]
pub(super) struct Unacknowledged {
    sizes: VecDeque<u64>,
    /// The sum of `sizes`.
    bytes: u64,
}

impl Unacknowledged {
    pub(super) fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    pub(super) fn add(&mut self, size: u64) {
        self.sizes.push_back(size);
        self.bytes = self.bytes.saturating_add(size);
    }

    /// Removes the oldest message if the host has taken it, and answers its size. Call it until it answers `None`.
    pub(super) fn take_one(&mut self, taken: &mut Taken) -> Option<u64> {
        let size = *self.sizes.front()?;
        let rest = self.bytes.saturating_sub(size);
        match taken {
            Taken::Messages(0) => return None,
            Taken::Messages(count) => *count = count.saturating_sub(1),
            // A message is taken when its last byte is.
            Taken::AllBut(left) if rest < *left => return None,
            Taken::AllBut(_) => {}
        }
        self.bytes = rest;
        self.sizes.pop_front();
        if self.sizes.is_empty() {
            self.sizes = VecDeque::new(); // an idle channel owns no buffer
        }
        Some(size)
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

    fn take(messages: &mut Unacknowledged, mut taken: Taken) -> Vec<u64> {
        std::iter::from_fn(|| messages.take_one(&mut taken)).collect()
    }

    #[test]
    fn a_message_counts_as_taken_only_when_its_last_byte_is() {
        let mut messages = of(&[10, 20, 30]);
        assert_eq!(take(&mut messages, Taken::AllBut(51)), []);
        assert_eq!(take(&mut messages, Taken::AllBut(49)), [10]);
        assert_eq!(messages.bytes, 50);
        assert_eq!(take(&mut messages, Taken::AllBut(0)), [20, 30]);
        assert_eq!(messages.bytes, 0);
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
