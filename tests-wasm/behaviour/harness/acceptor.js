import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { WebSocket as Ws } from 'ws';

/**
 * A server in the case's own process. This package's channels accept its upgrades. `each` returns a talk's options (talk.js) for an upgrade, or
 * false to leave the upgrade to the case. With the option `echo`, the talk sends messages back.
 * Returns { url, port, server, talks, talk(at) }: `talk` waits until that upgrade has arrived.
 */
export async function startAcceptor(t, each = () => ({}), server = createServer()) {
  const talks = [];
  const waiting = new Set();
  const sockets = new Set();
  server.on('connection', (socket) => { sockets.add(socket.on('close', () => sockets.delete(socket))); });
  server.on('upgrade', (request, socket, head) => {
    const options = each(request, socket, head);
    if (options === false) return;
    const echo = options.echo ? { onMessageAvailable: (_, text) => talk.send(text), onBinaryMessageAvailable: (_, bytes) => talk.send(bytes) } : {};
    const talk = t.open(request.url, { ...options, listener: { ...options.listener, ...echo }, accept: [request, socket, head] });
    talks.push(talk);
    for (const look of waiting) look();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.onEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address();
  const talk = (at = 0) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ten seconds for upgrade ${at}`)), 10_000);
    const look = () => {
      if (talks.length <= at) return;
      clearTimeout(timer);
      waiting.delete(look);
      resolve(talks[at]);
    };
    waiting.add(look);
    look();
  });
  return { url: `ws://127.0.0.1:${port}`, port, server, talks, talk };
}

/**
 * Sends these bytes to the port, and reads until the server ends the connection. Resolves to what the server sent, in Latin-1.
 * `more` is sent once the server has answered.
 */
export function rawTalk(port, bytes, { more = null, reset = false } = {}) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let said = '';
    socket.on('data', (data) => {
      if (said === '' && more !== null) socket.write(more);
      said += data.toString('latin1');
      if (reset) socket.resetAndDestroy();
    });
    const timer = setTimeout(() => { socket.destroy(); reject(new Error(`the server did not end the connection within ten seconds; it sent ${JSON.stringify(said)}`)); }, 10_000);
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => { clearTimeout(timer); resolve(said); });
  });
}

/** An upgrade request (RFC 6455 §1.2) with `changes` to its header fields; a field that is null is left out. */
export function upgradeRequest(changes = {}, { method = 'GET', target = '/chat', version = '1.1' } = {}) {
  const fields = {
    Host: 'example.org', Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13', ...changes,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== null).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  return `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`;
}

/** A client's frame: masked, unless `mask` is false. */
export function clientFrame(opcode, payload = '', { mask = true, fin = true } = {}) {
  const bytes = Buffer.from(payload);
  const key = [0x12, 0x34, 0x56, 0x78];
  const head = [opcode | (fin ? 0x80 : 0), bytes.length | (mask ? 0x80 : 0), ...(mask ? key : [])];
  return Buffer.from([...head, ...bytes.map((byte, at) => (mask ? byte ^ key[at & 3] : byte))]);
}

/** Opens a client of the npm package ws. Returns { socket, response, messages(count), closed }. */
export async function wsClient(t, url, protocols = [], options = { perMessageDeflate: false }) {
  const socket = new Ws(url, protocols, options);
  t.onEnd(() => socket.terminate());
  const received = [];
  socket.on('message', (data, isBinary) => received.push({ data, isBinary }));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, reason.toString()])));
  const [[response]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')]);
  const messages = async (count) => {
    for (const end = performance.now() + 10_000; received.length < count;) {
      if (performance.now() > end) throw new Error(`waited ten seconds for ${count} messages, but only ${received.length} came`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return received;
  };
  return { socket, response, messages, closed };
}
