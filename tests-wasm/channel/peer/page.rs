//! In a page: a scripted stand-in for the native `WebSocket`, which follows the same rules.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test_configure;

use super::Host;
use crate::script;

wasm_bindgen_test_configure!(run_in_browser);

pub(crate) const HOST: Host = Host::Page;

impl Peer {
    /// This is asynchronous because starting the server in Node is.
    pub(crate) async fn start() -> Self {
        PEER.with(|class| script::construct(class, &Array::new())).expect("a peer")
    }
}

thread_local! {
    static PEER: Function = script::run(include_str!("page.js")).unchecked_into();
}

#[wasm_bindgen]
extern "C" {
    pub(crate) type Peer;
    #[wasm_bindgen(method)]
    pub(crate) fn url(this: &Peer, path: &str) -> String;
    #[wasm_bindgen(method, getter, js_name = seen)]
    pub(super) fn seen_items(this: &Peer) -> Array;
}
