import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installedFolder } from '../../behaviour/harness/installed.js';

/** The package, as a program that has installed it gets it. */
export const installed = createRequire(join(installedFolder(), 'program.cjs'))('websocket-channel');

/** A subclass of the package's WebSocket that records its instances. This shows whether a library really uses the class that it is given. */
export function recordedClass() {
  return class extends installed.WebSocket {
    static sockets = [];

    constructor(...args) {
      super(...args);
      new.target.sockets.push(this);
    }
  };
}

/** Checks that the class was used and that each socket has a channel, and waits until all sockets are closed. */
export async function checkUsed({ sockets }) {
  assert.ok(sockets.length > 0, 'no socket of the package was made');
  for (const socket of sockets) {
    assert.ok(socket.channel instanceof installed.WebSocketChannel, 'its channel');
    if (socket.readyState !== 3) await new Promise((resolve) => socket.addEventListener('close', resolve));
  }
}
