//! A message that many connections send: framed once, and compressed once for each agreement (RFC 7692 §7.2.1). Only a server's frames
//! can be shared, since they are not masked.

use std::rc::Rc;

use super::connection::{Connection, Kind};

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

    /// The frame for a connection, which a server's end sends unchanged. The connection's own compressor starts afresh with its next message:
    /// the peer's window has this message in it, and the compressor's has not.
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
