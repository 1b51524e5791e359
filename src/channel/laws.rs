//! The listener's laws, checked over random sequences of calls and reports.

use std::cell::RefCell;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// The host of the tests: messages and evidence are names.
pub(super) struct TestHost;

impl Host for TestHost {
    type Outgoing = &'static str;
    type Incoming = &'static str;
    type Evidence = &'static str;
}

/// A call into the channel from inside a listener's method.
pub(super) type Reaction = fn(&mut Channel<TestHost>);

/// A channel with a driver and a listener that write down what they are told.
pub(super) struct Pair {
    pub(super) channel: Channel<TestHost>,
    pub(super) commands: Vec<String>,
    pub(super) calls: Vec<String>,
    /// What the listener does inside the named method.
    pub(super) on_call: Option<(&'static str, Reaction)>,
}

/// What every driver does: see the module's documentation.
pub(super) trait Drive {
    fn drain(&mut self);
}

impl Pair {
    pub(super) fn idle() -> Self {
        Self { channel: Channel::new(), commands: Vec::new(), calls: Vec::new(), on_call: None }
    }

    pub(super) fn opening() -> Self {
        let mut pair = Self::idle();
        pair.channel.open(Timeouts { open: 20, close: 10 }).unwrap();
        pair.drain();
        pair
    }

    pub(super) fn open() -> Self {
        let mut pair = Self::opening();
        pair.report(Report::Opened);
        pair
    }

    pub(super) fn report(&mut self, report: Report<TestHost>) {
        self.channel.handle_report(report);
        self.drain();
    }

    pub(super) fn close(&mut self, code: u16) {
        let _ = self.channel.close(Close::with_code(CloseCode::for_close(code).unwrap()));
        self.drain();
    }

    fn drain_commands(&mut self) {
        while let Some(command) = self.channel.poll_command() {
            self.commands.push(match command {
                Command::Open => "open".into(),
                Command::Send(message) => format!("send {message}"),
                Command::Close(close) => format!("close {}", close.reported_code()),
                Command::Abort(None) => "abort".into(),
                Command::Abort(Some(close)) => format!("abort {}", close.reported_code()),
                Command::Timer(Some(ms)) => format!("timer {ms}"),
                Command::Timer(None) => "timer off".into(),
            });
        }
    }
}

impl Drive for Pair {
    fn drain(&mut self) {
        loop {
            self.drain_commands();
            let Some(notification) = self.channel.poll_notification() else { return };
            let (call, is_server_close) = match notification {
                Notification::Start => ("onStart".to_owned(), false),
                Notification::Message(message) => (format!("onMessage {message}"), false),
                Notification::Acknowledge(size) => (format!("onAcknowledge {size}"), false),
                Notification::ServerClose(close) => {
                    (format!("onServerClose {} {}", close.reported_code(), close.reason()).trim_end().to_owned(), true)
                }
                Notification::Stop(stop) => (format!("onStop {}", name(stop.status)), false),
            };
            let reaction = self.on_call.filter(|(method, _)| call.starts_with(method));
            self.calls.push(call);
            if let Some((_, react)) = reaction {
                react(&mut self.channel);
                self.drain_commands(); // commands of a call from inside are executed at once
            }
            if is_server_close {
                self.channel.handle_server_close_delivered();
            }
        }
    }
}

fn name(status: Status) -> String {
    let row = crate::status::TABLE.iter().find(|(known, ..)| *known == status);
    row.map_or_else(|| format!("{:x}", status.0), |(_, name, _)| (*name).to_owned())
}

/// Anything that can happen to a channel from outside.
#[derive(Clone, Debug)]
enum Happening {
    Open,
    Send(u64),
    Close(u16),
    Cancel,
    Opened,
    /// So many messages in one piece of wire: the driver reports them all before the listener hears of the first.
    Messages(usize),
    SentMessages(usize),
    SentAllBut(u64),
    PeerClose,
    Gone {
        clean: bool,
        reset: bool,
    },
    Timeout,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        2 => Just(Open),
        4 => (0u64..40).prop_map(Send),
        2 => prop_oneof![Just(1000u16), 3000u16..5000].prop_map(Close),
        1 => Just(Cancel),
        4 => Just(Opened),
        4 => (1usize..4).prop_map(Messages),
        3 => (0usize..4).prop_map(SentMessages),
        2 => (0u64..60).prop_map(SentAllBut),
        2 => Just(PeerClose),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(clean, reset)| Gone { clean, reset }),
        1 => Just(Timeout),
    ]
}

fn reaction() -> impl Strategy<Value = Option<(&'static str, Reaction)>> {
    let methods =
        prop_oneof![Just("onStart"), Just("onMessage"), Just("onAcknowledge"), Just("onServerClose"), Just("onStop")];
    let reactions = prop_oneof![
        Just(
            (|channel| {
                send(channel, 5);
            }) as Reaction
        ),
        Just(
            (|channel| {
                let _ = channel.close(Close::EMPTY);
            }) as Reaction
        ),
        Just((|channel| channel.cancel(Status::BINDING_ABORTED)) as Reaction),
    ];
    proptest::option::of((methods, reactions))
}

thread_local! {
    /// The messages of this case that the channel accepted, in order: name and size.
    static ACCEPTED: RefCell<Vec<(&'static str, u64)>> = const { RefCell::new(Vec::new()) };
}

/// The name of the message with this number. Each has its own, so that a test sees when two change places.
fn message(number: usize) -> &'static str {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| (0..10_000).map(|number| format!("m{number}")).collect());
    &NAMES[number]
}

/// Sends the next message, from outside or from inside a listener's call.
fn send(channel: &mut Channel<TestHost>, size: u64) {
    ACCEPTED.with_borrow_mut(|accepted| {
        let name = message(accepted.len());
        if channel.send(name, size) == Ok(true) {
            accepted.push((name, size));
        }
    });
}

fn apply(pair: &mut Pair, happening: &Happening, reported: &mut Vec<&'static str>) {
    match *happening {
        Happening::Open => {
            let _ = pair.channel.open(Timeouts { open: 20, close: 10 });
        }
        Happening::Send(size) => send(&mut pair.channel, size),
        Happening::Close(code) => {
            let _ = pair.channel.close(Close::with_code(CloseCode::for_close(code).unwrap()));
        }
        Happening::Cancel => pair.channel.cancel(Status::BINDING_ABORTED),
        Happening::Opened => pair.channel.handle_report(Report::Opened),
        Happening::Messages(count) => {
            for _ in 0..count {
                let name = message(reported.len());
                if pair.channel.state() == State::Open {
                    reported.push(name);
                }
                pair.channel.handle_report(Report::Message(name));
            }
        }
        Happening::SentMessages(count) => pair.channel.handle_report(Report::Sent(Taken::Messages(count))),
        Happening::SentAllBut(left) => pair.channel.handle_report(Report::Sent(Taken::AllBut(left))),
        Happening::PeerClose => pair.channel.handle_report(Report::PeerClose(Close::EMPTY)),
        Happening::Gone { clean, reset } => pair.channel.handle_report(Report::Gone(Ending {
            clean,
            status: if reset { Status::NET_RESET } else { Status::OK },
            ..Ending::default()
        })),
        Happening::Timeout => pair.channel.handle_timeout(),
    }
}

/// What follows the prefix, in each item that begins with it.
fn arguments<'a>(items: &'a [String], prefix: &str) -> Vec<&'a str> {
    items.iter().filter_map(|item| item.strip_prefix(prefix)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn the_laws_hold_whatever_happens(
        happenings in proptest::collection::vec(happening(), 0..60),
        on_call in reaction(),
    ) {
        let mut pair = Pair { on_call, ..Pair::idle() };
        let mut state = State::Idle;
        ACCEPTED.take();
        let mut reported = Vec::new();
        for happening in &happenings {
            apply(&mut pair, happening, &mut reported);
            pair.drain();
            prop_assert!(pair.channel.state() >= state, "the state moved upwards");
            state = pair.channel.state();
            prop_assert_eq!(pair.channel.status() == Status::OK || state == State::Stopped, true);
        }
        let was_opened = state != State::Idle;
        if was_opened {
            pair.channel.cancel(Status::BINDING_ABORTED); // so that the story has an end
            pair.drain();
        }
        let story = pair.calls.join(", ");
        let first = |prefix: &str| pair.calls.iter().position(|call| call.starts_with(prefix));
        let last = |prefix: &str| pair.calls.iter().rposition(|call| call.starts_with(prefix));

        // Law 1: nothing without an open.
        prop_assert_eq!(was_opened, !pair.calls.is_empty(), "{}", story);
        if !was_opened { return Ok(()) }
        // Law 2: one onStart, first; one onStop, last.
        let end = pair.calls.len() - 1;
        prop_assert_eq!((first("onStart"), last("onStart")), (Some(0), Some(0)), "{}", story);
        prop_assert_eq!((first("onStop"), last("onStop")), (Some(end), Some(end)), "{}", story);
        // Law 3: every message that came while the channel was open, once, in the order in which they came.
        prop_assert_eq!(arguments(&pair.calls, "onMessage "), reported, "{}", story);
        // Laws 3 to 5: onServerClose at most once, only onStop behind it.
        if let Some(server_close) = first("onServerClose") {
            prop_assert_eq!(server_close, end - 1, "{}", story);
        }
        // Messages are handed to the host in the order in which they were accepted, none twice, none left out.
        let accepted = ACCEPTED.take();
        let sent = arguments(&pair.commands, "send ");
        prop_assert!(accepted.iter().map(|(name, _)| *name).take(sent.len()).eq(sent.iter().copied()), "{:?}", pair.commands);
        // Law 4: one acknowledgement for each of them, in order, never for one that the host does not have.
        let acknowledged = arguments(&pair.calls, "onAcknowledge ");
        prop_assert!(acknowledged.len() <= sent.len(), "{}", story);
        let sizes: Vec<_> = accepted.iter().take(acknowledged.len()).map(|(_, size)| size.to_string()).collect();
        prop_assert_eq!(acknowledged, sizes, "{}", story);
        // Law 5: at most one close frame, with one exception: a cancel may say 1001 and is the end.
        let closes = pair.commands.iter().filter(|command| command.starts_with("close")).count();
        prop_assert!(closes <= 1, "{:?}", pair.commands);
        // Nothing is sent behind the close frame.
        if let Some(close) = pair.commands.iter().position(|command| command.starts_with("close")) {
            prop_assert!(!pair.commands[close..].iter().any(|command| command.starts_with("send")));
        }
        // Law 6: NS_OK only after the peer's close frame.
        if pair.calls[end] == "onStop NS_OK" {
            prop_assert!(first("onServerClose").is_some(), "{}", story);
        }
        // No timer is left running.
        let timer = pair.commands.iter().rev().find(|command| command.starts_with("timer"));
        prop_assert_eq!(timer.map(String::as_str), Some("timer off"));
    }

    #[test]
    fn buffered_amount_is_what_was_accepted_less_what_was_acknowledged(
        sizes in proptest::collection::vec(0u64..100, 0..30),
        taken in proptest::collection::vec(0usize..5, 0..30),
    ) {
        let mut pair = Pair::open();
        for (number, size) in sizes.iter().enumerate() {
            pair.channel.send(message(number), *size).unwrap();
        }
        for count in taken {
            pair.report(Report::Sent(Taken::Messages(count)));
        }
        let acknowledged: Vec<u64> =
            arguments(&pair.calls, "onAcknowledge ").iter().map(|size| size.parse().unwrap()).collect();
        prop_assert_eq!(&acknowledged[..], &sizes[..acknowledged.len()]);
        prop_assert_eq!(pair.channel.buffered_amount(), sizes[acknowledged.len()..].iter().sum::<u64>());
    }
}
