//! Small replacements for parts of std, because a page downloads them. Without std's panic messages and allocator the browser build is
//! about 5 kB smaller, gzipped (ARCHITECTURE.md, "The build").

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

/// A panic is a bug in this package. JavaScript sees a `RuntimeError`, "unreachable executed".
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
