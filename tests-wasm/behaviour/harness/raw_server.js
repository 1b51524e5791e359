import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Failure } from './assert.js';
import { acceptFor, FrameReader } from '../peers/frame.js';

/**
 * A raw TCP server inside the client's process, for cases that decide step by step what the peer does. Returns { port, stop, next(), allEnded() }.
 * `tls` holds the options of a server over TLS. `allEnded()` resolves when the client has ended every connection. `next()` resolves to the next
 * connection, once the head of its request has arrived: { socket, head, bytes, accept(extensions), frames, until(holds, what) }. `bytes` counts the
 * bytes after the head, `frames` lists the frames in them, and `ended` says whether the client has ended its side. `until` waits until `holds` is truthy.
 */
export async function startRaw({ tls = null } = {}) {
  const [connections, waiting, sockets] = [[], [], []];
  const serve = (socket) => {
    sockets.push(socket);
    const connection = { socket, head: '', bytes: 0, frames: [], onFrame() {}, ended: false, accept, until, waiting: new Set() };
    const reader = new FrameReader((frame) => {
      connection.frames.push(frame);
      connection.onFrame(frame);
      connection.waiting.forEach((look) => look());
    });
    let head = Buffer.alloc(0);
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        connection.ended = true;
        connection.waiting.forEach((look) => look());
      });
    }
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
  };
  const server = tls ? createTlsServer(tls, serve) : createServer({ allowHalfOpen: true, noDelay: true }, serve);
  // This includes sockets that are cut off before TLS is established.
  if (tls) server.on('connection', (socket) => sockets.push(socket)).on('tlsClientError', () => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    /** How many connections `next()` has not returned yet. */
    waiting: () => connections.length,
    next: () => new Promise((resolve) => (connections.length > 0 ? resolve(connections.shift()) : waiting.push(resolve))),
    async allEnded() {
      const left = () => sockets.filter((socket) => !socket.readableEnded && !socket.destroyed).length;
      for (const started = performance.now(); left() > 0;) {
        if (performance.now() - started > DEADLINE) throw new Failure(`${left()} connections are still open at the peer`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    stop() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

/** Sends the valid response to the handshake request. */
function accept(extensions = '') {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(this.head)[1].trim();
  const line = extensions && `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  this.socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n${line}\r\n`);
}

/** Resolves to what `holds` returns for the connection, once that is truthy. */
function until(holds, what) {
  return new Promise((resolve, reject) => {
    const done = (settle) => {
      clearTimeout(timer);
      this.waiting.delete(look);
      settle();
    };
    const look = () => {
      const found = holds(this);
      if (found) done(() => resolve(found));
    };
    const timer = setTimeout(() => done(() => {
      reject(new Failure(`the peer waited for ${what}, and has the frames ${this.frames.map(({ opcode, length }) => `${opcode}:${length}`)}`));
    }), DEADLINE);
    this.waiting.add(look);
    look();
  });
}

const DEADLINE = 10_000;

/** Runs a case with such a server, and then stops the server. */
export async function withServer(run) {
  const server = await startRaw();
  try {
    await run(server);
  } finally {
    server.stop();
  }
}

/** Waits until `progress.count` has not changed for a while. */
export async function settled(progress) {
  let before;
  do {
    before = progress.count;
    await new Promise((resolve) => setTimeout(resolve, 300));
  } while (progress.count !== before);
}
