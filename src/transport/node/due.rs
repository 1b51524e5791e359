//! What is written next, and the memory of frames that many connections write.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::payload::Outgoing;
use super::socket::{Socket, copied};
use crate::protocol::{self, Done};

/// What is written next.
pub(super) enum Due {
    Own(Vec<u8>),
    /// Frames that other connections write too.
    Shared(Rc<[u8]>),
}

impl Due {
    #[inline]
    pub(super) fn write(self, socket: &Socket, Done { messages, part }: Done) {
        match self {
            Self::Own(out) => {
                socket.write(&out, messages, part);
                protocol::OutgoingQueue::<Outgoing>::recycle(out);
            }
            Self::Shared(frame) => socket.write_shared(&buffer_of(&frame), messages, part),
        }
    }
}

thread_local! {
    /// The frames of current broadcasts, in the host's memory: one copy for all members.
    static BUFFERS: RefCell<Vec<(Rc<[u8]>, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// A channel has ended. Forgets the frames that no other channel is to write.
#[cold]
pub(super) fn forget_written() {
    protocol::forget_joined();
    let written =
        BUFFERS.with_borrow_mut(|all| all.extract_if(.., |(it, _)| Rc::strong_count(it) == 1).collect::<Vec<_>>());
    drop(written);
}

fn buffer_of(frame: &Rc<[u8]>) -> JsValue {
    let found =
        |all: &Vec<(Rc<[u8]>, JsValue)>| all.iter().find(|(it, _)| Rc::ptr_eq(it, frame)).map(|(_, it)| it.clone());
    BUFFERS.with_borrow(found).unwrap_or_else(|| {
        let buffer = copied(frame);
        BUFFERS.with_borrow_mut(|all| {
            all.retain(|(it, _)| Rc::strong_count(it) > 1); // drops frames that nobody else will write
            all.push((frame.clone(), buffer.clone()));
        });
        buffer
    })
}
