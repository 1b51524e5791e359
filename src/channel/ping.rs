//! `sendPing`: matches pongs to pings (RFC 6455 §5.5.2 and §5.5.3).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::rc::Rc;
use alloc::vec::Vec;

/// The most unanswered pings at a time. A peer that never answers must not fill our memory.
pub const MAX_OUTSTANDING: usize = 1024;

/// The unanswered pings of one channel. `P` waits for the answer.
pub struct Pings<P> {
    /// Oldest first.
    outstanding: VecDeque<Ping<P>>,
    /// For each payload, the numbers of the pings that carry it, oldest first.
    by_payload: BTreeMap<Rc<[u8]>, VecDeque<u64>>,
    /// The number of the oldest ping in `outstanding`.
    first: u64,
    /// Counts the pings that were sent without a payload. The count is their payload.
    count: u64,
}

struct Ping<P> {
    payload: Rc<[u8]>,
    /// When it was sent, in milliseconds of the caller's clock.
    started: f64,
    waiting: P,
}

impl<P> Default for Pings<P> {
    fn default() -> Self {
        Self { outstanding: VecDeque::new(), by_payload: BTreeMap::new(), first: 0, count: 0 }
    }
}

impl<P> Pings<P> {
    /// Whether no other ping may be sent.
    pub fn is_full(&self) -> bool {
        self.outstanding.len() >= MAX_OUTSTANDING
    }

    /// Adds a ping and returns its payload. Without `payload`, that is a number in digits. Check [`is_full`](Self::is_full) first.
    pub fn add(&mut self, payload: Option<Vec<u8>>, now: f64, waiting: P) -> Rc<[u8]> {
        let payload: Rc<[u8]> = payload.unwrap_or_else(|| self.next_number()).into();
        let number = self.first + self.outstanding.len() as u64;
        self.by_payload.entry(payload.clone()).or_default().push_back(number);
        self.outstanding.push_back(Ping { payload: payload.clone(), started: now, waiting });
        payload
    }

    /// The channel is open. Returns the payloads of the pings that waited for that; their time starts `now`.
    pub fn start(&mut self, now: f64) -> Vec<Rc<[u8]>> {
        self.outstanding
            .iter_mut()
            .map(|ping| {
                ping.started = now;
                ping.payload.clone()
            })
            .collect()
    }

    /// A pong arrived. It answers the oldest ping with the same payload and all pings before that one, because a peer may answer
    /// only the latest (RFC 6455 §5.5.3). Returns what waits for them, each with its round-trip time in milliseconds. Takes
    /// amortized logarithmic time per ping.
    pub fn handle_pong(&mut self, payload: &[u8], now: f64) -> Vec<(P, f64)> {
        let Some(number) = self.by_payload.get(payload).and_then(|numbers| numbers.front()) else { return Vec::new() };
        let count = usize::try_from(number.saturating_sub(self.first)).unwrap_or_default().saturating_add(1);
        let mut answered = Vec::new();
        for _ in 0..count {
            let Some(ping) = self.outstanding.pop_front() else { break };
            self.first += 1;
            self.forget(&ping.payload);
            answered.push((ping.waiting, now - ping.started));
        }
        answered
    }

    /// The channel has ended. Returns everything that still waits.
    pub fn end(&mut self) -> impl Iterator<Item = P> + use<P> {
        self.by_payload.clear();
        core::mem::take(&mut self.outstanding).into_iter().map(|ping| ping.waiting)
    }

    /// Removes the oldest ping with this payload from the index.
    fn forget(&mut self, payload: &Rc<[u8]>) {
        let Some(numbers) = self.by_payload.get_mut(payload) else { return };
        numbers.pop_front();
        if numbers.is_empty() {
            self.by_payload.remove(payload);
        }
    }

    fn next_number(&mut self) -> Vec<u8> {
        self.count += 1;
        alloc::format!("{}", self.count).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_answers_its_ping_and_those_before_it() {
        let mut pings = Pings::default();
        for (index, payload) in ["a", "b", "c"].iter().enumerate() {
            pings.add(Some(payload.as_bytes().to_vec()), index as f64, *payload);
        }
        assert_eq!(pings.handle_pong(b"nobody's", 5.0), []);
        assert_eq!(pings.handle_pong(b"b", 10.0), [("a", 10.0), ("b", 9.0)]);
        assert_eq!(pings.handle_pong(b"b", 11.0), [], "a second time");
        assert_eq!(pings.end().collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn pings_with_the_same_payload_are_answered_oldest_first() {
        let mut pings = Pings::default();
        for name in ["first", "second"] {
            pings.add(Some(vec![7]), 0.0, name);
        }
        assert_eq!(pings.handle_pong(&[7], 1.0), [("first", 1.0)]);
        assert_eq!(pings.handle_pong(&[7], 2.0), [("second", 2.0)]);
    }

    #[test]
    fn a_ping_without_a_payload_carries_a_number_of_its_own() {
        let mut pings = Pings::default();
        assert_eq!(&*pings.add(None, 0.0, ()), b"1");
        assert_eq!(&*pings.add(None, 0.0, ()), b"2");
        assert_eq!(pings.handle_pong(b"2", 0.0).len(), 2);
    }

    #[test]
    fn the_time_of_pings_that_waited_starts_when_the_channel_opens() {
        let mut pings = Pings::default();
        pings.add(Some(vec![1]), 0.0, ());
        assert_eq!(pings.start(100.0), [Rc::from(&[1][..])]);
        assert_eq!(pings.handle_pong(&[1], 103.0), [((), 3.0)]);
    }

    #[test]
    fn the_number_of_unanswered_pings_is_limited() {
        let mut pings = Pings::default();
        for _ in 0..MAX_OUTSTANDING {
            assert!(!pings.is_full());
            pings.add(None, 0.0, ());
        }
        assert!(pings.is_full());
        pings.handle_pong(b"1", 0.0);
        assert!(!pings.is_full());
    }
}
