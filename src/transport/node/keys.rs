//! Mask keys and nonces, from the host's cryptographic generator (RFC 6455 §10.3).

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::protocol::MaskKey;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn fill_random(bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// How many random bytes are drawn together.
const POOL_SIZE: usize = 8192;
/// How many bytes remain for close frames and pongs when no more can be drawn.
const RESERVE: usize = 1024;

/// Random bytes for many frames.
struct Pool {
    bytes: [u8; POOL_SIZE],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_SIZE], used: POOL_SIZE }) };
}

/// Draws random bytes if few are left. It calls JavaScript, so nothing may be borrowed. The error is what the generator throws.
#[inline]
pub(super) fn prepare() -> Result<(), JsValue> {
    if POOL.with_borrow(|pool| pool.used <= POOL_SIZE - RESERVE) { Ok(()) } else { draw() }
}

#[cold]
fn draw() -> Result<(), JsValue> {
    let mut bytes = [0; POOL_SIZE];
    fill_random(&mut bytes)?;
    POOL.set(Pool { bytes, used: 0 });
    Ok(())
}

/// A key for one frame. It calls no JavaScript: [`prepare`] does.
#[inline]
pub(super) fn mask_key() -> MaskKey {
    POOL.with_borrow_mut(|pool| {
        let mut left = pool.bytes.get(pool.used..).and_then(|rest| rest.first_chunk());
        if left.is_none() {
            // The reserve is used up, and the generator still fails: earlier keys are harder to predict than zeros.
            pool.used = 0;
            left = pool.bytes.first_chunk();
        }
        pool.used += size_of::<MaskKey>();
        left.copied().unwrap_or_default()
    })
}

/// Sixteen bytes for `Sec-WebSocket-Key`.
pub(super) fn nonce() -> [u8; 16] {
    let mut nonce = [0; 16];
    nonce.as_chunks_mut().0.iter_mut().for_each(|part| *part = mask_key());
    nonce
}
