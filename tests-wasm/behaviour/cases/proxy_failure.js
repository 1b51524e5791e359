import { startProxy, startSocks, withProxies } from '../harness/proxy.js';
import { startRaw } from '../harness/raw_server.js';
import { reply } from '../harness/scripted.js';

const REFUSED = 'NS_ERROR_PROXY_CONNECTION_REFUSED';

/** The option `proxy` when its value is invalid, or when the proxy does not do what it should. */
export const proxyFailures = [
  {
    name: 'the constructor throws NS_ERROR_INVALID_ARG for an invalid proxy, and the message names the option',
    async run(t) {
      const wrongs = ['', 'proxy', 'ENV', 'env ', 'ftp://127.0.0.1:1', 'socks4://127.0.0.1:1', 'socks://127.0.0.1:1', 'ws://127.0.0.1:1', 'http://', 'http:///', 'socks5://', 'socks5:127.0.0.1', 'http://127.0.0.1:99999',
        'http://[::1', 'file:///proxy', 'javascript:1', 'http://us%er:x@127.0.0.1:1', 'http://u:%ff@127.0.0.1:1', 5, 0, true, false, {}, [], ['http://127.0.0.1:1'], () => 'http://127.0.0.1:1', Symbol('proxy'), 1n, new URL('ftp://127.0.0.1/')];
      for (const proxy of wrongs) {
        const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ proxy }), `proxy: ${String(proxy)}`);
        t.ok(message.includes('proxy'), message);
      }
    },
  },
  {
    name: 'a proxy may be a string or a URL object; together with socket.path it is NS_ERROR_INVALID_ARG',
    run: (t) => withProxies([startProxy(), startSocks()], async (http, socks) => {
      for (const proxy of [http, socks]) {
        for (const given of [proxy.url(), `${proxy.url()}/`, new URL(proxy.url()), proxy.url().replace(/^\w+/, (scheme) => scheme.toUpperCase())]) await t.opened(t.peer('ws', '/echo'), { options: { proxy: given } });
        t.is(proxy.requests.length, 4);
        const channel = new t.api.WebSocketChannel({ proxy: proxy.url(), socket: { path: t.addresses.unix } });
        t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(t.peer('ws', '/echo'), null, {}, null));
      }
      await t.opened(t.peer('ws', '/echo'), { options: { proxy: socks.url().replace('socks5', 'socks5h') } });
      t.is(socks.requests.length, 5);
    }),
  },
  ...['http', 'https', 'socks5'].map((scheme) => ({
    name: `the ${scheme} proxy's name is not found, or nobody listens there`,
    async run(t) {
      const lookup = (host, given, done) => done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
      const unknown = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: `${scheme}://user:hidden@proxy.invalid:3128`, socket: { lookup } } }), { node: 'NS_ERROR_UNKNOWN_PROXY_HOST' });
      t.same([unknown.cause?.code, unknown.http], ['ENOTFOUND', null]);
      t.ok(unknown.message.includes('proxy.invalid') && !unknown.message.includes('hidden'), unknown.message);
      const refused = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: `${scheme}://user:hidden@127.0.0.1:${t.addresses.refusing}` } }), { node: REFUSED });
      t.same([refused.cause?.code, refused.http], ['ECONNREFUSED', null]);
      t.ok(refused.message.includes(`127.0.0.1:${t.addresses.refusing}`) && !refused.message.includes('hidden'), refused.message);
    },
  })),
  {
    name: 'Apache and microsocks cannot reach the server or are not allowed to',
    needs: ['proxy', 'socks'],
    async run(t) {
      for (const [proxy, url, status] of [[`http://127.0.0.1:${t.addresses.proxy}`, t.peer('refusing', '/'), 503], [`http://127.0.0.1:${t.addresses.proxy}`, 'ws://127.0.0.1:81/', 403], [`socks5://127.0.0.1:${t.addresses.socks}`, t.peer('refusing', '/'), null]]) {
        const { message, http, wasClean } = await t.stops(t.open(url, { options: { proxy } }), { node: REFUSED });
        t.same([http?.status ?? null, wasClean], [status, false]);
        t.ok(message.includes(new URL(proxy.replace(/^\w+/, 'ws')).host), message);
        if (status) t.ok(message.includes(String(status)) && http.headers['content-type'].startsWith('text/html'), message);
      }
    },
  },
  ...[301, 302, 400, 403, 404, 426, 500, 502, 503, 504, 599, 101, 300].map((status) => ({
    name: `CONNECT answered with ${status}`,
    run: (t) => withProxies([startProxy({ answer: () => reply(status, { Location: 'ws://127.0.0.1:1/', 'X-Why': 'because' }, 'the reason') })], async (proxy) => {
      const asked = [];
      const notificationCallbacks = { onAuthRequired: () => void asked.push('auth'), onRedirect: () => void asked.push('redirect') };
      const { http, message, cause } = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url() }, attributes: { notificationCallbacks } }), { node: REFUSED });
      t.same([http.status, http.headers['x-why'], cause, asked, proxy.requests.length], [status, 'because', null, [], 1]);
      t.ok(message.includes(`127.0.0.1:${proxy.port}`) && message.includes(String(status)), message);
    }),
  })),
  ...['200 Connection established', '201 Created', '204 No Content', '299 Fine', '200 OK\r\nContent-Length: 1000', '200 OK\r\nTransfer-Encoding: chunked', '200 OK\r\nConnection: close', '200'].map((established) => ({
    name: `CONNECT answered with any 2xx status opens the tunnel: ${established.replace('\r\n', ', ')}`,
    run: (t) => withProxies([startProxy({ established: `HTTP/1.1 ${established}\r\n\r\n` })], async (proxy) => {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { proxy: proxy.url() } });
      talk.send('through');
      t.same(await talk.untilMessages(1), ['through']);
    }),
  })),
  ...Object.entries({
    garbage: 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'nothing before the end': '', 'half a status line before the end': 'HTTP/1.1 200 Conn', 'a head that is incomplete': 'HTTP/1.1 200 OK\r\nX-A: b\r\n', 'a head that never ends': `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(200_000)}`,
    'binary garbage': '\x05\xff\0\0\x16\x03\x01', 'a frame': '\x81\x05hello',
  }).map(([what, text]) => ({
    name: `CONNECT answered with ${what}`,
    run: (t) => withProxies([startProxy({ answer: () => text })], async (proxy) => {
      const { http, message, wasClean } = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url() } }), { node: REFUSED });
      t.same([http, wasClean], [null, false]);
      t.ok(message.includes(`127.0.0.1:${proxy.port}`), message);
    }),
  })),
  ...Object.entries({
    'resets the connection': [({ socket }) => void socket.resetAndDestroy(), undefined],
    'ends the connection after half of a refusal': [() => 'HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nhalf', 403],
  }).map(([what, [answer, status]]) => ({
    name: `a proxy that ${what}`,
    run: (t) => withProxies([startProxy({ answer })], async (proxy) => {
      const { http, message } = await t.stops(t.open(t.peer('wss', '/echo'), { options: { proxy: proxy.url() } }), { node: REFUSED });
      t.is(http?.status, status);
      t.ok(message.includes(`127.0.0.1:${proxy.port}`), message);
    }),
  })),
  ...[
    ['no acceptable method', { method: [5, 255] }], ['a method that was not offered', { method: [5, 2] }], ['another method that was not offered', { method: [5, 1] }], ['version 4', { method: [4, 0] }], ['HTTP', { method: [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')] }],
    ['the end after the greeting', { method: null }], ['half an answer to the greeting', { method: [5], end: true }], ['version 4 in the reply', { reply: [4, 0, 0, 1, 127, 0, 0, 1, 0, 80] }], ['the end instead of a reply', { reply: null }],
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 255].map((code) => [`the reply ${code}`, { reply: [5, code, 0, 1, 0, 0, 0, 0, 0, 0] }]), ['the reply 5, cut short', { reply: [5, 5], end: true }], ['an address of an unknown type', { reply: [5, 0, 0, 9, 127, 0, 0, 1, 0, 80] }],
  ].map(([what, replies]) => ({
    name: `SOCKS answers with ${what}`,
    run: (t) => withProxies([startSocks({ replies })], async (proxy) => {
      const { http, message, cause, wasClean } = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url(), openTimeoutMs: 3000 } }), { node: REFUSED });
      t.same([http, wasClean], [null, false]);
      t.ok(message.includes(`127.0.0.1:${proxy.port}`) && message.length > 30, message);
      t.ok(cause === null || cause instanceof Error, `${cause}`);
    }),
  })),
  {
    name: 'SOCKS: each error reply has its own message; a name that is too long is refused, not truncated',
    run: (t) => withProxies([2, 3, 4, 5, 6, 7].map((code) => startSocks({ replies: { reply: [5, code, 0, 1, 0, 0, 0, 0, 0, 0] } })), async (...proxies) => {
      const messages = [];
      for (const proxy of proxies) messages.push((await t.stops(t.open('ws://server.example/', { options: { proxy: proxy.url() } }), { node: REFUSED })).message.replaceAll(String(proxy.port), ''));
      t.is(new Set(messages).size, proxies.length, messages.join(' / '));
      try {
        const talk = t.open(`ws://${Array(5).fill('a'.repeat(60)).join('.')}/`, { options: { proxy: proxies[0].url(), openTimeoutMs: 1000 } });
        t.oneOf(t.api.statusName((await talk.end()).status), [REFUSED, 'NS_ERROR_UNKNOWN_HOST']);
      } catch (error) {
        t.oneOf(error.name, ['NS_ERROR_INVALID_ARG', 'NS_ERROR_MALFORMED_URI']);
      }
      t.is(proxies[0].requests.length, 1, 'requests, none of them with a truncated name');
    }),
  },
  {
    name: 'the SOCKS reply may arrive byte by byte, with any type of address; CONNECT\'s answer may arrive byte by byte, too',
    async run(t) {
      const warnings = [];
      const warn = (warning) => warnings.push(String(warning));
      process.on('warning', warn);
      const replies = [[5, 0, 0, 1, 127, 0, 0, 1, 0, 80], [5, 0, 0, 4, ...Array(16).fill(7), 0, 80], [5, 0, 0, 3, 20, ...Buffer.from('a-name.proxy.example'), 0, 80], [5, 0, 0, 3, 0, 0, 80]];
      for (const drip of [false, true]) {
        for (const reply of replies) {
          await withProxies([startSocks({ replies: { reply }, drip, wants: 'user:secret' })], async (proxy) => {
            const talk = await t.opened(t.peer('wss', '/echo'), { options: { proxy: proxy.url('user:secret@'), tls: { ca: t.addresses.cert } } });
            talk.send('through');
            t.same(await talk.untilMessages(1), ['through']);
          });
        }
      }
      const server = await startRaw();
      const talk = t.open('ws://server.example/', { options: { proxy: `http://127.0.0.1:${server.port}` } });
      const connection = await server.next();
      for (const byte of 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n') {
        connection.socket.write(byte);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      // From here on it is the server, which refuses.
      connection.socket.end(reply(418));
      t.is((await t.stops(talk, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' })).http.status, 418);
      server.stop();
      process.off('warning', warn);
      t.same(warnings, []);
    },
  },
  ...[
    ['CONNECT', () => startProxy({ answer: () => ({ text: 'HTTP/1.1 200 OK\r\n\r\nNOT TLS AT ALL' }) })],
    ['SOCKS5', () => startSocks({ replies: { reply: [5, 0, 0, 1, 127, 0, 0, 1, 0, 80, ...Buffer.from('NOT TLS AT ALL')] } })],
  ].map(([scheme, make]) => ({
    name: `what comes right behind the tunnel's answer of ${scheme} is TLS's: if it is not TLS, the failure says so`,
    run: (t) => withProxies([make()], async (proxy) => {
      const { message } = await t.stops(t.open(t.peer('wss', '/echo'), { options: { proxy: proxy.url(), openTimeoutMs: 5000 } }), { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
      t.ok(message.includes('does not speak TLS'), message);
    }),
  })),
  ...[
    ['after CONNECT\'s 200', (behind) => startProxy({ answer: () => `HTTP/1.1 200 OK\r\n\r\n${behind}` })],
    ['after the SOCKS reply', (behind) => startSocks({ replies: { reply: [5, 0, 0, 1, 127, 0, 0, 1, 0, 80, ...Buffer.from(behind, 'latin1')] } })],
  ].map(([where, proxyWith]) => ({
    name: `bytes in the same packet ${where} belong to the server`,
    async run(t) {
      await withProxies([proxyWith(reply(403, { 'X-From': 'the server' }, 'no')), proxyWith('\x15\x03\x03\0\x02\x02\x28')], async (plain, secure) => {
        const { http } = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: plain.url() } }), { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
        t.same([http.status, http.headers['x-from'], http.body], [403, 'the server', 'no']);
        // A TLS alert: the handshake has failed.
        await t.stops(t.open(t.peer('wss', '/echo'), { options: { proxy: secure.url() } }), { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
      });
    },
  })),
].map((one) => ({ ...one, hosts: ['node'] }));
