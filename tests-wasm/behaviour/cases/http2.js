import { once } from 'node:events';
import nodeHttp2 from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { createServer as createTlsListener } from 'node:tls';
import { DATA, HEADERS, RST_STREAM, echoOn, frame, startHttp2, startRawHttp2, wsOn } from '../harness/http2_server.js';
import { program } from '../harness/own_process.js';
import { promised, soon } from '../harness/sources.js';
import { startProxy, startSocks, withProxies } from '../harness/proxy.js';

const ASKS = 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n';
const RESET = 'NS_ERROR_NET_RESET';
const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';

/** WebSockets over HTTP/2 (RFC 8441), against node:http2 with frames by the npm package ws. */
export const http2 = [
  {
    name: 'messages of all sizes come back on a stream, and close frames go both ways',
    run: (t) => onHttp2(t, {}, async ({ open, sessions, streams }) => {
      const talk = await open('/chat?a=b');
      t.same([talk.channel.httpResponse.status, talk.channel.securityInfo.alpn, talk.channel.securityInfo.trusted], [200, 'h2', true]);
      const sent = [0, 1, 125, 126, 65_535, 65_536, 300_000, 3_000_000].flatMap((size) => ['x'.repeat(size), new Uint8Array(size).fill(7)]);
      for (const message of sent) t.ok(talk.send(message), `accepted: ${message.length}`);
      const back = await talk.untilMessages(sent.length);
      for (const [at, message] of sent.entries()) t.is(back[at].length, message.length, `message ${at}`);
      t.same(back.filter((it) => typeof it === 'string'), sent.filter((it) => typeof it === 'string'));
      talk.close(4001, 'bye');
      const detail = await t.stops(talk, { node: 'NS_OK' });
      t.same([detail.code, detail.closedBy], [4001, 'local']);
      t.same([sessions.length, streams.length, streams[0].sentHeaders[':status']], [1, 1, 200]);
    }),
  },
  {
    name: 'the request is an extended CONNECT with the fields of the handshake and of the user, but no connection fields',
    async run(t) {
      let seen;
      const server = await startHttp2(t, { each: (stream, headers) => { seen = headers; wsOn(stream, { 'sec-websocket-protocol': 'b', 'set-cookie': ['c=1', 'd=2'], 'x-bytes': 'über ÿ' }); } });
      const talk = t.open(`${server.url}/p?q=1`, {
        protocols: 'a, b', origin: 'https://app.example', options: server.options({ headers: [['X-Own', '1'], ['X-Own', '2'], ['X-Bytes', 'Zürich ÿ'], ['Keep-Alive', '5'], ['Cookie', 'e=f']] }),
      });
      t.is((await talk.until('onStart')).state, 'open');
      t.is(talk.channel.protocol, 'b');
      t.is(talk.channel.httpResponse.headers['set-cookie'], 'c=1, d=2');
      t.same([talk.channel.httpResponse.headers['x-bytes'], seen['x-bytes']], ['über ÿ', 'Zürich ÿ']);
      const { ':method': method, ':protocol': protocol, ':scheme': scheme, ':path': path, ':authority': authority } = seen;
      t.same([method, protocol, scheme, path, authority], ['CONNECT', 'websocket', 'https', '/p?q=1', `localhost:${server.port}`]);
      t.same([seen['sec-websocket-version'], seen['sec-websocket-protocol'], seen.origin, seen['x-own'], seen.cookie], ['13', 'a, b', 'https://app.example', '1, 2', 'e=f']);
      for (const name of ['sec-websocket-key', 'connection', 'upgrade', 'keep-alive', 'host']) t.is(seen[name], undefined, name);
    },
  },
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
  ...[
    ['does not enable extended CONNECT', { settings: {} }, undefined],
    ['resets the stream with HTTP_1_1_REQUIRED', {}, (stream) => stream.close(0xd)],
  ].map(([what, settings, each]) => ({
    name: `a server that ${what} gets a second request over HTTP/1.1, in the same asyncOpen`,
    async run(t) {
      const server = await startHttp2(t, { ...settings, each, allowHTTP1: true });
      server.server.on('upgrade', (request, socket, head) => t.open(request.url, { accept: [request, socket, head] }));
      const talk = t.open(`${server.url}/`, { options: server.options() });
      t.same([(await talk.until('onStart')).state, talk.channel.httpResponse.status, talk.channel.securityInfo.alpn], ['open', 101, 'http/1.1']);
      if (!server.sessions[0].closed) await once(server.sessions[0], 'close');
    },
  })),
  {
    name: 'HTTP/2 is not offered without the option or for ws:; a value that is not a boolean throws NS_ERROR_INVALID_ARG',
    async run(t) {
      const server = await startHttp2(t, { allowHTTP1: true });
      server.server.on('upgrade', (request, socket, head) => t.open(request.url, { accept: [request, socket, head] }));
      const talk = await t.opened(`${server.url}/`, { options: server.options({ http2: false }) });
      t.same([talk.channel.securityInfo.alpn, server.sessions.length], ['http/1.1', 0]);
      const plain = await t.opened(t.peer('ws', '/echo'), { options: { http2: true } });
      t.is(plain.channel.httpResponse.status, 101);
      for (const wrong of [1, 'true', {}]) t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ http2: wrong }));
    },
  },
  {
    name: 'a refusal is reported with its body, a redirect is followed, and a password is requested, all on one session',
    async run(t) {
      const paths = [];
      const server = await startHttp2(t, { each(stream, headers) {
        paths.push([headers[':path'], headers.authorization]);
        if (headers[':path'] === '/from') return void stream.respond({ ':status': 307, location: '/to' }, { endStream: true });
        if (headers[':path'] === '/to' && !headers.authorization) return void stream.respond({ ':status': 401, 'www-authenticate': 'Basic realm="x"' }, { endStream: true });
        if (headers[':path'] === '/to') return void wsOn(stream);
        stream.respond({ ':status': 403, 'x-why': 'no' });
        stream.end('not here');
      } });
      const talk = t.open(`${server.url}/from`, {
        options: server.options(), attributes: { notificationCallbacks: { onAuthRequired: () => ({ username: 'u', password: 'p' }) } },
      });
      t.is((await talk.until('onStart')).state, 'open');
      t.ok(talk.channel.URI.endsWith('/to'), talk.channel.URI);
      t.same(paths, [['/from', undefined], ['/to', undefined], ['/to', 'Basic dTpw']]);
      const refused = t.open(`${server.url}/no`, { options: server.options() });
      const { http } = await t.stops(refused, { node: REFUSED });
      t.same([http.status, http.headers['x-why'], http.body], [403, 'no', 'not here']);
      t.is(server.sessions.length, 1);
    },
  },
  {
    name: 'a response that selects a subprotocol that was not requested: NS_ERROR_ILLEGAL_VALUE, and the stream is closed',
    run: (t) => onHttp2(t, { each: (stream) => stream.respond({ ':status': 200, 'sec-websocket-protocol': 'x' }) }, async ({ begin, streams }) => {
      await t.stops(begin(), { node: 'NS_ERROR_ILLEGAL_VALUE' });
      if (!streams[0].closed) await once(streams[0], 'close');
    }),
  },
  {
    name: 'a stream that is reset while it is open: NS_ERROR_NET_RESET with the code, and the other streams go on',
    run: (t) => onHttp2(t, {}, async ({ open, streams }) => {
      const other = await open();
      for (const [code, name] of [[2, 'INTERNAL_ERROR'], [8, 'CANCEL'], [11, 'ENHANCE_YOUR_CALM'], [1, 'PROTOCOL_ERROR']]) {
        const talk = await open();
        streams.at(-1).close(code);
        const { message } = await t.stops(talk, { node: RESET });
        t.ok(message.includes(`(${name})`), message);
      }
      other.send('still here');
      t.same(await other.untilMessages(1), ['still here']);
    }),
  },
  {
    name: 'a stream that ends without a close frame: NS_BASE_STREAM_CLOSED',
    run: (t) => onHttp2(t, { each: (stream) => { stream.respond({ ':status': 200 }); stream.end(); } }, async ({ begin }) => {
      await t.stops(begin(), { node: 'NS_BASE_STREAM_CLOSED' });
    }),
  },
  {
    name: 'a stream that is reset right behind the peer\'s close frame: the channel ends at once, and does not say that its answer went out',
    async run(t) {
      const [END_STREAM, END_HEADERS] = [1, 4];
      const close = [0x88, 5, 0x0f, 0xa0, 0x62, 0x79, 0x65]; // 4000 bye
      const ended = [0, 'NS_BASE_STREAM_CLOSED', 'before its close frame was answered'];
      const resets = [[8, RESET, '(CANCEL)'], [20, RESET, '(INTERNAL_ERROR)']];
      // Node drops what a stream still holds when it is reset with another code than 0.
      for (const [flags, isSuspended, ends] of [[0, false, [ended, ...resets]], [END_STREAM, false, [ended, ...resets]], [0, true, [ended]]]) {
        for (const [code, status, words] of ends) {
          const server = await startRawHttp2(t, (id) => [frame(HEADERS, END_HEADERS, id, [0x88]), frame(DATA, flags, id, close), frame(RST_STREAM, 0, id, [0, 0, 0, code])]);
          const talk = t.open(`${server.url}/`, { options: server.options({ closeTimeoutMs: 0x7fffffff }) });
          if (isSuspended) {
            talk.channel.suspend();
            await talk.until('onStart');
            await new Promise((resolve) => setTimeout(resolve, 50)); // until the reset has arrived
            talk.channel.resume();
          }
          const detail = await t.stops(talk, { node: status });
          t.same([detail.code, detail.reason, detail.closedBy], [4000, 'bye', 'remote']);
          t.ok(detail.message.includes(words), detail.message);
        }
      }
    },
  },
  {
    name: 'headers that Node does not send over HTTP/2: the message says which, and what to do',
    run: (t) => onHttp2(t, {}, async ({ begin, options }) => {
      const detail = await t.stops(begin('/', options({ headers: [['Content-Type', 'a/b'], ['Content-Type', 'c/d']] })), { node: 'NS_ERROR_ILLEGAL_VALUE' });
      t.ok(/content-type.* Change the option headers, or leave out the option http2\.$/i.test(detail.message), detail.message);
    }),
  },
  {
    name: 'headers of more than 64 KiB reach a server that accepts them',
    async run(t) {
      let received;
      const server = await startHttp2(t, { settings: { enableConnectProtocol: true, maxHeaderListSize: 1 << 20 }, each: (stream, headers) => { received = headers['x-big'].length; wsOn(stream); } });
      await t.opened(`${server.url}/`, { options: server.options({ headers: { 'X-Big': 'x'.repeat(70_000) } }) });
      t.is(received, 70_000);
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
    name: 'the message explains a stream that is reset before the response; a refused stream is tried once more',
    async run(t) {
      let count = 0;
      const server = await startHttp2(t, { each(stream, headers) {
        count += 1;
        const code = { '/once': count === 1 ? 7 : 0, '/always': 7, '/internal': 2 }[headers[':path']];
        if (code) stream.close(code);
        else wsOn(stream);
      } });
      await t.opened(`${server.url}/once`, { options: server.options() });
      t.is(count, 2);
      const always = await t.stops(t.open(`${server.url}/always`, { options: server.options() }), { node: REFUSED });
      t.ok(always.message.includes('REFUSED_STREAM') && always.message.includes('Try again later'), always.message);
      t.is(count, 4);
      const { message } = await t.stops(t.open(`${server.url}/internal`, { options: server.options() }), { node: REFUSED });
      t.ok(message.includes('INTERNAL_ERROR'), message);
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
    name: 'a server of only HTTP/2 that does not enable extended CONNECT: the message says what to do',
    async run(t) {
      const server = await startHttp2(t, { settings: {} });
      const { message } = await t.stops(t.open(`${server.url}/`, { options: server.options() }), { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
      t.ok(message.includes('it must support extended CONNECT (RFC 8441)'), message);
    },
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
  {
    name: 'a suspended channel stops only its own stream, and gets everything later',
    async run(t) {
      const sockets = [];
      const server = await startHttp2(t, { each: (stream) => sockets.push(wsOn(stream).on('message', function echo(data) { this.send(data); })) });
      const [stalled, other] = [await t.opened(`${server.url}/`, { options: server.options() }), await t.opened(`${server.url}/`, { options: server.options() })];
      stalled.channel.suspend();
      const COUNT = 200;
      for (let at = 0; at < COUNT; at++) sockets[0].send(Buffer.alloc(65_536, at));
      other.send('x'.repeat(1_000_000));
      t.is((await other.untilMessages(1))[0].length, 1_000_000);
      t.is(stalled.messages.length, 0);
      t.ok(sockets[0].bufferedAmount > 4_000_000, `the server holds the rest: ${sockets[0].bufferedAmount}`);
      stalled.channel.resume();
      const received = await stalled.untilMessages(COUNT);
      t.ok(received.every((bytes, at) => bytes.length === 65_536 && bytes[0] === (at & 255)), 'all of it, in order');
    },
  },
  {
    name: 'a server that grants no window: bufferedAmount grows, the other streams go on, and close() times out',
    async run(t) {
      const server = await startHttp2(t, { each(stream, headers) { headers[':path'] === '/stuck' ? stream.respond({ ':status': 200 }) && stream.pause() : wsOn(stream).on('message', function echo(data, binary) { this.send(data, { binary }); }); } });
      const stuck = await t.opened(`${server.url}/stuck`, { options: server.options({ closeTimeoutMs: 500 }) });
      for (let at = 0; at < 100; at++) stuck.send(new Uint8Array(65_536));
      const other = await t.opened(`${server.url}/`, { options: server.options() });
      other.send('through');
      t.same(await other.untilMessages(1), ['through']);
      t.ok(stuck.channel.bufferedAmount > 4_000_000, String(stuck.channel.bufferedAmount));
      stuck.close();
      const { timeout } = await t.stops(stuck, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      t.is(timeout, 'close');
    },
  },
  {
    name: 'pings of HTTP/2 are answered, and pings of the channel go through the stream',
    run: (t) => onHttp2(t, {}, async ({ open, sessions }) => {
      const talk = await open();
      await new Promise((resolve, reject) => sessions[0].ping((error) => (error ? reject(error) : resolve())));
      await talk.channel.sendPing('there?');
    }),
  },
  {
    name: 'pingTimeout ends a channel on a stream if the peer answers no ping',
    run: (t) => onHttp2(t, { each: (stream) => stream.respond({ ':status': 200 }) && stream.resume() }, async ({ begin, options }) => {
      const talk = begin('/', options(), { pingInterval: 1, pingTimeout: 1 });
      await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
    }),
  },
  {
    name: 'close() at any step of the opening cancels it, and the session ends',
    async run(t) {
      const server = await startHttp2(t, { each() {} });
      for (const ms of [0, 1, 5, 20, 60]) {
        const talk = t.open(`${server.url}/`, { options: server.options() });
        await new Promise((resolve) => setTimeout(resolve, ms));
        talk.close();
        await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      }
      for (const session of server.sessions) if (!session.destroyed) await once(session, 'close');
    },
  },
  {
    name: 'close() any number of microtasks after the TLS handshake cancels the opening, and nothing is uncaught',
    async run(t) {
      const server = await startHttp2(t, { each() {} });
      const uncaught = t.uncaught();
      try {
        for (let count = 0; count < 16; count++) {
          const onProgress = async (status) => {
            if (status !== 'NS_NET_STATUS_TLS_HANDSHAKE_ENDED') return;
            for (let at = 0; at < count; at++) await null;
            talk.close();
          };
          const talk = t.open(`${server.url}/`, { options: server.options(), attributes: { notificationCallbacks: { onProgress } } });
          await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
        }
        await t.roundTrip();
        t.same(uncaught.errors, []);
      } finally {
        uncaught.stop();
      }
    },
  },
  {
    name: 'if the server never ends the connection, the client ends it soon after the last channel',
    async run(t) {
      const { port, closed } = await startMute(t);
      const talk = t.open(`wss://localhost:${port}/`, { options: { http2: true, tls: { ca: t.addresses.authority.root.cert } } });
      await t.stops(talk, { node: 'NS_OK' });
      await soon(closed, 'the end of the connection');
    },
  },
  {
    name: 'openTimeoutMs: a server that sends no settings, does not respond, or sends only half of a refusal',
    async run(t) {
      const server = await startHttp2(t, { each(stream, headers) { if (headers[':path'] === '/half') { stream.respond({ ':status': 503 }); stream.write('over'); } } });
      const silent = t.open(`${server.url}/silent`, { options: server.options({ openTimeoutMs: 300 }) });
      const detail = await t.stops(silent, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      t.same([detail.timeout, detail.message.includes('response')], ['open', true]);
      const half = await t.stops(t.open(`${server.url}/half`, { options: server.options({ openTimeoutMs: 300 }) }), { node: REFUSED });
      t.same([half.http.status, half.http.body], [503, 'over']);
      const { createServer } = await import('node:tls');
      const { good, intermediate } = t.addresses.authority;
      const mute = createServer({ cert: good.cert + intermediate.cert, key: good.key, ALPNProtocols: ['h2'] }, (socket) => socket.on('error', () => {}).resume());
      mute.listen(0, '127.0.0.1');
      await once(mute, 'listening');
      t.onEnd(() => mute.close());
      const { message } = await t.stops(t.open(`wss://localhost:${mute.address().port}/`, { options: server.options({ openTimeoutMs: 300 }) }), { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      t.ok(message.includes('HTTP/2 session'), message);
    },
  },
  {
    name: 'a server that selects h2 by ALPN but does not speak it: the channel stops with a status and an explanation',
    async run(t) {
      const { createServer } = await import('node:tls');
      const { good, intermediate, root } = t.addresses.authority;
      for (const manner of [(socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), (socket) => socket.end(), (socket) => socket.destroy(), (socket) => socket.write(Buffer.alloc(100_000, 7))]) {
        const odd = createServer({ cert: good.cert + intermediate.cert, key: good.key, ALPNProtocols: ['h2'] }, (socket) => { socket.on('error', () => {}).resume(); manner(socket); });
        odd.listen(0, '127.0.0.1');
        await once(odd, 'listening');
        const talk = t.open(`wss://localhost:${odd.address().port}/`, { options: { http2: true, tls: { ca: root.cert } } });
        const { status, detail } = await talk.end();
        t.oneOf(t.api.statusName(status), [REFUSED, RESET]);
        t.ok(detail.message.startsWith('localhost:') && detail.message.length > 30, detail.message);
        odd.close();
      }
    },
  },
  ...[['HTTP', () => startProxy()], ['SOCKS', () => startSocks()], ['HTTPS', (t) => startProxy({ tls: identity(t) })]].map(([what, start]) => ({
    name: `through a proxy of type ${what}: the session runs in its tunnel, and channels share the session`,
    run: (t) => withProxies([start(t)], async (proxy) => onHttp2(t, {}, async ({ begin, sessions, options }) => {
      const talks = [begin('/', options({ proxy: proxy.url() })), begin('/', options({ proxy: proxy.url() }))];
      for (const talk of talks) {
        t.is((await talk.until('onStart')).state, 'open');
        talk.send('hello');
        t.same(await talk.untilMessages(1), ['hello']);
      }
      t.same([sessions.length, proxy.requests.length, talks[1].channel.securityInfo.alpn], [1, 1, 'h2']);
    })),
  })),
  {
    name: 'onProgress: a channel that joins a session is told only of sending and waiting',
    run: (t) => onHttp2(t, {}, async ({ open, begin, options }) => {
      await open();
      const told = [];
      const talk = begin('/', options(), { notificationCallbacks: { onProgress: (status) => told.push(status) } });
      await talk.until('onStart');
      t.same(told, ['NS_NET_STATUS_SENDING_TO', 'NS_NET_STATUS_WAITING_FOR']);
    }),
  },
  {
    name: 'WebSocket and WebSocketStream accept the option, and share the session',
    async run(t) {
      const server = await startHttp2(t);
      const observed = await t.openSocket(`${server.url}/`, server.options());
      t.is(observed.socket.channel.securityInfo.alpn, 'h2');
      observed.socket.send('hello');
      t.is((await observed.until('message')).data, 'hello');
      const { reader, writer } = await t.openStream(`${server.url}/`, server.options());
      await writer.write('there');
      t.is((await reader.read()).value, 'there');
      t.is(server.sessions.length, 1);
    },
  },
  {
    name: 'unref lets the process end, although the session is open',
    async run(t) {
      const server = await startHttp2(t);
      const { code, stdout } = await program(`
const channel = new WebSocketChannel({ http2: true, tls: { rejectUnauthorized: false } });
channel.asyncOpen(process.argv.at(-1), null, { onStart() { console.log(channel.state, channel.securityInfo.alpn); channel.unref(); } });
`, server.url);
      t.same([code, stdout], [0, 'open h2\n']);
    },
  },
  ...['nghttpx', 'haproxy'].map((name) => ({
    name: `through ${name} to ws: messages, compression, subprotocol and close`,
    needs: name,
    async run(t) {
      const url = new URL(t.peer('ws', '/echo', { deflate: '{}' }));
      const secure = `wss://localhost:${t.addresses[name]}${url.pathname}${url.search}`;
      const options = { http2: true, tls: { ca: t.addresses.authority.root.cert } };
      const talks = [1, 2, 3].map(() => t.open(secure, { options, protocols: 'chat' }));
      for (const talk of talks) {
        t.same([(await talk.until('onStart')).state, talk.channel.httpResponse.status, talk.channel.protocol], ['open', 200, 'chat']);
        t.ok(talk.channel.extensions.startsWith('permessage-deflate'), talk.channel.extensions);
        for (const message of ['x'.repeat(100_000), new Uint8Array(70_000).fill(3), '']) talk.send(message);
        t.same((await talk.untilMessages(3)).map(({ length }) => length), [100_000, 70_000, 0]);
        talk.close(4002, 'done');
        t.is((await t.stops(talk, { node: 'NS_OK' })).code, 4002);
      }
    },
  })),
  {
    name: 'a hypercorn server: messages of all sizes, and close',
    needs: 'hypercorn',
    async run(t) {
      const options = { http2: true, tls: { ca: t.addresses.authority.root.cert } };
      const talk = await t.opened(`wss://localhost:${t.addresses.hypercorn}/echo`, { options });
      t.same([talk.channel.httpResponse.status, talk.channel.securityInfo.alpn], [200, 'h2']);
      for (const message of ['', 'é'.repeat(50_000), new Uint8Array(300_000)]) talk.send(message);
      t.same((await talk.untilMessages(3)).map(({ length }) => length), [0, 50_000, 300_000]);
      talk.close(4003);
      await t.stops(talk, { node: 'NS_OK' });
    },
  },
];

/** Calls `run` with a server (http2_server.js), `begin(path, options, attributes)` and `open(path)`, which waits until the channel is open. */
async function onHttp2(t, settings, run) {
  const server = await startHttp2(t, settings);
  const begin = (path = '/', options = server.options(), attributes = {}) => t.open(server.url + path, { options, attributes });
  const open = async (path) => {
    const talk = begin(path);
    t.is((await talk.until('onStart')).state, 'open');
    return talk;
  };
  return run({ ...server, begin, open });
}

/** Accepts the stream, and reads nothing behind the first message. */
function pausing(stream) {
  const socket = wsOn(stream);
  socket.once('message', () => socket.pause());
}

function identity(t) {
  const { good, intermediate } = t.addresses.authority;
  return { cert: good.cert + intermediate.cert, key: good.key };
}

/**
 * A hand-made HTTP/2 server. It accepts the first stream, closes it with a close frame, and then ends nothing. It keeps sending, so that its system
 * tells it (`closed`) when the client is gone.
 */
async function startMute(t) {
  const http2Frame = (type, flags, id, payload = []) => Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, id, ...payload]);
  const closed = promised();
  const server = createTlsListener({ ...identity(t), ALPNProtocols: ['h2'], allowHalfOpen: true }, (socket) => {
    const sending = setInterval(() => socket.write(http2Frame(6, 1, 0, Array(8).fill(0))), 50);
    socket.on('error', () => {}).on('close', () => { clearInterval(sending); closed.resolve(); });
    t.onEnd(() => socket.destroy());
    socket.once('data', () => {
      // It sends its settings, with extended CONNECT, and acknowledges the client's. Then it answers the next data with `:status: 200` and the close frame.
      socket.write(Buffer.concat([http2Frame(4, 0, 0, [0, 8, 0, 0, 0, 1]), http2Frame(4, 1, 0)]));
      socket.once('data', () => socket.write(Buffer.concat([http2Frame(1, 4, 1, [0x88]), http2Frame(0, 0, 1, [0x88, 2, 3, 232])])));
    }).on('data', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.onEnd(() => server.close());
  return { port: server.address().port, closed: closed.promise };
}
