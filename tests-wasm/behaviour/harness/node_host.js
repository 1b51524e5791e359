/** Node as the host of a case. */
export function nodeHost(api, engine = 'node') {
  return {
    name: 'node',
    engine,
    memory: () => wasmMemory(api),
    uncaught,
  };
}

/** The size of the package's wasm memory, 0 if it does not show it: a case asks for that. */
export function wasmMemory(api) {
  return api.WebSocketChannel[Symbol.for('websocket-channel.memory')]?.buffer.byteLength ?? 0;
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
