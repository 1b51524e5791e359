//! What goes out of one connection, and when: the messages of one tick in one write, a large message piece by piece, the
//! close frame behind all messages.
//!
//! The driver owns a *window*: [`MAX_HEADER`] bytes of room and [`WINDOW`] bytes of payload. It does this:
//!
//! 1. A message goes in by [`OutgoingQueue::push`], a close frame by [`OutgoingQueue::close`]. If nothing waits before it
//!    ([`OutgoingQueue::is_free`]), a message that fits the window may be framed at once by [`OutgoingQueue::frame`].
//! 2. After every input: while [`OutgoingQueue::poll_piece`] returns a payload, put its next piece into the window and hand both
//!    back to [`OutgoingQueue::handle_piece`]. Obey what that and `frame` return ([`Framed`]). Then obey [`OutgoingQueue::poll_wake`].
//! 3. After every chunk that was received, at each tick, and when a write was taken: write what [`OutgoingQueue::poll_shared`]
//!    returns, or else [`OutgoingQueue::poll_transmit`].
//! 4. Report each write that the system has taken ([`OutgoingQueue::handle_written`]), and each wake that is due.

mod driving;

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::connection::Connection;
use super::event::Kind;
use super::frame::{MAX_HEADER, MaskKey};
use super::sending::Fragments;
use super::shared::{Shared, SharedFrames};
use crate::close::Close;

pub use driving::{Done, Fill, Framed, Payload, Piece, Wake};

/// The outgoing queue of one connection.
pub struct OutgoingQueue<P> {
    /// Frames that leave together in one write.
    out: Vec<u8>,
    /// Frames for the next write that other connections send too. While there are any, `out` is empty.
    shared: SharedFrames,
    /// What is complete once those frames are taken.
    done: Done,
    /// The message that goes out in pieces. Set only while it waits.
    large: Option<(P, Fragments)>,
    /// A payload is with the driver, between [`poll_piece`](Self::poll_piece) and [`handle_piece`](Self::handle_piece).
    filling: bool,
    /// How many pieces of the large message this turn has sent.
    pieces: u32,
    /// The large message is a stream that has no data now.
    pending: bool,
    /// Messages behind the large one, in order.
    queue: VecDeque<P>,
    /// The close frame behind those messages.
    close: Option<Close>,
    /// There was a close frame: no message may follow it.
    closing: bool,
    /// The connection may still hold that close frame, or one of its own.
    close_unwritten: bool,
    /// Writes that the system has not taken.
    writes: u32,
    /// The oldest of them has only pongs and pings. There is none before it: pongs alone wait for that.
    only_pongs: bool,
    tick: Asked,
    turn: Asked,
}

/// Whether a wake is wanted, and whether the driver knows.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Asked {
    #[default]
    No,
    Wanted,
    Told,
}

/// The most payload bytes in the window.
pub const WINDOW: usize = 64 * 1024;
/// Frames beyond this many bytes are written at once, not at the tick's end.
const FULL: usize = 64 * 1024;
/// Payloads of at least this size are framed in place in the window, not collected.
const IN_PLACE: usize = 32 * 1024;
/// The most pieces of one message in one turn. Then other events get a turn: compressing this many pieces takes about 20 ms.
pub const PIECES_A_TURN: u32 = 16;
/// A large message continues when the system has at most this many writes left to take.
const MAX_WRITES: u32 = 32;

thread_local! {
    /// The memory of the last `out` that was written. The next `out` takes it, so that an idle connection owns none.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl<P> Default for OutgoingQueue<P> {
    fn default() -> Self {
        Self {
            out: Vec::new(),
            shared: SharedFrames::default(),
            done: Done::default(),
            large: None,
            filling: false,
            pieces: 0,
            pending: false,
            queue: VecDeque::new(),
            close: None,
            closing: false,
            close_unwritten: false,
            writes: 0,
            only_pongs: false,
            tick: Asked::No,
            turn: Asked::No,
        }
    }
}

impl<P: Payload> OutgoingQueue<P> {
    /// Whether a message may be framed now: nothing waits before it, and no close frame was sent.
    #[inline]
    pub fn is_free(&self) -> bool {
        !self.is_busy() && !self.closing
    }

    /// Whether a message is going out in pieces.
    #[inline]
    pub fn is_busy(&self) -> bool {
        self.filling || self.large.is_some()
    }

    /// Whether there was a close frame.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether frames wait for the next write.
    pub fn has_collected(&self) -> bool {
        !self.out.is_empty() || !self.shared.is_empty()
    }

    /// Whether the close frame is written and the system has taken everything.
    pub fn is_over(&self) -> bool {
        self.closing && self.writes == 0 && self.close.is_none() && !self.close_unwritten && !self.has_collected()
    }

    /// Frames the message in `window`, which is header room and payload. Call it only if [`is_free`](Self::is_free).
    #[inline]
    pub fn frame(
        &mut self,
        connection: &mut Connection,
        kind: Kind,
        window: &mut [u8],
        keys: impl FnMut() -> MaskKey,
    ) -> Framed {
        let len = window.len().saturating_sub(MAX_HEADER);
        if len >= IN_PLACE {
            let mut fragments = connection.begin_message(kind, len as u64);
            return self.frame_piece(connection, &mut fragments, window, Done { messages: 1, part: 0 }, keys);
        }
        self.collect();
        connection.send(kind, window.get(MAX_HEADER..).unwrap_or_default(), keys, &mut self.out);
        self.collected(Done { messages: 1, part: 0 })
    }

    /// Takes the frame of a message that other connections send too. Call it only for a server, and only if [`is_free`](Self::is_free).
    pub fn share(
        &mut self,
        connection: &mut Connection,
        message: &mut Shared,
        mut keys: impl FnMut() -> MaskKey,
    ) -> Framed {
        let frame = message.frame(connection);
        if !self.out.is_empty() || connection.has_transmit() {
            self.collect();
            connection.write_controls(&mut keys, &mut self.out);
            self.out.extend_from_slice(&frame);
        } else {
            self.shared.push(frame);
        }
        self.collected(Done { messages: 1, part: 0 })
    }

    /// Queues a message. Drops it if there was a close frame.
    pub fn push(&mut self, payload: P) {
        if !self.closing {
            self.queue.push_back(payload);
        }
    }

    /// Queues a close frame behind all messages. Returns whether it is the first.
    #[cold]
    pub fn close(&mut self, close: Close) -> bool {
        let first = !std::mem::replace(&mut self.closing, true);
        if first {
            self.close = Some(close);
        }
        first
    }

    /// From now on, sends only what `connection` itself has to say, because it has failed or was abandoned. Removes and returns a
    /// close frame that waits.
    #[cold]
    pub fn stop(&mut self) -> Option<Close> {
        self.closing = true;
        self.close_unwritten = true;
        self.drop_messages();
        self.close.take()
    }

    /// Drops the messages that wait. The peer has closed and will not read them (RFC 6455 §5.5.1).
    #[cold]
    pub fn drop_messages(&mut self) {
        self.large = None;
        self.filling = false;
        self.pending = false;
        self.queue = VecDeque::new();
        self.turn = Asked::No;
    }

    /// The tick is over.
    pub fn handle_tick(&mut self) {
        self.tick = Asked::No;
    }

    /// Other events have had their turn.
    pub fn handle_turn(&mut self) {
        self.turn = Asked::No;
        self.pieces = 0;
    }

    /// A stream that was [`Fill::Pending`] has more, its end, or an error.
    pub fn handle_ready(&mut self) {
        self.pending = false;
        if self.turn == Asked::No && self.writes <= MAX_WRITES {
            self.pieces = 0;
        }
    }

    /// The system has taken a write. Returns whether that was more than pongs and pings.
    #[inline]
    pub fn handle_written(&mut self) -> bool {
        self.writes = self.writes.saturating_sub(1);
        self.go_on_soon();
        !std::mem::take(&mut self.only_pongs)
    }

    /// The payload whose piece is next. After `None`, call again after the next input.
    pub fn poll_piece(&mut self, connection: &mut Connection) -> Option<Piece<P>> {
        if self.filling || self.pending || self.turn != Asked::No {
            return None;
        }
        if let Some((payload, fragments)) = self.large.take() {
            if self.pieces >= PIECES_A_TURN && !fragments.is_single() {
                self.large = Some((payload, fragments));
                self.go_on_soon();
                return None;
            }
            self.filling = true;
            return Some(Piece { payload, fragments: Some(fragments) });
        }
        let Some(payload) = self.queue.pop_front() else {
            self.queue = VecDeque::new(); // an idle connection owns no buffer
            if let Some(close) = self.close.take() {
                connection.close(close);
                self.close_unwritten = true;
                self.tick_soon();
            }
            return None;
        };
        self.filling = true;
        self.pieces = 0;
        let size = payload.size();
        let fragments = (size > WINDOW as u64 || payload.is_stream()).then(|| {
            let fragments = connection.begin_message(payload.kind(), size);
            if payload.is_stream() { fragments.in_frames() } else { fragments }
        });
        Some(Piece { payload, fragments })
    }

    /// Frames the next piece of a payload. It is in `window`, behind the header room; `fill` says what was put there.
    pub fn handle_piece(
        &mut self,
        connection: &mut Connection,
        piece: Piece<P>,
        fill: Fill,
        window: &mut [u8],
        keys: impl FnMut() -> MaskKey,
    ) -> Framed {
        if !std::mem::replace(&mut self.filling, false) {
            return Framed::Later; // it was dropped meanwhile
        }
        let Piece { payload, fragments } = piece;
        let last = match fill {
            Fill::Bytes { last, .. } => last,
            Fill::Pending => {
                self.large = fragments.map(|fragments| (payload, fragments));
                self.pending = true;
                return Framed::Later;
            }
            Fill::Failed => return Framed::Failed,
        };
        let Some(mut fragments) = fragments else { return self.frame(connection, payload.kind(), window, keys) };
        self.pieces += 1;
        let part = if payload.is_stream() { window.len().saturating_sub(MAX_HEADER) as u32 } else { 0 };
        let done = if last { Done { messages: 1, part: 0 } } else { Done { messages: 0, part } };
        let framed = self.frame_piece(connection, &mut fragments, window, done, keys);
        if !last {
            self.large = Some((payload, fragments));
        }
        framed
    }

    /// Frames to write now that other connections write too, and what they complete. No connection needs a copy of them. `None` if
    /// these frames are not all there is to write.
    #[inline]
    pub fn poll_shared(&mut self, connection: &Connection) -> Option<(Rc<[u8]>, Done)> {
        if connection.has_transmit() {
            return None;
        }
        let frames = self.shared.take_joined()?;
        self.close_unwritten = false;
        self.writes += 1;
        Some((frames, std::mem::take(&mut self.done)))
    }

    /// Bytes to write now, and what they complete. Give the memory back with [`recycle`](Self::recycle). After `None`, call again after
    /// the next input.
    ///
    /// Pongs alone wait while the peer does not take what was written before: a peer that only pings must not fill our memory.
    pub fn poll_transmit(
        &mut self,
        connection: &mut Connection,
        keys: impl FnMut() -> MaskKey,
    ) -> Option<(Vec<u8>, Done)> {
        self.unshare();
        self.close_unwritten = false; // it is written now, or there is none
        let only_pongs = self.out.is_empty() && !connection.has_close();
        if only_pongs && (!connection.has_transmit() || self.writes > 0) {
            return None;
        }
        let mut out = std::mem::take(&mut self.out);
        connection.poll_transmit(keys, &mut out);
        if out.is_empty() {
            return None;
        }
        self.writes += 1;
        self.only_pongs |= only_pongs;
        Some((out, std::mem::take(&mut self.done)))
    }

    /// Keeps the memory of what was written for the next write, unless it is unusually large.
    pub fn recycle(mut out: Vec<u8>) {
        if out.capacity() <= 4 * FULL {
            out.clear();
            SPARE.set(out);
        }
    }

    /// When the driver must call again. After `None`, call this again after the next input.
    #[inline]
    pub fn poll_wake(&mut self) -> Option<Wake> {
        for (asked, wake) in [(&mut self.tick, Wake::Tick), (&mut self.turn, Wake::Turn)] {
            if *asked == Asked::Wanted {
                *asked = Asked::Told;
                return Some(wake);
            }
        }
        None
    }

    /// Asks for a tick, because there is something to write at its end.
    #[inline]
    pub fn tick_soon(&mut self) {
        if self.tick == Asked::No {
            self.tick = Asked::Wanted;
        }
    }

    fn frame_piece(
        &mut self,
        connection: &mut Connection,
        fragments: &mut Fragments,
        window: &mut [u8],
        done: Done,
        keys: impl FnMut() -> MaskKey,
    ) -> Framed {
        self.unshare();
        match connection.continue_message(fragments, window, done.messages > 0, keys, &mut self.out) {
            Some(start) => {
                self.writes += 1;
                Framed::InPlace { start, done }
            }
            None => self.collected(done),
        }
    }

    /// Prepares `out` for more frames.
    #[inline]
    fn collect(&mut self) {
        if self.out.capacity() == 0 {
            self.out = SPARE.take();
        }
        self.unshare();
    }

    /// Moves the shared frames to `out`, because something else leaves with them.
    #[inline]
    fn unshare(&mut self) {
        if !self.shared.is_empty() {
            self.shared.move_to(&mut self.out);
        }
    }

    /// Frames were added to the next write.
    #[inline]
    fn collected(&mut self, Done { messages, part }: Done) -> Framed {
        self.done.messages += messages;
        self.done.part = if messages > 0 { 0 } else { self.done.part.saturating_add(part) };
        self.tick_soon();
        if self.out.len() + self.shared.len() >= FULL { Framed::Full } else { Framed::Later }
    }

    /// Continues a large message after other events have had a turn, if the system takes what was written.
    fn go_on_soon(&mut self) {
        if self.large.is_some() && !self.pending && self.writes <= MAX_WRITES && self.turn == Asked::No {
            self.turn = Asked::Wanted;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is available only on the host
mod simulation;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
