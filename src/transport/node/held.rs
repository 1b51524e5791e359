//! What has arrived and must wait: it is read in a later turn, in order, and the end of the connection behind it.
//!
//! Whoever begins to hold something calls [`Node::wait_a_turn`], unless reading is suspended: then `resume` goes on ([`Node::read_on`]).

use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::Node;
use super::socket::Socket;
use crate::opening::Loss;

/// What waits on one connection.
#[derive(Default)]
pub(super) struct Held {
    /// The rest of what was being read.
    rest: VecDeque<Arrived>,
    /// What has come behind it. Some of that may be here before the rest is known: a stream made in JavaScript may push while a chunk is read.
    behind: VecDeque<Arrived>,
}

/// What has arrived. The bytes stay in the host's memory.
pub(super) enum Arrived {
    /// A Buffer.
    Bytes(JsValue),
    /// The peer has ended its side.
    End,
    /// The socket is closed.
    Closed(Loss<JsValue>),
}

impl Node {
    /// Whether something waits. What follows must wait behind it.
    #[inline]
    pub(super) fn is_holding(&self) -> bool {
        self.held.borrow().is_some()
    }

    /// The rest of what is being read must wait: a Buffer.
    pub(super) fn hold_rest(&self, bytes: JsValue) {
        self.held.borrow_mut().get_or_insert_default().rest.push_back(Arrived::Bytes(bytes));
    }

    fn hold_behind(&self, arrived: Arrived) {
        self.held.borrow_mut().get_or_insert_default().behind.push_back(arrived);
    }

    fn forget_end(&self) {
        if let Some(held) = &mut *self.held.borrow_mut() {
            held.behind.retain(|arrived| !matches!(arrived, Arrived::End));
        }
    }

    /// Reads nothing more before other events have had a turn.
    pub(super) fn wait_a_turn(&self) {
        self.with_socket(|socket| {
            socket.pause();
            socket.read_later();
        });
    }

    /// A Buffer has arrived while others were being read, while something waited, or while a method of the listener ran.
    pub(super) fn handle_early(&self, bytes: JsValue) {
        let was_holding = self.is_holding();
        self.hold_behind(Arrived::Bytes(bytes));
        if !was_holding {
            self.wait_a_turn();
        }
    }

    /// The peer has ended its side.
    pub(super) fn handle_end(&self) {
        if self.is_holding() {
            self.hold_behind(Arrived::End);
        } else {
            self.conclude_ended();
        }
    }

    /// The socket is closed. `unread` is a Buffer of what was not read yet, or undefined.
    pub(super) fn handle_closed(&self, unread: JsValue, loss: Loss<JsValue>) {
        let was_holding = self.is_holding();
        if !was_holding && unread.is_undefined() {
            return self.conclude_closed(loss);
        }
        if !unread.is_undefined() {
            self.hold_behind(Arrived::Bytes(unread));
        }
        if loss.cause.is_some() {
            self.forget_end(); // an error says more
        }
        self.hold_behind(Arrived::Closed(loss));
        if !was_holding && self.may_read() {
            self.with_socket(Socket::read_later);
        }
    }

    /// Reads on: first, in a turn of its own, what waits.
    pub(super) fn read_on(&self) {
        self.with_socket(if self.is_holding() { Socket::read_later } else { Socket::resume });
    }

    /// Other events have had a turn. Reads what waits, unless it must wait longer; some of it may have to wait again.
    pub(super) fn handle_later(self: &Rc<Self>) {
        if !self.is_holding() || !self.may_read() {
            return;
        }
        let must_wait = self.read(0); // the decompressor may have more output, although all of its input has been read
        if must_wait || !self.may_read() {
            return;
        }
        let (Some(held), Some(socket)) = (self.held.take(), self.socket()) else { return };
        let Held { rest: mut waiting, mut behind } = *held;
        waiting.append(&mut behind);
        while let Some(arrived) = waiting.pop_front() {
            match arrived {
                Arrived::Bytes(bytes) => socket.replay(&bytes),
                Arrived::End => self.conclude_ended(),
                Arrived::Closed(loss) => return self.conclude_closed(loss),
            }
            if self.socket().is_none() {
                break;
            }
            if let Some(held) = &mut *self.held.borrow_mut() {
                held.rest.append(&mut waiting);
                return;
            }
        }
        // A socket that the channel has let go of waits for the peer's end.
        if self.socket().is_none() || self.may_read() {
            socket.resume();
        }
    }
}
