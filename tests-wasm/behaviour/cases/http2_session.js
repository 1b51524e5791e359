import { once } from 'node:events';
import nodeHttp2 from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { echoOn, onHttp2, startHttp2, startRelay, wsOn } from '../harness/http2_server.js';
import { startProxy, withProxies } from '../harness/proxy.js';

const ASKS = 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n';
const REFUSED_STREAM = nodeHttp2.constants.NGHTTP2_REFUSED_STREAM;
const RESET = 'NS_ERROR_NET_RESET';
const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';

/** Channels that share an HTTP/2 session, wait for the one that makes it, or lose it. */
export const http2Sessions = [
  {
    name: 'a channel with 14 MiB in its queue does not keep another one out of the session',
    run: (t) => onHttp2(t, { each: (stream, { ':path': path }) => (path === '/' ? echoOn(stream) : pausing(stream)) }, async ({ open, begin, options, sessions }) => {
      const slow = begin('/reads-one-message', options({ closeTimeoutMs: 200, deflate: false }));
      await slow.until('onStart');
      for (let times = 0; times < 14; times++) t.ok(slow.send(new Uint8Array(1 << 20)), 'accepted');
      await new Promise((resolve) => setTimeout(resolve, 300)); // until Node has them
      const other = await open('/');
      other.send('hello');
      t.same([await other.untilMessages(1), sessions.length], [['hello'], 1]);
      other.close();
      await t.stops(other, { node: 'NS_OK' });
      slow.close();
      await t.stops(slow, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
    }),
  },
  {
    name: 'close() at any step of an opening that is asked for authorization on a shared session: it stops, and the session goes on',
    run: (t) => onHttp2(t, { each: (stream, { ':path': path }) => (path === '/' ? echoOn(stream) : stream.respond({ ':status': 401, 'www-authenticate': 'Basic realm="x"' }, { endStream: true })) }, async ({ open, begin }) => {
      const shared = await open('/');
      for (let step = 0; step < 8; step++) {
        const talks = Array.from({ length: 5 }, () => {
          let left = step;
          const at = () => { if (left-- === 0) talk.close(); };
          const notificationCallbacks = { onProgress: at, onAuthRequired() { at(); return left > -20 ? { username: 'a', password: 'b' } : null; } };
          const talk = begin('/401', undefined, { notificationCallbacks });
          return talk;
        });
        for (const talk of talks) await talk.until('onStop');
      }
      shared.send('still there');
      t.same(await shared.untilMessages(1), ['still there']);
    }),
  },
  {
    name: 'a session whose connection is dead is not given to more channels once one has timed out: on opening, and on a ping',
    async run(t) {
      const server = await startHttp2(t);
      for (const attributes of [null, { pingInterval: 1, pingTimeout: 1 }]) {
        const relay = await startRelay(t, server.port);
        const begin = (more, attributes = {}) => t.open(`wss://localhost:${relay.port}/`, { options: server.options({ closeTimeoutMs: 500, ...more }), attributes });
        const first = begin({}, attributes ?? {});
        t.is((await first.until('onStart')).state, 'open');
        relay.silence();
        const lost = attributes === null ? begin({ openTimeoutMs: 300 }) : first;
        await t.stops(lost, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
        const second = begin({ openTimeoutMs: 5000 });
        t.is((await second.until('onStart')).state, 'open', 'on a connection of its own');
        t.is(relay.connections, 2);
        for (const talk of [first, second]) {
          talk.close();
          await talk.until('onStop');
        }
      }
    },
  },
  {
    name: 'a stream that is given up is reset with CANCEL',
    run: (t) => onHttp2(t, { each: (stream) => stream.respond({ ':status': 200 }) }, async ({ open, streams }) => { // it reads nothing
      const group = new t.api.LoadGroup();
      const talk = await open('/');
      talk.channel.loadGroup = group;
      talk.send(new Uint8Array(1 << 20));
      const closed = once(streams[0], 'close');
      group.cancel(t.api.Status.NS_BINDING_ABORTED);
      await closed;
      t.is(streams[0].rstCode, nodeHttp2.constants.NGHTTP2_CANCEL);
    }),
  },
  {
    name: 'a session of which Node says twice that it is closed: nothing happens the second time',
    async run(t) {
      const { connect } = nodeHttp2;
      const made = [];
      nodeHttp2.connect = (...args) => { made.push(connect(...args)); return made.at(-1); };
      syncBuiltinESMExports();
      try {
        await onHttp2(t, {}, async ({ open }) => {
          const talk = await open();
          talk.close();
          await t.stops(talk, { node: 'NS_OK' });
          t.is(made.length, 1);
          while (!made[0].destroyed) await new Promise(setImmediate);
          await new Promise(setImmediate);
          made[0].emit('close');
          made[0].emit('goaway', 0, 0);
          made[0].emit('remoteSettings', {});
        });
      } finally {
        nodeHttp2.connect = connect;
        syncBuiltinESMExports();
      }
    },
  },
  {
    name: 'channels to one server share a session, opened together or later; the session ends with the last of them',
    run: (t) => onHttp2(t, {}, async ({ open, begin, sessions, streams }) => {
      const together = Array.from({ length: 20 }, () => begin());
      for (const talk of together) t.is((await talk.until('onStart')).state, 'open');
      const later = await open();
      t.same([sessions.length, streams.length], [1, 21]);
      t.same(later.channel.securityInfo, together[0].channel.securityInfo);
      for (const talk of [...together, later]) {
        talk.send('hello');
        t.same(await talk.untilMessages(1), ['hello']);
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
      }
      if (!sessions[0].closed) await once(sessions[0], 'close');
      await open();
      t.is(sessions.length, 2);
    }),
  },
  {
    name: 'channels with different tls or socket options, or with a proxy, use separate sessions',
    run: (t) => withProxies([startProxy()], async (proxy) => onHttp2(t, {}, async ({ begin, sessions, options }) => {
      const { tls } = options();
      const talks = [
        begin('/', options()), begin('/', options()), begin('/', { http2: true, tls: { ...tls, rejectUnauthorized: true } }),
        begin('/', options({ socket: { family: 4 } })), begin('/', options({ proxy: proxy.url() })), begin('/', options({ proxy: proxy.url() })),
      ];
      for (const talk of talks) t.is((await talk.until('onStart')).state, 'open');
      t.same([sessions.length, proxy.requests.length], [4, 1]);
    })),
  },
  {
    name: 'channels with equal certificates share a session, even if each has its own copy',
    run: (t) => onHttp2(t, {}, async ({ begin, sessions, options }) => {
      const ca = (more = '') => options({ tls: { ca: [Buffer.from(options().tls.ca + more)] } });
      for (const each of [ca(), ca(), ca('\n'), ca('\n')]) t.is((await begin('/', each).until('onStart')).state, 'open');
      t.is(sessions.length, 2);
    }),
  },
  {
    name: 'a session has as many streams as the server allows; then another session is opened',
    run: (t) => onHttp2(t, { settings: { enableConnectProtocol: true, maxConcurrentStreams: 2 } }, async ({ begin, sessions, streams }) => {
      const talks = Array.from({ length: 5 }, () => begin());
      for (const talk of talks) t.is((await talk.until('onStart')).state, 'open');
      t.same([sessions.length, streams.length], [3, 5]);
    }),
  },
  {
    name: 'a server of HTTP/1.1 gets the request on the same connection, and channels that waited connect all at once',
    async run(t) {
      const { good, intermediate, root } = t.addresses.authority;
      const server = createTlsServer({ cert: good.cert + intermediate.cert, key: good.key });
      const sockets = new Set();
      server.on('secureConnection', (socket) => sockets.add(socket));
      server.on('upgrade', (request, socket, head) => t.open(request.url, { accept: [request, socket, head] }));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      t.onEnd(() => { for (const socket of sockets) socket.destroy(); server.close(); });
      const talks = Array.from({ length: 4 }, () => t.open(`wss://localhost:${server.address().port}/`, { options: { http2: true, tls: { ca: root.cert } } }));
      for (const talk of talks) t.same([(await talk.until('onStart')).state, talk.channel.httpResponse.status, talk.channel.securityInfo.alpn], ['open', 101, 'http/1.1']);
      t.is(sockets.size, 4);
    },
  },
  {
    name: 'a proxy that asks for an account: each channel asks its user without waiting for the others, and with the same account they share a session',
    run: (t) => withProxies([startProxy({ answer: ({ headers }) => (headers['proxy-authorization'] ? null : ASKS) })], async (proxy) => onHttp2(t, {}, async ({ begin, options, sessions }) => {
      let asked = 0;
      let answer;
      const answered = new Promise((resolve) => { answer = resolve; });
      const onAuthRequired = () => {
        asked += 1;
        if (asked === 5) answer({ username: 'user', password: 'secret' });
        return answered;
      };
      const talks = Array.from({ length: 5 }, () => begin('/', options({ proxy: proxy.url() }), { notificationCallbacks: { onAuthRequired } }));
      for (const talk of talks) t.is((await talk.until('onStart')).state, 'open');
      t.same([asked, sessions.length], [5, 1]);
    })),
  },
  {
    name: 'channels that wait for one whose connection is lost: the next one makes the session for all',
    run: (t) => onHttp2(t, {}, async ({ begin, server, sessions }) => {
      let connections = 0;
      server.prependListener('connection', (socket) => { if ((connections += 1) === 1) socket.destroy(); });
      const talks = Array.from({ length: 6 }, () => begin());
      await t.stops(talks.shift(), { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
      for (const talk of talks) t.is((await talk.until('onStart')).state, 'open');
      t.same([connections, sessions.length], [2, 1]);
    }),
  },
  {
    name: 'a channel does not wait for one with other options',
    run: (t) => onHttp2(t, {}, async ({ open, begin, options }) => {
      const waits = begin('/', options({ socket: { lookup() {} } })); // which never calls back
      await open();
      waits.close();
      await waits.until('onStop');
    }),
  },
  {
    name: 'channels that wait for one whose server has no extended CONNECT: they connect once each',
    async run(t) {
      const server = await startHttp2(t, { settings: {}, allowHTTP1: true });
      let connections = 0;
      server.server.on('secureConnection', () => { connections += 1; });
      server.server.on('upgrade', (request, socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
      const talks = Array.from({ length: 5 }, () => t.open(`${server.url}/`, { options: server.options() }));
      for (const talk of talks) t.is((await t.stops(talk, { node: REFUSED })).http.status, 404);
      t.is(connections, 6);
    },
  },
  {
    name: 'GOAWAY: the channels of the session go on, and the next channel opens another session',
    run: (t) => onHttp2(t, {}, async ({ open, sessions }) => {
      const before = await open();
      sessions[0].goaway();
      before.send('still here');
      t.same(await before.untilMessages(1), ['still here']);
      const after = await open();
      t.is(sessions.length, 2);
      for (const talk of [before, after]) {
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
      }
    }),
  },
  {
    name: 'a server that accepts five streams on a session: sixteen channels that open together use four sessions',
    run: (t) => onHttp2(t, { each: (stream) => {
      const { session } = stream;
      session.count = (session.count ?? 0) + 1;
      if (session.count > 5) return stream.close(REFUSED_STREAM);
      if (session.count === 5) session.close(); // GOAWAY; the streams go on
      echoOn(stream);
    } }, async ({ open, sessions }) => {
      await Promise.all(Array.from({ length: 16 }, () => open()));
      t.is(sessions.length, 4);
    }),
  },
  {
    name: 'a lost session ends all of its channels with NS_ERROR_NET_RESET',
    run: (t) => onHttp2(t, {}, async ({ open, sockets, sessions }) => {
      const talks = [await open(), await open(), await open()];
      for (const socket of sockets) socket.resetAndDestroy();
      for (const talk of talks) t.ok((await t.stops(talk, { node: RESET })).message.length > 20);
      await open();
      t.is(sessions.length, 2);
    }),
  },
  {
    name: 'a session whose connection ends, before or after the response: the channels report that end and not a reset',
    run: (t) => onHttp2(t, { each: (stream, headers) => headers[':path'] === '/silent' || echoOn(stream) }, async ({ open, begin, server, sockets }) => {
      const talks = [await open(), await open()];
      const silent = begin('/silent');
      await once(server, 'stream');
      for (const socket of sockets) socket.end();
      for (const talk of talks) t.ok((await t.stops(talk, { node: 'NS_BASE_STREAM_CLOSED' })).message.includes('ended without a close frame'));
      const { message } = await t.stops(silent, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.ok(message.includes('ended before a response came'), message);
    }),
  },
  {
    name: 'GOAWAY with an error ends the channels of the session, and the message names HTTP/2',
    run: (t) => onHttp2(t, {}, async ({ open, sessions }) => {
      const talk = await open();
      sessions[0].goaway(11);
      const { message } = await t.stops(talk, { node: RESET });
      t.ok(/HTTP\/2 stream was reset \(ENHANCE_YOUR_CALM\)\. It received too much/.test(message), message);
    }),
  },
];

/** Accepts the stream, and reads nothing behind the first message. */
function pausing(stream) {
  const socket = wsOn(stream);
  socket.once('message', () => socket.pause());
}
