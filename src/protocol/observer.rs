//! Finds the frames in the bytes of one direction, for `eventService`. It checks nothing: the reader does.

use super::frame::{self, MAX_HEADER, MaskKey};

/// A frame's header (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last frame of its message.
    pub fin: bool,
    /// RSV1 to RSV3.
    pub rsv: [bool; 3],
    /// 0 to 15.
    pub opcode: u8,
    /// The key that the payload is masked with.
    pub mask: Option<MaskKey>,
    /// The length of the payload, as the header claims it.
    pub len: u64,
}

/// What the observer finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// A frame begins.
    Begin(Head),
    /// Some of its payload, unmasked.
    Payload(Vec<u8>),
    /// It has ended.
    End,
}

/// Observes the bytes of one direction.
#[derive(Debug, Default)]
pub struct FrameObserver {
    /// The beginning of a header that continues in later bytes.
    header: Vec<u8>,
    /// The current frame: the number of payload bytes left, and its key, rotated to the next byte.
    frame: Option<(u64, Option<MaskKey>)>,
    /// The current frame began before the observation, so it is not reported.
    is_unseen: bool,
}

impl FrameObserver {
    /// Starts in the middle of a connection: `remaining` bytes belong to a frame that is not reported, and `header` begins the next one.
    pub fn joining(remaining: u64, header: &[u8]) -> Self {
        let frame = (remaining > 0).then_some((remaining, None));
        Self { header: header.to_vec(), is_unseen: frame.is_some(), frame }
    }

    /// Whether a frame has begun and not ended.
    pub fn is_in_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Observes the next bytes, and calls `tell` with everything found in them.
    pub fn look(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Observed)) {
        loop {
            let Some((remaining, key)) = &mut self.frame else {
                let Some(head) = self.read_head(&mut bytes) else { return };
                tell(Observed::Begin(head));
                self.frame = Some((head.len, head.mask));
                continue;
            };
            let len = bytes.len().min(usize::try_from(*remaining).unwrap_or(usize::MAX));
            let (payload, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
            bytes = rest;
            *remaining = remaining.saturating_sub(len as u64);
            let has_ended = *remaining == 0;
            if len > 0 && !self.is_unseen {
                let mut payload = payload.to_vec();
                if let Some(key) = key {
                    frame::mask(&mut payload, *key);
                    key.rotate_left(len % 4);
                }
                tell(Observed::Payload(payload));
            }
            if !has_ended {
                return;
            }
            self.frame = None;
            if !std::mem::take(&mut self.is_unseen) {
                tell(Observed::End);
            }
        }
    }

    /// The next header, or `None` if the bytes end inside it.
    fn read_head(&mut self, bytes: &mut &[u8]) -> Option<Head> {
        let before = self.header.len();
        self.header.extend(bytes.iter().take(MAX_HEADER.saturating_sub(before)));
        let parsed = parse(&self.header);
        let read = parsed.map_or(self.header.len(), |(_, size)| size).saturating_sub(before);
        *bytes = bytes.get(read..).unwrap_or_default();
        let (head, _) = parsed?;
        self.header = Vec::new();
        Some(head)
    }
}

/// A header and its size.
fn parse(bytes: &[u8]) -> Option<(Head, usize)> {
    let [first, second, rest @ ..] = bytes else { return None };
    let (len, size) = frame::parse_len(*second, rest)?;
    let (mask, size) = match second & 0x80 {
        0 => (None, size),
        _ => (Some(*bytes.get(size..)?.first_chunk()?), size + size_of::<MaskKey>()),
    };
    let rsv = [0x40, 0x20, 0x10].map(|bit| first & bit != 0);
    Some((Head { fin: first & 0x80 != 0, rsv, opcode: first & 0x0F, mask, len }, size))
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is available only on the host
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(observer: &mut FrameObserver, bytes: &[u8]) -> Vec<Observed> {
        let mut all = Vec::new();
        observer.look(bytes, |observed| all.push(observed));
        all
    }

    /// Joins the payloads of each frame: how they are split depends on how the bytes were split.
    fn frames(observed: impl IntoIterator<Item = Observed>) -> Vec<(Head, Vec<u8>, bool)> {
        let mut frames: Vec<(Head, Vec<u8>, bool)> = Vec::new();
        for observed in observed {
            match (observed, frames.last_mut()) {
                (Observed::Begin(head), _) => frames.push((head, Vec::new(), false)),
                (Observed::Payload(bytes), Some((_, payload, _))) => payload.extend(bytes),
                (Observed::End, Some((_, _, has_ended))) => *has_ended = true,
                (observed, None) => panic!("{observed:?} of no frame"),
            }
        }
        frames
    }

    #[test]
    fn the_examples_of_the_standard() {
        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let head = Head { fin: true, rsv: [false; 3], opcode: 1, mask: Some([0x37, 0xfa, 0x21, 0x3d]), len: 5 };
        assert_eq!(frames(seen(&mut FrameObserver::default(), &masked)), [(head, b"Hello".to_vec(), true)]);
        let fragments = [0x01, 3, b'H', b'e', b'l', 0x80, 2, b'l', b'o', 0x89, 0];
        let told = frames(seen(&mut FrameObserver::default(), &fragments));
        assert_eq!(
            told.iter().map(|(head, ..)| (head.fin, head.opcode)).collect::<Vec<_>>(),
            [(false, 1), (true, 0), (true, 9)]
        );
        assert!(told.iter().all(|(.., has_ended)| *has_ended));
    }

    #[test]
    fn what_no_reader_takes_is_told_as_it_is() {
        let (head, size) = parse(&[0x7B, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]).unwrap();
        let expected =
            Head { fin: false, rsv: [true; 3], opcode: 11, mask: Some([1, 2, 3, 4]), len: 0xFF00_0000_0000_0000 };
        assert_eq!((head, size), (expected, 14));
    }

    #[test]
    fn who_looks_from_the_middle_of_a_frame_on_sees_the_next() {
        let bytes = [b"lo".as_slice(), &[0x82, 1, 7]].concat();
        let told = frames(seen(&mut FrameObserver::joining(2, &[]), &bytes));
        assert_eq!(
            told.iter().map(|(head, payload, _)| (head.opcode, payload.clone())).collect::<Vec<_>>(),
            [(2, vec![7])]
        );
        let told = frames(seen(&mut FrameObserver::joining(0, &[0x82]), &[1, 7]));
        assert_eq!(told.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_seen_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..600), cuts in proptest::collection::vec(1_usize..40, 0..40)) {
            let whole = frames(seen(&mut FrameObserver::default(), &bytes));
            let mut observer = FrameObserver::default();
            let (mut rest, mut observed) = (&bytes[..], Vec::new());
            for cut in cuts {
                let (piece, more) = rest.split_at(cut.min(rest.len()));
                observed.extend(seen(&mut observer, piece));
                rest = more;
            }
            observed.extend(seen(&mut observer, rest));
            prop_assert_eq!(frames(observed), whole);
        }
    }
}
