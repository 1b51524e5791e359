//! What each method does in each state.

use js_sys::{JsString, Object, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::class::{Channel, error_name};
use crate::peer::Peer;
use crate::talk::Talk;

/// Calls `asyncOpen` again.
fn reopen(channel: &Channel) -> Result<(), JsValue> {
    channel.async_open(&"ws://127.0.0.1:1/".into(), &JsValue::NULL, &Object::new(), &JsValue::UNDEFINED)
}

#[wasm_bindgen_test]
fn an_idle_channel_refuses_to_send_and_to_close_and_has_no_uri() {
    let channel = Channel::idle();
    assert_eq!(channel.state(), "idle");
    assert_eq!(error_name(channel.send_msg(&"x".into())), "NS_ERROR_NOT_CONNECTED");
    assert_eq!(error_name(channel.send_binary_msg(&Uint8Array::new_with_length(1))), "NS_ERROR_NOT_CONNECTED");
    assert_eq!(error_name(channel.close()), "NS_ERROR_NOT_CONNECTED");
    assert_eq!(error_name(channel.uri()), "NS_ERROR_NOT_INITIALIZED");
    assert_eq!(error_name(channel.original_uri()), "NS_ERROR_NOT_INITIALIZED");
    assert_eq!((channel.state().as_str(), channel.buffered_amount()), ("idle", 0.0));
}

#[wasm_bindgen_test]
async fn a_channel_opens_once_whatever_its_state() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/echo"));
    for state in ["connecting", "open", "closing", "stopped"] {
        match state {
            "open" => talk.until("onStart").await,
            "closing" => talk.channel.close().expect("close"),
            "stopped" => talk.until("onStop").await,
            _ => {}
        }
        assert_eq!(talk.channel.state(), state);
        assert_eq!(error_name(reopen(&talk.channel)), "NS_ERROR_ALREADY_OPENED", "{state}");
    }
    assert_eq!(talk.stopped().await, ["onStart", "onServerClose 1000 ", "onStop 0"]);
}

#[wasm_bindgen_test]
async fn sends_are_accepted_until_close_was_called_and_then_refused() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/echo"));
    let bytes = Uint8Array::from(&[7_u8][..]);
    assert_eq!(talk.channel.send_msg(&"queued".into()), Ok(true), "connecting");
    talk.until("onStart").await;
    assert_eq!(talk.channel.send_binary_msg(&bytes), Ok(true), "open");
    talk.channel.close().expect("close");
    for state in ["closing", "stopped"] {
        assert_eq!(talk.channel.state(), state);
        assert_eq!(talk.channel.send_msg(&"late".into()), Ok(false), "{state}");
        assert_eq!(talk.channel.send_binary_msg(&bytes), Ok(false), "{state}");
        assert_eq!(talk.channel.close(), Ok(()), "{state}");
        talk.until("onStop").await;
    }
    assert_eq!(peer.seen(), ["text queued", "binary 7", "close 1000"]);
}

#[wasm_bindgen_test]
fn a_send_refuses_what_is_not_of_its_type() {
    let channel = Channel::idle();
    for value in [JsValue::NULL, 5.into(), Uint8Array::new_with_length(1).into()] {
        assert_eq!(error_name(channel.send_msg(&value)), "NS_ERROR_INVALID_ARG", "sendMsg({value:?})");
    }
    for value in [JsValue::NULL, 5.into(), "text".into(), Object::new().into()] {
        assert_eq!(error_name(channel.send_binary_msg(&value)), "NS_ERROR_INVALID_ARG", "sendBinaryMsg({value:?})");
    }
}

#[wasm_bindgen_test]
async fn an_async_open_that_throws_leaves_the_channel_unopened_and_it_can_be_opened_again() {
    let peer = Peer::start().await;
    let channel = Channel::idle();
    let (good, listener) = (JsValue::from(peer.url("/echo")), Object::new());
    let open = |uri: &JsValue, origin: &JsValue, listener: &JsValue| {
        let name = error_name(channel.async_open(uri, origin, listener, &JsValue::UNDEFINED));
        assert_eq!(channel.state(), "idle");
        name
    };
    for uri in ["ftp://127.0.0.1/", "ws://127.0.0.1/#fragment", "ws://:0:/"] {
        assert_eq!(open(&uri.into(), &JsValue::NULL, &listener), "NS_ERROR_MALFORMED_URI", "{uri}");
    }
    assert_eq!(open(&good, &5.into(), &listener), "NS_ERROR_INVALID_ARG", "origin");
    assert_eq!(open(&good, &JsValue::NULL, &JsValue::NULL), "NS_ERROR_INVALID_ARG", "listener null");
    assert_eq!(open(&good, &JsValue::NULL, &"listener".into()), "NS_ERROR_INVALID_ARG", "listener string");
    for list in ["chat, chat", "no token", ","] {
        channel.set_protocol(&list.into()).expect("judged by asyncOpen");
        assert_eq!(open(&good, &JsValue::NULL, &listener), "NS_ERROR_INVALID_ARG", "protocol {list}");
    }
    channel.set_protocol(&"".into()).expect("idle");
    let talk = Talk::on(channel.clone(), &peer.url("/echo"));
    talk.until("onStart").await;
    channel.close().expect("close");
    assert_eq!(talk.stopped().await, ["onStart", "onServerClose 1000 ", "onStop 0"]);
}

#[wasm_bindgen_test]
async fn http_uris_are_opened_as_ws_uris() {
    let peer = Peer::start().await;
    let url = peer.url("/echo");
    let talk = Talk::opened(&url.replace("ws://", "http://")).await;
    assert_eq!(talk.channel.uri().map(|uri: JsString| String::from(uri)), Ok(url));
    talk.channel.close().expect("close");
    talk.stopped().await;
}
