//! A message that many connections send: framed once, and compressed once for each agreement (RFC 7692 §7.2.1). Only a server's frames
//! can be shared, since they are not masked.

use std::cell::RefCell;
use std::rc::Rc;

use super::connection::Connection;
use super::event::Kind;

/// One message and its frames.
pub struct Shared {
    kind: Kind,
    payload: Vec<u8>,
    frames: Vec<(Agreed, Rc<[u8]>)>,
}

/// What a frame depends on: the compressor's level and window bits, or no compression.
pub(super) type Agreed = Option<(i32, u8)>;

impl Shared {
    /// A whole message.
    pub fn new(kind: Kind, payload: Vec<u8>) -> Self {
        Self { kind, payload, frames: Vec::new() }
    }

    /// The payload's size in bytes, before it is compressed.
    pub fn size(&self) -> u64 {
        self.payload.len() as u64
    }

    /// The frame for a server's connection, which sends it unchanged. The connection's own compressor starts afresh with its next message,
    /// because the peer's window contains this message and the compressor's does not.
    pub(super) fn frame(&mut self, connection: &mut Connection) -> Rc<[u8]> {
        let agreed = connection.agreed(self.size());
        let found = self.frames.iter().find(|(it, _)| *it == agreed).map(|(_, frame)| frame.clone());
        let frame = found.unwrap_or_else(|| {
            let frame: Rc<[u8]> = connection.frame_alone(self.kind, &self.payload).into();
            self.frames.push((agreed, frame.clone()));
            frame
        });
        if agreed.is_some() {
            connection.start_afresh();
        }
        frame
    }
}

/// Frames of shared messages that one connection sends in one write.
#[derive(Default)]
pub(super) struct SharedFrames {
    first: Option<Rc<[u8]>>,
    /// The frames behind it, usually none.
    more: Vec<Rc<[u8]>>,
    len: usize,
}

impl SharedFrames {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The size of all frames, in bytes.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, frame: Rc<[u8]>) {
        self.len += frame.len();
        match self.first {
            None => self.first = Some(frame),
            Some(_) => self.more.push(frame),
        }
    }

    /// Takes all frames, joined into one piece. Connections with the same frames share that piece.
    pub(super) fn take_joined(&mut self) -> Option<Rc<[u8]>> {
        let Self { first, more, len } = std::mem::take(self);
        let first = first?;
        if more.is_empty() {
            return Some(first);
        }
        let parts: Vec<Rc<[u8]>> = std::iter::once(first).chain(more).collect();
        Some(JOINED.with_borrow_mut(|last| match last {
            Some((before, whole)) if is_same(before, &parts) => whole.clone(),
            _ => {
                let mut whole = Vec::with_capacity(len);
                parts.iter().for_each(|part| whole.extend_from_slice(part));
                let whole: Rc<[u8]> = whole.into();
                *last = Some((parts, whole.clone()));
                whole
            }
        }))
    }

    /// Moves all frames to the end of `out`.
    #[cold]
    pub(super) fn move_to(&mut self, out: &mut Vec<u8>) {
        let Self { first, more, .. } = std::mem::take(self);
        first.iter().chain(&more).for_each(|frame| out.extend_from_slice(frame));
    }
}

type Joined = (Vec<Rc<[u8]>>, Rc<[u8]>);

thread_local! {
    /// The last joined piece and its frames. The next member of a group most likely sends the same.
    static JOINED: RefCell<Option<Joined>> = const { RefCell::new(None) };
}

/// Drops the last joined piece. The next member of a group makes it again.
pub fn forget_joined() {
    JOINED.take();
}

fn is_same(one: &[Rc<[u8]>], other: &[Rc<[u8]>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| Rc::ptr_eq(one, other))
}
