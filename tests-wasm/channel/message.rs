//! Messages in both directions, acknowledgements, and `bufferedAmount`.

use js_sys::{ArrayBuffer, JsString, Uint8Array};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::peer::Peer;
use crate::talk::Talk;

#[wasm_bindgen_test]
async fn an_echo_round_trip_makes_every_call_in_order() {
    let peer = Peer::start().await;
    for url in peer.echoes() {
        let talk = Talk::open(&url);
        talk.send("hé");
        assert_eq!(talk.channel.send_binary_msg(&Uint8Array::from(&[1_u8, 2][..])), Ok(true));
        assert_eq!(talk.channel.buffered_amount(), 5.0, "payload bytes in UTF-8 that wait");
        let channel = talk.channel.clone();
        talk.when("onBinaryMessageAvailable", move || {
            let _ = channel.close_with(&4000.into(), &"bye".into()); // The calls below show whether it closed.
        });
        let calls = talk.stopped().await;
        let without_acknowledgements: Vec<_> = calls.iter().filter(|call| !call.starts_with("onAcknowledge")).collect();
        let expected =
            ["onStart", "onMessageAvailable hé", "onBinaryMessageAvailable 1,2", "onServerClose 4000 bye", "onStop 0"];
        assert_eq!(without_acknowledgements, expected, "{url}");
        assert_eq!(talk.calls_of("onAcknowledge"), ["onAcknowledge 3", "onAcknowledge 2"], "{url}");
        let at = |name: &str| calls.iter().position(|call| call.starts_with(name));
        assert!(at("onStart") < at("onAcknowledge 3"), "{calls:?}");
        assert!(at("onAcknowledge 2") < at("onServerClose"), "{calls:?}");
        assert_eq!(talk.channel.buffered_amount(), 0.0, "{url}");
    }
    assert_eq!(peer.seen(), ["text hé", "binary 1,2", "close 4000 bye"]);
}

#[wasm_bindgen_test]
async fn messages_that_were_sent_while_connecting_arrive_in_order_before_those_that_follow() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/echo"));
    talk.send("a");
    talk.send("b");
    talk.until("onStart").await;
    talk.send("c");
    talk.channel.close().expect("close");
    talk.stopped().await;
    assert_eq!(peer.seen(), ["text a", "text b", "text c", "close 1000"]);
}

#[wasm_bindgen_test]
async fn a_lone_surrogate_goes_out_as_the_replacement_character() {
    let peer = Peer::start().await;
    for url in peer.echoes() {
        let talk = Talk::opened(&url).await;
        assert_eq!(talk.channel.send_msg(&JsString::from_char_code(&[0x61, 0xD800])), Ok(true));
        assert_eq!(talk.channel.buffered_amount(), 4.0, "U+FFFD has three bytes");
        talk.until("onMessageAvailable").await;
        talk.channel.close().expect("close");
        talk.stopped().await;
        assert_eq!(talk.calls_of("onMessageAvailable"), ["onMessageAvailable a\u{FFFD}"], "{url}");
        assert_eq!(talk.calls_of("onAcknowledge"), ["onAcknowledge 4"], "{url}");
    }
}

#[wasm_bindgen_test]
async fn buffered_amount_is_what_was_accepted_and_not_yet_acknowledged() {
    let peer = Peer::start().await;
    let talk = Talk::opened(&peer.url("/echo")).await;
    assert_eq!(talk.channel.buffered_amount(), 0.0);
    talk.send("12345");
    talk.send("");
    assert_eq!(talk.channel.send_binary_msg(&ArrayBuffer::new(7)), Ok(true));
    assert_eq!(talk.channel.buffered_amount(), 12.0);
    talk.until("onBinaryMessageAvailable").await;
    assert_eq!(talk.channel.buffered_amount(), 0.0);
    assert_eq!(talk.calls_of("onAcknowledge"), ["onAcknowledge 5", "onAcknowledge 0", "onAcknowledge 7"]);
    talk.channel.close().expect("close");
    talk.stopped().await;
}

#[wasm_bindgen_test]
async fn bytes_are_those_of_the_call_whatever_the_caller_writes_afterwards() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/echo"));
    let bytes = Uint8Array::from(&[1_u8, 2, 3][..]);
    assert_eq!(talk.channel.send_binary_msg(&bytes), Ok(true));
    bytes.fill(9, 0, 3);
    talk.until("onBinaryMessageAvailable").await;
    bytes.fill(4, 0, 3);
    assert_eq!(talk.channel.send_binary_msg(&bytes.subarray(1, 3)), Ok(true));
    bytes.fill(9, 0, 3);
    talk.channel.close().expect("close");
    talk.stopped().await;
    assert_eq!(peer.seen(), ["binary 1,2,3", "binary 4,4", "close 1000"]);
}
