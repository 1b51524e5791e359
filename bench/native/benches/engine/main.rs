//! Compares the engine with fastwebsockets and tungstenite: receiving and sending, natively, on the same bytes.
//!
//! Each library has one connection after its handshake, over a [`Wire`] that costs them all the same. What is read is
//! copied once, as from a socket. What is written is discarded, one frame at a time (fastwebsockets) or many. A message
//! counts as received when it is complete and checked. Each library hands it over in its own way: ours as a slice, the
//! others as reference-counted memory.

mod client;
mod wire;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};
use websocket_channel::protocol::Kind;

use client::{Client, Fastwebsockets, Ours, Tungstenite};
use wire::Wire;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// Sixteen bytes.
const JSON: &str = r#"{"id":10,"on":0}"#;
/// Sixty-four bytes that no shortcut for ASCII helps with.
const GREEK: &str = r#"{"από":"Αθήνα","προς":"Πάτρα","ώρα":1234567}"#;

criterion_group!(benches, compare);
criterion_main!(benches);

fn compare(criterion: &mut Criterion) {
    for (name, way, kind, pattern, size) in [
        ("receive text 16 B", Way::Receive, Kind::Text, JSON, 16),
        ("receive binary 128 B", Way::Receive, Kind::Binary, JSON, 128),
        ("receive text 1 KiB", Way::Receive, Kind::Text, JSON, KIB),
        ("receive Greek text 1 KiB", Way::Receive, Kind::Text, GREEK, KIB),
        ("receive binary 64 KiB", Way::Receive, Kind::Binary, JSON, 64 * KIB),
        ("receive binary 1 MiB", Way::Receive, Kind::Binary, JSON, MIB),
        ("send binary 16 B", Way::Send, Kind::Binary, JSON, 16),
        ("send binary 128 B", Way::Send, Kind::Binary, JSON, 128),
        ("send binary 1 KiB", Way::Send, Kind::Binary, JSON, KIB),
        ("send binary 64 KiB", Way::Send, Kind::Binary, JSON, 64 * KIB),
        ("send binary 1 MiB", Way::Send, Kind::Binary, JSON, MIB),
    ] {
        let task = Task { way, kind, payload: pattern.repeat(size / pattern.len()), count: MIB / size };
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(MIB as u64));
        measure::<Ours>(&mut group, &task);
        measure::<Fastwebsockets>(&mut group, &task);
        measure::<Tungstenite>(&mut group, &task);
    }
}

fn measure<C: Client>(group: &mut BenchmarkGroup<WallTime>, task: &Task) {
    task.check::<C>();
    let mut client = C::open(Wire::new(task.frames()), task);
    group.bench_function(C::NAME, |bencher| match task.way {
        Way::Receive => bencher.iter(|| client.receive(task.count, |kind, payload| _ = black_box((kind, payload)))),
        Way::Send => bencher.iter(|| client.send(task.count)),
    });
}

enum Way {
    Receive,
    Send,
}

/// One iteration: one MiB of payload, in identical messages.
struct Task {
    way: Way,
    kind: Kind,
    payload: String,
    count: usize,
}

impl Task {
    /// What the server sends.
    fn frames(&self) -> Vec<u8> {
        let message = match self.kind {
            Kind::Text => Message::text(&*self.payload),
            Kind::Binary => Message::binary(self.payload.clone()),
        };
        let mut server = WebSocket::from_raw_socket(Wire::keeping(), Role::Server, None);
        (0..self.count).for_each(|_| server.write(message.clone()).unwrap());
        server.flush().unwrap();
        server.into_inner().written.unwrap()
    }

    /// Checks that the client reads exactly these messages from the frames, or that a server reads exactly these from
    /// what the client writes. Does it twice in a row, since an iteration begins where the last one ended.
    fn check<C: Client>(&self) {
        let (frames, count) = (self.frames(), 2 * self.count);
        let alike = |kind, payload: &[u8]| {
            assert!(kind == self.kind && payload == self.payload.as_bytes(), "{} garbles messages", C::NAME);
        };
        match self.way {
            Way::Receive => {
                let mut client = C::open(Wire::new(frames), self);
                client.receive(count, alike);
                assert_eq!(client.into_wire().at, 0, "{} stops in the middle", C::NAME);
            }
            Way::Send => {
                let mut client = C::open(Wire::keeping(), self);
                client.send(count);
                let written = client.into_wire().written.unwrap();
                assert_eq!(written.len(), 2 * frames.len() + 4 * count, "{}'s frames have a mask key each", C::NAME);
                let mut server = WebSocket::from_raw_socket(Wire::new(written), Role::Server, None);
                (0..count).for_each(|_| alike(Kind::Binary, &server.read().unwrap().into_data()));
            }
        }
    }
}
