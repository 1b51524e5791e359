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
mod next_write;

use std::collections::VecDeque;
use std::rc::Rc;

use super::connection::Connection;
use super::event::Kind;
use super::frame::{MAX_HEADER, MaskKey};
use super::sending::Fragments;
use super::shared::Shared;
use crate::close::Close;
use driving::{Asked, Wakes};
use next_write::NextWrite;

pub use driving::{Done, Fill, Framed, Payload, Piece, Wake};

/// The outgoing queue of one connection.
pub struct OutgoingQueue<P> {
    next_write: NextWrite,
    current: Current<P>,
    /// How many pieces of the current message this turn has sent.
    pieces: u32,
    /// Messages behind the current one, in order.
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
    wakes: Wakes,
}

/// The message that goes out in pieces. Boxed, because an idle channel has none.
#[derive(Default)]
enum Current<P> {
    #[default]
    None,
    /// It is with the driver, between [`OutgoingQueue::poll_piece`] and [`OutgoingQueue::handle_piece`].
    Filling,
    /// Its next piece may go out.
    Waiting(Box<Piece<P>>),
    /// It is a stream that has no data now.
    Pending(Box<Piece<P>>),
}

/// The most payload bytes in the window.
pub const WINDOW: usize = 64 * 1024;
/// Payloads of at least this size are framed in place in the window, not collected.
const IN_PLACE: usize = 32 * 1024;
/// The most pieces of one message in one turn. Then other events get a turn: compressing this many pieces takes about 20 ms.
pub const PIECES_A_TURN: u32 = 16;
/// A large message continues when the system has at most this many writes left to take.
const MAX_WRITES: u32 = 32;

impl<P> Default for OutgoingQueue<P> {
    fn default() -> Self {
        Self {
            next_write: NextWrite::default(),
            current: Current::None,
            pieces: 0,
            queue: VecDeque::new(),
            close: None,
            closing: false,
            close_unwritten: false,
            writes: 0,
            only_pongs: false,
            wakes: Wakes::default(),
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
        !matches!(self.current, Current::None)
    }

    /// Whether there was a close frame.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether frames wait for the next write.
    pub fn has_collected(&self) -> bool {
        !self.next_write.is_empty()
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
        connection.send(kind, window.get(MAX_HEADER..).unwrap_or_default(), keys, self.next_write.room());
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
        if self.next_write.takes_shared() && !connection.has_transmit() {
            self.next_write.share(frame);
        } else {
            let out = self.next_write.room();
            connection.write_controls(&mut keys, out);
            out.extend_from_slice(&frame);
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
        self.current = Current::None;
        self.queue = VecDeque::new();
        self.wakes.turn = Asked::No;
    }

    /// The tick is over.
    pub fn handle_tick(&mut self) {
        self.wakes.tick = Asked::No;
    }

    /// Other events have had their turn.
    pub fn handle_turn(&mut self) {
        self.wakes.turn = Asked::No;
        self.pieces = 0;
    }

    /// A stream that was [`Fill::Pending`] has more, its end, or an error.
    pub fn handle_ready(&mut self) {
        self.current = match std::mem::take(&mut self.current) {
            Current::Pending(piece) => Current::Waiting(piece),
            other => other,
        };
        if self.wakes.turn == Asked::No && self.writes <= MAX_WRITES {
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
        if self.wakes.turn != Asked::No {
            return None;
        }
        if self.is_busy() {
            return self.poll_current();
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
        self.current = Current::Filling;
        self.pieces = 0;
        let size = payload.size();
        let fragments = (size > WINDOW as u64 || payload.is_stream()).then(|| {
            let fragments = connection.begin_message(payload.kind(), size);
            if payload.is_stream() { fragments.in_frames() } else { fragments }
        });
        Some(Piece { payload, fragments })
    }

    fn poll_current(&mut self) -> Option<Piece<P>> {
        match std::mem::replace(&mut self.current, Current::Filling) {
            Current::Waiting(piece) if self.pieces < PIECES_A_TURN || piece.is_single() => Some(*piece),
            not_now => {
                self.current = not_now;
                self.go_on_soon();
                None
            }
        }
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
        if !matches!(self.current, Current::Filling) {
            return Framed::Later; // it was dropped meanwhile
        }
        self.current = Current::None;
        let Piece { payload, fragments } = piece;
        let last = match fill {
            Fill::Bytes { last, .. } => last,
            Fill::Pending => {
                if fragments.is_some() {
                    self.current = Current::Pending(Box::new(Piece { payload, fragments }));
                }
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
            self.current = Current::Waiting(Box::new(Piece { payload, fragments: Some(fragments) }));
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
        let due = self.next_write.take_shared()?;
        self.close_unwritten = false;
        self.writes += 1;
        Some(due)
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
        self.close_unwritten = false; // it is written now, or there is none
        let only_pongs = self.next_write.is_empty() && !connection.has_close();
        if only_pongs && (!connection.has_transmit() || self.writes > 0) {
            return None;
        }
        let mut out = self.next_write.take_own();
        connection.poll_transmit(keys, &mut out);
        if out.is_empty() {
            return None;
        }
        self.writes += 1;
        self.only_pongs |= only_pongs;
        Some((out, self.next_write.take_done()))
    }

    /// Keeps the memory of what was written for the next write, unless it is unusually large.
    pub fn recycle(out: Vec<u8>) {
        next_write::recycle(out);
    }

    /// When the driver must call again. After `None`, call this again after the next input.
    #[inline]
    pub fn poll_wake(&mut self) -> Option<Wake> {
        self.wakes.poll()
    }

    /// Asks for a tick, because there is something to write at its end.
    #[inline]
    pub fn tick_soon(&mut self) {
        self.wakes.tick.want();
    }

    fn frame_piece(
        &mut self,
        connection: &mut Connection,
        fragments: &mut Fragments,
        window: &mut [u8],
        done: Done,
        keys: impl FnMut() -> MaskKey,
    ) -> Framed {
        match connection.continue_message(fragments, window, done.messages > 0, keys, self.next_write.unshared()) {
            Some(start) => {
                self.writes += 1;
                Framed::InPlace { start, done }
            }
            None => self.collected(done),
        }
    }

    /// Frames were added to the next write.
    #[inline]
    fn collected(&mut self, done: Done) -> Framed {
        self.next_write.complete(done);
        self.tick_soon();
        if self.next_write.is_full() { Framed::Full } else { Framed::Later }
    }

    /// Continues a large message after other events have had a turn, if the system takes what was written.
    fn go_on_soon(&mut self) {
        if matches!(self.current, Current::Waiting(..)) && self.writes <= MAX_WRITES {
            self.wakes.turn.want();
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is available only on the host
mod laws;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
