//! One message to many channels, framed once for all of them.

use core::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::channel::State;
use crate::facade::WebSocketChannel;
use crate::protocol::Shared;
use crate::transport::{Driver, PayloadKind, node};

/// A message on its way to the members of a group.
#[wasm_bindgen(skip_typescript)]
pub struct Broadcast {
    payload: JsValue,
    kind: PayloadKind,
    shared: RefCell<Shared>,
}

/// `undefined` if the payload cannot be framed once, because it is large, for example. Then each member sends it by itself.
pub(in crate::facade) fn broadcast(payload: &JsValue, kind: PayloadKind) -> JsValue {
    let Some(bytes) = node::filled(payload, kind) else { return JsValue::UNDEFINED };
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
            && (self.send_shared(&channel.driver) || channel.send_quietly(&self.payload, self.kind))
    }

    /// Returns false if the channel cannot send the frame that the others send.
    fn send_shared(&self, driver: &Driver) -> bool {
        let rest = {
            let shared = &mut *self.shared.borrow_mut();
            driver.with_transport(|it| it.send_shared(driver, shared)).flatten()
        };
        let Some(rest) = rest else { return false };
        if rest.is_due()
            && let Some(transport) = driver.transport()
        {
            transport.finish(rest);
        }
        true
    }
}
