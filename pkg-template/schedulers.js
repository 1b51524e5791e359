// The host's schedulers. Fake timers (of Jest, Vitest, Sinon) put others in their places, and forget what waits there when they go. So the package takes
// the host's own when it is loaded, and esbuild injects them wherever the package and wasm-bindgen's glue name them. `process.nextTick` is no global:
// tick.js takes it.

/** The host's own function, even if a fake already stands for it: @sinonjs/fake-timers, which all of them use, keeps it in `clock`. */
function own(name) {
  const it = globalThis[name] ?? globalThis.process?.getBuiltinModule?.('timers')[name]; // Jest's environment jsdom has no setImmediate
  return it?.clock?.[`_${name}`] ?? it;
}

export const queueMicrotask = /* @__PURE__ */ own('queueMicrotask');
export const setImmediate = /* @__PURE__ */ own('setImmediate');
