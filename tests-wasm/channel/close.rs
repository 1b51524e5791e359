//! `close`: its arguments, what reaches the peer, and the listener calls that follow.

use js_sys::JsString;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use websocket_channel::status::Status;

use crate::class::{Channel, error_name};
use crate::peer::{HOST, Host, Peer};
use crate::talk::Talk;

/// Whether `close` accepts the code, written in a different form than in src/close.rs.
fn is_allowed(code: u32) -> bool {
    (1000..=1014).contains(&code) && code != 1005 && code != 1006 || (3000..5000).contains(&code)
}

async fn stopped_channel() -> Channel {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/silent"));
    talk.channel.close().expect("close");
    talk.stopped().await;
    talk.channel
}

#[wasm_bindgen_test]
async fn close_takes_the_codes_of_the_table_and_no_other_of_the_65536() {
    let channel = stopped_channel().await;
    for code in 0..=65_535_u32 {
        let result = channel.close_with(&code.into(), &JsValue::UNDEFINED);
        assert_eq!(result.is_ok(), is_allowed(code), "close({code})");
    }
}

#[wasm_bindgen_test]
async fn close_refuses_what_is_not_a_code() {
    let channel = stopped_channel().await;
    let odd = [
        (-1).into(),
        (65_536 + 1000).into(),
        1000.5.into(),
        f64::NAN.into(),
        "1000".into(),
        JsValue::NULL,
        true.into(),
    ];
    for code in odd.into_iter().chain([999, 1005, 1006, 1015, 2999, 5000].map(JsValue::from)) {
        assert_eq!(
            error_name(channel.close_with(&code, &JsValue::UNDEFINED)),
            "NS_ERROR_INVALID_ARG",
            "close({code:?})"
        );
    }
}

#[wasm_bindgen_test]
async fn a_reason_of_123_bytes_is_sent_and_a_longer_one_changes_nothing() {
    let peer = Peer::start().await;
    let talk = Talk::opened(&peer.url("/echo")).await;
    for reason in ["x".repeat(124), "€".repeat(42)] {
        assert_eq!(error_name(talk.channel.close_with(&1000.into(), &reason.into())), "NS_ERROR_INVALID_ARG");
    }
    assert_eq!(error_name(talk.channel.close_with(&1000.into(), &5.into())), "NS_ERROR_INVALID_ARG");
    assert_eq!(talk.channel.state(), "open");
    talk.send("still open");
    let reason = "€".repeat(41);
    assert_eq!(talk.channel.close_with(&4000.into(), &reason.as_str().into()), Ok(()));
    talk.stopped().await;
    assert_eq!(peer.seen(), ["text still open".to_owned(), format!("close 4000 {reason}")]);
}

#[wasm_bindgen_test]
async fn a_lone_surrogate_in_a_reason_goes_out_as_the_replacement_character() {
    let peer = Peer::start().await;
    let talk = Talk::opened(&peer.url("/echo")).await;
    assert_eq!(talk.channel.close_with(&4000.into(), &JsString::from_char_code(&[0xD800, 0x61])), Ok(()));
    assert_eq!(talk.stopped().await, ["onStart", "onServerClose 4000 \u{FFFD}a", "onStop 0"]);
    assert_eq!(peer.seen(), ["close 4000 \u{FFFD}a"]);
}

#[wasm_bindgen_test]
async fn the_peer_sees_the_code_or_none_where_a_page_may_not_send_it() {
    let cases = [
        (JsValue::UNDEFINED, "close 1000", "close 1000"),
        (1001.into(), "close 1001", "close"),
        (1004.into(), "close 1009", "close"),
        (3000.into(), "close 3000", "close 3000"),
        (4999.into(), "close 4999", "close 4999"),
    ];
    for (code, in_node, in_a_page) in cases {
        let peer = Peer::start().await;
        let talk = Talk::opened(&peer.url("/echo")).await;
        talk.channel.close_with(&code, &JsValue::UNDEFINED).expect("close");
        talk.stopped().await;
        let expected = if HOST == Host::Node { in_node } else { in_a_page };
        assert_eq!(peer.seen(), [expected], "close({code:?})");
    }
}

#[wasm_bindgen_test]
async fn close_while_connecting_gives_on_start_and_on_stop_after_it_has_returned() {
    let peer = Peer::start().await;
    for path in ["/echo", "/silent"] {
        let talk = Talk::open(&peer.url(path));
        talk.send("never sent");
        talk.channel.close().expect("close");
        assert_eq!(talk.calls(), [""; 0], "no call before close() has returned");
        assert_eq!(talk.channel.status(), Status::BINDING_ABORTED.0);
        assert_eq!(talk.stopped().await, ["onStart".to_owned(), format!("onStop {}", Status::BINDING_ABORTED.0)]);
        assert_eq!(talk.detail("name"), JsValue::from("NS_BINDING_ABORTED"));
    }
    assert_eq!(peer.seen(), [""; 0]);
}

#[wasm_bindgen_test]
async fn a_close_by_the_peer_is_told_with_its_code_and_reason() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/bye"));
    assert_eq!(talk.stopped().await, ["onStart", "onServerClose 4001 bye", "onStop 0"]);
    let detail = ["name", "code", "reason", "wasClean", "closedBy"].map(|name| talk.detail(name));
    let expected: [JsValue; 5] = ["NS_OK".into(), 4001.into(), "bye".into(), true.into(), "remote".into()];
    assert_eq!(detail, expected);
    if HOST == Host::Node {
        assert_eq!(peer.seen_at_last(1).await, ["close 4001"], "the answer; the native WebSocket gives its own");
    }
}
