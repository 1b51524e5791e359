//! The attribute `notificationCallbacks`: what the opening asks the user and tells it.

use std::rc::Rc;

use js_sys::{Function, Reflect, Symbol};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::Node;
use crate::channel::State;
use crate::opening::{self, Answer, AuthRequest, Credentials, Party, Stage};
use crate::transport::{as_error, report, settled, to_text};
use crate::uri::Uri;

/// The callbacks of one channel.
pub(super) struct Asker {
    pub(super) node: Rc<Node>,
}

/// The argument of onAuthRequired.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    scheme: &'a str,
    realm: &'a str,
    origin: &'a str,
    is_proxy: bool,
    attempt: u32,
}

impl Asker {
    /// A callback, if there is one, with its `this`.
    fn callback(&self, key: impl Into<JsValue>) -> Result<Option<(JsValue, Function)>, JsValue> {
        let callbacks = self.node.attributes.node.callbacks.borrow().clone();
        if callbacks.is_null() {
            return Ok(None);
        }
        let key = key.into();
        let callback = Reflect::get(&callbacks, &key)?;
        if callback.is_null() || callback.is_undefined() {
            return Ok(None);
        }
        let callback = callback.dyn_into().map_err(|_| {
            let name = to_text(&key).unwrap_or_default();
            JsValue::from(js_sys::TypeError::new(&format!("notificationCallbacks.{name} must be a function.")))
        })?;
        Ok(Some((callbacks, callback)))
    }

    /// Calls a callback whose result does not matter. What it throws is reported and stops nothing else.
    fn tell(&self, key: impl Into<JsValue>, call: impl FnOnce(&JsValue, &Function) -> Result<(), JsValue>) {
        if self.node.driver.state() != State::Connecting {
            return; // a callback has closed the channel
        }
        let told = self.callback(key).and_then(|found| match found {
            Some((callbacks, callback)) => call(&callbacks, &callback),
            None => Ok(()),
        });
        if let Err(thrown) = told {
            report(&thrown);
        }
    }

    async fn ask(&self, request: &AuthRequest) -> Result<Answer<JsValue>, JsValue> {
        let Some((callbacks, callback)) = self.callback("onAuthRequired")? else {
            return Ok(Answer::NoCallback);
        };
        let request = Request {
            scheme: request.scheme.name(),
            realm: &request.realm,
            origin: &request.origin,
            is_proxy: request.party == Party::Proxy,
            attempt: request.attempt,
        };
        let answer = callback.call1(&callbacks, &super::to_js(&request)?)?;
        let answer = JsFuture::from(settled(&answer)).await?;
        if answer.is_null() || answer.is_undefined() {
            return Ok(Answer::GaveUp);
        }
        let text = |name: &str| match answer.is_object() {
            true => Reflect::get(&answer, &name.into()).map(|value| value.as_string()),
            false => Ok(None),
        };
        match (text("username")?, text("password")?) {
            (Some(username), Some(password)) => Ok(Answer::Credentials(Credentials { username, password })),
            _ => {
                Err(js_sys::TypeError::new("onAuthRequired must return { username, password }, two strings, or null.")
                    .into())
            }
        }
    }
}

impl opening::Ask for Asker {
    type Cause = JsValue;

    fn progress(&self, stage: Stage, host: &str) {
        self.tell("onProgress", |callbacks, callback| {
            callback.call2(callbacks, &stage.name().into(), &host.into()).map(drop)
        });
    }

    /// Calls a callback that is not documented. The command's `--verbose` uses it to show the request.
    fn sends(&self, head: impl FnOnce() -> String) {
        self.tell(Symbol::for_("websocket-channel.onRequest"), |callbacks, callback| {
            callback.call1(callbacks, &head().into()).map(drop)
        });
    }

    fn moved(&self, uri: &Uri) {
        self.node.attributes.uri.replace(Some(Rc::new(uri.href.clone())));
    }

    async fn credentials(&self, request: &AuthRequest) -> Answer<JsValue> {
        self.ask(request).await.unwrap_or_else(|thrown| Answer::Failed(as_error(thrown).0))
    }

    async fn may_redirect(&self, from: &str, to: &str, status: u16) -> Result<bool, JsValue> {
        let asked = async {
            let Some((callbacks, callback)) = self.callback("onRedirect")? else { return Ok(true) };
            let answer = callback.call3(&callbacks, &from.into(), &to.into(), &status.into())?;
            let answer = JsFuture::from(settled(&answer)).await?;
            Ok(answer != JsValue::FALSE)
        };
        asked.await.map_err(|thrown| as_error(thrown).0)
    }
}
