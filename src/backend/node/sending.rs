//! What goes out of one connection: the frames of a tick in one write, a large message bit by bit.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::keys::mask_key;
use super::socket::{self, Payload, Socket, WINDOW};
use super::{LINGER_MS, Node};
use crate::backend::{Evidence, PayloadKind, Session};
use crate::channel::Ending;
use crate::close::{Close, CloseCode};
use crate::protocol::{Fragments, Kind, MAX_HEADER};
use crate::status::Status;

/// A message on its way out that has to wait, or to go in pieces. One that has not is in the send window: [`Node::send_filled`].
pub(crate) struct Outgoing {
    kind: Kind,
    payload: Held,
    /// It comes as it goes (`stream.js`), and may never be complete.
    stream: bool,
}

/// A payload that is told when nobody wants any more of it.
struct Held(Payload);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Where a connection is with what it has to send.
#[derive(Default)]
pub(super) struct Sending {
    /// Frames of this tick; they leave in one write.
    out: RefCell<Vec<u8>>,
    /// How many messages end in `out`.
    messages: Cell<u32>,
    /// `tick` was asked for and has not come.
    tick_due: Cell<bool>,
    /// `turn` was asked for and has not come.
    turn_due: Cell<bool>,
    /// Writes that the system has not taken yet.
    writes: Cell<u32>,
    /// The large message that is being sent.
    large: RefCell<Option<Large>>,
    /// Messages behind it, in order.
    queue: RefCell<VecDeque<Outgoing>>,
    /// The close frame behind them.
    close: RefCell<Option<Close>>,
    /// A close frame is on its way: no message may follow.
    closing: Cell<bool>,
}

/// A message larger than the window: it passes through it piece by piece. Beyond a mebibyte, or compressed, each piece is a
/// fragment, so that other things get their turn and pongs get out between.
struct Large {
    fragments: Fragments,
    payload: Held,
}

/// Frames beyond so many bytes are written at once rather than at the tick's end.
const FLUSH_AT: usize = 64 * 1024;
/// Payloads from this size on are written from where they lie in the window, rather than collected.
const IN_PLACE: usize = 32 * 1024;
/// So many pieces of a large message are sent before other things get their turn: compressing them takes some 20 ms.
const PIECES_A_TURN: u32 = 16;
/// A large message goes on when the system has not more than so many of its pieces to take.
const MAX_WRITES: u32 = 32;

thread_local! {
    /// The memory of the last `out` that was written, for the next: an idle connection owns none.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Sending {
    /// A large message is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.large.borrow().is_some()
    }

    /// Nothing more will be sent, and the system has taken all.
    pub(super) fn is_over(&self) -> bool {
        self.closing.get() && self.writes.get() == 0 && self.close.borrow().is_none()
    }

    /// Another connection begins: nothing was sent on it.
    pub(super) fn start_over(&self) {
        self.writes.set(0);
        self.tick_due.set(false);
    }

    /// Sends nothing more: the connection has failed, and its close frame goes out at once.
    pub(super) fn stop(&self) {
        self.closing.set(true);
        self.drop_messages();
        self.close.take();
    }

    /// Sends no more of the messages that wait: the peer has closed and will not look at them (RFC 6455 §5.5.1).
    pub(super) fn drop_messages(&self) {
        self.large.take();
        self.queue.take();
    }
}

impl Node {
    /// Sends what lies in the send window, if nothing waits before it: whether it did.
    #[inline]
    pub(crate) fn send_filled(&self, session: &Session, text: bool, len: usize) -> bool {
        if self.sending.is_busy() || self.sending.closing.get() || !session.accept_now(len as u64) {
            return false;
        }
        self.send_window(if text { Kind::Text } else { Kind::Binary }, len);
        self.flush_soon();
        true
    }

    /// Copies the payload out of the caller's hands.
    pub(crate) fn outgoing(&self, payload: &JsValue, kind: PayloadKind, open: bool) -> (Outgoing, u64) {
        let payload = match kind {
            PayloadKind::Stream => payload.clone().unchecked_into(),
            _ => {
                // What one turn sends is framed before the caller's next instruction; other bytes need a copy of their own.
                let one_turn = payload.unchecked_ref::<Uint8Array>().length() <= PIECES_A_TURN * WINDOW as u32;
                Payload::new(payload, !(open && one_turn && !self.sending.is_busy()))
            }
        };
        let len = payload.length() as u64;
        let stream = kind == PayloadKind::Stream;
        let kind = if kind == PayloadKind::Text { Kind::Text } else { Kind::Binary };
        (Outgoing { kind, payload: Held(payload), stream }, len)
    }

    pub(crate) fn send(&self, message: Outgoing) {
        if !self.sending.closing.get() {
            self.sending.queue.borrow_mut().push_back(message);
            self.send_queue_if_free();
            self.flush_soon();
        }
    }

    #[cold]
    pub(crate) fn close(&self, close: Close) {
        if self.sending.closing.replace(true) {
            return;
        }
        *self.sending.close.borrow_mut() = Some(close);
        self.with_socket(Socket::resume);
        self.send_queue_if_free();
        self.flush_soon();
    }

    #[cold]
    pub(crate) fn abort(&self, farewell: Option<Close>) {
        let Some(socket) = self.socket.borrow_mut().take() else { return };
        let close = self.sending.close.take().or(farewell.filter(|_| !self.sending.closing.get()));
        self.sending.stop();
        if let Some(close) = close {
            self.connection.borrow_mut().close(close);
        }
        // What was accepted in this tick goes out all the same.
        if self.connection.borrow().has_transmit() || !self.sending.out.borrow().is_empty() {
            self.write_out(&socket);
            socket.end(LINGER_MS);
        } else {
            socket.destroy();
        }
        socket.detach();
    }

    pub(super) fn handle_tick(&self) {
        self.sending.tick_due.set(false);
        self.flush();
    }

    pub(super) fn handle_turn(&self) {
        self.sending.turn_due.set(false);
        self.send_queue();
        self.flush_soon();
    }

    /// A stream has something to send, or has failed.
    pub(super) fn handle_ready(&self) {
        if self.sending.writes.get() <= MAX_WRITES && !self.sending.turn_due.get() {
            self.handle_turn();
        }
    }

    /// The system has taken a write.
    pub(super) fn handle_written(&self) {
        self.sending.writes.set(self.sending.writes.get().saturating_sub(1));
        self.go_on_soon();
    }

    /// Writes what there is to write. Pongs alone wait while the peer does not take what was written before: a peer
    /// that only pings must not fill our memory.
    pub(super) fn flush(&self) {
        let only_pongs = self.sending.out.borrow().is_empty() && !self.connection.borrow().has_close();
        let nothing = only_pongs && (!self.connection.borrow().has_transmit() || self.sending.writes.get() > 0);
        if let (false, Some(socket)) = (nothing, self.socket()) {
            self.write_out(&socket);
        }
    }

    pub(super) fn write_out(&self, socket: &Socket) {
        let mut out = self.sending.out.take();
        self.connection.borrow_mut().poll_transmit(mask_key, &mut out);
        if !out.is_empty() {
            self.sending.writes.set(self.sending.writes.get() + 1);
            socket.write(&out, self.sending.messages.take());
            out.clear();
            SPARE.set(out);
        }
    }

    /// Frames the message in the window: with others of this tick, or if it is long, by itself.
    #[inline]
    fn send_window(&self, kind: Kind, len: usize) {
        if len >= IN_PLACE {
            let mut fragments = self.connection.borrow().begin_message(kind, len as u64);
            return self.send_piece(&mut fragments, len, true);
        }
        let mut out = self.sending.out.borrow_mut();
        if out.capacity() == 0 {
            *out = SPARE.take();
        }
        socket::with_filled(len, |frame| {
            let payload = frame.get(MAX_HEADER..).unwrap_or_default();
            self.connection.borrow_mut().send(kind, payload, mask_key, &mut out);
        });
        self.sending.messages.set(self.sending.messages.get() + 1);
        drop(out);
        self.flush_full();
    }

    /// Frames the window's content as the next piece of a message, and writes it.
    fn send_piece(&self, message: &mut Fragments, len: usize, last: bool) {
        let in_place = socket::with_filled(len, |frame| {
            let mut out = self.sending.out.borrow_mut();
            self.connection.borrow_mut().continue_message(message, frame, last, mask_key, &mut out)
        });
        let Some(start) = in_place else {
            self.sending.messages.set(self.sending.messages.get() + u32::from(last));
            return self.flush_full();
        };
        self.flush(); // what was framed before
        self.with_socket(|socket| {
            self.sending.writes.set(self.sending.writes.get() + 1);
            socket.write_window(start, MAX_HEADER + len - start, last.into());
        });
    }

    /// Sends what is queued, unless a large message is under way: then its next turn does.
    fn send_queue_if_free(&self) {
        if !self.sending.is_busy() {
            self.send_queue();
        }
    }

    /// Sends what is queued as far as this turn goes, the close frame behind it.
    pub(super) fn send_queue(&self) {
        while self.send_large() {
            let next = self.sending.queue.borrow_mut().pop_front();
            let Some(Outgoing { kind, payload, stream }) = next else {
                self.sending.queue.take();
                if let Some(close) = self.sending.close.take() {
                    self.connection.borrow_mut().close(close);
                    self.flush_soon();
                }
                return;
            };
            let len = payload.0.length() as u64;
            if len <= WINDOW as u64 && !stream {
                self.send_window(kind, payload.0.fill() as usize);
                continue;
            }
            let fragments = self.connection.borrow().begin_message(kind, len);
            let fragments = if stream { fragments.in_frames() } else { fragments };
            if stream {
                self.with_socket(|socket| payload.0.start(socket)); // it answers later
            }
            *self.sending.large.borrow_mut() = Some(Large { fragments, payload });
        }
    }

    /// The next pieces of the large message, if there is one: whether it is done.
    fn send_large(&self) -> bool {
        let Some(mut large) = self.sending.large.take() else { return true };
        let mut pieces = 0;
        while pieces < PIECES_A_TURN || large.fragments.is_single() {
            pieces += 1;
            // -1 until a stream has something to send (`handle_ready`), -2 if it has failed.
            let filled = match large.payload.0.fill() {
                -2 => {
                    self.fail_stream(&large.payload.0);
                    return false;
                }
                -1 => {
                    self.sending.large.replace(Some(large));
                    return false;
                }
                filled => filled as usize,
            };
            let last = large.payload.0.is_done();
            self.send_piece(&mut large.fragments, filled, last);
            if last {
                return true;
            }
        }
        self.sending.large.replace(Some(large));
        self.go_on_soon();
        false
    }

    /// What was announced as a message cannot be sent: that is a fault of ours, and the peer is told.
    #[cold]
    fn fail_stream(&self, payload: &Payload) {
        // The peer is not told why: an error's message may say what is none of its business.
        let close = Close::because(CloseCode::INTERNAL_ERROR, "The message cannot be sent.");
        let evidence = Some(Evidence { words: payload.words(), cause: payload.error(), ..Evidence::default() });
        self.connection.borrow_mut().abandon(close);
        self.fail(Ending { status: Status::UNEXPECTED, evidence, ..Ending::default() });
    }

    /// Has `handle_turn` called, if there is a large message to go on with and room for it.
    fn go_on_soon(&self) {
        let may = self.sending.is_busy() && self.sending.writes.get() <= MAX_WRITES;
        if may && !self.sending.turn_due.replace(true) {
            self.with_socket(Socket::turn);
        }
    }

    fn flush_full(&self) {
        if self.sending.out.borrow().len() >= FLUSH_AT {
            self.flush();
        }
    }

    pub(super) fn flush_soon(&self) {
        if !self.sending.tick_due.replace(true) {
            self.with_socket(Socket::tick);
        }
    }
}
