/** Node as the host of a case. */
export function nodeHost(api, engine = 'node') {
  return {
    name: 'node',
    engine,
    memory: () => wasmMemory(api),
    uncaught,
  };
}

/** The size of the package's wasm memory in bytes, 0 if it does not show it: a case asks for that. */
export function wasmMemory({ WebSocketChannel }) {
  const memory = wasm(WebSocketChannel)?.memory;
  return memory?.buffer.byteLength ?? 0;
}

/** How many JavaScript values wasm has room for; it keeps each one that it still holds. Undefined if the package does not show it. */
export function wasmTableLength({ WebSocketChannel }) {
  return wasm(WebSocketChannel)?.__wbindgen_externrefs?.length;
}

/** The exports of the wasm instance, once a channel was made. */
function wasm(WebSocketChannel) {
  return WebSocketChannel[Symbol.for('websocket-channel.exports')];
}

/** node:test listens too, and would fail the case for the error that the case provokes: it is set aside meanwhile. */
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
