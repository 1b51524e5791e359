// A minimal WebSocket server over raw TCP: payloads of up to 125 bytes, no fragments, no extensions.

import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

export class Peer {
  seen = [];
  #server = createServer((socket) => this.#serve(socket)).unref();

  listen() {
    return new Promise((resolve, reject) => this.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
  }

  url(path) {
    return `ws://127.0.0.1:${this.#server.address().port}${path}`;
  }

  #serve(socket) {
    let received = Buffer.alloc(0);
    let path;
    socket.on('error', () => {}).on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (path === undefined) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const request = received.toString('latin1', 0, end);
        received = received.subarray(end + 4);
        path = request.split(' ')[1];
        answer(socket, request, path);
      }
      for (let frame; (frame = parse(received));) {
        received = received.subarray(frame.length);
        this.#take(socket, frame);
      }
    });
  }

  #take(socket, { opcode, payload }) {
    if (opcode === TEXT) this.seen.push(`text ${payload}`);
    if (opcode === BINARY) this.seen.push(`binary ${payload.join()}`);
    if (opcode === CLOSE) this.seen.push(payload.length === 0 ? 'close' : `close ${payload.readUInt16BE()} ${payload.subarray(2)}`.trim());
    socket.write(frame(opcode, payload));
    if (opcode === CLOSE) socket.end();
  }
}

const [TEXT, BINARY, CLOSE] = [1, 2, 8];

/** Does what the path asks for (peer/mod.rs). */
function answer(socket, request, path) {
  if (path === '/silent') return;
  if (path === '/refuse') return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
  const header = (name) => new RegExp(`^${name}: *(.*?) *$`, 'im').exec(request)?.[1];
  const accept = createHash('sha1').update(`${header('Sec-WebSocket-Key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'); // RFC 6455 §4.2.2
  const protocol = header('Sec-WebSocket-Protocol')?.split(',')[0];
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  if (protocol) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (path === '/drop') socket.end();
  if (path === '/bye') socket.write(frame(CLOSE, Buffer.from([4001 >> 8, 4001 & 255, ...Buffer.from('bye')])));
}

/** The first frame in the received bytes, unmasked, or null if it is not complete (RFC 6455 §5.2). */
function parse(bytes) {
  const size = bytes[1] & 0x7f;
  const length = 2 + 4 + size;
  if (bytes.length < 2 || bytes.length < length) return null;
  if (bytes[0] >> 4 !== 0x8 || bytes[1] < 0x80 || size > 125) throw new Error(`this peer cannot read the frame ${bytes.toString('hex', 0, 6)}…`);
  const payload = Buffer.from(bytes.subarray(6, length).map((byte, index) => byte ^ bytes[2 + index % 4]));
  return { opcode: bytes[0] & 0xf, payload, length };
}

const frame = (opcode, payload) => Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
