//! The three clients.

use std::io::{Read, Write};
use std::pin::pin;
use std::task::{Context, Waker};

use fastwebsockets::{FragmentCollector, Frame, OpCode};
use tungstenite::protocol::Role as TungsteniteRole;
use tungstenite::{Bytes, Message, WebSocket};
use websocket_channel::protocol::{Connection, Event, Kind, MAX_HEADER, Role, Whole};

use super::Task;
use super::wire::{CHUNK, Wire};

/// A library's connection.
pub trait Client {
    const NAME: &str;
    fn open(wire: Wire, task: &Task) -> Self;
    fn receive(&mut self, count: usize, seen: impl FnMut(Kind, &[u8]));
    /// Sends the task's payload as this many binary messages.
    fn send(&mut self, count: usize);
    fn into_wire(self) -> Wire;
}

/// The engine, driven as the Node transport drives it: chunk by chunk, with a write whenever there is a chunk to write.
pub struct Ours {
    connection: Connection,
    wire: Wire,
    chunk: Vec<u8>,
    /// A message that arrives in pieces.
    gathered: Vec<u8>,
    payload: Vec<u8>,
    window: Vec<u8>,
    out: Vec<u8>,
}

/// A copy of these bytes, with half a page more than is used. Otherwise, malloc would put what it allocates next at the same offset in a
/// page, and copying from one to the other would take up to eight times as long ("4K aliasing").
fn apart(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(bytes.len() + 2048);
    copy.extend_from_slice(bytes);
    copy
}

/// Payloads of this size and more are framed in place, as in the Node transport.
const IN_PLACE: usize = 32 * 1024;

impl Ours {
    /// Copies the payload into a window, piece by piece, and frames it there.
    fn send_in_place(&mut self) {
        let mut message = self.connection.begin_message(Kind::Binary, self.payload.len() as u64);
        let mut pieces = self.payload.chunks(CHUNK).peekable();
        while let Some(piece) = pieces.next() {
            let window = &mut self.window[..MAX_HEADER + piece.len()];
            window[MAX_HEADER..].copy_from_slice(piece);
            let last = pieces.peek().is_none();
            let start = self.connection.continue_message(&mut message, window, last, rand::random, &mut self.out);
            self.wire.write_all(&window[start.unwrap()..]).unwrap();
        }
    }
}

impl Client for Ours {
    const NAME: &str = "websocket-channel";

    fn open(wire: Wire, task: &Task) -> Self {
        Self {
            connection: Connection::new(Role::Client, None, 64 << 20),
            wire,
            chunk: apart(&[0; CHUNK]),
            gathered: Vec::new(),
            payload: apart(task.payload.as_bytes()),
            window: vec![0; MAX_HEADER + CHUNK],
            out: Vec::new(),
        }
    }

    fn receive(&mut self, mut count: usize, mut seen: impl FnMut(Kind, &[u8])) {
        while count > 0 {
            let size = self.wire.read(&mut self.chunk).unwrap();
            let (chunk, mut at) = (&mut self.chunk[..size], 0);
            loop {
                while let Some(Whole { kind, start, end, .. }) = self.connection.poll_whole(chunk, &mut at) {
                    seen(kind, &chunk[start..end]);
                    count -= 1;
                }
                let Some(event) = self.connection.poll_event(chunk, &mut at, &mut []) else { break };
                match event {
                    Event::Message { kind, payload, .. } => {
                        seen(kind, &chunk[payload]);
                        count -= 1;
                    }
                    Event::Begin { size_hint, .. } => self.gathered.reserve(size_hint as usize),
                    Event::Piece { payload, .. } => self.gathered.extend_from_slice(&chunk[payload]),
                    Event::End { kind } => {
                        seen(kind, &self.gathered);
                        self.gathered.clear();
                        count -= 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn send(&mut self, count: usize) {
        for left in (0..count).rev() {
            // The other libraries generate their keys in the same way.
            if self.payload.len() >= IN_PLACE {
                self.send_in_place();
                continue;
            }
            self.connection.send(Kind::Binary, &self.payload, rand::random, &mut self.out);
            if self.out.len() >= CHUNK || left == 0 {
                self.wire.write_all(&self.out).unwrap();
                self.out.clear();
            }
        }
    }

    fn into_wire(self) -> Wire {
        self.wire
    }
}

pub struct Fastwebsockets {
    socket: FragmentCollector<Wire>,
    payload: Vec<u8>,
    /// The library masks the payload in place, so each message is copied here. Otherwise it would copy into newly allocated memory.
    scratch: Vec<u8>,
}

impl Client for Fastwebsockets {
    const NAME: &str = "fastwebsockets";

    fn open(wire: Wire, task: &Task) -> Self {
        let socket = fastwebsockets::WebSocket::after_handshake(wire, fastwebsockets::Role::Client);
        let payload = apart(task.payload.as_bytes());
        Self { socket: FragmentCollector::new(socket), scratch: payload.clone(), payload }
    }

    fn receive(&mut self, count: usize, mut seen: impl FnMut(Kind, &[u8])) {
        at_once(async {
            for _ in 0..count {
                let frame = self.socket.read_frame().await.unwrap();
                let kind = if frame.opcode == OpCode::Text { Kind::Text } else { Kind::Binary };
                seen(kind, &frame.payload);
            }
        });
    }

    fn send(&mut self, count: usize) {
        at_once(async {
            for _ in 0..count {
                self.scratch.copy_from_slice(&self.payload);
                self.socket.write_frame(Frame::binary(self.scratch[..].as_mut().into())).await.unwrap();
            }
        });
    }

    fn into_wire(self) -> Wire {
        self.socket.into_inner()
    }
}

/// The smallest executor, because a [`Wire`] never makes anyone wait.
fn at_once(future: impl Future<Output = ()>) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

pub struct Tungstenite {
    socket: WebSocket<Wire>,
    payload: Bytes,
}

impl Client for Tungstenite {
    const NAME: &str = "tungstenite";

    fn open(wire: Wire, task: &Task) -> Self {
        Self {
            socket: WebSocket::from_raw_socket(wire, TungsteniteRole::Client, None),
            payload: task.payload.clone().into(),
        }
    }

    fn receive(&mut self, count: usize, mut seen: impl FnMut(Kind, &[u8])) {
        for _ in 0..count {
            match self.socket.read().unwrap() {
                Message::Text(text) => seen(Kind::Text, text.as_bytes()),
                Message::Binary(bytes) => seen(Kind::Binary, &bytes),
                other => panic!("{other:?}"),
            }
        }
    }

    fn send(&mut self, count: usize) {
        for _ in 0..count {
            self.socket.write(Message::Binary(self.payload.clone())).unwrap();
        }
        self.socket.flush().unwrap();
    }

    fn into_wire(self) -> Wire {
        self.socket.into_inner()
    }
}
