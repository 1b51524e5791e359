import assert from 'node:assert/strict';
import { docs as served, setupWSConnection } from '@y/websocket-server/utils';
import { WebsocketProvider } from 'y-websocket';
import { Doc } from 'yjs';
import { startWs, until } from '../harness/server.js';

export const yjs = {
  async 'y-websocket: two documents stay in sync, even after the connections are cut'(WebSocket) {
    const { server, url } = await startWs((socket, request) => setupWSConnection(socket, request));
    const docs = [new Doc(), new Doc()];
    const providers = docs.map((doc) => new WebsocketProvider(url, 'room', doc, { WebSocketPolyfill: WebSocket, disableBc: true, maxBackoffTime: 50 }));
    const texts = docs.map((doc) => doc.getText('text'));
    await until(() => providers.every(({ synced }) => synced), 'both in sync');

    texts[0].insert(0, 'hello ');
    await until(() => `${texts[1]}` === 'hello ', 'the first edit');
    texts[1].insert(6, 'world');
    providers[0].awareness.setLocalStateField('user', 'first');
    await until(() => `${texts[0]}` === 'hello world', 'the second edit');
    await until(() => providers[1].awareness.getStates().get(docs[0].clientID)?.user === 'first', 'who is there');

    for (const socket of server.clients) socket.terminate();
    texts[0].insert(11, '!');
    await until(() => `${texts[1]}` === 'hello world!', 'the edit behind the cut');
    texts[0].insert(12, 'x'.repeat(200_000));
    await until(() => texts[1].length === 200_012, 'a large edit');
    assert.equal(`${texts[0]}`, `${texts[1]}`);
    // Each awareness object, including the server's, has its own timer.
    for (const { awareness } of [...providers, ...served.values()]) awareness.destroy();
    for (const provider of providers) provider.destroy();
    for (const doc of docs) doc.destroy();
  },
};
