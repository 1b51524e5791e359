//! One channel, and the listener that records its calls.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::class::Channel;
use crate::script;

/// A channel that was opened.
pub(crate) struct Talk {
    pub(crate) channel: Channel,
    recorder: Recorder,
}

impl Talk {
    /// Opens a channel without options.
    pub(crate) fn open(url: &str) -> Self {
        Self::on(Channel::idle(), url)
    }

    /// Opens this channel.
    pub(crate) fn on(channel: Channel, url: &str) -> Self {
        let recorder = Recorder::new();
        channel.async_open(&url.into(), &JsValue::NULL, &recorder, &recorder.context()).expect("asyncOpen");
        let talk = Self { channel, recorder };
        assert_eq!(talk.calls(), [""; 0], "no call before asyncOpen has returned");
        talk
    }

    /// A channel that is open.
    pub(crate) async fn opened(url: &str) -> Self {
        let talk = Self::open(url);
        talk.until("onStart").await;
        assert_eq!((talk.channel.state().as_str(), talk.channel.status()), ("open", 0));
        talk
    }

    /// Waits for the call of this name. Panics if it does not happen.
    pub(crate) async fn until(&self, call: &str) {
        if let Err(error) = JsFuture::from(self.recorder.until(call)).await {
            panic!("{error:?}");
        }
    }

    /// Waits for `onStop`, and for any call that might wrongly follow it. Returns the calls so far.
    pub(crate) async fn stopped(&self) -> Vec<String> {
        self.until("onStop").await;
        assert_eq!(self.channel.state(), "stopped");
        self.calls()
    }

    /// The calls so far, each as one string: its name, and its arguments except the context and the detail.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.recorder.calls().iter().map(|call| call.as_string().expect("a string")).collect()
    }

    /// The calls so far of this name.
    pub(crate) fn calls_of(&self, name: &str) -> Vec<String> {
        self.calls().into_iter().filter(|call| call.split(' ').next() == Some(name)).collect()
    }

    /// A property of `onStop`'s detail.
    pub(crate) fn detail(&self, name: &str) -> JsValue {
        let detail = self.recorder.detail();
        assert!(Object::has_own::<Object>(detail.unchecked_ref(), &name.into()), "the detail has no {name}");
        Reflect::get(&detail, &name.into()).expect("a property")
    }

    /// Runs `reaction` inside the next call of this name. It must not panic, because a panic there would not say which test failed.
    pub(crate) fn when(&self, call: &str, reaction: impl FnOnce() + 'static) {
        let reaction = Closure::once_into_js(reaction);
        Reflect::set(&self.recorder.reactions(), &call.into(), &reaction).expect("set");
    }

    /// Sends a text, which must be accepted.
    pub(crate) fn send(&self, text: &str) {
        assert_eq!(self.channel.send_msg(&text.into()), Ok(true));
    }
}

thread_local! {
    static RECORDER: Function = script::run(include_str!("talk.js")).unchecked_into();
}

impl Recorder {
    fn new() -> Self {
        RECORDER.with(|class| script::construct(class, &Array::new())).expect("a recorder")
    }
}

#[wasm_bindgen]
extern "C" {
    type Recorder;
    #[wasm_bindgen(method, getter)]
    fn calls(this: &Recorder) -> Array;
    #[wasm_bindgen(method, getter)]
    fn detail(this: &Recorder) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn reactions(this: &Recorder) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn context(this: &Recorder) -> JsValue;
    #[wasm_bindgen(method)]
    fn until(this: &Recorder, call: &str) -> Promise;
}
