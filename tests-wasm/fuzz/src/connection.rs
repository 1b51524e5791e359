//! Any bytes on an open connection. Three bytes choose the settings. The others are what a server sends or, once masked, what a
//! client sends.

use websocket_channel::protocol::{Connection, DeflateOptions, Role, agree_as_client};

use super::driver::{self, Driver, Path, Seen};
use super::model::{self, Agreed, Prediction};

pub(crate) fn run(data: &[u8]) {
    let [settings, sizes, seed, stream @ ..] = data else { return };
    let agreed = Agreed {
        deflate: settings & 1 != 0,
        peer_takeover: settings & 2 == 0,
        limit: [16, 1000, 70_000, 1 << 20][usize::from(settings >> 2 & 3)],
    };
    let role = if settings & 0x10 == 0 { Role::Client } else { Role::Server };
    check(stream, role, agreed, [1, 7, 64, 4096][usize::from(sizes & 3)], u32::from(*seed));
}

/// Returns a connection of `role` with this agreement.
fn agreeing(role: Role, agreed: Agreed) -> Connection {
    let header = match (agreed, role) {
        (Agreed { deflate: false, .. }, _) => "",
        (Agreed { peer_takeover: true, .. }, _) => "permessage-deflate",
        (_, Role::Client) => "permessage-deflate; server_no_context_takeover",
        (_, Role::Server) => "permessage-deflate; client_no_context_takeover",
    };
    let agreement = agree_as_client(Some(&DeflateOptions::default()), header).expect("the offer allows it");
    Connection::new(role, agreement, agreed.limit as u64)
}

/// Asserts that the connection sees the stream of a server as the model predicts, on both paths, wherever it is cut and for any
/// size of the scratch memory. A server sees the same stream masked.
pub(crate) fn check(stream: &[u8], role: Role, agreed: Agreed, scratch: usize, seed: u32) -> Prediction {
    let prediction = model::read(stream, agreed);
    let wire = match role {
        Role::Client => stream.to_vec(),
        Role::Server => driver::masked(stream, driver::keys()),
    };
    let open = |path, scratch| Driver::new(agreeing(role, agreed), path, agreed.limit, scratch);

    // All in one chunk, on both paths.
    let [slow, fast] = [Path::Slow, Path::Fast].map(|path| {
        let mut whole = open(path, 4096);
        whole.feed(&wire);
        finish(whole, role, &prediction, "in one chunk")
    });
    assert_eq!(slow, fast, "both paths see and say the same");

    // In chunks cut anywhere.
    let mut cut = open(Path::Fast, scratch);
    cut.feed_cut(&wire, driver::cuts(seed, 64));
    finish(cut, role, &prediction, "in chunks");

    // Byte by byte, with each ping answered at once.
    let mut bytewise = open(Path::Slow, scratch);
    let mut pongs = Vec::new();
    for byte in &wire {
        bytewise.feed(std::slice::from_ref(byte));
        if bytewise.connection.has_transmit() {
            let out = bytewise.transmit();
            pongs.extend(driver::check_transmit(&out, &bytewise.seen, role));
        }
    }
    prediction.check(&bytewise.seen, "byte by byte");
    let expected = &prediction.pings;
    assert!(pongs.len() <= expected.len() && pongs == expected[..pongs.len()], "each ping has its pong");
    assert!(!prediction.is_certain() || pongs.len() == expected.len(), "no ping is forgotten: {:?}", bytewise.seen);
    prediction
}

/// Checks what the connection saw. Returns that, and the payloads of its pongs.
fn finish(mut driver: Driver, role: Role, prediction: &Prediction, how: &str) -> (Vec<Seen>, Vec<Vec<u8>>) {
    let out = driver.transmit();
    prediction.check(&driver.seen, how);
    let pongs = driver::check_transmit(&out, &driver.seen, role);
    assert!(pongs.len() <= 32, "the queue of pongs is bounded");
    if prediction.is_certain() {
        assert!(prediction.pings.ends_with(&pongs), "the latest pings are answered, in order");
        assert_eq!(pongs.is_empty(), prediction.pings.is_empty());
    }
    (driver.seen, pongs)
}
