//! Node: a server of `node:net` on loopback, in the process of the test.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test_configure;

use super::Host;

// As modules: as CommonJS, Node 20 could not load the scripts before 20.17.
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
