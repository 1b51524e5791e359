import { once } from 'node:events';
import { createServer as createTlsListener } from 'node:tls';
import { DATA, HEADERS, PING, RST_STREAM, SETTINGS, frame, onHttp2, startHttp2, startRawHttp2, wsOn } from '../harness/http2_server.js';
import { program } from '../harness/own_process.js';
import { startProxy, startSocks, withProxies } from '../harness/proxy.js';
import { promised, soon } from '../harness/sources.js';

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
      const detail = await t.stops(begin('/', options({ headers: [['Content-Type', 'a/b'], ['Content-Type', 'c/d']] })), { node: 'NS_ERROR_UNEXPECTED' });
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
    name: 'a server of only HTTP/2 that does not enable extended CONNECT: the message says what to do',
    async run(t) {
      const server = await startHttp2(t, { settings: {} });
      const { message } = await t.stops(t.open(`${server.url}/`, { options: server.options() }), { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
      t.ok(message.includes('it must support extended CONNECT (RFC 8441)'), message);
    },
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
    async run(t) {
      const pinged = promised();
      await onHttp2(t, { each: (stream) => wsOn(stream).on('ping', (data) => pinged.resolve(data.toString())) }, async ({ open, sessions }) => {
        const talk = await open();
        await new Promise((resolve, reject) => sessions[0].ping((error) => (error ? reject(error) : resolve())));
        await talk.channel.sendPing('there?');
        t.is(await pinged.promise, 'there?');
      });
    },
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

function identity(t) {
  const { good, intermediate } = t.addresses.authority;
  return { cert: good.cert + intermediate.cert, key: good.key };
}

/**
 * A hand-made HTTP/2 server. It accepts the first stream, closes it with a close frame, and then ends nothing. It keeps sending, so that its system
 * tells it (`closed`) when the client is gone.
 */
async function startMute(t) {
  const closed = promised();
  const server = createTlsListener({ ...identity(t), ALPNProtocols: ['h2'], allowHalfOpen: true }, (socket) => {
    const sending = setInterval(() => socket.write(frame(PING, 1, 0, Array(8).fill(0))), 50);
    socket.on('error', () => {}).on('close', () => { clearInterval(sending); closed.resolve(); });
    t.onEnd(() => socket.destroy());
    socket.once('data', () => {
      // It sends its settings, with extended CONNECT, and acknowledges the client's. Then it answers the next data with `:status: 200` and the close frame.
      socket.write(Buffer.concat([frame(SETTINGS, 0, 0, [0, 8, 0, 0, 0, 1]), frame(SETTINGS, 1, 0, [])]));
      socket.once('data', () => socket.write(Buffer.concat([frame(HEADERS, 4, 1, [0x88]), frame(DATA, 0, 1, [0x88, 2, 3, 232])])));
    }).on('data', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.onEnd(() => server.close());
  return { port: server.address().port, closed: closed.promise };
}
