//! Mask keys and nonces, from the host's cryptographic generator (RFC 6455 §10.3).

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::channel::MAX_OUTSTANDING;
use crate::protocol::MaskKey;

#[wasm_bindgen(module = "/src/transport/node/builtin.js")]
extern "C" {
    #[wasm_bindgen(js_name = fillRandom, catch)]
    fn fill_random(bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// How many random bytes are drawn together.
const POOL_SIZE: usize = 16_384;
/// How many bytes one call of [`prepare`] guarantees. One write may contain as many pings as may be outstanding, and pongs and a close
/// frame besides.
const RESERVE: usize = (MAX_OUTSTANDING + 128) * size_of::<MaskKey>();

/// Random bytes for many frames.
struct Pool {
    bytes: [u8; POOL_SIZE],
    /// How many were used since they were drawn. If the generator fails for so long that this exceeds their number, they serve again.
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_SIZE], used: POOL_SIZE }) };
}

/// Whether enough random bytes are left, so that [`prepare`] would do nothing.
#[inline]
pub(super) fn are_ready() -> bool {
    POOL.with_borrow(|pool| pool.used <= POOL_SIZE - RESERVE)
}

/// Draws random bytes if few are left. It calls JavaScript, so nothing may be borrowed. The error is what the generator throws.
#[inline]
pub(super) fn prepare() -> Result<(), JsValue> {
    if are_ready() { Ok(()) } else { draw() }
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
        let next = pool.used % POOL_SIZE;
        pool.used = pool.used.saturating_add(size_of::<MaskKey>());
        pool.bytes.get(next..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default()
    })
}

/// Sixteen bytes for `Sec-WebSocket-Key`.
pub(super) fn nonce() -> [u8; 16] {
    let _ = prepare(); // if the generator fails, what is left is enough
    let mut nonce = [0; 16];
    nonce.as_chunks_mut().0.iter_mut().for_each(|part| *part = mask_key());
    nonce
}
