// The package's entry, for every host: scripts/build.js bundles it with one of the two wasm builds.

import { ChannelError } from '../src/bindings/error.js';
import { LoadGroup } from '../src/bindings/load_group.js';
import { WebSocketChannel, provide } from '../src/bindings/channel.js';
import { host } from 'build:host';
import { RawChannel } from 'build:glue';
import { CloseCodes, Status } from 'build:constants';
import { load } from './load.js';

/** The name of an nsresult of this package, or undefined. 0x80070057 has two names; this is onStop's. */
function statusName(status) {
  return names.get(status);
}

const names = new Map(Object.entries(Status).map(([name, number]) => [number, name]));

host.statusName = statusName;

let memory;

provide(() => {
  memory = load().memory;
  return RawChannel;
}, host);

for (const [name, value] of Object.entries(CloseCodes)) {
  Object.defineProperty(WebSocketChannel, name, { value, enumerable: true });
}

// For tests of the memory bound; no part of the API.
Object.defineProperty(WebSocketChannel, Symbol.for('websocket-channel.memory'), { get: () => memory });

export { ChannelError, LoadGroup, Status, WebSocketChannel, statusName };
