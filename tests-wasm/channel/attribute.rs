//! Attributes before, during and after a connection.

use std::collections::HashSet;

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::class::{Channel, error_name};
use crate::peer::{HOST, Host, Peer};
use crate::talk::Talk;

#[wasm_bindgen_test]
async fn protocol_is_the_list_asked_for_and_once_open_the_one_selected() {
    let peer = Peer::start().await;
    let channel = Channel::idle();
    assert_eq!(error_name(channel.set_protocol(&5.into())), "NS_ERROR_INVALID_ARG");
    channel.set_protocol(&"chat, log".into()).expect("idle");
    let talk = Talk::on(channel, &peer.url("/echo"));
    assert_eq!(talk.channel.protocol(), "chat, log");
    assert_eq!(error_name(talk.channel.set_protocol(&"other".into())), "NS_ERROR_ALREADY_OPENED");
    talk.until("onStart").await;
    assert_eq!(talk.channel.protocol(), "chat");
    talk.channel.close().expect("close");
    talk.stopped().await;
    assert_eq!(talk.channel.protocol(), "chat", "it stays readable");
}

#[wasm_bindgen_test]
async fn the_uris_are_what_async_open_was_given_parsed_and_stay_readable() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/a/../bye").replace("ws:", "WS:"));
    for _ in ["connecting", "stopped"] {
        for uri in [talk.channel.uri(), talk.channel.original_uri()] {
            assert_eq!(uri.map(String::from), Ok(peer.url("/bye")));
        }
        talk.stopped().await;
    }
}

#[wasm_bindgen_test]
async fn http_response_is_that_of_the_handshake_where_the_host_tells() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/echo"));
    assert_eq!(talk.channel.http_response(), JsValue::NULL, "connecting");
    talk.until("onStart").await;
    let response = talk.channel.http_response();
    match HOST {
        Host::Node => assert_eq!(Reflect::get(&response, &"status".into()), Ok(101.into())),
        Host::Page => assert_eq!(response, JsValue::NULL),
    }
    talk.channel.close().expect("close");
    talk.stopped().await;
}

#[wasm_bindgen_test]
fn ping_interval_is_set_in_node_and_refused_in_a_page() {
    let channel = Channel::idle();
    assert_eq!(channel.ping_interval(), 0);
    let result = channel.set_ping_interval(&30.into());
    match HOST {
        Host::Node => {
            assert_eq!((result, channel.ping_interval()), (Ok(()), 30));
            assert_eq!(error_name(channel.set_ping_interval(&1.5.into())), "NS_ERROR_INVALID_ARG");
        }
        Host::Page => {
            assert_eq!(error_name(result), "NS_ERROR_NOT_IMPLEMENTED");
            assert_eq!(channel.set_ping_interval(&0.into()), Ok(()), "the default");
        }
    }
}

#[wasm_bindgen_test]
fn serial_differs_from_channel_to_channel() {
    let serials: HashSet<_> = (0..100).map(|_| Channel::idle().serial()).collect();
    assert_eq!(serials.len(), 100);
}
