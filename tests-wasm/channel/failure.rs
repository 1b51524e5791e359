//! Connections that fail: the status and the detail in `onStop`.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use websocket_channel::status::Status;

use crate::class::Channel;
use crate::peer::{HOST, Host, Peer};
use crate::talk::Talk;

/// Waits for the end, and checks it: `onStart`, and then `onStop` with this status. The attribute `status` and the detail
/// agree with it, and the detail has a message.
async fn fails_with(talk: &Talk, status: Status) {
    assert_eq!(talk.stopped().await, ["onStart".to_owned(), format!("onStop {}", status.0)]);
    assert_eq!(talk.channel.status(), status.0);
    assert_eq!(talk.detail("name"), JsValue::from(status.name().expect("a status of the table")));
    assert!(
        talk.detail("message").as_string().is_some_and(|message| message.ends_with('.')),
        "{:?}",
        talk.detail("message")
    );
    assert_eq!((talk.detail("wasClean"), talk.detail("code")), (false.into(), 1006.into()));
}

#[wasm_bindgen_test]
async fn a_port_where_nobody_listens_refuses() {
    let talk = Talk::open("ws://127.0.0.1:1/");
    fails_with(&talk, Status::CONNECTION_REFUSED).await;
    assert_eq!(talk.detail("closedBy"), JsValue::NULL);
    if HOST == Host::Node {
        let code = Reflect::get(&talk.detail("cause"), &"code".into());
        assert_eq!(code, Ok("ECONNREFUSED".into()), "the system's own error");
    }
}

#[wasm_bindgen_test]
async fn a_server_that_refuses_is_told_as_such() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/refuse"));
    talk.send("never sent");
    fails_with(&talk, Status::CONNECTION_REFUSED).await;
    assert_eq!(peer.seen(), [""; 0]);
    let http = talk.detail("http");
    match HOST {
        Host::Node => {
            let of = |name: &str| Reflect::get(&http, &name.into());
            assert_eq!((of("status"), of("body")), (Ok(403.into()), Ok("no".into())));
        }
        Host::Page => assert_eq!(http, JsValue::NULL, "no browser tells"),
    }
}

#[wasm_bindgen_test]
async fn a_connection_that_ends_without_a_close_frame_is_not_clean() {
    let peer = Peer::start().await;
    let talk = Talk::open(&peer.url("/drop"));
    fails_with(&talk, Status::BASE_STREAM_CLOSED).await;
}

#[wasm_bindgen_test]
async fn a_server_that_never_answers_is_given_up_after_open_timeout_ms() {
    let peer = Peer::start().await;
    let options = Object::new();
    Reflect::set(&options, &"openTimeoutMs".into(), &100.into()).expect("set");
    let started = js_sys::Date::now();
    let talk = Talk::on(Channel::new(&options).expect("valid options"), &peer.url("/silent"));
    fails_with(&talk, Status::NET_TIMEOUT).await;
    assert!(js_sys::Date::now() - started >= 99.0, "after {} ms", js_sys::Date::now() - started);
    assert_eq!(talk.detail("timeout"), JsValue::from("open"));
}
