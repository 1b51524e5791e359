import { program } from './own_process.js';

/**
 * Runs a client in a process of its own, with a server that sends to whoever connects. `messages` is JavaScript for what it sends: an array of arrays of
 * frames, each of which is one write, a turn after the one before. `frame` makes a frame, and `url` is the server's.
 */
export const withSendingServer = (messages, client) => program(`
  import { createHash } from 'node:crypto';
  import { createServer } from 'node:net';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { LoadGroup, WebSocket } from 'websocket-channel';
  const frame = (opcode, payload) => {
    const bytes = Buffer.from(payload);
    const head = Buffer.alloc(bytes.length < 126 ? 2 : 10);
    head[0] = 0x80 | opcode;
    head[1] = bytes.length < 126 ? bytes.length : 127;
    if (head.length > 2) head.writeBigUInt64BE(BigInt(bytes.length), 2);
    return Buffer.concat([head, bytes]);
  };
  const writes = ${messages};
  const server = createServer({ noDelay: true }, (socket) => socket.on('error', () => {}).once('data', async (request) => {
    const [, key] = /Sec-WebSocket-Key: (.*)\\r\\n/.exec(request);
    const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: ' + accept, '', ''].join('\\r\\n'));
    for (const frames of writes) {
      socket.write(Buffer.concat(frames));
      await sleep(20);
    }
  })).listen(0, '127.0.0.1', () => {
    const url = 'ws://127.0.0.1:' + server.address().port + '/';
    ${client}
  });
`);
