/** Node as the host of a case. */
export function nodeHost(api, engine = 'node') {
  return {
    name: 'node',
    engine,
    memory: () => wasmMemory(api),
    uncaught,
  };
}

/** The size of the package's wasm memory in bytes. It is 0 if the package does not expose it, and one case checks for that. */
export function wasmMemory({ WebSocketChannel }) {
  const memory = wasm(WebSocketChannel)?.memory;
  return memory?.buffer.byteLength ?? 0;
}

/** The length of wasm's table of JavaScript values, which keeps each value that wasm still holds. It is undefined if the package does not expose it. */
export function wasmTableLength({ WebSocketChannel }) {
  return wasm(WebSocketChannel)?.__wbindgen_externrefs?.length;
}

/** The exports of the wasm instance, once a channel has been constructed. */
function wasm(WebSocketChannel) {
  return WebSocketChannel[Symbol.for('websocket-channel.exports')];
}

/** Other listeners, such as node:test's, would fail the case for the error that it provokes on purpose, so they are removed meanwhile. */
function uncaught() {
  const errors = [];
  const others = process.listeners('uncaughtException');
  const listen = (error) => errors.push(error);
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', listen);
  return {
    errors,
    stop() {
      process.off('uncaughtException', listen);
      for (const other of others) process.on('uncaughtException', other);
    },
  };
}
