//! The exported channel inside real wasm: in Node with `--features node`, in headless browsers without.
//!
//! `npm test` runs it with wasm-pack, and sets WSC_ECHO to the URL of an echo server on loopback. What the package as
//! a whole does is tested in `behaviour/`; this is for what only Rust can see, and for those who change Rust alone.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used)] // a test may

use js_sys::{Array, JsString, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::*;
use websocket_channel::bindings::{Answer, Listener, RawChannel};
use websocket_channel::close::CloseCode;
use websocket_channel::status::Status;

#[cfg(not(feature = "node"))]
wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = r#"
    export class Recorder {
      constructor() { this.calls = []; this.stopped = new Promise((resolve) => { this.resolve = resolve; }); this.react = {}; }
      note(call, ...args) { this.calls.push([call, ...args].join(' ')); this.react[call]?.(); }
      onStart() { this.note('onStart'); }
      onMessageAvailable(_, text) { this.note('onMessageAvailable', text); }
      onBinaryMessageAvailable(_, bytes) { this.note('onBinaryMessageAvailable', bytes); }
      onAcknowledge(_, size) { this.note('onAcknowledge', size); }
      onServerClose(_, code, reason) { this.note('onServerClose', code, reason); }
      onStop(_, status, detail) { this.note('onStop', status); this.resolve(detail); }
    }
    export const newUrl = (url) => new URL(url);
    export const noOptions = () => ({});
"#)]
extern "C" {
    type Recorder;
    #[wasm_bindgen(constructor)]
    fn new() -> Recorder;
    #[wasm_bindgen(method, getter)]
    fn calls(this: &Recorder) -> Array;
    #[wasm_bindgen(method, getter)]
    fn stopped(this: &Recorder) -> js_sys::Promise;
    #[wasm_bindgen(method, getter)]
    fn react(this: &Recorder) -> JsValue;
    #[wasm_bindgen(js_name = newUrl)]
    fn new_url(url: &str) -> JsValue;
    #[wasm_bindgen(js_name = noOptions)]
    fn no_options() -> JsValue;
}

const ECHO: Option<&str> = option_env!("WSC_ECHO");

fn open(channel: &RawChannel, url: &str) -> Recorder {
    console_error_panic_hook::set_once();
    let recorder = Recorder::new();
    let listener = Listener::new(recorder.as_ref(), &JsValue::NULL, &JsValue::UNDEFINED);
    let result = channel.async_open(&new_url(url), Array::new(), 20_000, 20_000, 1 << 20, no_options(), listener);
    result.expect("asyncOpen");
    recorder
}

fn echo() -> &'static str {
    ECHO.expect("WSC_ECHO is not set: run npm test, or start an echo server and set it to its ws:// URL")
}

impl Recorder {
    async fn until_stopped(&self) -> Vec<String> {
        JsFuture::from(self.stopped()).await.expect("onStop");
        self.calls().iter().map(|call| call.as_string().expect("a string")).collect()
    }

    /// Has `reaction` run inside the first call of `method`.
    fn when(&self, method: &str, reaction: impl FnMut() + 'static) {
        let reaction = Closure::<dyn FnMut()>::new(reaction).into_js_value();
        Reflect::set(&self.react(), &method.into(), &reaction).expect("set");
    }
}

fn error_name(result: Result<(), JsValue>) -> Option<String> {
    let error = result.err()?;
    Reflect::get(&error, &"name".into()).ok()?.as_string()
}

#[wasm_bindgen_test]
fn an_idle_channel_refuses_to_send_and_to_close() {
    let channel = RawChannel::new();
    let refused = Some("NS_ERROR_NOT_CONNECTED".to_owned());
    assert_eq!(error_name(channel.close(&JsValue::UNDEFINED, &JsValue::UNDEFINED)), refused);
    assert_eq!(channel.send_text(&"x".into()), Answer::NotOpened);
    assert_eq!(channel.send_bytes(&Uint8Array::new_with_length(1)), Answer::NotOpened);
}

#[wasm_bindgen_test]
async fn close_takes_the_codes_of_the_table_and_no_others() {
    let channel = RawChannel::new();
    let recorder = open(&channel, echo());
    channel.cancel(Status::BINDING_ABORTED.0);
    recorder.until_stopped().await;
    for code in 0..=u16::MAX {
        let name = error_name(channel.close(&code.into(), &JsValue::UNDEFINED));
        let expected = CloseCode::for_close(code).is_none().then(|| "NS_ERROR_INVALID_ARG".to_owned());
        assert_eq!(name, expected, "close({code})");
    }
    for odd in
        [JsValue::from(-1), JsValue::from(65536 + 1000), JsValue::from(1000.5), JsValue::from(f64::NAN), "1000".into()]
    {
        let name = error_name(channel.close(&odd, &JsValue::UNDEFINED));
        assert_eq!(name.as_deref(), Some("NS_ERROR_INVALID_ARG"), "{odd:?}");
    }
}

#[wasm_bindgen_test]
async fn an_echo_round_trip_makes_every_call_in_order() {
    let channel = std::rc::Rc::new(RawChannel::new());
    let recorder = open(&channel, echo());
    assert_eq!(channel.send_text(&"hé".into()), Answer::Accepted);
    assert_eq!(channel.send_bytes(&Uint8Array::from(&[1u8, 2][..])), Answer::Accepted);
    assert_eq!(channel.buffered_amount(), 5.0);
    let closing = channel.clone();
    recorder.when("onBinaryMessageAvailable", move || closing.close(&4000.into(), &"bye".into()).expect("close"));
    let calls = recorder.until_stopped().await;
    let messages: Vec<_> = calls.iter().filter(|call| !call.starts_with("onAcknowledge")).collect();
    let expected =
        ["onStart", "onMessageAvailable hé", "onBinaryMessageAvailable 1,2", "onServerClose 4000 bye", "onStop 0"];
    assert_eq!(messages, expected);
    let acknowledged: Vec<_> = calls.iter().filter(|call| call.starts_with("onAcknowledge")).collect();
    assert_eq!(acknowledged, ["onAcknowledge 3", "onAcknowledge 2"]);
    assert_eq!(channel.buffered_amount(), 0.0);
}

#[wasm_bindgen_test]
async fn a_lone_surrogate_goes_out_as_the_replacement_character() {
    let channel = std::rc::Rc::new(RawChannel::new());
    let recorder = open(&channel, echo());
    let closing = channel.clone();
    recorder.when("onMessageAvailable", move || closing.close(&1000.into(), &"".into()).expect("close"));
    channel.send_text(&JsString::from_char_code(&[0x61, 0xD800]));
    let calls = recorder.until_stopped().await;
    assert!(calls.contains(&"onMessageAvailable a\u{FFFD}".to_owned()), "{calls:?}");
}

#[wasm_bindgen_test]
async fn close_while_connecting_gives_on_start_and_on_stop_later() {
    let channel = RawChannel::new();
    let recorder = open(&channel, echo());
    channel.close(&JsValue::UNDEFINED, &JsValue::UNDEFINED).expect("close");
    assert_eq!(recorder.calls().length(), 0, "not before close() has returned");
    assert_eq!(recorder.until_stopped().await, ["onStart".to_owned(), format!("onStop {}", Status::BINDING_ABORTED.0)]);
}

#[wasm_bindgen_test]
async fn a_port_where_nobody_listens_refuses() {
    let channel = RawChannel::new();
    let recorder = open(&channel, "ws://127.0.0.1:1/");
    let calls = recorder.until_stopped().await;
    assert_eq!(calls, ["onStart".to_owned(), format!("onStop {}", Status::CONNECTION_REFUSED.0)]);
    assert_eq!(channel.status(), Status::CONNECTION_REFUSED.0);
}
