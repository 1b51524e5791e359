//! `LoadGroup`: its members, and `cancel`.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Object};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use websocket_channel::status::Status;

use crate::class::{Channel, LoadGroup, error_name};
use crate::peer::Peer;
use crate::talk::Talk;

/// An idle channel in this group.
fn channel_of(group: &LoadGroup) -> Channel {
    let channel = Channel::idle();
    channel.set_load_group(group).expect("a LoadGroup");
    assert_eq!(channel.load_group(), **group);
    channel
}

fn members(group: &LoadGroup) -> Vec<JsValue> {
    let members = group.to_array().to_vec();
    assert_eq!(group.active_count() as usize, members.len());
    members
}

#[wasm_bindgen_test]
async fn iteration_gives_the_channels_themselves_from_async_open_to_on_stop() {
    let peer = Peer::start().await;
    let group = LoadGroup::new();
    let (first, second) = (channel_of(&group), channel_of(&group));
    assert_eq!(members(&group), [JsValue::NULL; 0], "neither was opened");
    let url = peer.url("/echo");
    let (first, second) = (Talk::on(first, &url), Talk::on(second, &url));
    assert_eq!(members(&group), [&first, &second].map(|talk| JsValue::from(talk.channel.clone())));
    first.until("onStart").await;
    first.channel.close().expect("close");
    let (group_then, channel) = (group.clone(), second.channel.clone());
    let left_first = Rc::new(Cell::new(false));
    let left = left_first.clone();
    first.when("onStop", move || left.set(members(&group_then) == [JsValue::from(channel)]));
    first.stopped().await;
    assert!(left_first.get(), "inside onStop it is no longer a member");
    assert_eq!(members(&group), [JsValue::from(second.channel.clone())]);
    second.channel.set_load_group(&JsValue::NULL).expect("null");
    assert_eq!(members(&group), [JsValue::NULL; 0], "it left the group");
    second.channel.close().expect("close");
    second.stopped().await;
}

#[wasm_bindgen_test]
async fn cancel_stops_the_connecting_and_the_open_with_the_status_given() {
    let peer = Peer::start().await;
    for (argument, status) in [
        (JsValue::UNDEFINED, Status::BINDING_ABORTED),
        (Status::NET_RESET.0.into(), Status::NET_RESET),
        (0x8123_4567_u32.into(), Status(0x8123_4567)),
    ] {
        let group = LoadGroup::new();
        let open = Talk::on(channel_of(&group), &peer.url("/echo"));
        open.until("onStart").await;
        let connecting = Talk::on(channel_of(&group), &peer.url("/silent"));
        let outside = Talk::opened(&peer.url("/echo")).await;
        group.cancel(&argument).expect("cancel");
        for talk in [open, connecting] {
            assert_eq!(talk.channel.send_msg(&"late".into()), Ok(false));
            assert_eq!(talk.stopped().await, ["onStart".to_owned(), format!("onStop {}", status.0)]);
            assert_eq!(talk.detail("name").as_string().as_deref(), status.name());
        }
        assert_eq!(members(&group), [JsValue::NULL; 0]);
        assert_eq!(outside.channel.state(), "open");
        outside.channel.close().expect("close");
        outside.stopped().await;
    }
}

#[wasm_bindgen_test]
async fn cancel_takes_a_failures_number_and_nothing_else() {
    let peer = Peer::start().await;
    let group = LoadGroup::new();
    let talk = Talk::on(channel_of(&group), &peer.url("/silent"));
    for wrong in [
        0.into(),
        (-1).into(),
        2_147_483_648.5.into(),
        4_294_967_296_f64.into(),
        f64::NAN.into(),
        "text".into(),
        JsValue::NULL,
    ] {
        assert_eq!(error_name(group.cancel(&wrong)), "NS_ERROR_INVALID_ARG", "cancel({wrong:?})");
    }
    assert_eq!(talk.channel.state(), "connecting");
    group.cancel(&JsValue::UNDEFINED).expect("cancel");
    talk.stopped().await;
}

#[wasm_bindgen_test]
fn load_group_takes_a_load_group_or_null() {
    let channel = Channel::idle();
    for wrong in [Object::new().into(), Array::new().into(), "group".into(), JsValue::UNDEFINED] {
        assert_eq!(error_name(channel.set_load_group(&wrong)), "NS_ERROR_INVALID_ARG", "{wrong:?}");
    }
    assert_eq!(channel.load_group(), JsValue::NULL);
}
