//! Messages on their way out: a queue in front of the native `WebSocket`, because a stream is collected before it is sent.

use alloc::boxed::Box;
use alloc::rc::Rc;

use wasm_bindgen::prelude::*;

use super::collecting::Collecting;
use super::{Browser, RawSocket, utf8_length};
use crate::channel::{Report, State, Taken, Timer as _};
use crate::close::Close;
use crate::transport::timer::microtask;
use crate::transport::{ByteStream, Payload};

/// A message on its way out, and its size in bytes.
pub(crate) struct Outgoing(Content, u64);

enum Content {
    /// A string or a `Uint8Array` that nobody else writes to.
    Whole(JsValue),
    Stream(ByteStream),
}

pub(super) enum Queued {
    /// A complete message, or a stream that is not being collected yet.
    Message(Outgoing),
    Collecting(Collecting),
    Close(Close),
}

/// The delay of the first poll, in milliseconds, unless a message arrives earlier. A shorter delay would cost an echo more than it gains.
const FIRST_POLL_DELAY: u32 = 4;
/// The longest delay, in milliseconds. `bufferedAmount` usually falls within a few milliseconds; if the peer does not read, polls become less frequent.
const MAX_POLL_DELAY: u32 = 64;

impl Browser {
    pub(crate) fn outgoing(&self, payload: Payload, state: State) -> (Outgoing, u64) {
        let (content, size) = match payload {
            Payload::Text(text) => {
                let size = utf8_length(&text) as u64;
                (Content::Whole(text), size)
            }
            Payload::Binary(bytes) => {
                let size = bytes.length().into();
                // A message that waits must not change when the caller writes to its buffer.
                let waits = state != State::Open || !self.queue.borrow().is_empty();
                (Content::Whole(if waits { bytes.slice(0, bytes.length()) } else { bytes }.into()), size)
            }
            Payload::Stream(stream) => {
                let size = stream.size();
                (Content::Stream(stream), size)
            }
        };
        (Outgoing(content, size), size)
    }

    pub(super) fn send_behind_queue(self: &Rc<Self>, message: Outgoing) {
        let is_first = self.queue.borrow().is_empty();
        match message {
            Outgoing(Content::Whole(payload), _) if is_first => self.send_whole(&payload),
            message => {
                self.queue.borrow_mut().push_back(Queued::Message(message));
                if is_first {
                    let browser = Rc::downgrade(self);
                    microtask(Box::new(move || {
                        if let Some(browser) = browser.upgrade() {
                            browser.drain();
                        }
                    }));
                }
            }
        }
    }

    pub(super) fn close_behind_queue(&self, close: Close) {
        if self.queue.borrow().is_empty() {
            self.close_now(&close);
        } else {
            self.queue.borrow_mut().push_back(Queued::Close(close));
        }
    }

    fn send_whole(self: &Rc<Self>, payload: &JsValue) {
        if let Err(thrown) = self.socket.unchecked_ref::<RawSocket>().send(payload) {
            return self.handle_send_failed(thrown);
        }
        if self.poll_delay.get() == 0 {
            self.poll_soon(FIRST_POLL_DELAY);
        }
    }

    fn close_now(&self, close: &Close) {
        // A page may send only some codes (WHATWG WebSockets). For any other code, close without one: the peer sees 1005.
        let _ = match close.code().filter(|code| code.may_be_sent_by_a_page()) {
            Some(code) => self.socket.close_with_code_and_reason(code.number(), close.reason()),
            None => self.socket.close(),
        };
    }

    /// Sends the queue in order. A stream is collected before it is sent.
    fn drain(self: &Rc<Self>) {
        loop {
            let Some(next) = self.queue.borrow_mut().pop_front() else { return };
            match next {
                Queued::Message(Outgoing(Content::Whole(payload), _)) => self.send_whole(&payload),
                Queued::Message(Outgoing(Content::Stream(stream), _)) => {
                    let collecting = match Collecting::new(self, stream) {
                        Ok(collecting) => collecting,
                        Err(thrown) => return self.collected(Err(thrown)),
                    };
                    let start = collecting.start();
                    self.queue.borrow_mut().push_front(Queued::Collecting(collecting));
                    return start();
                }
                Queued::Collecting(_) => {}
                Queued::Close(close) => self.close_now(&close),
            }
        }
    }

    /// The stream at the front of the queue has ended or failed.
    pub(super) fn collected(self: &Rc<Self>, result: Result<JsValue, JsValue>) {
        match result {
            Ok(bytes) => {
                let collecting = self.queue.borrow_mut().pop_front();
                drop(collecting);
                self.send_whole(&bytes);
                self.drain();
            }
            Err(thrown) => self.fail_because("sendBinaryStream failed: ", thrown),
        }
    }

    pub(super) fn is_listening(&self) -> bool {
        self.handlers.borrow().is_some()
    }

    /// Reports the number of payload bytes that the browser has not taken, including those in the queue.
    pub(super) fn look(&self) {
        let waiting: u64 = self.queue.borrow().iter().map(Queued::size).sum();
        let left = waiting.saturating_add(self.socket.unchecked_ref::<RawSocket>().buffered_amount() as u64);
        self.driver.report(Report::Sent(Taken::AllBut(left)));
    }

    fn poll_soon(self: &Rc<Self>, delay: u32) {
        self.poll_delay.set(delay);
        let browser = self.clone();
        self.timer.set(delay, move || {
            browser.poll_delay.set(0);
            browser.look();
            if browser.driver.awaits_acknowledgement() && browser.poll_delay.get() == 0 && browser.is_listening() {
                browser.poll_soon(delay.saturating_mul(2).min(MAX_POLL_DELAY));
            }
        });
    }
}

impl Queued {
    fn size(&self) -> u64 {
        match self {
            Self::Message(Outgoing(_, size)) => *size,
            Self::Collecting(collecting) => collecting.size(),
            Self::Close(_) => 0,
        }
    }
}
