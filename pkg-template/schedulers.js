// The host's schedulers, as they are when the package is loaded. Fake timers (of Jest, Vitest, Sinon) put others in their places, and forget what waits
// there when they go. esbuild injects these wherever the package and wasm-bindgen's glue name them. (`process.nextTick` is no global: tick.js takes it.)

export const queueMicrotask = /* @__PURE__ */ (() => globalThis.queueMicrotask)();
export const setImmediate = /* @__PURE__ */ (() => globalThis.setImmediate)();
