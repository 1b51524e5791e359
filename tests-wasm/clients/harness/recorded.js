import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installedFolder } from '../../behaviour/harness/installed.js';

/** The package as a program that has installed it gets it. */
export const installed = createRequire(join(installedFolder(), 'program.cjs'))('websocket-channel');

/** A subclass of the package's WebSocket that keeps what was made of it: whoever is given it cannot have used another class unseen. */
export function recordedClass() {
  return class extends installed.WebSocket {
    static sockets = [];

    constructor(...args) {
      super(...args);
      new.target.sockets.push(this);
    }
  };
}

/** The class was used, each socket had a channel that opened unless it was to fail, and all are closed. */
export async function checkUsed({ sockets }) {
  assert.ok(sockets.length > 0, 'no socket of the package was made');
  for (const socket of sockets) {
    assert.ok(socket.channel instanceof installed.WebSocketChannel, 'its channel');
    if (socket.readyState !== 3) await new Promise((resolve) => socket.addEventListener('close', resolve));
  }
}
