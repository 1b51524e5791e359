//! In Node: a `node:net` server on loopback, in the process of the test.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test_configure;

use super::Host;

// The tests run as ES modules, because Node 20 before 20.17 cannot load the scripts as CommonJS.
wasm_bindgen_test_configure!(run_in_node_experimental);

pub(crate) const HOST: Host = Host::Node;

impl Peer {
    pub(crate) async fn start() -> Self {
        let peer = Self::new();
        JsFuture::from(peer.listen()).await.expect("a free port");
        peer
    }
}

#[wasm_bindgen(module = "/tests-wasm/channel/peer/node.js")]
extern "C" {
    pub(crate) type Peer;
    #[wasm_bindgen(constructor)]
    fn new() -> Peer;
    #[wasm_bindgen(method)]
    fn listen(this: &Peer) -> Promise;
    #[wasm_bindgen(method)]
    pub(crate) fn url(this: &Peer, path: &str) -> String;
    #[wasm_bindgen(method, getter, js_name = seen)]
    pub(super) fn seen_items(this: &Peer) -> Array;
}
