// The wasm of the Node build: base64 in a file of its own, because Node prints the source line that threw, and this line is long. Also,
// nothing reads the file before the first channel. A bundler follows the `require`.

/** The wasm, compiled. @throws where WebAssembly is missing or forbidden */
export const wasmModule = () => new WebAssembly.Module(Buffer.from(require('./node-wasm.cjs'), 'base64'));
