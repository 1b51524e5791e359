//! Mask keys and nonces, from the host's cryptographic generator (RFC 6455 §10.3).

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::protocol::MaskKey;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_random(bytes: &mut [u8]);
}

/// Random bytes that are drawn together, for many keys.
struct Pool {
    bytes: [u8; 8192],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; 8192], used: 8192 }) };
}

/// A key for one frame.
#[inline]
pub(super) fn mask_key() -> MaskKey {
    POOL.with_borrow_mut(|pool| {
        if let Some(key) = pool.bytes.get(pool.used..).and_then(|rest| rest.first_chunk()) {
            pool.used += key.len();
            return *key;
        }
        fill_random(&mut pool.bytes);
        pool.used = size_of::<MaskKey>();
        pool.bytes.first_chunk().copied().unwrap_or_default()
    })
}

/// Sixteen bytes for `Sec-WebSocket-Key`.
pub(super) fn nonce() -> [u8; 16] {
    let mut nonce = [0; 16];
    nonce.as_chunks_mut().0.iter_mut().for_each(|part| *part = mask_key());
    nonce
}
