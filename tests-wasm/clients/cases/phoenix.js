import assert from 'node:assert/strict';
import { Socket } from 'phoenix';
import { startWs, until } from '../harness/server.js';

/** The Phoenix server is written in Elixir and is not in the npm registry. This server speaks version 2.0.0 of its channels protocol. */
async function startServer() {
  return startWs((socket) => socket.on('message', (data, isBinary) => {
    if (isBinary) return socket.send(answerBytes(data));
    const [joinRef, ref, topic, event, payload] = JSON.parse(data);
    const reply = (status, response) => socket.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status, response }]));
    if (event === 'cut') return socket.terminate();
    if (event === 'shout') socket.send(JSON.stringify([joinRef, null, topic, 'heard', payload]));
    reply(topic === 'room:closed' ? 'error' : 'ok', event === 'shout' ? { size: payload.text.length } : {});
  }));
}

/** The answer to a binary push (kind, four lengths, four strings, payload): a broadcast with the same payload. */
function answerBytes(data) {
  const sizes = [...data.subarray(1, 5)];
  const topicAt = 5 + sizes[0] + sizes[1];
  const topic = data.subarray(topicAt, topicAt + sizes[2]);
  const payload = data.subarray(topicAt + sizes[2] + sizes[3]);
  return Buffer.concat([Buffer.from([2, topic.length, 5]), topic, Buffer.from('bytes'), payload]);
}

export const phoenix = {
  async 'phoenix: joins, pushes text and bytes, is refused by one channel, and joins again after the connection is cut'(WebSocket) {
    const { url } = await startServer();
    const socket = new Socket(url, { transport: WebSocket, timeout: 1000, reconnectAfterMs: () => 20, rejoinAfterMs: () => 20 });
    socket.connect();
    const channel = socket.channel('room:lobby');
    const heard = [];
    let joined = 0;
    channel.on('heard', ({ text }) => heard.push(text));
    channel.on('bytes', (bytes) => heard.push([...new Uint8Array(bytes)].join()));
    channel.join().receive('ok', () => { joined += 1; });
    await until(() => joined === 1, 'the join');
    const size = await new Promise((resolve) => channel.push('shout', { text: 'hello' }).receive('ok', (response) => resolve(response.size)));
    assert.equal(size, 5);
    channel.push('raw', new Uint8Array([1, 2, 3]).buffer);
    await until(() => heard.length === 2, 'both messages');
    assert.deepEqual(heard, ['hello', '1,2,3']);
    await new Promise((resolve) => socket.channel('room:closed').join().receive('error', resolve));
    channel.push('cut', {}, 200);
    await until(() => joined === 2, 'the second join');
    await new Promise((resolve) => socket.disconnect(resolve));
    assert.equal(WebSocket.sockets.length, 2);
  },
};
