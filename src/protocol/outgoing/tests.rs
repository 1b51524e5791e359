//! The rules of the outgoing queue, one by one.

use super::super::Role;
use super::simulation::{Fake, Portion, Seen, Sender, deflate};
use super::*;

const KIB: usize = 1024;

fn small(seed: usize) -> Fake {
    Fake::new(10, seed)
}

#[test]
fn messages_of_one_tick_leave_in_one_write() {
    let mut sender = Sender::new(None);
    for (seed, now) in [(1, true), (2, false), (3, true)] {
        sender.send(small(seed), now);
    }
    assert_eq!((sender.writes.len(), sender.tick), (0, true));
    sender.end_tick();
    assert_eq!((sender.writes.len(), sender.messages().len(), sender.tick), (1, 3, false));
}

#[test]
fn frames_beyond_64_kib_do_not_wait_for_the_end_of_the_tick() {
    let mut sender = Sender::new(None);
    for seed in 0..3 {
        sender.send(Fake::new(30 * KIB, seed), seed % 2 == 0);
    }
    assert_eq!((sender.writes.len(), sender.messages().len()), (1, 3));
}

#[test]
fn a_payload_of_32_kib_is_a_write_of_its_own_behind_what_was_collected() {
    let mut sender = Sender::new(None);
    sender.send(small(1), true);
    sender.send(Fake::new(32 * KIB, 2), true);
    assert_eq!(sender.writes, [16, 32 * KIB + 8]);
    assert_eq!(sender.messages(), [small(1).bytes, Fake::new(32 * KIB, 2).bytes]);
}

#[test]
fn a_message_up_to_a_mebibyte_is_one_frame_in_one_turn() {
    let mut sender = Sender::new(None);
    sender.send(Fake::new(1024 * KIB, 1), false);
    assert_eq!((sender.writes.len(), sender.turn), (16, false));
    assert_eq!(sender.wire.len(), 1024 * KIB + MAX_HEADER);
    assert_eq!(sender.messages().len(), 1);
}

#[test]
fn a_longer_message_lets_other_events_have_their_turn_after_sixteen_pieces() {
    let mut sender = Sender::new(None);
    sender.send(Fake::new(1025 * KIB, 1), false);
    assert_eq!((sender.writes.len(), sender.turn, sender.outgoing.is_free()), (16, true, false));
    sender.send(small(2), true);
    sender.receive_ping(7);
    assert_eq!(sender.writes.len(), 16, "nothing overtakes it, and pongs wait for the system");
    sender.end_turn();
    sender.end_tick();
    let expected = [Seen::Pong(vec![7]), Seen::Message(Fake::new(1025 * KIB, 1).bytes), Seen::Message(small(2).bytes)];
    assert_eq!(sender.seen, expected, "the pong goes out between two frames of the message");
}

#[test]
fn a_long_message_waits_while_the_system_has_more_than_32_writes_to_take() {
    let mut sender = Sender::new(None);
    sender.send(Fake::new(8192 * KIB, 1), false);
    while sender.turn {
        sender.end_turn();
    }
    assert_eq!(sender.untaken, 48);
    while sender.untaken > 33 {
        sender.take_write();
        assert!(!sender.turn, "{} writes are ahead", sender.untaken);
    }
    sender.take_write();
    assert!(sender.turn);
    sender.settle();
    assert_eq!(sender.messages(), [Fake::new(8192 * KIB, 1).bytes]);
}

#[test]
fn a_pending_stream_asks_for_no_turn_and_goes_on_when_it_is_ready() {
    let mut sender = Sender::new(None);
    sender.send(Fake::new(10, 1).stream(&[Portion::Bytes(4), Portion::Pending]), false);
    sender.send(small(2), true);
    assert_eq!((sender.writes.len(), sender.turn, sender.is_pending), (1, false, true));
    sender.take_write();
    sender.end_tick();
    assert_eq!((sender.writes.len(), sender.turn), (1, false), "nothing overtakes it");
    sender.get_ready();
    sender.end_tick();
    assert_eq!(sender.messages(), [small(1).bytes, small(2).bytes]);
}

#[test]
fn a_stream_that_was_waited_for_has_sixteen_pieces_again_only_while_the_system_takes_its_writes() {
    let portions = [Portion::Bytes(1), Portion::Pending].repeat(100);
    let mut taken = Sender::new(None);
    taken.send(Fake::new(100, 1).stream(&portions), false);
    while taken.is_pending {
        taken.take_write();
        taken.get_ready();
        assert!(!taken.turn, "after {} pieces", taken.writes.len());
    }
    assert_eq!(taken.messages(), [Fake::new(100, 1).bytes]);

    let mut stuck = Sender::new(None);
    stuck.send(Fake::new(100, 1).stream(&portions), false);
    while stuck.is_pending {
        stuck.get_ready();
    }
    assert_eq!((stuck.writes.len(), stuck.turn), (32 + 16, false));
    stuck.settle();
    assert_eq!(stuck.messages(), [Fake::new(100, 1).bytes]);
}

#[test]
fn what_a_stream_has_given_to_the_compressor_counts_as_taken_with_the_write_that_follows() {
    let (mut sender, mut noise, mut state) = (Sender::new(deflate()), Fake::new(200 * KIB, 1), 1u32);
    for byte in &mut noise.bytes {
        state = state.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
        *byte = (state >> 24) as u8; // does not compress
    }
    let portions = [Portion::Bytes(64 * KIB), Portion::Bytes(64 * KIB), Portion::Pending];
    sender.send(noise.stream(&portions), false);
    sender.end_tick();
    assert_eq!(sender.done, (0, 128 * KIB));
    sender.settle();
    assert_eq!(sender.done, (1, 0));
}

#[test]
fn each_portion_of_a_stream_is_a_frame_however_short_the_stream_is() {
    let mut sender = Sender::new(None);
    sender.send(Fake::new(3, 1).stream(&[Portion::Bytes(1), Portion::Bytes(2)]), false);
    assert_eq!(sender.writes, [7, 8]);
    assert_eq!((sender.wire[0], sender.wire[7]), (0x02, 0x80));
}

#[test]
fn a_stream_that_fails_ends_the_connection_with_1011() {
    let mut sender = Sender::new(None);
    sender.send(small(1), true);
    sender.send(Fake::new(10, 2).stream(&[Portion::Bytes(4), Portion::Failed]), false);
    sender.send(small(3), true);
    sender.settle();
    assert_eq!(sender.seen, [Seen::Message(small(1).bytes), Seen::Close(1011)]);
    assert!(sender.outgoing.is_over());
}

#[test]
fn the_close_frame_goes_behind_all_messages_and_no_message_behind_it() {
    let mut sender = Sender::new(None);
    let long = Fake::new(2048 * KIB, 1);
    sender.send(long.clone(), false);
    sender.send(small(2), false);
    assert!(!sender.outgoing.is_closing());
    assert!(sender.close(1000));
    assert!(!sender.close(1001), "there is only one");
    assert!(sender.outgoing.is_closing() && !sender.outgoing.is_free());
    sender.send(small(3), true);
    sender.settle();
    assert_eq!(sender.seen, [Seen::Message(long.bytes), Seen::Message(small(2).bytes), Seen::Close(1000)]);
}

#[test]
fn it_is_over_when_the_close_frame_is_written_and_the_system_has_taken_everything() {
    let mut sender = Sender::new(None);
    sender.send(small(1), true);
    sender.end_tick();
    sender.close(1000);
    sender.take_write();
    assert!(sender.is_closed() && !sender.outgoing.is_over(), "the close frame is not taken");
    sender.take_write();
    assert!(sender.outgoing.is_over());

    let mut idle = Sender::new(None);
    idle.close(1000);
    assert!(!idle.outgoing.is_over(), "the close frame goes out at the tick's end");
    idle.settle();
    assert!(idle.outgoing.is_over());
}

#[test]
fn it_is_not_over_before_the_close_frame_of_a_connection_that_failed_is_written() {
    let mut sender = Sender::new(None);
    let failed = sender.connection.poll_event(&mut [0xFF, 0], &mut 0, &mut []);
    assert!(matches!(failed, Some(super::super::Event::Failed(_))));
    assert_eq!(sender.outgoing.stop(), None);
    assert!(!sender.outgoing.is_over());
    sender.flush();
    sender.take_write();
    assert!(sender.is_closed() && sender.outgoing.is_over());
}

#[test]
fn stopping_drops_what_waits_and_returns_the_close_frame_that_waited() {
    let mut sender = Sender::new(None);
    sender.send(Fake::new(2048 * KIB, 1), false);
    sender.send(small(2), false);
    sender.close(3000);
    let close = sender.outgoing.stop().unwrap();
    assert_eq!(close.reported_code(), 3000);
    sender.connection.close(close);
    sender.flush();
    sender.settle();
    assert_eq!(sender.seen, [Seen::Close(3000)]);
}

#[test]
fn messages_that_are_dropped_make_way_for_the_close_frame() {
    let mut sender = Sender::new(None);
    sender.send(Fake::new(10, 1).stream(&[Portion::Bytes(4), Portion::Pending]), false);
    sender.send(small(2), false);
    sender.close(1000);
    assert!(!sender.is_closed());
    sender.outgoing.drop_messages();
    sender.is_pending = false;
    sender.pump();
    sender.settle();
    assert_eq!(sender.seen, [Seen::Close(1000)]);
}

#[test]
fn a_message_that_is_dropped_while_its_piece_is_being_filled_is_not_sent() {
    for fill in [Fill::Bytes { len: 1, last: false }, Fill::Bytes { len: 1, last: true }, Fill::Pending, Fill::Failed] {
        let mut sender = Sender::new(None);
        sender.outgoing.push(Fake::new(10, 1).stream(&[]));
        let piece = sender.outgoing.poll_piece(&mut sender.connection).unwrap();
        assert!(sender.outgoing.poll_piece(&mut sender.connection).is_none(), "one at a time");
        sender.outgoing.drop_messages();
        let framed =
            sender.outgoing.handle_piece(&mut sender.connection, piece, fill, &mut [0; MAX_HEADER + 1], || [0; 4]);
        assert_eq!(framed, Framed::Later, "{fill:?}");
        assert!(sender.outgoing.is_free(), "{fill:?}");
        sender.close(1000);
        sender.settle();
        assert_eq!(sender.seen, [Seen::Close(1000)], "{fill:?}");
    }
}

#[test]
fn pongs_alone_wait_while_the_system_has_not_taken_what_was_written() {
    let mut sender = Sender::new(None);
    sender.receive_ping(1);
    assert_eq!(sender.seen, [Seen::Pong(vec![1])]);
    sender.receive_ping(2);
    assert_eq!(sender.seen.len(), 1);
    sender.take_write();
    assert_eq!(sender.seen, [Seen::Pong(vec![1]), Seen::Pong(vec![2])]);
    sender.receive_ping(3);
    sender.send(small(1), true);
    sender.end_tick();
    assert_eq!(sender.seen[2..], [Seen::Pong(vec![3]), Seen::Message(small(1).bytes)], "a message takes them along");
}

#[test]
fn a_write_that_was_taken_is_progress_unless_it_had_only_pongs_and_pings() {
    let mut sender = Sender::new(None);
    sender.receive_ping(1);
    assert!(!sender.outgoing.handle_written(), "a pong");
    sender.send(small(1), true);
    sender.receive_ping(2);
    sender.end_tick();
    assert_eq!(sender.writes.len(), 2);
    assert!(sender.outgoing.handle_written(), "a message and a pong");
    sender.send(Fake::new(40 * KIB, 2), true);
    assert!(sender.outgoing.handle_written(), "a message in place");
    sender.receive_ping(3);
    sender.send(small(3), true);
    sender.end_tick();
    assert_eq!(sender.writes.len(), 5);
    assert!(!sender.outgoing.handle_written(), "a pong, though a message was written behind it");
    assert!(sender.outgoing.handle_written(), "that message");
}

#[test]
fn an_idle_queue_owns_no_buffer() {
    let mut sender = Sender::new(None);
    for seed in 0..20 {
        sender.send(small(seed), seed % 2 == 0);
        sender.send(Fake::new(70 * KIB, seed), false);
    }
    sender.settle();
    assert_eq!((sender.outgoing.next_write.capacity(), sender.outgoing.queue.capacity()), (0, 0));
}

#[test]
fn frames_of_one_tick_that_others_send_too_are_joined_once_for_all() {
    let mut messages: Vec<Shared> = (1..4).map(|seed| Shared::new(Kind::Binary, small(seed).bytes)).collect();
    let mut written = Vec::new();
    for count in [3, 3, 2] {
        let mut sender = Sender::with_role(Role::Server, None);
        messages.iter_mut().take(count).for_each(|message| sender.broadcast(message));
        written.extend(sender.outgoing.poll_shared(&sender.connection));
        assert!(!sender.outgoing.has_collected());
    }
    assert!(std::rc::Rc::ptr_eq(&written[0].0, &written[1].0), "one for all");
    assert_eq!(written.iter().map(|(_, done)| done.messages).collect::<Vec<_>>(), [3, 3, 2]);
    let whole = &written[0].0;
    assert!(whole.starts_with(&written[2].0) && whole.len() > written[2].0.len());
}

#[test]
fn a_frame_that_others_send_too_is_written_as_it_is_unless_something_else_leaves_with_it() {
    let payload = small(1).bytes;
    let mut message = Shared::new(Kind::Binary, payload.clone());
    let mut frames = Vec::new();
    for _ in 0..2 {
        let mut sender = Sender::with_role(Role::Server, deflate());
        sender.broadcast(&mut message);
        assert!(sender.outgoing.has_collected() && sender.tick);
        frames.extend(sender.outgoing.poll_shared(&sender.connection));
        assert!(!sender.outgoing.has_collected());
    }
    assert!(std::rc::Rc::ptr_eq(&frames[0].0, &frames[1].0), "one for all");

    for before in [true, false] {
        let mut sender = Sender::with_role(Role::Server, None);
        if before {
            sender.send(small(2), true);
            sender.broadcast(&mut message);
        } else {
            sender.broadcast(&mut message);
            sender.send(small(2), true);
        }
        assert!(sender.outgoing.poll_shared(&sender.connection).is_none());
        sender.end_tick();
        let mut expected = [payload.clone(), small(2).bytes];
        expected[..].rotate_left(usize::from(before));
        assert_eq!(sender.writes.len(), 1);
        assert_eq!(sender.messages(), expected);
    }

    let mut sender = Sender::with_role(Role::Server, None);
    sender.broadcast(&mut message);
    sender.send(Fake::new(40 * KIB, 3), true);
    assert_eq!(sender.writes.len(), 2);
    assert_eq!(sender.messages(), [payload.clone(), Fake::new(40 * KIB, 3).bytes]);

    let mut sender = Sender::with_role(Role::Server, None);
    sender.broadcast(&mut message);
    sender.receive_ping(7);
    assert_eq!(sender.seen, [Seen::Message(payload), Seen::Pong(vec![7])]);
}

#[test]
fn a_frame_that_others_send_too_is_compressed_if_the_message_is_long_enough() {
    let written = |payload: Vec<u8>| {
        let mut sender = Sender::with_role(Role::Server, deflate());
        sender.broadcast(&mut Shared::new(Kind::Binary, payload));
        sender.outgoing.poll_shared(&sender.connection).unwrap().0
    };
    assert_eq!((written(vec![7; 127])[0], written(vec![7; 127]).len()), (0x82, 4 + 127));
    let long = written(vec![7; 128]);
    assert!(long[0] == 0xC2 && long.len() < 30, "{} bytes", long.len());
}
