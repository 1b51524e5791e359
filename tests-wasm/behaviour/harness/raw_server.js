import { createServer } from 'node:net';
import { acceptFor, FrameReader } from '../peers/frame.js';

/**
 * A server of raw TCP inside the client's process, for cases that decide what comes next as they go: { port, stop, next() }. `next()` answers the
 * next connection, once its request's head has come: { socket, head, bytes, accept(extensions), frames }. `bytes` is how much came
 * behind the head; `frames` the frames among it.
 */
export async function startRaw() {
  const [connections, waiting, sockets] = [[], [], []];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    const connection = { socket, head: '', bytes: 0, frames: [], onFrame() {}, ended: false, accept };
    const reader = new FrameReader((frame) => { connection.frames.push(frame); connection.onFrame(frame); });
    let head = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('end', () => { connection.ended = true; });
    socket.on('data', (chunk) => {
      if (connection.head) {
        connection.bytes += chunk.length;
        return reader.push(chunk);
      }
      head = Buffer.concat([head, chunk]);
      const end = head[0] === 0x16 ? head.length : head.indexOf('\r\n\r\n');
      if (end < 0) return;
      connection.head = head.subarray(0, end).toString('latin1');
      connection.bytes = Math.max(0, head.length - end - 4);
      const take = waiting.shift();
      if (take) take(connection);
      else connections.push(connection);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    next: () => new Promise((resolve) => (connections.length > 0 ? resolve(connections.shift()) : waiting.push(resolve))),
    stop() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

/** The right answer to the request. */
function accept(extensions = '') {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(this.head)[1].trim();
  const line = extensions && `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  this.socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n${line}\r\n`);
}
