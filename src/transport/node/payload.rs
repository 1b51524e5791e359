//! A message that waits, or goes out in pieces. It is in the host's memory, and passes through the send window piece by piece.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use futures_util::future::{AbortHandle, Abortable};
use js_sys::{JsString, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::transport::Node;
use super::windows::{fill_piece, try_fill_bytes, utf8_length};
use crate::protocol::{self, Fill, Kind, PIECES_A_TURN, WINDOW};
use crate::transport::{ByteStream, Payload};

/// A message to send. One that goes out at once does not become this: see [`Node::send_filled`].
pub(crate) struct Outgoing {
    kind: Kind,
    /// The payload's size, in bytes.
    size: u64,
    source: Source,
}

enum Source {
    /// The rest begins at this UTF-16 unit.
    Text(JsString, u32),
    /// The rest begins at this byte.
    Bytes(Uint8Array, u32),
    Stream(Streaming),
}

/// The most bytes of a message that one turn sends: see `protocol/outgoing.rs`.
const ONE_TURN: u32 = PIECES_A_TURN * WINDOW as u32;

impl Outgoing {
    /// `is_free`: nothing waits before it.
    pub(super) fn new(payload: Payload, is_free: bool) -> Self {
        let (kind, size, source) = match payload {
            Payload::Text(text) => {
                let text: JsString = text.unchecked_into();
                (Kind::Text, utf8_length(&text) as u64, Source::Text(text, 0))
            }
            Payload::Binary(bytes) => {
                // What one turn can send is framed before the caller's next instruction. Other bytes need a copy.
                let length = bytes.length();
                let bytes = if is_free && length <= ONE_TURN { bytes } else { bytes.slice(0, length) };
                (Kind::Binary, length.into(), Source::Bytes(bytes, 0))
            }
            Payload::Stream(stream) => (Kind::Binary, stream.size(), Source::Stream(Streaming::new(stream))),
        };
        Self { kind, size, source }
    }

    /// Sets which node a stream tells that it has more.
    pub(super) fn on_ready(&mut self, node: &Rc<Node>) {
        if let Source::Stream(streaming) = &self.source {
            streaming.ahead.borrow_mut().node = Rc::downgrade(node);
        }
    }

    /// Puts the next piece into the send window. `Err` is the error of a stream, or of a stack that has no room.
    pub(super) fn fill(&mut self) -> Result<Fill, JsValue> {
        match &mut self.source {
            Source::Text(text, at) => fill_text(text, at, self.size),
            Source::Bytes(bytes, at) => {
                let end = at.saturating_add(WINDOW as u32).min(bytes.length());
                let piece = part(bytes, std::mem::replace(at, end), end)?;
                Ok(Fill::Bytes { len: filled(&piece)?, last: end == bytes.length() })
            }
            Source::Stream(streaming) => streaming.fill(),
        }
    }
}

impl protocol::Payload for Outgoing {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn is_stream(&self) -> bool {
        matches!(self.source, Source::Stream(_))
    }
}

/// Encodes the next piece of a large text. All of it at once would take too long.
fn fill_text(text: &JsString, at: &mut u32, size: u64) -> Result<Fill, JsValue> {
    let length = text.length();
    // A UTF-16 unit has up to three bytes in UTF-8, unless all have one.
    let all_fit = size <= WINDOW as u64 || size == u64::from(length);
    let most = if all_fit { WINDOW } else { WINDOW / 3 } as u32;
    let mut end = at.saturating_add(most).min(length);
    let splits_pair = end < length && (0xD800..0xDC00).contains(&(text.char_code_at(end - 1) as u32));
    if splits_pair {
        end -= 1;
    }
    let len = fill_piece(text, std::mem::replace(at, end), end)? as usize;
    Ok(Fill::Bytes { len, last: end == length })
}

/// Copies a piece into the send window. Returns its size in bytes.
fn filled(piece: &Uint8Array) -> Result<usize, JsValue> {
    Ok(usize::try_from(try_fill_bytes(piece)?).unwrap_or_default()) // negative if it is empty
}

fn part(bytes: &Uint8Array, begin: u32, end: u32) -> Result<Uint8Array, JsValue> {
    bytes.unchecked_ref::<Chunk>().subarray(begin, end)
}

/// A stream that is being sent. Small chunks are collected, because a peer may refuse a message of too many frames.
struct Streaming {
    stream: ByteStream,
    ahead: Rc<RefCell<ReadAhead>>,
}

#[derive(Default)]
struct ReadAhead {
    node: Weak<Node>,
    /// The next frame's payload, as far as it has been read. Set from the first piece on.
    frame: Option<Uint8Array>,
    used: u32,
    /// The chunk that was read last, and how much of it is in a frame.
    chunk: Option<Uint8Array>,
    at: u32,
    /// Set while the stream was asked for more and has not answered.
    reading: Option<AbortHandle>,
    ended: bool,
    error: Option<JsValue>,
}

/// The stream may never answer.
impl Drop for ReadAhead {
    fn drop(&mut self) {
        if let Some(reading) = self.reading.take() {
            reading.abort();
        }
    }
}

impl Streaming {
    fn new(stream: ByteStream) -> Self {
        Self { stream, ahead: Rc::default() }
    }

    fn fill(&self) -> Result<Fill, JsValue> {
        let (error, is_reading, has_begun) = {
            let mut ahead = self.ahead.borrow_mut();
            (ahead.error.take(), ahead.reading.is_some(), ahead.frame.is_some())
        };
        if let Some(error) = error {
            return Err(error);
        }
        if !has_begun {
            self.begin();
            return Ok(Fill::Pending);
        }
        if is_reading {
            return Ok(Fill::Pending);
        }
        self.fill_frame()
    }

    /// Starts to read the stream, because its turn has come.
    fn begin(&self) {
        let room = self.stream.size().min(WINDOW as u64) as u32;
        self.ahead.borrow_mut().frame = Some(Uint8Array::new_with_length(room));
        self.read();
    }

    fn fill_frame(&self) -> Result<Fill, JsValue> {
        let (frame, chunk, used, at, ended) = {
            let ahead = self.ahead.borrow();
            let arrays = (ahead.frame.clone().unwrap_or_default(), ahead.chunk.clone().unwrap_or_default());
            (arrays.0, arrays.1, ahead.used, ahead.at, ahead.ended)
        };
        let room = frame.length();
        let piece = part(&chunk, at, at.saturating_add(room.saturating_sub(used)))?; // throws if the chunk was transferred
        frame.unchecked_ref::<Chunk>().set(&piece, used)?;
        let (at, used) = (at + piece.length(), used + piece.length());
        let is_exhausted = at == chunk.length();
        let last = ended && is_exhausted;
        // The last frame waits until it is certain that the stream is not too long.
        let is_due = last || (used == room && (!is_exhausted || !self.stream.is_exhausted()));
        let mut ahead = self.ahead.borrow_mut();
        ahead.at = at;
        ahead.used = if is_due { 0 } else { used };
        drop(ahead);
        if is_due {
            return Ok(Fill::Bytes { len: filled(&part(&frame, 0, used)?)?, last });
        }
        self.read();
        Ok(Fill::Pending)
    }

    /// Asks the stream for more.
    fn read(&self) {
        let (abort, registration) = AbortHandle::new_pair();
        self.ahead.borrow_mut().reading = Some(abort);
        let (next, ahead) = (Abortable::new(self.stream.next(), registration), Rc::downgrade(&self.ahead));
        spawn_local(async move {
            let Ok(read) = next.await else { return };
            let Some(ahead) = ahead.upgrade() else { return }; // it is no longer needed
            let node = ahead.borrow_mut().handle_read(read);
            if let Some(node) = node {
                node.handle_ready();
            }
        });
    }
}

impl ReadAhead {
    fn handle_read(&mut self, read: Result<Option<Uint8Array>, JsValue>) -> Option<Rc<Node>> {
        self.reading = None;
        match read {
            Ok(chunk) => {
                self.ended = chunk.is_none();
                self.chunk = chunk;
                self.at = 0;
            }
            Err(thrown) => self.error = Some(thrown),
        }
        self.node.upgrade()
    }
}

#[wasm_bindgen]
extern "C" {
    /// A `Uint8Array` that may have been detached.
    type Chunk;
    #[wasm_bindgen(method, catch)]
    fn subarray(this: &Chunk, begin: u32, end: u32) -> Result<Uint8Array, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn set(this: &Chunk, source: &Uint8Array, offset: u32) -> Result<(), JsValue>;
}
