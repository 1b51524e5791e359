// The package websocket. It has no compression.

import websocket from 'websocket';

export function open(url, { text, ca, opened, received }) {
  const client = new websocket.client({ maxReceivedFrameSize: 1 << 30, maxReceivedMessageSize: 1 << 30, tlsOptions: { ca } });
  let connection;
  client.on('connectFailed', (error) => { throw error; });
  client.on('connect', (it) => {
    connection = it;
    connection.on('message', text ? ({ utf8Data }) => received(utf8Data.length) : ({ binaryData }) => received(binaryData.length));
    opened();
  });
  client.connect(url);
  return {
    send: text ? (message) => connection.sendUTF(message) : (message) => connection.sendBytes(message),
    buffered: () => connection.socket.writableLength,
  };
}
