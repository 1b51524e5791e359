//! What std would bring, small: a page downloads it. Without std's panic messages and allocator the browser build is
//! about 5 kB smaller, gzipped (ARCHITECTURE.md, "The build").

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

/// A panic is a fault of ours: JavaScript sees a `RuntimeError`, "unreachable executed".
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
