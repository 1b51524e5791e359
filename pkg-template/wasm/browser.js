// The wasm of the browser build: base64 in the bundle itself, so that no bundler and no server has to know about it.

import base64 from 'build:wasm';

/** The wasm, compiled. @throws where WebAssembly is missing or forbidden */
export const wasmModule = () => new WebAssembly.Module(decode(base64));

/** Uint8Array.fromBase64 is twenty times as fast; atob is everywhere. */
const decode = (text) => Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
