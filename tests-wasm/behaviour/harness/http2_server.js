import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { connect, createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocket as Ws } from 'ws';

/**
 * A node:http2 server in the case's own process. `each(stream, headers)` is called with every stream. Without it, the npm package ws reads and writes the
 * frames and sends messages back. Other options are passed to createSecureServer. Returns { url, port, server, sockets, sessions, streams, options(more) }:
 * `sockets` are the current TCP connections, `sessions` and `streams` are all there have been, and `options` returns the options of a channel that trusts
 * the certificate.
 */
export async function startHttp2(t, { each = (stream) => echoOn(stream), settings = { enableConnectProtocol: true }, ...more } = {}) {
  const { good, intermediate, root } = t.addresses.authority;
  const server = createSecureServer({ cert: good.cert + intermediate.cert, key: good.key, settings, ...more });
  const sessions = [];
  const streams = [];
  const sockets = new Set();
  server.on('connection', (socket) => { sockets.add(socket.on('close', () => sockets.delete(socket))); });
  server.on('session', (session) => sessions.push(session.on('error', () => {})));
  server.on('stream', (stream, headers) => {
    streams.push(stream.on('error', () => {}));
    each(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.onEnd(() => {
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address();
  const options = (options) => ({ http2: true, tls: { ca: root.cert }, ...options });
  return { url: `wss://localhost:${port}`, port, server, sockets, sessions, streams, options };
}

/** Calls `run` with a server, `begin(path, options, attributes)` and `open(path)`, which waits until the channel is open. */
export async function onHttp2(t, settings, run) {
  const server = await startHttp2(t, settings);
  const begin = (path = '/', options = server.options(), attributes = {}) => t.open(server.url + path, { options, attributes });
  const open = async (path) => {
    const talk = begin(path);
    t.is((await talk.until('onStart')).state, 'open');
    return talk;
  };
  return run({ ...server, begin, open });
}

/** Relays connections to the port. After `silence()`, nothing passes any more on those that there are, as behind a router that has forgotten them. */
export async function startRelay(t, port) {
  const pairs = [];
  const relay = createTcpServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    pairs.push([inner, outer]);
    for (const [from, to] of [[inner, outer], [outer, inner]]) from.on('error', () => {}).pipe(to);
  });
  await once(relay.listen(0, '127.0.0.1'), 'listening');
  t.onEnd(() => {
    for (const socket of pairs.flat()) socket.destroy();
    relay.close();
  });
  return {
    port: relay.address().port,
    get connections() { return pairs.length; },
    silence() { for (const socket of pairs.flat()) socket.unpipe().resume(); },
  };
}

/**
 * A server whose HTTP/2 frames are written by hand, because node:http2 decides itself which go into one packet. `answer(id)` returns the frames with
 * which it answers each request: made by `frame`. Returns { url, options(more) }.
 */
export async function startRawHttp2(t, answer) {
  const { good, intermediate, root } = t.addresses.authority;
  const sockets = new Set();
  const server = createTlsServer({ cert: good.cert + intermediate.cert, key: good.key, ALPNProtocols: ['h2'] }, (socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.write(frame(SETTINGS, 0, 0, [0, 8, 0, 0, 0, 1])); // SETTINGS_ENABLE_CONNECT_PROTOCOL
    let received = Buffer.alloc(0);
    let start = 24; // the client's preface
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      for (; received.length >= start + 9; start += 9 + received.readUIntBE(start, 3)) {
        const [type, flags, id] = [received[start + 3], received[start + 4], received.readUInt32BE(start + 5)];
        if (type === SETTINGS && flags === 0) socket.write(frame(SETTINGS, 1, 0, []));
        if (type === HEADERS) socket.write(Buffer.concat(answer(id)));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.onEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `wss://localhost:${server.address().port}`, options: (options) => ({ http2: true, tls: { ca: root.cert }, ...options }) };
}

export const [DATA, HEADERS, RST_STREAM, SETTINGS, PING] = [0, 1, 3, 4, 6];

/** A frame of HTTP/2 (RFC 9113 §4.1). */
export function frame(type, flags, id, payload) {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.set([type, flags], 3);
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** Accepts the stream, and has ws read and write its frames. Returns the WebSocket of ws. */
export function wsOn(stream, headers = {}) {
  stream.respond({ ':status': 200, ...headers });
  const socket = new Ws(null, undefined, { autoPong: true });
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0, skipUTF8Validation: false, allowSynchronousEvents: true });
  return socket.on('error', () => {});
}

/** The same as wsOn, but it sends messages back. */
export function echoOn(stream, headers) {
  const socket = wsOn(stream, headers);
  return socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}
