//! All rules of the outgoing queue together, over random events.

use proptest::prelude::*;

use super::super::{Role, contexts};
use super::simulation::{Fake, Portion, Seen, Sender, deflate};
use super::*;

const KIB: usize = 1024;

/// Anything that can happen to a connection that sends.
#[derive(Clone, Debug)]
enum Happening {
    /// A message of this size; if true, it skips the queue when it may.
    Send(usize, bool),
    /// A stream of this size, in these portions.
    Stream(usize, Vec<Portion>),
    /// A message of this size that other connections send too, if that is possible.
    Broadcast(usize),
    Ping(u8),
    ReceivePing(u8),
    Tick,
    Turn,
    Ready,
    Taken,
    Close,
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        12 => 0usize..300,
        3 => (32 * KIB - 2)..(32 * KIB + 2),
        3 => (64 * KIB - 2)..(64 * KIB + 2),
        2 => (64 * KIB)..(300 * KIB),
        1 => (1024 * KIB - 2)..(1024 * KIB + 2),
        1 => (1024 * KIB)..(4096 * KIB),
    ]
}

fn portions() -> impl Strategy<Value = Vec<Portion>> {
    let portion = prop_oneof![
        8 => (0usize..200).prop_map(Portion::Bytes),
        4 => (0usize..100_000).prop_map(Portion::Bytes),
        6 => Just(Portion::Pending),
        1 => Just(Portion::Failed),
    ];
    proptest::collection::vec(portion, 0..12)
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        8 => (size(), any::<bool>()).prop_map(|(size, now)| Send(size, now)),
        2 => (prop_oneof![0usize..300, size()], portions()).prop_map(|(size, portions)| Stream(size, portions)),
        4 => (0usize..64 * KIB).prop_map(Broadcast),
        1 => any::<u8>().prop_map(Ping),
        2 => any::<u8>().prop_map(ReceivePing),
        4 => Just(Tick),
        4 => Just(Turn),
        4 => Just(Ready),
        8 => Just(Taken),
        1 => Just(Close),
    ]
}

/// Makes it happen; if `fast`, on the fast path where there is one.
fn apply(sender: &mut Sender, happening: &Happening, number: usize, fast: bool) {
    match happening {
        Happening::Send(size, now) => sender.send(Fake::new(*size, number), *now && fast),
        Happening::Stream(size, portions) => sender.send(Fake::new(*size, number).stream(portions), false),
        Happening::Broadcast(size) => {
            let fake = Fake::new(*size, number);
            if sender.can_share() {
                sender.broadcast(&mut Shared::new(fake.kind(), fake.bytes));
            } else {
                sender.send(fake, false);
            }
        }
        Happening::Ping(payload) => {
            sender.connection.ping(vec![*payload]);
            sender.outgoing.tick_soon();
            sender.pump();
        }
        Happening::ReceivePing(payload) if !sender.is_closed() => sender.receive_ping(*payload),
        Happening::ReceivePing(_) => {} // the peer has our close frame and ends the connection
        Happening::Tick => sender.end_tick(),
        Happening::Turn => sender.end_turn(),
        Happening::Ready => sender.get_ready(),
        Happening::Taken => sender.take_write(),
        Happening::Close => _ = sender.close(1000),
    }
}

/// The messages that must arrive, and the close frame behind them.
fn expected(happenings: &[Happening]) -> (Vec<Vec<u8>>, Option<u16>) {
    let mut messages = Vec::new();
    for (number, happening) in happenings.iter().enumerate() {
        match happening {
            Happening::Send(size, _) | Happening::Broadcast(size) => messages.push(Fake::new(*size, number).bytes),
            Happening::Stream(size, portions) => {
                let mut sent = 0;
                for portion in portions {
                    match portion {
                        Portion::Failed => return (messages, Some(1011)),
                        Portion::Pending => {}
                        Portion::Bytes(len) => {
                            sent += len.min(&(64 * KIB));
                            if sent >= *size {
                                break;
                            }
                        }
                    }
                }
                messages.push(Fake::new(*size, number).bytes);
            }
            Happening::Close => return (messages, Some(1000)),
            _ => {}
        }
    }
    (messages, None)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(80) })]

    #[test]
    fn what_is_sent_arrives_in_order_and_both_paths_write_the_same_bytes(
        happenings in proptest::collection::vec(happening(), 0..60),
        compressed in any::<bool>(),
        serves in any::<bool>(),
    ) {
        let role = if serves { Role::Server } else { Role::Client };
        let (messages, close) = expected(&happenings);
        let wires = [true, false].map(|fast| {
            contexts::press(); // a compressor that has served before may choose other matches than a new one
            let mut sender = Sender::with_role(role, deflate().filter(|_| compressed));
            for (number, happening) in happenings.iter().enumerate() {
                apply(&mut sender, happening, number, fast);
                let is_over = sender.outgoing.is_over();
                assert!(!is_over || (sender.is_closed() && sender.untaken == 0), "over too early");
            }
            sender.settle();
            assert!(sender.messages() == messages, "{:?}", sender.messages().iter().map(|it| it.len()).collect::<Vec<_>>());
            let closed = sender.seen.iter().find_map(|seen| if let Seen::Close(code) = seen { Some(*code) } else { None });
            assert_eq!(closed, close);
            assert_eq!(sender.outgoing.is_over(), close.is_some());
            let idle = sender.outgoing.next_write.is_empty() && !sender.outgoing.is_busy() && sender.outgoing.queue.is_empty();
            assert!(idle && !sender.connection.has_close(), "something is left behind");
            sender.wire
        });
        prop_assert!(wires[0] == wires[1], "both paths");
    }
}
