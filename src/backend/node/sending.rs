//! What goes out of one connection: the frames of a tick in one write, a large message bit by bit.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::keys::mask_key;
use super::socket::{self, Payload, Socket, WINDOW};
use super::{LINGER_MS, Node};
use crate::backend::PayloadKind;
use crate::close::Close;
use crate::protocol::{Fragments, Kind};

/// A message on its way out.
pub(crate) enum Outgoing {
    /// Its payload lies at the beginning of the send window; the very next command sends it.
    InWindow(Kind, usize),
    /// Its payload is in the host's memory.
    Held(Kind, Payload),
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
    queue: RefCell<VecDeque<(Kind, Payload)>>,
    /// The close frame behind them.
    close: RefCell<Option<Close>>,
    /// A close frame is on its way: no message may follow.
    closing: Cell<bool>,
}

/// A message larger than the window: it passes through it, each piece a fragment, so that other things get their turn
/// and pongs get out between.
struct Large {
    fragments: Fragments,
    payload: Payload,
}

/// Frames beyond so many bytes are written at once rather than at the tick's end.
const FLUSH_AT: usize = 64 * 1024;
/// So many pieces of a large message are sent before other things get their turn: compressing them takes some 20 ms.
const PIECES_A_TURN: u32 = 16;
/// A large message goes on when the system has not more than so many of its pieces to take.
const MAX_WRITES: u32 = 32;

impl Sending {
    /// A large message is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.large.borrow().is_some()
    }

    /// Nothing more will be sent, and the system has taken all.
    pub(super) fn is_over(&self) -> bool {
        self.closing.get() && self.writes.get() == 0 && self.close.borrow().is_none()
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
    /// Copies the payload out of the caller's hands: into the window if it can be sent at once and fits.
    #[inline]
    pub(crate) fn outgoing(&self, payload: &JsValue, kind: PayloadKind, open: bool) -> (Outgoing, u64) {
        let now = open && !self.sending.is_busy();
        let (kind, filled) = match kind {
            PayloadKind::Text => (Kind::Text, if now { socket::fill_text(payload) } else { -1 }),
            PayloadKind::Binary => (Kind::Binary, if now { socket::fill_bytes(payload) } else { -1 }),
        };
        if let Ok(len) = usize::try_from(filled) {
            return (Outgoing::InWindow(kind, len), len as u64);
        }
        // What one turn sends is framed before the caller's next instruction; other bytes need a copy of their own.
        let one_turn = payload.unchecked_ref::<Uint8Array>().length() <= PIECES_A_TURN * WINDOW as u32;
        let payload = Payload::new(payload, !(now && one_turn));
        let len = payload.length() as u64;
        (Outgoing::Held(kind, payload), len)
    }

    #[inline]
    pub(crate) fn send(&self, message: Outgoing) {
        match message {
            _ if self.sending.closing.get() => return,
            Outgoing::InWindow(kind, len) => self.send_window(kind, len),
            Outgoing::Held(kind, payload) => {
                self.sending.queue.borrow_mut().push_back((kind, payload));
                self.send_queue();
            }
        }
        self.flush_full();
    }

    pub(crate) fn close(&self, close: Close) {
        if self.sending.closing.replace(true) {
            return;
        }
        *self.sending.close.borrow_mut() = Some(close);
        self.send_queue();
        self.flush_soon();
    }

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
        self.flush_full();
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
        }
    }

    fn send_window(&self, kind: Kind, len: usize) {
        let mut out = self.sending.out.borrow_mut();
        socket::with_filled(len, |payload| self.connection.borrow_mut().send(kind, payload, mask_key, &mut out));
        self.sending.messages.set(self.sending.messages.get() + 1);
    }

    /// Sends what is queued as far as this turn goes, the close frame behind it.
    fn send_queue(&self) {
        while self.send_large() {
            let Some((kind, payload)) = self.sending.queue.borrow_mut().pop_front() else {
                self.sending.queue.take();
                if let Some(close) = self.sending.close.take() {
                    self.connection.borrow_mut().close(close);
                    self.flush_soon();
                }
                return;
            };
            let len = payload.length() as u64;
            if len <= WINDOW as u64 {
                self.send_window(kind, payload.fill());
            } else {
                let fragments = self.connection.borrow().begin_message(kind, len);
                *self.sending.large.borrow_mut() = Some(Large { fragments, payload });
            }
        }
    }

    /// The next pieces of the large message, if there is one: whether it is done.
    fn send_large(&self) -> bool {
        let Some(mut large) = self.sending.large.take() else { return true };
        for _ in 0..PIECES_A_TURN {
            let filled = large.payload.fill();
            let last = large.payload.is_done();
            socket::with_filled(filled, |piece| {
                let mut out = self.sending.out.borrow_mut();
                self.connection.borrow_mut().continue_message(&mut large.fragments, piece, last, mask_key, &mut out);
            });
            if last {
                self.sending.messages.set(self.sending.messages.get() + 1);
                return true;
            }
            if self.sending.out.borrow().len() >= FLUSH_AT {
                self.flush();
            }
        }
        self.sending.large.replace(Some(large));
        self.go_on_soon();
        false
    }

    /// Has `handle_turn` called, if there is a large message to go on with and room for it.
    fn go_on_soon(&self) {
        let may = self.sending.is_busy() && self.sending.writes.get() <= MAX_WRITES;
        if may && !self.sending.turn_due.replace(true) {
            self.with_socket(Socket::turn);
        }
    }

    fn flush_full(&self) {
        if self.sending.out.borrow().len() >= FLUSH_AT { self.flush() } else { self.flush_soon() }
    }

    fn flush_soon(&self) {
        if !self.sending.tick_due.replace(true) {
            self.with_socket(Socket::tick);
        }
    }
}
