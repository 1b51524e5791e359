//! The listener's laws, checked over random sequences of calls, reports and reactions, on the slow paths and the fast ones.

use proptest::prelude::*;

use super::simulation::{Pair, Reaction};
use super::*;

/// Anything that can happen to a channel from outside.
#[derive(Clone, Debug)]
enum Happening {
    Open,
    /// A message of this size is sent; if true, it skips the queues when it may.
    Send(u64, bool),
    Close(u16),
    Cancel,
    Opened,
    /// A message arrives; if true, it skips the queue when it may.
    Message(bool),
    SentMessages(usize),
    SentPart(u64),
    SentAllBut(u64),
    PeerClose,
    Failed,
    Gone {
        clean: bool,
        reset: bool,
    },
    Timeout,
    /// The consequences of a method are delivered.
    Settle,
}

/// The size of what a listener sends.
const AGAIN: u64 = 5;

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        2 => Just(Open),
        4 => (0u64..40, any::<bool>()).prop_map(|(size, fast)| Send(size, fast)),
        2 => prop_oneof![Just(1000u16), 3000u16..5000].prop_map(Close),
        1 => Just(Cancel),
        4 => Just(Opened),
        4 => any::<bool>().prop_map(Message),
        3 => (0usize..4).prop_map(SentMessages),
        2 => (0u64..20).prop_map(SentPart),
        2 => (0u64..60).prop_map(SentAllBut),
        2 => Just(PeerClose),
        1 => Just(Failed),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(clean, reset)| Gone { clean, reset }),
        1 => Just(Timeout),
        3 => Just(Settle),
    ]
}

fn reaction() -> impl Strategy<Value = Option<(&'static str, Reaction)>> {
    let methods =
        prop_oneof![Just("onStart"), Just("onMessage"), Just("onAcknowledge"), Just("onServerClose"), Just("onStop")];
    let reactions = prop_oneof![
        Just(
            (|driver| {
                let _ = driver.send(|_, _| ("again".to_owned(), AGAIN));
            }) as Reaction
        ),
        Just(
            (|driver| {
                let _ = driver.close(Close::EMPTY);
            }) as Reaction
        ),
        Just((|driver| driver.cancel(Ending::cancelled(Status::BINDING_ABORTED))) as Reaction),
        // A listener that runs the host's loop: a report that arrives meanwhile must wait for its turn.
        Just((|driver| driver.report(Report::Gone(Ending::default()))) as Reaction),
    ];
    proptest::option::of((methods, reactions))
}

/// Makes it happen. Messages are numbered in the order in which they are sent and arrive.
fn apply(pair: &Pair, happening: &Happening, number: usize) {
    match *happening {
        Happening::Open => {
            let _ = pair.open();
        }
        Happening::Send(size, false) => {
            let _ = pair.send(&number.to_string(), size);
        }
        Happening::Send(size, true) => {
            let _ = pair.send_now(&number.to_string(), size);
        }
        Happening::Close(code) => pair.close(code),
        Happening::Cancel => pair.cancel(Status::BINDING_ABORTED),
        Happening::Opened => pair.driver.report(Report::Opened),
        Happening::Message(false) => pair.driver.report(Report::Message(number.to_string())),
        Happening::Message(true) => pair.receive_now(&number.to_string()),
        Happening::SentMessages(count) => pair.driver.report(Report::Sent(Taken::Messages(count))),
        Happening::SentPart(len) => pair.driver.report(Report::Sent(Taken::Part(len))),
        Happening::SentAllBut(left) => pair.driver.report(Report::Sent(Taken::AllBut(left))),
        Happening::PeerClose => pair.driver.report(Report::PeerClose(Close::EMPTY)),
        Happening::Failed => {
            pair.driver.report(Report::Failed(Ending { status: Status::FILE_TOO_BIG, ..Ending::default() }))
        }
        Happening::Gone { clean, reset } => pair.driver.report(Report::Gone(Ending {
            clean,
            status: if reset { Status::NET_RESET } else { Status::OK },
            ..Ending::default()
        })),
        Happening::Timeout => pair.time_out(),
        Happening::Settle => pair.settle(),
    }
}

/// The numbers of the messages among these lines, in their order.
fn numbers(lines: &[String], prefix: &str) -> Vec<usize> {
    lines.iter().filter_map(|line| line.strip_prefix(prefix)?.parse().ok()).collect()
}

/// The size of a message that was sent: by a happening, whose number is its name, or by the listener.
fn size_of(name: &str, happenings: &[Happening]) -> u64 {
    match name.parse::<usize>().ok().and_then(|number| happenings.get(number)) {
        Some(Happening::Send(size, _)) => *size,
        _ => AGAIN,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn the_laws_hold_whatever_happens(
        happenings in proptest::collection::vec(happening(), 0..60),
        on_call in reaction(),
        acknowledges in any::<bool>(),
    ) {
        let pair = Pair { acknowledges, ..Pair::idle() };
        pair.on_call.set(on_call);
        let (mut state, mut has_failed) = (State::Idle, false);
        for (number, happening) in happenings.iter().enumerate() {
            let before = pair.calls().len();
            has_failed |= matches!(happening, Happening::Failed) && matches!(state, State::Open | State::Closing);
            apply(&pair, happening, number);
            let is_method = matches!(happening, Happening::Open | Happening::Send(..) | Happening::Close(_) | Happening::Cancel);
            // Law 1: methods return first.
            prop_assert!(!is_method || pair.calls().len() == before, "{:?} called the listener", happening);
            prop_assert!(pair.driver.state() >= state, "the state moved upwards");
            // Nothing is accepted that cannot go out.
            prop_assert!(!has_failed || pair.driver.state() >= State::Closing);
            state = pair.driver.state();
            prop_assert_eq!(pair.driver.status() == Status::OK || state == State::Stopped, true);
        }
        let was_opened = state != State::Idle;
        if was_opened {
            pair.cancel(Status::BINDING_ABORTED); // so that the story has an end
            pair.settle();
        }
        let (calls, commands) = (pair.calls(), pair.commands());
        let story = calls.join(", ");
        let first = |prefix: &str| calls.iter().position(|call| call.starts_with(prefix));
        let last = |prefix: &str| calls.iter().rposition(|call| call.starts_with(prefix));

        // Law 1: nothing without an open.
        prop_assert_eq!(was_opened, !calls.is_empty(), "{}", story);
        if !was_opened { return Ok(()) }
        // Law 2: one onStart, first; one onStop, last.
        let end = calls.len() - 1;
        prop_assert_eq!((first("onStart"), last("onStart")), (Some(0), Some(0)), "{}", story);
        prop_assert_eq!((first("onStop"), last("onStop")), (Some(end), Some(end)), "{}", story);
        // Law 3: messages are delivered in the order in which they arrived, and go out in the order in which they were sent.
        prop_assert!(numbers(&calls, "onMessage ").is_sorted(), "{}", story);
        prop_assert!(numbers(&commands, "send ").is_sorted(), "{:?}", commands);
        // Laws 3 to 5: onServerClose at most once, and only onStop follows it.
        if let Some(server_close) = first("onServerClose") {
            prop_assert_eq!(server_close, end - 1, "{}", story);
        }
        // Law 4: one acknowledgement per message, in the order in which they were handed to the host, and none if nobody listens.
        let count = |list: &[String], prefix: &str| list.iter().filter(|item| item.starts_with(prefix)).count();
        let sent: Vec<u64> = commands.iter().filter_map(|it| Some(size_of(it.strip_prefix("send ")?, &happenings))).collect();
        let acknowledged: Vec<u64> = calls.iter().filter_map(|it| it.strip_prefix("onAcknowledge ")?.parse().ok()).collect();
        prop_assert!(sent.starts_with(&acknowledged), "{}; sent: {:?}", story, sent);
        prop_assert!(acknowledges || first("onAcknowledge").is_none(), "{}", story);
        // Law 5: at most one close frame, with one exception: a cancel may say 1001 and is the end.
        prop_assert!(count(&commands, "close") <= 1, "{:?}", commands);
        // Nothing is sent behind the close frame.
        if let Some(close) = commands.iter().position(|command| command.starts_with("close")) {
            prop_assert!(!commands[close..].iter().any(|command| command.starts_with("send")));
        }
        // Law 6: NS_OK only after the peer's close frame.
        if calls[end] == "onStop NS_OK" {
            prop_assert!(first("onServerClose").is_some(), "{}", story);
        }
        // A failure is what ends the channel, whatever comes after it.
        prop_assert_eq!(calls[end] == "onStop NS_ERROR_FILE_TOO_BIG", has_failed, "{}", story);
        // No timer is left running, and the transport is let go.
        prop_assert_eq!(pair.driver.timer().due(), None);
        prop_assert!(pair.driver.transport().is_none());
    }

    #[test]
    fn buffered_amount_is_what_was_accepted_less_what_was_taken(
        sizes in proptest::collection::vec(0u64..100, 0..30),
        taken in proptest::collection::vec(prop_oneof![(0usize..5).prop_map(Taken::Messages), (0u64..50).prop_map(Taken::Part)], 0..30),
    ) {
        let pair = Pair::opened();
        for (number, size) in sizes.iter().enumerate() {
            pair.send(&number.to_string(), *size).unwrap();
        }
        let (mut whole, mut part) = (0, 0);
        for taken in taken {
            pair.driver.report(Report::Sent(taken));
            match taken {
                Taken::Messages(count) => {
                    whole = sizes.len().min(whole + count);
                    part = if count > 0 { 0 } else { part };
                }
                Taken::Part(len) => part = sizes.get(whole).map_or(0, |size| (part + len).min(*size)),
                Taken::AllBut(_) => unreachable!("not generated"),
            }
            prop_assert_eq!(pair.driver.buffered_amount(), sizes[whole..].iter().sum::<u64>() - part);
            prop_assert_eq!(pair.driver.taken_amount(), sizes[..whole].iter().sum::<u64>() + part);
        }
        let acknowledged: Vec<u64> =
            pair.calls().iter().filter_map(|call| call.strip_prefix("onAcknowledge ")).map(|size| size.parse().unwrap()).collect();
        prop_assert_eq!(&acknowledged[..], &sizes[..whole]);
    }
}
