// websocket-channel, from its tarball.

import { createRequire } from 'node:module';

const { WebSocketChannel } = createRequire(new URL('../../build/installed/', import.meta.url))('websocket-channel');

export function open(url, { text, ca, opened, received }) {
  const channel = new WebSocketChannel(ca ? { tls: { ca } } : {});
  const listener = { onStart: opened, onStop: (_, status, { message }) => { throw new Error(`${status}: ${message}`); } };
  if (text) listener.onMessageAvailable = (_, message) => received(message.length);
  else listener.onBinaryMessageAvailable = (_, message) => received(message.length);
  channel.asyncOpen(url, null, listener, null);
  return {
    send: text ? (message) => channel.sendMsg(message) : (message) => channel.sendBinaryMsg(message),
    buffered: () => channel.bufferedAmount,
  };
}
