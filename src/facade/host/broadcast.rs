//! One message to many channels, framed once for all of them.

use core::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::channel::State;
use crate::facade::WebSocketChannel;
use crate::protocol::Shared;
use crate::transport::{Payload, PayloadKind, node};

/// A message on its way to the members of a group.
#[wasm_bindgen(skip_typescript)]
pub struct Broadcast {
    payload: JsValue,
    kind: PayloadKind,
    shared: RefCell<Shared>,
}

/// `undefined` if the payload cannot be framed once, because it is large, for example. Then each member sends it by itself.
pub(in crate::facade) fn broadcast(payload: &JsValue, parsed: Payload) -> JsValue {
    let kind = PayloadKind::of(matches!(parsed, Payload::Text(_)));
    let Some(bytes) = node::gather(parsed) else { return JsValue::UNDEFINED };
    let shared = Shared::new(kind.into(), bytes);
    Broadcast { payload: payload.clone(), kind, shared: RefCell::new(shared) }.into()
}

#[wasm_bindgen]
impl Broadcast {
    /// Sends the message on this channel if it is open. Returns whether it was accepted.
    #[wasm_bindgen(js_name = sendTo)]
    pub fn send_to(&self, member: &WebSocketChannel) -> bool {
        let channel = &member.inner;
        channel.driver.state() == State::Open
            && (channel.send_now(|transport| transport.send_shared(&channel.driver, &mut self.shared.borrow_mut()))
                || channel.send_quietly(&self.payload, self.kind))
    }
}
