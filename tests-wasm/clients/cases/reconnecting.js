import assert from 'node:assert/strict';
import { WebSocket as PartySocket } from 'partysocket';
import module from 'reconnecting-websocket';
import { startWs, until } from '../harness/server.js';

const ReconnectingWebSocket = module.default ?? module;

/** Starts a server that greets each connection with its number, and cuts a connection at the message 'cut'. */
async function numbered() {
  let count = 0;
  return startWs((socket) => {
    socket.send(`connection ${++count}`);
    socket.on('message', (data, binary) => (data.toString() === 'cut' ? socket.terminate() : socket.send(data, { binary })));
  });
}

function reconnects(Client) {
  return async (WebSocket) => {
    const { url } = await numbered();
    const heard = [];
    const socket = new Client(url, [], { WebSocket, minReconnectionDelay: 20, maxReconnectionDelay: 100 });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => heard.push(typeof data === 'string' ? data : new Uint8Array(data).join()));
    socket.send('queued before it is open');
    await until(() => heard.length === 2, 'the greeting and the echo');
    socket.send(new Uint8Array([1, 2, 3]));
    await until(() => heard.length === 3, 'the bytes');
    socket.send('cut');
    await until(() => heard.length === 4, 'the greeting of the second connection');
    socket.send('still there');
    await until(() => heard.length === 5, 'the second echo');
    assert.deepEqual(heard, ['connection 1', 'queued before it is open', '1,2,3', 'connection 2', 'still there']);
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    socket.close(4000, 'enough');
    assert.equal((await closed).code, 4000);
    assert.equal(WebSocket.sockets.length, 2);
  };
}

/** The client starts before the server. */
function retries(Client) {
  return async (WebSocket) => {
    const { server, port, url } = await numbered();
    server.close();
    const errors = [];
    const socket = new Client(url, [], { WebSocket, minReconnectionDelay: 20, maxReconnectionDelay: 100 });
    socket.addEventListener('error', (event) => errors.push(event));
    await until(() => errors.length > 1, 'two failures');
    const opened = new Promise((resolve) => socket.addEventListener('open', resolve));
    await startWs(() => {}, { port });
    await opened;
    socket.close();
    assert.match(WebSocket.sockets[0].url, /^ws:/);
  };
}

export const reconnecting = {
  'partysocket sends, receives, and reconnects': reconnects(PartySocket),
  'partysocket retries until the server is up': retries(PartySocket),
  'reconnecting-websocket sends, receives, and reconnects': reconnects(ReconnectingWebSocket),
  'reconnecting-websocket retries until the server is up': retries(ReconnectingWebSocket),
};
