// The package's entry, for every host: scripts/build.js bundles it with one of the two wasm builds. `build:module` is one of wasm/.

import { ChannelError } from '../src/bindings/error.js';
import { LoadGroup } from '../src/bindings/load_group.js';
import { WebSocketChannel, provide } from '../src/bindings/channel.js';
import { host } from 'build:host';
import { initSync, RawChannel } from 'build:glue';
import { wasmModule } from 'build:module';
import { CloseCodes, Status } from 'build:constants';

/** The name of an nsresult of this package, or undefined. 0x80070057 has two names; this is onStop's. */
function statusName(status) {
  return names.get(status);
}

const names = new Map(Object.entries(Status).map(([name, number]) => [number, name]));

host.statusName = statusName;

let memory;

/** Compiles the wasm: when the first channel is made, so that importing never throws and costs nothing. */
provide(() => {
  try {
    memory = initSync({ module: wasmModule() }).memory;
  } catch (cause) {
    const message = "WebAssembly cannot be used here; if a Content-Security-Policy forbids it, add 'wasm-unsafe-eval' to its script-src.";
    throw new ChannelError('NS_ERROR_NOT_AVAILABLE', Status.NS_ERROR_NOT_AVAILABLE, message, cause);
  }
  return RawChannel;
}, host);

for (const [name, value] of Object.entries(CloseCodes)) {
  Object.defineProperty(WebSocketChannel, name, { value, enumerable: true });
}

// For tests of the memory bound; no part of the API.
Object.defineProperty(WebSocketChannel, Symbol.for('websocket-channel.memory'), { get: () => memory });

export { ChannelError, LoadGroup, Status, WebSocketChannel, statusName };
