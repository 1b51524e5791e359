// MSW replaces globalThis.WebSocket, and connects to the real server by the class that stood there before: the package's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { ws } from 'msw';
import { setupServer } from 'msw/node';
import { startWs } from '../harness/server.js';

/** Runs `run` while MSW handles the sockets of globalThis.WebSocket, which is `WebSocket` without MSW. */
async function mocked(WebSocket, run, ...handlers) {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, writable: true, configurable: true });
  const server = setupServer(...handlers);
  server.listen({ onUnhandledRequest: 'bypass' });
  try {
    await run();
  } finally {
    server.close();
    assert.equal(globalThis.WebSocket, WebSocket);
    if (before) Object.defineProperty(globalThis, 'WebSocket', before);
    else delete globalThis.WebSocket;
  }
}

/** Sends 'hello' from a new socket of globalThis.WebSocket, expects this answer, and closes. */
async function asks(url, answer) {
  const socket = new globalThis.WebSocket(url);
  await once(socket, 'open');
  socket.send('hello');
  const [{ data }] = await once(socket, 'message');
  assert.equal(data, answer);
  socket.close(4001, 'bye');
  const [{ code, reason, wasClean }] = await once(socket, 'close');
  assert.deepEqual([code, reason, wasClean], [4001, 'bye', true]);
}

const shouting = () => startWs((socket) => socket.on('message', (data) => socket.send(data.toString().toUpperCase())));

export const msw = {
  'MSW answers instead of a server that does not exist, and sockets to other addresses reach their servers': async (WebSocket) => {
    const { url } = await shouting();
    const chat = ws.link('wss://chat.example/');
    const mock = chat.addEventListener('connection', ({ client }) => {
      client.addEventListener('message', ({ data }) => client.send(`${data}, says the mock`));
    });
    await mocked(WebSocket, async () => {
      await asks('wss://chat.example/', 'hello, says the mock');
      await asks(url, 'HELLO');
    }, mock);
    assert.equal(WebSocket.sockets.length, 1, 'the mocked socket makes no connection');
  },

  'MSW changes what passes between the client and the real server': async (WebSocket) => {
    const { url } = await shouting();
    const spy = ws.link(url).addEventListener('connection', ({ client, server }) => {
      server.connect();
      server.addEventListener('message', (event) => {
        event.preventDefault();
        client.send(`${event.data}!`);
      });
    });
    await mocked(WebSocket, () => asks(url, 'HELLO!'), spy);
  },
};
