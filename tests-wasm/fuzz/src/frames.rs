//! A connection reads frames from a small peer that knows its own mistakes. In the other direction, a small peer reads what it sends.

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::close::{Close, CloseCode};
use websocket_channel::protocol::{
    Connection, DeflateOptions, Fragments, Kind, MAX_HEADER, MaskKey, Role, WindowBits, agree_as_client,
};
use zlib_rs::{Deflate, DeflateFlush};

use super::connection;
use super::driver::{self, Driver, Path};
use super::model::Agreed;
use super::receiver::{self, Received};

pub(crate) fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    if let Ok(receiving) = bool::arbitrary(&mut input) {
        if receiving {
            Receiving::arbitrary_take_rest(input).map(|plan| plan.run()).unwrap_or_default();
        } else {
            Sending::arbitrary_take_rest(input).map(|plan| plan.run()).unwrap_or_default();
        }
    }
}

#[derive(Arbitrary, Debug)]
struct Receiving {
    deflate: bool,
    peer_takeover: bool,
    /// Selects the limit and the role.
    limit: u8,
    scratch: u8,
    seed: u16,
    items: Vec<Item>,
}

#[derive(Arbitrary, Debug)]
enum Item {
    Message { text: bool, content: Content, compressed: Option<Compressed>, cuts: Vec<u8>, between: Option<Control> },
    Control(Control),
    Odd { first: u8, content: Content, length: Length },
    Raw(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
pub(crate) enum Content {
    Text(String),
    Bytes(Vec<u8>),
    Repeated { of: Vec<u8>, times: u16 },
    Count(u16),
}

#[derive(Arbitrary, Debug)]
struct Compressed {
    level: u8,
    /// Ends with a final block (RFC 7692 §7.2.3.4).
    last_block: bool,
    /// A block also ends in the middle (§7.2.3.5).
    flush_at: Option<u8>,
    /// One of its bytes is changed.
    damage: Option<(u8, u8)>,
}

#[derive(Arbitrary, Debug)]
enum Control {
    Ping(Content),
    Pong(Content),
    Close { code: u16, reason: String, cut: bool },
    Empty,
}

#[derive(Arbitrary, Debug)]
enum Length {
    Shortest,
    Sixteen,
    SixtyFour,
    Masked,
    Lie(u64),
}

impl Content {
    /// Returns at most `most` bytes.
    pub(crate) fn bytes(&self, most: usize) -> Vec<u8> {
        let mut bytes = match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Repeated { of, times } => of.repeat(usize::from(*times).min(most / of.len().max(1))),
            Self::Count(to) => {
                (0..*to % 4096).flat_map(|number| (u32::from(number) % 613).to_string().into_bytes()).collect()
            }
        };
        bytes.truncate(most);
        bytes
    }
}

/// The peer. It uses the library's compressor and its own decompressor.
struct Peer {
    stream: Vec<u8>,
    deflate: Option<Deflate>,
    takeover: bool,
}

impl Receiving {
    fn run(self) {
        let limit = [16, 125, 300, 5000, 70_000][usize::from(self.limit % 5)];
        let role = if self.limit & 0x80 == 0 { Role::Client } else { Role::Server };
        let agreed = Agreed { deflate: self.deflate, peer_takeover: self.peer_takeover, limit };
        let mut peer = Peer { stream: Vec::new(), deflate: None, takeover: self.peer_takeover };
        self.items.iter().take(40).for_each(|item| peer.write(item));
        peer.stream.truncate(200_000);
        let scratch = [1, 3, 17, 256, 4096, 70_000][usize::from(self.scratch % 6)];
        connection::check(&peer.stream, role, agreed, scratch, u32::from(self.seed));
    }
}

impl Peer {
    fn write(&mut self, item: &Item) {
        match item {
            Item::Message { text, content, compressed, cuts, between } => {
                let mut payload = content.bytes(75_000);
                if let Some(how) = compressed {
                    payload = self.compress(&payload, how);
                }
                let (mut rest, opcode) = (&payload[..], if *text { 1 } else { 2 });
                let mut first = opcode | if compressed.is_some() { 0x40 } else { 0 };
                for cut in cuts.iter().take(20) {
                    let (piece, left) = rest.split_at(usize::from(*cut).min(rest.len()));
                    self.frame(first, piece, &Length::Shortest);
                    (rest, first) = (left, 0);
                    if let Some(control) = between {
                        self.control(control);
                    }
                }
                self.frame(first | 0x80, rest, &Length::Shortest);
            }
            Item::Control(control) => self.control(control),
            Item::Odd { first, content, length } => self.frame(*first, &content.bytes(75_000), length),
            Item::Raw(bytes) => self.stream.extend(bytes),
        }
    }

    fn control(&mut self, control: &Control) {
        match control {
            Control::Ping(content) => self.frame(0x89, &content.bytes(126), &Length::Shortest),
            Control::Pong(content) => self.frame(0x8A, &content.bytes(125), &Length::Shortest),
            Control::Close { code, reason, cut } => {
                let mut body = [&code.to_be_bytes()[..], reason.as_bytes()].concat();
                body.truncate(if *cut { body.len() - 1 } else { 125 });
                self.frame(0x88, &body, &Length::Shortest);
            }
            Control::Empty => self.frame(0x88, &[], &Length::Shortest),
        }
    }

    fn frame(&mut self, first: u8, payload: &[u8], length: &Length) {
        self.stream.push(first);
        let len = payload.len() as u64;
        let (form, masked, len) = match length {
            Length::Shortest | Length::Masked => (
                if len < 126 {
                    0
                } else if len < 0x1_0000 {
                    2
                } else {
                    8
                },
                len,
                len,
            ),
            Length::Sixteen => (2, 0, len & 0xFFFF),
            Length::SixtyFour => (8, 0, len),
            Length::Lie(len) => (
                if *len < 126 {
                    0
                } else if *len < 0x1_0000 {
                    2
                } else {
                    8
                },
                0,
                *len,
            ),
        };
        let mask = if matches!(length, Length::Masked) && masked > 0 { 0x80 } else { 0 };
        match form {
            0 => self.stream.push(len as u8 | mask),
            2 => self.stream.extend([&[126 | mask][..], &(len as u16).to_be_bytes()].concat()),
            _ => self.stream.extend([&[127 | mask][..], &len.to_be_bytes()].concat()),
        }
        self.stream.extend_from_slice(payload);
    }

    fn compress(&mut self, payload: &[u8], how: &Compressed) -> Vec<u8> {
        if !self.takeover || how.last_block {
            self.deflate = None;
        }
        let level = i32::from(how.level % 10);
        let deflate = self.deflate.get_or_insert_with(|| Deflate::new(level, false, 15));
        let (head, tail) = payload.split_at(how.flush_at.map_or(0, usize::from).min(payload.len()));
        let mut out = vec![0; payload.len() * 2 + 1000];
        let mut made = 0;
        let last = if how.last_block { DeflateFlush::Finish } else { DeflateFlush::SyncFlush };
        for (part, flush) in [(head, DeflateFlush::SyncFlush), (tail, last)] {
            if part.is_empty() && !how.last_block {
                continue;
            }
            let before = deflate.total_out();
            let _ = deflate.compress(part, &mut out[made..], flush);
            made += (deflate.total_out() - before) as usize;
        }
        out.truncate(made);
        if how.last_block {
            out.push(0);
            self.deflate = None;
        } else if out.ends_with(&[0, 0, 0xFF, 0xFF]) {
            out.truncate(made - 4);
        } else if out.is_empty() {
            out.push(0);
        }
        if let Some((at, mask)) = how.damage
            && let Some(byte) = out.get_mut(usize::from(at))
        {
            *byte ^= mask;
        }
        out
    }
}

#[derive(Arbitrary, Debug)]
struct Sending {
    offer: Option<Offer>,
    acts: Vec<Act>,
    close: Option<(u16, String)>,
    as_server: bool,
}

#[derive(Arbitrary, Debug)]
struct Offer {
    level: u8,
    threshold: Option<u8>,
    takeover: bool,
    bits: Option<u8>,
    answered_bits: Option<u8>,
}

#[derive(Arbitrary, Debug)]
enum Act {
    Send { text: bool, content: Content },
    Fragments { text: bool, content: Content, cuts: Vec<u16>, pinged: bool },
    Pinged(u8),
    Transmit,
}

impl Sending {
    fn run(self) {
        let role = self.role();
        let (mut driver, window) = self.open();
        let (mut out, mut sent, mut pings, mut number) = (Vec::new(), Vec::new(), 0, 0u32);
        let mut keys = driver::keys();
        for act in self.acts.iter().take(40) {
            // Pongs are sent before anything that is written next.
            let mut pinged = |driver: &mut Driver, sent: &mut Vec<Received>, times: u8| {
                for _ in 0..times.min(31) {
                    number += 1;
                    let payload = number.to_be_bytes();
                    let ping = [&[0x89, 4][..], &payload].concat();
                    driver.feed(&if role == Role::Client { ping } else { driver::masked(&ping, driver::keys()) });
                    sent.push(Received::Pong(payload.to_vec()));
                }
            };
            match act {
                Act::Send { text, content } => {
                    let bytes = content.bytes(140_000);
                    driver.connection.send(kind(*text), &bytes, &mut keys, &mut out);
                    sent.push(Received::Message { text: *text, bytes });
                    pings = 0;
                }
                Act::Fragments { text, content, cuts, pinged: between } => {
                    let bytes = content.bytes(140_000);
                    let mut rest = &bytes[..];
                    // A message that is declared to be long is sent in several frames.
                    let len = if cuts.len() % 2 == 0 { bytes.len() as u64 } else { 1 << 21 };
                    let mut fragments = driver.connection.begin_message(kind(*text), len);
                    let between = *between && !fragments.is_single();
                    for cut in cuts.iter().take(20) {
                        let (piece, left) = rest.split_at(usize::from(*cut).min(rest.len()));
                        send_piece(&mut driver.connection, &mut fragments, piece, false, &mut keys, &mut out);
                        rest = left;
                        if between {
                            pinged(&mut driver, &mut sent, 1);
                        }
                        if between && cut % 2 == 0 {
                            driver.connection.poll_transmit(&mut keys, &mut out);
                        }
                    }
                    send_piece(&mut driver.connection, &mut fragments, rest, true, &mut keys, &mut out);
                    pings = 0;
                    sent.push(Received::Message { text: *text, bytes });
                }
                Act::Pinged(times) => {
                    let times = (*times).min(31 - pings);
                    pings += times;
                    pinged(&mut driver, &mut sent, times);
                }
                Act::Transmit => {
                    driver.connection.poll_transmit(&mut keys, &mut out);
                    driver::press(); // the compressor starts anew, and the peer must not notice
                    pings = 0;
                }
            }
        }
        if let Some((code, reason)) = &self.close
            && let Some(code) = CloseCode::for_close(*code)
            && let Some(close) = Close::new(code, reason.clone())
        {
            driver.connection.close(close);
            assert!(driver.connection.has_close());
            sent.push(Received::Close([&code.number().to_be_bytes()[..], reason.as_bytes()].concat()));
        }
        driver.connection.poll_transmit(&mut keys, &mut out);
        assert!(!driver.connection.has_transmit());
        let takeover = self.offer.as_ref().map(|offer| offer.takeover);
        let reading = receiver::read(&out, role, takeover, window);
        assert!(!reading.is_incomplete, "a message without an end");
        assert_eq!(reading.received.into_iter().map(|(received, _)| received).collect::<Vec<_>>(), sent);
    }

    fn role(&self) -> Role {
        if self.as_server { Role::Server } else { Role::Client }
    }

    /// Returns a connection with its agreement, and the window that it may compress with.
    fn open(&self) -> (Driver, usize) {
        let (mut agreement, mut window) = (None, 1 << 15);
        if let Some(Offer { level, threshold, takeover, bits, answered_bits }) = &self.offer {
            let offered = bits.map(|bits| 8 + bits % 8);
            let most = offered.unwrap_or(15);
            let answered = answered_bits.map(|bits| 8 + bits % (most - 7));
            let mut offer = DeflateOptions {
                threshold: threshold.map(u64::from),
                level: i32::from(level % 10),
                ..DeflateOptions::default()
            };
            let mut header = String::from("permessage-deflate");
            if self.as_server {
                offer.server_max_window_bits = offered;
                // RFC 7692 §7.1.2.1: a limit that was offered must be in the response.
                if let Some(bits) = answered.or(offered) {
                    header.push_str(&format!("; server_max_window_bits={bits}"));
                }
                if !takeover {
                    header.push_str("; server_no_context_takeover");
                }
            } else {
                offer.client_max_window_bits = offered.map_or(WindowBits::Any, WindowBits::AtMost);
                offer.client_no_context_takeover = !takeover;
                if let Some(bits) = answered {
                    header.push_str(&format!("; client_max_window_bits={bits}"));
                }
            }
            agreement = agree_as_client(Some(&offer), &header).expect("the offer allows it");
            window = 1 << answered.unwrap_or(most);
        }
        let connection = Connection::new(self.role(), agreement, 1 << 20);
        (Driver::new(connection, Path::Slow, 1 << 20, 64), window)
    }
}

/// Appends to `out` what a driver writes for one piece of a message.
fn send_piece(
    connection: &mut Connection,
    message: &mut Fragments,
    piece: &[u8],
    last: bool,
    keys: impl FnMut() -> MaskKey,
    out: &mut Vec<u8>,
) {
    let mut piece = [&[0; MAX_HEADER], piece].concat();
    if let Some(start) = connection.continue_message(message, &mut piece, last, keys, out) {
        out.extend_from_slice(&piece[start..]);
    }
}

fn kind(text: bool) -> Kind {
    if text { Kind::Text } else { Kind::Binary }
}
