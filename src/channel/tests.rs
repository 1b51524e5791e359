//! The states one by one.

use std::rc::Rc;

use super::simulation::Pair;
use super::*;

#[test]
fn messages_sent_while_connecting_go_out_in_order_once_open() {
    let pair = Pair::opening();
    assert_eq!(pair.send("a", 1), Ok(true));
    assert_eq!(pair.send_now("b", 2), Ok(true));
    assert_eq!(pair.driver.buffered_amount(), 3);
    assert_eq!((pair.commands(), pair.driver.timer().due()), (vec![], Some(20)));
    pair.driver.report(Report::Opened);
    assert_eq!((pair.commands(), pair.driver.timer().due()), (vec!["send a".into(), "send b".into()], None));
    pair.driver.report(Report::Sent(Taken::Messages(2)));
    assert_eq!(pair.calls(), ["onStart", "onAcknowledge 1", "onAcknowledge 2"]);
    assert_eq!(pair.driver.buffered_amount(), 0);
}

#[test]
fn what_is_open_within_the_call_sends_and_closes_at_once_and_the_listener_hears_of_it_later() {
    let pair = Pair::accepted();
    assert_eq!((pair.driver.timer().due(), pair.driver.timer().settings.get()), (None, 0), "openTimeoutMs");
    assert_eq!((pair.driver.state(), pair.send_now("a", 1)), (State::Open, Ok(true)));
    pair.close(4001);
    assert_eq!((pair.commands(), pair.calls()), (vec!["send a".into(), "close 4001".into()], vec![]));
    assert_eq!(pair.driver.timer().due(), Some(10), "closeTimeoutMs");
    pair.driver.report(Report::Sent(Taken::Messages(1))); // the host may be faster than what reports that it is open
    assert_eq!((pair.driver.state(), pair.calls()), (State::Closing, vec!["onStart".into(), "onAcknowledge 1".into()]));
    pair.driver.report(Report::Opened);
    pair.driver.report(Report::PeerClose(Close::EMPTY));
    pair.driver.report(Report::Gone(Ending::clean()));
    assert_eq!(pair.calls(), ["onStart", "onAcknowledge 1", "onServerClose 1005", "onStop NS_OK"]);
}

#[test]
fn close_while_connecting_cancels_with_binding_aborted_when_it_has_returned() {
    let pair = Pair::opening();
    pair.close(3000);
    assert_eq!((pair.calls(), pair.commands()), (vec![], vec!["abort".into()]));
    pair.settle();
    assert_eq!(pair.calls(), ["onStart", "onStop NS_BINDING_ABORTED"]);
}

#[test]
fn the_channel_answers_the_peers_close_frame_with_the_same_code_if_the_listener_does_not_close() {
    let pair = Pair::opened();
    let close = Close::new(CloseCode::from_peer(4000).unwrap(), "why".into()).unwrap();
    pair.driver.report(Report::PeerClose(close));
    assert_eq!(pair.commands(), ["close 4000"]);
    pair.driver.report(Report::Gone(Ending::clean()));
    assert_eq!(pair.calls(), ["onStart", "onServerClose 4000 why", "onStop NS_OK"]);
}

#[test]
fn an_empty_close_frame_is_answered_with_an_empty_one() {
    let pair = Pair::opened();
    pair.driver.report(Report::PeerClose(Close::EMPTY));
    assert_eq!(pair.commands(), ["close 1005"]);
}

#[test]
fn a_listener_that_closes_inside_on_server_close_chooses_the_code() {
    let pair = Pair::opened();
    pair.on_call.set(Some(("onServerClose", |driver| {
        assert_eq!(driver.send(|_, _| ("late".to_owned(), 4)), Ok(false));
        driver.close(Close::with_code(CloseCode::from_peer(3001).unwrap())).unwrap();
    })));
    pair.driver.report(Report::PeerClose(Close::EMPTY));
    assert_eq!(pair.commands(), ["close 3001"]);
}

#[test]
fn messages_that_arrive_after_close_was_called_are_dropped() {
    let pair = Pair::opened();
    pair.close(1000);
    pair.driver.report(Report::Message("late".into()));
    pair.receive_now("later");
    assert_eq!(pair.calls(), ["onStart"]);
}

#[test]
fn messages_that_arrive_during_a_call_of_the_listener_are_dropped_if_that_call_closes() {
    let reactions: [(simulation::Reaction, &[&str]); 3] = [
        (|driver| driver.report(Report::Message("2".into())), &["onStart", "onMessage 1", "onMessage 2"]),
        (
            |driver| {
                driver.report(Report::Message("2".into()));
                driver.close(Close::EMPTY).unwrap();
            },
            &["onStart", "onMessage 1"],
        ),
        (
            |driver| {
                driver.report(Report::Message("2".into()));
                driver.cancel(Ending::cancelled(Status::BINDING_ABORTED));
            },
            &["onStart", "onMessage 1", "onStop NS_BINDING_ABORTED"],
        ),
    ];
    for (reaction, calls) in reactions {
        let pair = Pair::opened();
        pair.on_call.set(Some(("onMessage 1", reaction)));
        pair.receive_now("1");
        assert_eq!(pair.calls(), calls);
    }
}

#[test]
fn a_close_that_takes_too_long_is_explained_by_what_is_missing() {
    let missing = |pair: &Pair| {
        pair.time_out();
        pair.message()
    };
    let pair = Pair::opened();
    pair.close(1000);
    assert_eq!(missing(&pair), "The peer's close frame did not arrive within closeTimeoutMs.");
    let pair = Pair::opened();
    pair.send("a", 3).unwrap();
    pair.close(1000);
    assert!(missing(&pair).starts_with("What was sent before the close frame did not go out"));
    let pair = Pair::opened();
    pair.driver.report(Report::PeerClose(Close::with_code(CloseCode::NORMAL)));
    assert!(missing(&pair).starts_with("The close frame that answers the peer's did not go out"));
}

#[test]
fn the_close_timer_starts_again_while_the_peer_still_takes_messages() {
    let pair = Pair::opened();
    pair.send("a", 3).unwrap();
    pair.close(1000);
    assert_eq!(pair.commands(), ["send a", "close 1000"]);
    for taken in [Taken::Part(1), Taken::Messages(1)] {
        pair.driver.timer().fire();
        assert_eq!(pair.driver.timer().due(), Some(0), "the timeout has expired, but the loop still has a turn");
        pair.driver.report(Report::Sent(taken));
        assert_eq!(pair.driver.timer().due(), Some(10));
    }
    pair.time_out();
    assert_eq!(pair.calls().last().unwrap(), "onStop NS_ERROR_NET_TIMEOUT_EXTERNAL");
}

#[test]
fn the_close_timer_does_not_start_before_close_or_again_without_progress() {
    let pair = Pair::opened();
    pair.send("a", 3).unwrap();
    pair.driver.report(Report::Sent(Taken::Part(1)));
    assert_eq!(pair.driver.timer().due(), None);
    pair.close(1000);
    pair.driver.timer().fire();
    pair.driver.report(Report::Sent(Taken::AllBut(1)));
    assert_eq!(pair.driver.timer().due(), Some(0), "nothing new was taken");
}

#[test]
fn a_timeout_counts_only_after_the_loop_has_had_a_turn_to_read() {
    let pair = Pair::opening();
    pair.driver.timer().fire(); // the loop was busy for longer than the timeout
    pair.driver.report(Report::Opened); // and the answer lay in the kernel
    assert_eq!((pair.calls(), pair.driver.timer().due()), (vec!["onStart".into()], None));
}

#[test]
fn the_transport_may_explain_a_timeout() {
    let pair = Pair::opening();
    pair.explanation.set(Some("The server refused, slowly."));
    pair.time_out();
    assert_eq!(pair.commands(), ["abort"]);
    assert_eq!(pair.calls(), ["onStart", "onStop NS_ERROR_NET_TIMEOUT_EXTERNAL"]);
}

#[test]
fn a_connection_that_ends_without_a_close_frame_is_never_ns_ok() {
    for (pair, expected) in [
        (Pair::opening(), "onStop NS_ERROR_WEBSOCKET_CONNECTION_REFUSED"),
        (Pair::opened(), "onStop NS_BASE_STREAM_CLOSED"),
    ] {
        pair.driver.report(Report::Gone(Ending::clean()));
        assert_eq!(pair.calls(), ["onStart", expected]);
    }
}

#[test]
fn a_channel_whose_open_was_rejected_can_be_opened_again() {
    let pair = Pair::idle();
    let refused = pair
        .driver
        .open(Timeouts { open: 1, close: 1 }, pair.listener(), || Err::<Rc<simulation::TestTransport>, _>("no"));
    assert_eq!(refused, Err(OpenError::Argument("no")));
    assert_eq!((pair.driver.state(), pair.driver.timer().due()), (State::Idle, None));
    assert_eq!(pair.open(), Ok(()));
    assert_eq!(pair.open(), Err(OpenError::AlreadyOpened));
}

#[test]
fn a_channel_that_is_closed_while_it_is_being_opened_stops_when_async_open_has_returned() {
    let pair = Pair::idle();
    let opened = pair.driver.open(Timeouts { open: 1, close: 1 }, pair.listener(), || {
        pair.close(1000);
        Ok::<_, ()>(pair.transport.clone())
    });
    assert_eq!((opened, pair.calls(), pair.commands()), (Ok(()), vec![], vec!["abort".into()]));
    pair.settle();
    assert_eq!(pair.calls(), ["onStart", "onStop NS_BINDING_ABORTED"]);
}

#[test]
fn a_channel_that_is_cancelled_inside_on_server_close_answers_the_close_frame() {
    let pair = Pair::opened();
    pair.on_call.set(Some(("onServerClose", |driver| driver.cancel(Ending::cancelled(Status::BINDING_ABORTED)))));
    pair.driver.report(Report::PeerClose(Close::with_code(CloseCode::from_peer(4000).unwrap())));
    pair.settle();
    assert_eq!(pair.commands(), ["abort 4000"]);
    assert_eq!(pair.calls(), ["onStart", "onServerClose 4000", "onStop NS_BINDING_ABORTED"]);
}

#[test]
fn a_cancelled_open_channel_says_1001_and_stops_with_the_given_status() {
    let pair = Pair::opened();
    pair.cancel(Status(0x8000_1234));
    pair.settle();
    assert_eq!(pair.commands(), ["abort 1001"]);
    assert_eq!(pair.calls(), ["onStart", "onStop 80001234"]);
}

#[test]
fn the_connection_can_be_used_until_the_channel_lets_go_of_it() {
    let pair = Pair::idle();
    assert_eq!(pair.driver.with_transport(|_| ()), None);
    pair.open().unwrap();
    assert_eq!(pair.driver.with_transport(|_| ()), Some(()));
    pair.driver.report(Report::Gone(Ending::default()));
    assert_eq!(pair.driver.with_transport(|_| ()), None);
}

#[test]
fn a_message_does_not_skip_the_queues_when_they_are_large_and_double_with_it() {
    let pair = Pair::opened();
    for _ in 0..1024 {
        assert_eq!((pair.driver.doubling_queue(), pair.driver.accept_now(1)), (None, true));
    }
    assert_eq!((pair.driver.doubling_queue(), pair.driver.accept_now(1)), (Some(1024), false));
    pair.driver.report(Report::Sent(Taken::Messages(1)));
    assert_eq!((pair.driver.doubling_queue(), pair.driver.accept_now(1)), (None, true));
}

#[test]
fn on_stop_tells_which_end_closed_first_and_which_timeout_expired() {
    type Event = fn(&Pair);
    let peer_closes: Event = |pair| pair.driver.report(Report::PeerClose(Close::EMPTY));
    let ends: Event = |pair| pair.driver.report(Report::Gone(Ending::clean()));
    let cancels: Event = |pair| pair.cancel(Status::BINDING_ABORTED);
    let closes: Event = |pair| pair.close(1000);
    let times_out: Event = Pair::time_out;
    let (local, remote) = (Some(ClosedBy::Local), Some(ClosedBy::Remote));
    let stories: [(Pair, &[Event], _); 8] = [
        (Pair::opening(), &[times_out], (false, None, Some(TimedOut::Open))),
        (Pair::opened(), &[closes, times_out], (false, local, Some(TimedOut::Close))),
        (Pair::opened(), &[peer_closes, times_out], (false, remote, Some(TimedOut::Close))),
        (Pair::opened(), &[closes, peer_closes, ends], (true, local, None)),
        (Pair::opened(), &[peer_closes, ends], (true, remote, None)),
        (Pair::opened(), &[peer_closes, cancels], (false, remote, None)),
        (Pair::opened(), &[cancels], (false, local, None)),
        (Pair::opened(), &[ends], (false, None, None)),
    ];
    for (number, (pair, story, detail)) in stories.into_iter().enumerate() {
        story.iter().for_each(|happens| happens(&pair));
        pair.settle();
        assert_eq!(pair.log.borrow().detail, Some(detail), "story {number}");
    }
}

#[test]
fn the_listener_is_asked_for_on_acknowledge_only_when_a_message_is_taken() {
    let pair = Pair::opened();
    pair.send("a", 3).unwrap();
    for report in [Report::Message("1".into()), Report::Sent(Taken::Part(1)), Report::Sent(Taken::AllBut(1))] {
        pair.driver.report(report);
    }
    assert_eq!(pair.log.borrow().asked, 0);
    pair.driver.report(Report::Sent(Taken::Messages(1)));
    assert_eq!(pair.log.borrow().asked, 1);
}
