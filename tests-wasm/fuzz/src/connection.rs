//! Any bytes after a good handshake: three bytes choose the settings, the others are the stream.

use websocket_channel::protocol::{Connection, DeflateOffer, Limits, Request};

use super::driver::{self, Driver, GOOD, NONCE, Seen};
use super::model::{self, Agreed, Prediction};

pub(crate) fn run(data: &[u8]) {
    let [settings, sizes, seed, stream @ ..] = data else { return };
    let agreed = Agreed {
        deflate: settings & 1 != 0,
        server_takeover: settings & 2 == 0,
        limit: [16, 1000, 70_000, 1 << 20][usize::from(settings >> 2 & 3)],
    };
    check(stream, agreed, [1, 7, 64, 4096][usize::from(sizes & 3)], u32::from(*seed));
}

/// A connection that agreed, whose handshake is still to come, and the response that is.
pub(crate) fn agreeing(agreed: Agreed) -> (Connection, Vec<u8>) {
    let deflate = agreed.deflate.then(DeflateOffer::default);
    let request = Request { host: "example.org".into(), resource: "/".into(), deflate, ..Request::default() };
    let connection = Connection::new(request, NONCE, Limits { message: agreed.limit as u64 });
    let extensions = match agreed {
        Agreed { deflate: false, .. } => "",
        Agreed { server_takeover: true, .. } => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        _ => "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n",
    };
    (connection, [GOOD, extensions, "\r\n"].concat().into_bytes())
}

/// The stream must be seen as the model predicts, however it is cut and whatever the scratch memory's size.
pub(crate) fn check(stream: &[u8], agreed: Agreed, scratch: usize, seed: u32) -> Prediction {
    let prediction = model::read(stream, agreed);
    let (_, head) = agreeing(agreed);
    let open = |scratch| Driver::new(agreeing(agreed).0, agreed.limit, scratch);

    // All in one chunk, the response included.
    let mut whole = open(4096);
    whole.feed(&[&head[..], stream].concat());
    finish(whole, &prediction, "in one chunk");

    // Cut anywhere.
    let mut cut = open(scratch);
    cut.feed(&head);
    cut.feed_cut(stream, driver::cuts(seed, 64));
    finish(cut, &prediction, "in chunks");

    // Byte by byte, each ping answered at once.
    let mut bytewise = open(scratch);
    bytewise.feed_cut(&head, || 1);
    let mut pongs = Vec::new();
    for byte in stream {
        bytewise.feed(std::slice::from_ref(byte));
        if bytewise.connection.has_transmit() {
            let out = bytewise.transmit();
            pongs.extend(driver::check_transmit(&out, &bytewise.seen));
        }
    }
    let seen = opened(bytewise, &prediction, "byte by byte");
    let expected = &prediction.pings;
    assert!(pongs.len() <= expected.len() && pongs == expected[..pongs.len()], "each ping has its pong");
    assert!(!prediction.is_certain() || pongs.len() == expected.len(), "no ping is forgotten: {seen:?}");
    prediction
}

fn finish(mut driver: Driver, prediction: &Prediction, how: &str) {
    let out = driver.transmit();
    let seen = opened(driver, prediction, how);
    let pongs = driver::check_transmit(&out, &seen);
    assert!(pongs.len() <= 32, "the queue of pongs is bounded");
    if prediction.is_certain() {
        assert!(prediction.pings.ends_with(&pongs), "the latest pings are answered, in order");
        assert_eq!(pongs.is_empty(), prediction.pings.is_empty());
    }
}

fn opened(mut driver: Driver, prediction: &Prediction, how: &str) -> Vec<Seen> {
    driver.end();
    let mut seen = std::mem::take(&mut driver.seen);
    assert!(matches!(seen.remove(0), Seen::Opened { .. }));
    prediction.check(&seen, how);
    seen
}
