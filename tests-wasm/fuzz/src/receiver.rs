//! A small peer, with its own decompressor, that reads what a connection has written.

use websocket_channel::protocol::Role;

use super::driver::{self, Frame};
use super::inflate;

/// What was read.
#[derive(PartialEq, Debug)]
pub(crate) enum Received {
    Message { text: bool, bytes: Vec<u8> },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

pub(crate) struct Reading {
    /// Everything received, with the offset at which each item ends.
    pub(crate) received: Vec<(Received, usize)>,
    /// The last message is incomplete.
    pub(crate) is_incomplete: bool,
}

/// Reads what the end with this `role` wrote. `takeover`: if it compresses at all, whether it takes its context over from message
/// to message. Its matches reach at most `window` bytes back.
pub(crate) fn read(wire: &[u8], role: Role, takeover: Option<bool>, window: usize) -> Reading {
    let (mut received, mut message, mut at) = (Vec::new(), None, 0);
    let mut inflater = Inflater { takeover, window, stream: Vec::new(), size: 0 };
    for frame in driver::frames(wire, role) {
        at += frame.size(role);
        let Frame { fin, rsv1, opcode, payload } = frame;
        let (text, compressed, bytes) = match opcode {
            8 => {
                received.push((Received::Close(payload), at));
                continue;
            }
            9 => {
                received.push((Received::Ping(payload), at));
                continue;
            }
            10 => {
                received.push((Received::Pong(payload), at));
                continue;
            }
            0 => {
                let (text, compressed, bytes): (bool, bool, Vec<u8>) = message.take().expect("nothing to continue");
                assert!(!rsv1, "RSV1 on a later fragment");
                (text, compressed, [bytes, payload].concat())
            }
            opcode => {
                assert!(message.is_none(), "a message in a message");
                (opcode == 1, rsv1, payload)
            }
        };
        if fin {
            let bytes = if compressed { inflater.inflate(bytes) } else { bytes };
            received.push((Received::Message { text, bytes }, at));
        } else {
            message = Some((text, compressed, bytes));
        }
    }
    Reading { received, is_incomplete: message.is_some() }
}

struct Inflater {
    takeover: Option<bool>,
    window: usize,
    /// The compressed messages so far, including the tails, since the window was last empty.
    stream: Vec<u8>,
    /// How many bytes they inflate to.
    size: usize,
}

impl Inflater {
    fn inflate(&mut self, message: Vec<u8>) -> Vec<u8> {
        if !self.takeover.expect("RSV1 and no extension") {
            self.stream.clear();
            self.size = 0;
        }
        self.stream.extend(message);
        self.stream.extend([0, 0, 0xFF, 0xFF]);
        let mut inflated = inflate::inflate(&self.stream, 1 << 24, true);
        assert!(!inflated.invalid && inflated.between_blocks, "it inflates to its last bit");
        let (farthest, window) = (inflated.farthest, self.window);
        assert!(farthest <= window, "a match {farthest} back in a window of {window}");
        let bytes = inflated.out.split_off(self.size);
        self.size += bytes.len();
        bytes
    }
}
