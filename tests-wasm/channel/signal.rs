//! The option `signal`.

use js_sys::{Error, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use websocket_channel::status::Status;

use crate::class::{Channel, error_name};
use crate::peer::Peer;
use crate::talk::Talk;

fn with_signal(signal: &JsValue) -> Result<Channel, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"signal".into(), signal).expect("set");
    Channel::new(&options)
}

/// Waits for the end of a channel whose signal was aborted with this reason, and checks it.
async fn is_aborted(talk: &Talk, reason: &JsValue) {
    assert_eq!(talk.stopped().await, ["onStart".to_owned(), format!("onStop {}", Status::BINDING_ABORTED.0)]);
    assert_eq!(talk.detail("name"), JsValue::from("NS_BINDING_ABORTED"));
    assert!(Object::is(&talk.detail("cause"), reason), "the cause is {:?}", talk.detail("cause"));
}

#[wasm_bindgen_test]
async fn aborting_the_signal_stops_the_channel_and_its_reason_is_the_cause() {
    let peer = Peer::start().await;
    let (controller, reason) = (AbortController::new(), JsValue::from(Error::new("enough")));
    let channel = || with_signal(&controller.signal()).expect("a signal");
    let connecting = Talk::on(channel(), &peer.url("/silent"));
    let open = Talk::on(channel(), &peer.url("/echo"));
    open.until("onStart").await;
    controller.abort(&reason);
    assert_eq!(open.calls(), ["onStart"], "no call before abort() has returned");
    is_aborted(&open, &reason).await;
    is_aborted(&connecting, &reason).await;
}

#[wasm_bindgen_test]
async fn a_signal_that_was_aborted_before_stops_the_channel_that_is_opened_with_it() {
    let peer = Peer::start().await;
    let (controller, reason) = (AbortController::new(), JsValue::from(Error::new("enough")));
    controller.abort(&reason);
    let talk = Talk::on(with_signal(&controller.signal()).expect("a signal"), &peer.url("/echo"));
    is_aborted(&talk, &reason).await;
    assert_eq!(peer.seen(), [""; 0]);
}

#[wasm_bindgen_test]
async fn a_signal_that_is_aborted_after_the_end_changes_nothing() {
    let peer = Peer::start().await;
    let controller = AbortController::new();
    let talk = Talk::on(with_signal(&controller.signal()).expect("a signal"), &peer.url("/bye"));
    talk.stopped().await;
    controller.abort(&JsValue::UNDEFINED);
    assert_eq!(talk.stopped().await, ["onStart", "onServerClose 4001 bye", "onStop 0"]);
    assert_eq!(talk.channel.status(), 0);
}

#[wasm_bindgen_test]
fn the_signal_must_be_an_abort_signal() {
    for wrong in [Object::new().into(), "signal".into(), true.into(), AbortController::new().into()] {
        assert_eq!(error_name(with_signal(&wrong)), "NS_ERROR_INVALID_ARG", "{wrong:?}");
    }
}

#[wasm_bindgen]
extern "C" {
    type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController, reason: &JsValue);
}
