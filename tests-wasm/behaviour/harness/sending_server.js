import { program } from './own_process.js';

/**
 * Runs a client in a process of its own, with a server that sends to whoever connects. `messages` is JavaScript for what it sends: an array of arrays of
 * frames, each of which is one write, a little later than the one before. `frame` makes a frame, `url` is the server's, and `connection` is its socket.
 */
export const withSendingServer = (messages, client, options) => program(`
  import { createHash } from 'node:crypto';
  import { createServer } from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { LoadGroup, WebSocket } from 'websocket-channel';
  const frame = (opcode, payload) => {
    const bytes = Buffer.from(payload);
    const head = Buffer.alloc(bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    head[1] = { 2: bytes.length, 4: 126, 10: 127 }[head.length];
    if (head.length === 4) head.writeUInt16BE(bytes.length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(bytes.length), 2);
    return Buffer.concat([head, bytes]);
  };
  const writes = ${messages};
  let connection;
  const server = createServer({ noDelay: true }, (socket) => socket.on('error', () => {}).once('data', async (request) => {
    const [, key] = /Sec-WebSocket-Key: (.*)\\r\\n/.exec(request);
    const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: ' + accept, '', ''].join('\\r\\n'));
    connection = socket;
    for (const frames of writes) {
      socket.write(Buffer.concat(frames));
      await sleep(20);
    }
  })).listen(0, '127.0.0.1', () => {
    const url = 'ws://127.0.0.1:' + server.address().port + '/';
    ${client}
  });
`, '', options);
