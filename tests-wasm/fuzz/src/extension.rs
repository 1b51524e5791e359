//! Responses to offers of permessage-deflate, compared with a second implementation of RFC 7692 §7.1.

use arbitrary::{Arbitrary, Unstructured};
use websocket_channel::protocol::{
    Agreement, Connection, DeflateOptions, FaultKind, Kind, Role, WindowBits, agree_as_client,
};

use super::driver::{self, Driver, Path, Seen};
use super::inflate;

pub(crate) fn run(data: &[u8]) {
    if let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) {
        case.run();
    }
}

#[derive(Arbitrary, Debug)]
struct Case {
    offer: Option<Offer>,
    lines: Vec<Vec<Word>>,
}

#[derive(Arbitrary, Debug)]
struct Offer {
    client_bits: Option<Option<u8>>,
    server_bits: Option<u8>,
    client_no_takeover: bool,
    server_no_takeover: bool,
    threshold: Option<u8>,
    level: u8,
}

/// The words that make up the header values.
#[derive(Arbitrary, Debug)]
enum Word {
    Deflate,
    Semicolon,
    Comma,
    Equals,
    Space,
    ClientBits,
    ServerBits,
    ClientNoTakeover,
    ServerNoTakeover,
    /// `; client_max_window_bits=…`
    WithClientBits(u8),
    WithServerBits(u8),
    Number(u8),
    Bytes(Vec<u8>),
}

impl Word {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Deflate => out.extend(b"permessage-deflate"),
            Self::Semicolon => out.extend(b";"),
            Self::Comma => out.extend(b","),
            Self::Equals => out.extend(b"="),
            Self::Space => out.extend(b" "),
            Self::ClientBits => out.extend(b"; client_max_window_bits"),
            Self::ServerBits => out.extend(b"; server_max_window_bits"),
            Self::ClientNoTakeover => out.extend(b"; client_no_context_takeover"),
            Self::ServerNoTakeover => out.extend(b"; server_no_context_takeover"),
            Self::WithClientBits(bits) => out.extend(format!("; client_max_window_bits={}", 7 + bits % 10).bytes()),
            Self::WithServerBits(bits) => out.extend(format!(";server_max_window_bits={}", 7 + bits % 10).bytes()),
            Self::Number(number) => out.extend(number.to_string().bytes()),
            // Only bytes that a header's value may contain (RFC 9110 §5.5).
            Self::Bytes(bytes) => {
                out.extend(bytes.iter().filter(|byte| **byte >= 0x20 && **byte != 0x7F || **byte == 9))
            }
        }
    }
}

/// The agreement in the response.
#[derive(Debug)]
struct Agreed {
    client: End,
    server: End,
}

/// How one end compresses.
#[derive(Debug)]
struct End {
    bits: u8,
    takeover: bool,
}

impl Case {
    fn run(self) {
        let values: Vec<Vec<u8>> = self
            .lines
            .iter()
            .take(4)
            .map(|line| {
                line.iter().fold(Vec::new(), |mut value, word| {
                    word.write(&mut value);
                    value
                })
            })
            .collect();
        let offer = self.offer.as_ref().map(Offer::offer);
        let header = String::from_utf8_lossy(&values.join(&b", "[..])).into_owned();
        match (agree(self.offer.as_ref(), header.as_bytes()), agree_as_client(offer.as_ref(), &header)) {
            (Ok(agreed), Ok(agreement)) => {
                assert_eq!(agreed.is_some(), agreement.is_some(), "{header:?}");
                for role in [Role::Client, Role::Server] {
                    check(role, agreed.as_ref(), agreement);
                }
            }
            (Err(()), Err(disagreement)) => assert!(disagreement.message.ends_with('.')),
            (expected, seen) => panic!("expected {expected:?}, saw {seen:?} for {header:?}"),
        }
    }
}

/// Asserts that the end with this `role` does what was agreed on.
fn check(role: Role, agreed: Option<&Agreed>, agreement: Option<Agreement>) {
    let mut driver = Driver::new(Connection::new(role, agreement, 1 << 20), Path::Slow, 1 << 20, 256);
    let (own, peer) = match (role, agreed) {
        (_, None) => (None, None),
        (Role::Client, Some(Agreed { client, server })) => (Some(client), Some(server)),
        (Role::Server, Some(Agreed { client, server })) => (Some(server), Some(client)),
    };
    send(&mut driver, role, own);
    receive(&mut driver, role, peer);
}

fn send(driver: &mut Driver, role: Role, own: Option<&End>) {
    let text: Vec<u8> = (0..700u32).flat_map(|number| (number % 97 + 1000).to_string().into_bytes()).collect();
    let (mut outs, mut keys) = ([Vec::new(), Vec::new()], driver::keys());
    for out in &mut outs {
        driver.connection.send(Kind::Text, &text, &mut keys, out);
    }
    let [first, second] = outs.map(|out| driver::frames(&out, role).pop().expect("one frame"));
    let compresses = own.is_some_and(|own| own.bits >= 9);
    assert_eq!((first.rsv1, second.rsv1), (compresses, compresses), "{own:?}");
    if let Some(End { bits, takeover }) = own.filter(|_| compresses) {
        let tail = [0, 0, 0xFF, 0xFF];
        let both = [&first.payload[..], &tail, &second.payload, &tail].concat();
        let whole = inflate::inflate(&both, 1 << 20, true);
        assert!(whole.between_blocks && whole.out == [&text[..], &text].concat());
        assert!(whole.farthest <= 1 << bits, "{} back, {own:?}", whole.farthest);
        if !takeover {
            assert_eq!(first.payload, second.payload, "each message by itself");
        }
    }
}

/// Receives the messages of RFC 7692 §7.2.3.1 and §7.2.3.2: "Hello", and "Hello" as a match in the window.
fn receive(driver: &mut Driver, role: Role, peer: Option<&End>) {
    for plain in [&b"\xC1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"[..], b"\xC1\x05\xf2\x00\x11\x00\x00"] {
        driver.feed(&if role == Role::Client { plain.to_vec() } else { driver::masked(plain, driver::keys()) });
    }
    let hello = || Seen::Message { text: true, bytes: b"Hello".to_vec() };
    match peer {
        None => assert_eq!(driver.seen, [Seen::Failed(FaultKind::Frame)], "RSV1, and nothing agreed on"),
        Some(End { takeover: true, .. }) => assert_eq!(driver.seen, [hello(), hello()]),
        Some(_) => assert_eq!(driver.seen, [hello(), Seen::Failed(FaultKind::NotDeflated)]),
    }
}

impl Offer {
    fn client_bits(&self) -> Option<Option<u8>> {
        self.client_bits.map(|bits| bits.map(|bits| 8 + bits % 8))
    }

    fn server_bits(&self) -> Option<u8> {
        self.server_bits.map(|bits| 8 + bits % 8)
    }

    fn offer(&self) -> DeflateOptions {
        DeflateOptions {
            threshold: self.threshold.map(u64::from),
            level: 1 + i32::from(self.level % 9),
            client_max_window_bits: match self.client_bits() {
                None => WindowBits::NotOffered,
                Some(None) => WindowBits::Any,
                Some(Some(bits)) => WindowBits::AtMost(bits),
            },
            server_max_window_bits: self.server_bits(),
            client_no_context_takeover: self.client_no_takeover,
            server_no_context_takeover: self.server_no_takeover,
        }
    }
}

/// RFC 7692 §5.1, §7.1: returns nothing, an agreement, or an error if the connection must fail.
fn agree(offer: Option<&Offer>, value: &[u8]) -> Result<Option<Agreed>, ()> {
    // Empty elements of a list are ignored (RFC 9110 §5.6.1). A quoted value is also a token, so it contains no comma (RFC 6455 §9.1).
    let mut elements = value.split(|byte| *byte == b',').map(trim).filter(|element| !element.is_empty());
    let Some(element) = elements.next() else { return Ok(None) };
    let offer = offer.filter(|_| elements.next().is_none()).ok_or(())?;
    let mut parts = element.split(|byte| *byte == b';').map(trim);
    if parts.next() != Some(b"permessage-deflate") {
        return Err(());
    }
    let (mut client_bits, mut server_bits, mut client_alone, mut server_alone) = (None, None, false, false);
    for part in parts {
        let (name, value) = match part.iter().position(|byte| *byte == b'=') {
            Some(at) => (trim(&part[..at]), Some(unquoted(trim(&part[at + 1..])).ok_or(())?)),
            None => (part, None),
        };
        let value = value.as_deref();
        let bits = ["8", "9", "10", "11", "12", "13", "14", "15"].iter().zip(8u8..);
        let bits = bits.into_iter().find(|(digits, _)| value == Some(digits.as_bytes())).map(|(_, bits)| bits);
        let twice = match name {
            b"client_max_window_bits" => client_bits.replace(bits.ok_or(())?).is_some(),
            b"server_max_window_bits" => server_bits.replace(bits.ok_or(())?).is_some(),
            b"client_no_context_takeover" if value.is_none() => std::mem::replace(&mut client_alone, true),
            b"server_no_context_takeover" if value.is_none() => std::mem::replace(&mut server_alone, true),
            _ => return Err(()),
        };
        if twice {
            return Err(());
        }
    }
    let within = |bits: Option<u8>, most: Option<u8>| bits.unwrap_or(15) <= most.unwrap_or(15);
    let client_good = match (offer.client_bits(), client_bits) {
        (None, bits) => bits.is_none(),
        (Some(most), Some(bits)) => within(Some(bits), most),
        (Some(_), None) => true,
    };
    if !client_good
        || !within(server_bits, offer.server_bits())
        || (offer.server_bits().is_some() && server_bits.is_none())
    {
        return Err(());
    }
    if offer.server_no_takeover && !server_alone {
        return Err(());
    }
    let most = offer.client_bits().flatten().unwrap_or(15);
    Ok(Some(Agreed {
        client: End {
            bits: client_bits.unwrap_or(most).min(most),
            takeover: !(offer.client_no_takeover || client_alone),
        },
        server: End { bits: server_bits.unwrap_or(15), takeover: !server_alone },
    }))
}

/// Returns a quoted string without its quotes and backslashes, and anything else unchanged.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let Some(quoted) = value.strip_prefix(b"\"") else { return Some(value.to_vec()) };
    let (mut bytes, mut plain) = (quoted.strip_suffix(b"\"")?.iter(), Vec::new());
    while let Some(byte) = bytes.next() {
        plain.push(if *byte == b'\\' { *bytes.next()? } else { *byte });
    }
    Some(plain)
}

/// Removes the whitespace that HTTP allows around elements, and no other.
fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !b" \t".contains(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !b" \t".contains(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}
