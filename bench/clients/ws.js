// ws with bufferutil. By default, it compresses only messages of 1024 bytes or more.

import { WebSocket } from 'ws';

export function open(url, { text, stamped, ca, deflate, opened, received }) {
  const socket = new WebSocket(url, { ca, perMessageDeflate: deflate ? { threshold: 0 } : false });
  socket.on('open', opened);
  socket.on('error', (error) => { throw error; });
  if (text) socket.on('message', (message) => received(message.toString().length));
  else if (stamped) socket.on('message', received);
  else socket.on('message', (message) => received(message.length));
  return { send: (message) => socket.send(message), buffered: () => socket.bufferedAmount };
}
