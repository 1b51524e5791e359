// The host's schedulers. Fake timers (of Jest, Vitest, Sinon) put others in their places, and forget what waits there when they go. So the package takes
// the host's own when it is loaded, and esbuild injects them wherever the package and wasm-bindgen's glue name them. `process.nextTick` is no global:
// tick.js takes it.

/** The host's own function, also if a fake stands for it already: @sinonjs/fake-timers, which all of them use, keeps it in `clock`. */
const own = (it, name) => it?.clock?.[`_${name}`] ?? it;

export const queueMicrotask = /* @__PURE__ */ own(/* @__PURE__ */ (() => globalThis.queueMicrotask)(), 'queueMicrotask');
/** Jest's environment jsdom has removed it. */
export const setImmediate = /* @__PURE__ */ own(/* @__PURE__ */ (() => globalThis.setImmediate ?? globalThis.process?.getBuiltinModule?.('timers').setImmediate)(), 'setImmediate');
