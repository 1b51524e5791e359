//! `LoadGroup`: the channels that were opened with it and have not stopped.

use alloc::string::String;

use js_sys::{Array, Function, Reflect, Set, Symbol};
use wasm_bindgen::prelude::*;

use super::arguments::{parse_payload, quote};
use super::{Returned, host};
use crate::status::Status;
use crate::transport::{ChannelError, PayloadKind, sentence};

/// A group of channels.
#[wasm_bindgen(skip_typescript)]
pub struct LoadGroup {
    /// The channels' objects that JavaScript holds, which iteration returns.
    members: Set,
}

#[wasm_bindgen]
impl LoadGroup {
    /// An empty group.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)] // JavaScript has no Default
    pub fn new() -> Self {
        Self { members: Set::new(&JsValue::UNDEFINED) }
    }

    /// The number of active channels: opened, and not yet stopped.
    #[wasm_bindgen(getter, js_name = activeCount)]
    pub fn active_count(&self) -> u32 {
        self.members.size()
    }

    /// Ends every active channel; each gets its `onStop` with `status`, NS_BINDING_ABORTED by default.
    pub fn cancel(&self, status: &JsValue) -> Result<(), JsValue> {
        let status = if status.is_undefined() { f64::from(Status::BINDING_ABORTED.0) } else { failure(status)? };
        for member in self.snapshot().iter() {
            let cancel: Function = Reflect::get(&member, &Symbol::for_("websocket-channel.cancel"))?.dyn_into()?;
            cancel.call1(&member, &status.into())?;
        }
        Ok(())
    }

    /// A `Broadcast` of this payload, or undefined if each member sends it by itself. Throws what a member's `sendMsg` or `sendBinaryMsg`
    /// would throw for the payload, even if there is no member.
    #[wasm_bindgen(js_name = __broadcast)]
    pub fn broadcast(&self, payload: &JsValue, is_text: bool) -> Result<JsValue, JsValue> {
        let kind = PayloadKind::of(is_text);
        let parsed = parse_payload(payload, kind)?;
        Ok(host::broadcast(payload, parsed))
    }

    /// Iterates over the channels that are active now.
    #[wasm_bindgen(js_name = "[Symbol.iterator]")]
    pub fn iterate(&self) -> Returned {
        Ok(self.snapshot().values().into())
    }

    /// What `console.log` shows in Node.
    #[wasm_bindgen(js_name = __inspect)]
    pub fn inspect(&self) -> String {
        sentence(&["LoadGroup { activeCount: ", &quote(&self.active_count().into()), " }"])
    }

    /// The set that channels join and leave.
    #[wasm_bindgen(getter, js_name = __members)]
    pub fn members(&self) -> Returned {
        Ok(self.members.clone().into())
    }

    fn snapshot(&self) -> Array {
        Array::from(&self.members)
    }
}

/// A status that is a failure.
fn failure(status: &JsValue) -> Result<f64, ChannelError> {
    let number = status.as_f64().filter(|number| f64::from(*number as u32) == *number && *number >= 2_147_483_648.0);
    number.ok_or_else(|| {
        let advice = " is not a failure status. Use any Status other than NS_OK.";
        ChannelError::invalid(sentence(&["cancel: ", &quote(status), advice]))
    })
}

/// The members of a group; `None` if it is not one.
pub(super) fn members(group: &JsValue) -> Option<Set> {
    if !group.is_object() {
        return None;
    }
    Reflect::get(group, &Symbol::for_("websocket-channel.members")).ok()?.dyn_into().ok()
}

/// Adds an active channel to its group, if there is one.
pub(super) fn join(group: &JsValue, channel: impl FnOnce() -> JsValue) {
    if let Some(members) = members(group) {
        members.add(&channel());
    }
}

/// Removes a channel from its group, if there is one.
pub(super) fn leave(group: &JsValue, channel: impl FnOnce() -> JsValue) {
    if let Some(members) = members(group) {
        members.delete(&channel());
    }
}
