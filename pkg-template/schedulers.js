// The host's queueMicrotask, as it is when the package is loaded. Fake timers (of Jest, Vitest, Sinon) put another in its place, and forget what
// waits there when they go. esbuild injects this one wherever the package and wasm-bindgen's glue name it.

export const queueMicrotask = /* @__PURE__ */ (() => globalThis.queueMicrotask)();
