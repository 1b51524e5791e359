import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
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
