import assert from 'node:assert/strict';
import { Server } from 'socket.io';
import { io, NodeXHR, WebSocket as EngineWebSocket } from 'socket.io-client';
import { startHttp, until } from '../harness/server.js';

/** Engine.IO's WebSocket transport over the given class. */
const transportOver = (WebSocket) => class extends EngineWebSocket {
  createSocket(uri, protocols) {
    return protocols ? new WebSocket(uri, protocols) : new WebSocket(uri);
  }

  /** In Node, Engine.IO sets the binaryType nodebuffer of ws, which is not in the standard. */
  doOpen() {
    super.doOpen();
    this.ws.binaryType = 'arraybuffer';
  }
};

async function startServer() {
  const { server, port } = await startHttp((request, response) => response.end());
  const sockets = new Server(server);
  sockets.on('connection', (socket) => {
    socket.on('ask', (question, answer) => answer(`${question}!`));
    socket.on('bytes', (bytes) => socket.emit('bytes', Buffer.from(bytes).reverse()));
    socket.on('cut', () => socket.conn.transport.socket.terminate());
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => sockets.close() };
}

async function talk(WebSocket, transports) {
  const { url, stop } = await startServer();
  const socket = io(url, { transports, reconnectionDelay: 20, reconnectionDelayMax: 50, forceNew: true });
  const answer = await socket.emitWithAck('ask', 'anybody');
  assert.equal(answer, 'anybody!');
  await until(() => socket.io.engine.transport.name === 'websocket', 'the transport websocket');

  const bytes = new Promise((resolve) => socket.once('bytes', resolve));
  socket.emit('bytes', new Uint8Array([1, 2, 3]));
  assert.deepEqual([...new Uint8Array(await bytes)], [3, 2, 1]);

  const again = new Promise((resolve) => socket.io.once('reconnect', resolve));
  socket.emit('cut');
  await again;
  assert.equal(await socket.emitWithAck('ask', 'still'), 'still!');
  await until(() => socket.io.engine.transport.name === 'websocket', 'the transport websocket again');
  socket.disconnect();
  await stop();
}

export const socketIo = {
  'socket.io-client: sends a request, sends bytes, and reconnects': (WebSocket) => talk(WebSocket, [transportOver(WebSocket)]),
  'socket.io-client: upgrades from polling': (WebSocket) => talk(WebSocket, [NodeXHR, transportOver(WebSocket)]),
};
