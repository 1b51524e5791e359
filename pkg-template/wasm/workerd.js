// The wasm of the browser build for Cloudflare's workerd, which compiles nothing at run time: an import that is a WebAssembly.Module.

import compiled from './browser.wasm';

/** The wasm, compiled. */
export const wasmModule = () => compiled;
