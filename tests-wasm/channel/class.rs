//! The classes that users have, called as JavaScript calls them: by name, with JavaScript values, through wasm-bindgen's glue.

use js_sys::{Array, Error, Function, JsString, Reflect};
use wasm_bindgen::prelude::*;
use websocket_channel::facade;
use websocket_channel::status::TABLE;

use crate::script;

impl Channel {
    /// `new WebSocketChannel(options)`
    pub(crate) fn new(options: &JsValue) -> Result<Self, JsValue> {
        CLASSES.with(|classes| script::construct(&classes.channel, &Array::of1(options)))
    }

    /// `new WebSocketChannel()`
    pub(crate) fn idle() -> Self {
        Self::new(&JsValue::UNDEFINED).expect("no options are valid options")
    }
}

impl LoadGroup {
    /// `new LoadGroup()`
    pub(crate) fn new() -> Self {
        CLASSES.with(|classes| script::construct(&classes.group, &Array::new())).expect("a group")
    }

    /// `[...group]`
    pub(crate) fn to_array(&self) -> Array {
        Array::from(self)
    }
}

struct Classes {
    channel: Function,
    group: Function,
}

thread_local! {
    static CLASSES: Classes = load();
}

fn load() -> Classes {
    let make: Function = script::run(include_str!("class.js")).unchecked_into();
    let channel = facade::WebSocketChannel::new(&JsValue::UNDEFINED).expect("no options are valid options");
    let classes = make.call2(&JsValue::NULL, &channel.into(), &facade::LoadGroup::new().into()).expect("classes");
    let class = |name: &str| Reflect::get(&classes, &name.into()).expect("a property").unchecked_into();
    Classes { channel: class("WebSocketChannel"), group: class("LoadGroup") }
}

/// The name of the `ChannelError` that was thrown. Panics if nothing was thrown, or if what was thrown is not such an error:
/// its `code` is its name, its `result` is the number of that name, and its message has the form of a `ChannelError` message.
pub(crate) fn error_name<T>(result: Result<T, JsValue>) -> String {
    let Err(thrown) = result else { panic!("nothing was thrown") };
    let get = |name: &str| Reflect::get(&thrown, &name.into()).expect("a property");
    assert!(thrown.is_instance_of::<Error>(), "not an Error: {thrown:?}");
    let name = get("name").as_string().expect("a name");
    assert_eq!(get("code").as_string().as_deref(), Some(&*name), "the code");
    let number = TABLE.iter().find(|(_, other, _)| *other == name).map(|(status, ..)| f64::from(status.0));
    assert_eq!(get("result").as_f64(), number, "the result of {name}");
    let message = get("message").as_string().expect("a message");
    assert!(message.contains(": ") && message.ends_with(['.', '?']), "the message of {name}: {message}");
    name
}

/// The message of what was thrown.
pub(crate) fn error_message<T>(result: Result<T, JsValue>) -> String {
    let Err(thrown) = result else { panic!("nothing was thrown") };
    Reflect::get(&thrown, &"message".into()).ok().and_then(|message| message.as_string()).expect("a message")
}

#[wasm_bindgen]
extern "C" {
    /// The class `WebSocketChannel`.
    #[derive(Clone, PartialEq)]
    pub(crate) type Channel;
    #[wasm_bindgen(method, catch, js_name = asyncOpen)]
    pub(crate) fn async_open(
        this: &Channel,
        uri: &JsValue,
        origin: &JsValue,
        listener: &JsValue,
        context: &JsValue,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = sendMsg)]
    pub(crate) fn send_msg(this: &Channel, text: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(method, catch, js_name = sendBinaryMsg)]
    pub(crate) fn send_binary_msg(this: &Channel, bytes: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn close(this: &Channel) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = close)]
    pub(crate) fn close_with(this: &Channel, code: &JsValue, reason: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn state(this: &Channel) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn status(this: &Channel) -> u32;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn serial(this: &Channel) -> u32;
    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    pub(crate) fn buffered_amount(this: &Channel) -> f64;
    #[wasm_bindgen(method, getter, catch, js_name = URI)]
    pub(crate) fn uri(this: &Channel) -> Result<JsString, JsValue>;
    #[wasm_bindgen(method, getter, catch, js_name = originalURI)]
    pub(crate) fn original_uri(this: &Channel) -> Result<JsString, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn protocol(this: &Channel) -> String;
    #[wasm_bindgen(method, setter, catch)]
    pub(crate) fn set_protocol(this: &Channel, list: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter, js_name = httpResponse)]
    pub(crate) fn http_response(this: &Channel) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = pingInterval)]
    pub(crate) fn ping_interval(this: &Channel) -> u32;
    #[wasm_bindgen(method, setter, catch, js_name = pingInterval)]
    pub(crate) fn set_ping_interval(this: &Channel, seconds: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter, js_name = loadGroup)]
    pub(crate) fn load_group(this: &Channel) -> JsValue;
    #[wasm_bindgen(method, setter, catch, js_name = loadGroup)]
    pub(crate) fn set_load_group(this: &Channel, group: &JsValue) -> Result<(), JsValue>;

    /// The class `LoadGroup`.
    #[derive(Clone, PartialEq)]
    pub(crate) type LoadGroup;
    #[wasm_bindgen(method, getter, js_name = activeCount)]
    pub(crate) fn active_count(this: &LoadGroup) -> u32;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn cancel(this: &LoadGroup, status: &JsValue) -> Result<(), JsValue>;
}
