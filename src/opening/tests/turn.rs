//! One connection at a time to a host (RFC 6455 §4.1, item 2).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake};

use super::fake::*;
use crate::opening::*;
use crate::uri::tests::parse;

#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// An opening that is polled by hand.
struct Opening {
    world: World,
    future: Pin<Box<dyn Future<Output = Outcome<World>>>>,
    progress: Rc<Progress>,
    wakes: Arc<Count>,
}

impl Opening {
    fn begin(uri: &str, scripts: impl IntoIterator<Item = Script>) -> Self {
        let world = World::new(scripts);
        let settings = Settings { one_connecting_per_host: true, ..settings() };
        let uri = parse(uri, None).unwrap().websocket().unwrap();
        let (progress, future) = begin(uri, settings, world.clone(), world.clone()).unwrap();
        Self { world, future: Box::pin(future), progress, wakes: Arc::default() }
    }

    fn poll(&mut self) -> Poll<Outcome<World>> {
        let waker = self.wakes.clone().into();
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn has_opened(&mut self) -> bool {
        matches!(self.poll(), Poll::Ready(Ok(_)))
    }

    fn dialed(&self) -> usize {
        self.world.connections().len()
    }

    fn wakes(&self) -> u32 {
        self.wakes.0.load(Ordering::Relaxed)
    }
}

#[test]
fn the_second_dials_when_the_first_has_opened_and_the_third_behind_it() {
    let mut all: Vec<_> = (0..3).map(|_| Opening::begin("ws://one/", [accepts()])).collect();
    assert_eq!(all.iter().map(Opening::dialed).collect::<Vec<_>>(), [1, 0, 0]);
    for at in [1, 2] {
        assert!(!all[at].has_opened());
    }
    for at in 0..3 {
        assert!(all[at].has_opened(), "{at}");
        let wakes: Vec<_> = all.iter().map(Opening::wakes).collect();
        assert_eq!(wakes, [0, 1, u32::from(at > 0)], "after {at}: the next one alone is woken");
    }
}

#[test]
fn another_host_or_port_does_not_wait_and_neither_does_a_channel_without_the_option() {
    let _first = Opening::begin("ws://two/", [replies(&[])]);
    assert!(Opening::begin("ws://two:81/", [accepts()]).has_opened());
    assert!(Opening::begin("ws://other/", [accepts()]).has_opened());
    World::new([accepts()]).open("ws://two/").opened();
}

#[test]
fn one_that_fails_or_is_dropped_while_it_connects_or_waits_gives_its_turn_on() {
    let mut first = Opening::begin("ws://three/", [replies(&[&response(403, "")])]);
    let mut dropped = Opening::begin("ws://three/", [accepts()]);
    let mut last = Opening::begin("ws://three/", [accepts()]);
    assert!(!dropped.has_opened() && !last.has_opened());
    drop(dropped);
    assert_eq!(last.wakes(), 0);
    assert!(matches!(first.poll(), Poll::Ready(Err(_))));
    assert_eq!(last.wakes(), 1);
    assert!(last.has_opened());
    let connecting = Opening::begin("ws://three/", [replies(&[])]);
    let mut next = Opening::begin("ws://three/", [accepts()]);
    assert!(!next.has_opened());
    drop(connecting);
    assert!(next.has_opened());
}

#[test]
fn a_redirect_to_another_host_gives_the_turn_on_and_waits_for_that_host() {
    let to_five = replies(&[&response(302, "Location: ws://five/\r\n")]);
    let mut at_five = Opening::begin("ws://five/", [accepts()]);
    let mut first = Opening::begin("ws://four/", [to_five, accepts()]);
    let mut second = Opening::begin("ws://four/", [accepts()]);
    assert!(!second.has_opened() && !first.has_opened());
    assert_eq!(first.dialed(), 1, "five is taken");
    assert!(second.has_opened());
    assert!(at_five.has_opened());
    assert!(first.has_opened());
}

#[test]
fn the_timeout_says_what_it_waited_for() {
    let _first = Opening::begin("ws://six/", [replies(&[])]);
    let mut second = Opening::begin("ws://six/", []);
    assert!(!second.has_opened());
    let failure: Failure<&'static str> = second.progress.timed_out();
    assert!(failure.message.contains("oneConnectingPerHost"), "{}", failure.message);
}
