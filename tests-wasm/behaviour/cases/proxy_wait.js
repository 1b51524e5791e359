import { createServer } from 'node:net';
import { program } from '../harness/own_process.js';
import { ended, startProxy, startSocks, withProxies } from '../harness/proxy.js';
import { reply } from '../harness/scripted.js';

const TIMEOUT = 'NS_ERROR_NET_TIMEOUT_EXTERNAL';

/** Proxies that keep a channel waiting: timeouts, close(), a group's cancel() and unref(). Also what onProgress reports, and tunnels that break. */
export const proxyWaits = [
  ...waits().flatMap(([what, start, user = '']) => [
    {
      name: `openTimeoutMs: ${what}`,
      run: (t) => withProxies([start(t)], async (proxy) => {
        const talk = t.open(t.peer('ws', '/echo'), given(proxy, user, { openTimeoutMs: 300 }));
        const [{ timeout, http, message }] = await Promise.all([t.stops(talk, { node: TIMEOUT }), proxy.met()]);
        t.same([timeout, http], ['open', null]);
        t.ok(message.includes(`127.0.0.1:${proxy.port}`), `the message names the proxy: ${message}`);
        await Promise.all([...proxy.sockets].map(ended));
      }),
    },
    {
      name: `close() and a group's cancel(): ${what}`,
      run: (t) => withProxies([start(t)], async (proxy) => {
        const closed = t.open(t.peer('ws', '/echo'), given(proxy, user));
        closed.send('never sent');
        await proxy.met();
        closed.close();
        await t.stops(closed, { node: 'NS_BINDING_ABORTED' });
        for (const [args, status] of [[[], 'NS_BINDING_ABORTED'], [[t.api.Status.NS_ERROR_NET_RESET], 'NS_ERROR_NET_RESET']]) {
          const loadGroup = new t.api.LoadGroup();
          const talk = t.open(t.peer('wss', '/echo'), { ...given(proxy, user), loadGroup });
          await proxy.met();
          talk.quietly(() => loadGroup.cancel(...args));
          await t.stops(talk, { node: status });
          t.same([talk.names, loadGroup.activeCount], [['onStart', 'onStop'], 0]);
        }
        await Promise.all([...proxy.sockets].map(ended));
      }),
    },
    {
      name: `an unref'd channel lets the program end, and ref() keeps it alive: ${what}`,
      run: (t) => withProxies([start(t)], async (proxy) => {
        const run = (body) => program(`
          const [url, proxy] = JSON.parse(process.argv[1]);
          const channel = new WebSocketChannel({ proxy, openTimeoutMs: 3000, tls: { rejectUnauthorized: false } });
          const alive = setTimeout(() => {}, 60_000);
          ${body}
          channel.asyncOpen(url, null, { onStop(context, status) { console.log(statusName(status)); } }, null);
          setTimeout(() => { clearTimeout(alive); console.log('so far'); }, 500);
        `, JSON.stringify([t.peer('wss', '/echo'), given(proxy, user).options.proxy]));
        const [before, later, again] = await Promise.all([run('channel.unref();'), run('setTimeout(() => channel.unref(), 400);'), run('channel.unref(); setTimeout(() => channel.ref(), 400);')]);
        for (const { code, stdout, stderr } of [before, later]) t.same([code, stderr, stdout.trim()], [0, '', 'so far'], 'it ended by itself, and onStop was never called');
        t.same([again.code, again.stdout.trim().split('\n')], [0, ['so far', TIMEOUT]]);
      }),
    },
  ]),
  {
    name: 'an unref\'d channel that is open through a tunnel lets the program end, and ref() keeps the program alive again',
    needs: ['nginx', 'proxy', 'socks'],
    async run(t) {
      for (const [scheme, name] of [['http', 'proxy'], ['https', 'proxyTls'], ['socks5', 'socks']]) {
        for (const peer of ['ws', 'nginxTls']) {
          const { code, stdout, stderr } = await program(`
            const [url, proxy] = JSON.parse(process.argv[1]);
            const options = { proxy, tls: { rejectUnauthorized: false } };
            const kept = new WebSocketChannel(options);
            kept.unref();
            const starting = setTimeout(() => {}, 60_000);
            kept.asyncOpen(url, null, {
              onStart() { kept.ref(); clearTimeout(starting); setTimeout(() => kept.close(), 200).unref(); },
              onStop(context, status) {
                console.log(statusName(status));
                const channel = new WebSocketChannel(options);
                channel.asyncOpen(url, null, { onStart() { channel.unref(); console.log('so far'); }, onStop() { console.log('onStop'); } }, null);
              },
            }, null);
          `, JSON.stringify([t.peer(peer, '/echo'), `${scheme}://127.0.0.1:${t.addresses[name]}`]));
          t.same([code, stderr, stdout.trim().split('\n')], [0, '', ['NS_OK', 'so far']], `${peer} through ${name}`);
        }
      }
    },
  },
  ...['close()', 'cancel()'].map((how) => ({
    name: `${how} inside each onProgress call stops the channel, with and without a proxy`,
    run: (t) => withProxies([startProxy(), startSocks()], async (...proxies) => {
      // Also without a proxy, which has the same stages.
      for (const proxy of [{ url: () => null, sockets: [] }, ...proxies]) {
        for (const stage of [...CONNECTING, ...TLS, ...REQUEST]) {
          const loadGroup = new t.api.LoadGroup();
          const stop = () => (how === 'close()' ? talk.channel.close() : loadGroup.cancel());
          const notificationCallbacks = { onProgress: (status) => { if (status === stage) stop(); } };
          const talk = t.open(t.peer('wss', '/echo'), { ...given(proxy), loadGroup, attributes: { notificationCallbacks } });
          await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
        }
        await Promise.all([...proxy.sockets].map(ended));
      }
    }),
  })),
  ...[['ws', 'http'], ['wss', 'http'], ['ws', 'socks5'], ['wss', 'socks5'], ['ws', 'https'], ['wss', 'https']].map(([peer, scheme]) => ({
    name: `onProgress through a proxy over ${scheme} to ${peer}: it names the proxy while connecting, and then the server`,
    needs: 'nginx',
    run: (t) => withProxies([scheme === 'socks5' ? startSocks() : startProxy({ tls: scheme === 'https' ? identity(t) : null })], async (proxy) => {
      for (const host of ['127.0.0.1', 'localhost']) {
        const told = [];
        const notificationCallbacks = { onProgress: (...args) => told.push(args.join(' ')) };
        const { options } = given(proxy, '', { socket: { lookup: loopback } });
        await t.opened(t.peer(peer, '/echo').replace('127.0.0.1', 'localhost'), { options: { ...options, proxy: options.proxy.replace('127.0.0.1', host) }, attributes: { notificationCallbacks } });
        const way = [...(host === 'localhost' ? RESOLVING : []), ...CONNECTING].map((status) => `${status} ${host}`);
        t.same(told, [...way, ...[...(peer === 'wss' ? TLS : []), ...REQUEST].map((status) => `${status} localhost`)]);
      }
    }),
  })),
  {
    name: 'onProgress starts over for each CONNECT, after a 407 and after a redirect',
    needs: 'nginx',
    run: (t) => withProxies([startProxy({ answer: ({ headers }) => (headers['proxy-authorization'] ? null : reply(407, { 'Proxy-Authenticate': 'Basic realm="r"' })) })], async (proxy) => {
      const told = [];
      const notificationCallbacks = { onProgress: (status) => told.push(status), onAuthRequired: () => ({ username: 'user', password: 'secret' }) };
      await t.opened(t.peer('nginx', `/to/302/ws://127.0.0.1:${t.addresses.ws}/echo`), { ...given(proxy), attributes: { notificationCallbacks } });
      t.same(told, [...CONNECTING, ...CONNECTING, ...REQUEST, ...CONNECTING, ...REQUEST]);
    }),
  },
  ...['http', 'https', 'socks5'].flatMap((scheme) => ['ws', 'wss'].map((peer) => ({
    name: `an open tunnel through ${scheme} to ${peer} that is reset or ends: the channel stops as it does without a proxy`,
    needs: 'nginx',
    run: (t) => withProxies([scheme === 'socks5' ? startSocks() : startProxy({ tls: scheme === 'https' ? identity(t) : null })], async (proxy) => {
      const uncaught = t.uncaught();
      for (const [how, statuses] of [['resetAndDestroy', ['NS_ERROR_NET_RESET']], ['destroy', ['NS_BASE_STREAM_CLOSED', 'NS_ERROR_NET_RESET']]]) {
        const talk = await t.opened(t.peer(peer, '/echo'), given(proxy));
        const before = proxy.requests.length;
        const { socket } = proxy.requests[before - 1];
        // With TLS, the connection below it is reset.
        (how === 'resetAndDestroy' && scheme === 'https' ? [...proxy.sockets].filter((one) => !one.encrypted).at(-1) : socket)[how]();
        const { status, detail } = await talk.end();
        t.oneOf(t.api.statusName(status), statuses, how);
        t.same([detail.wasClean, detail.code, detail.http], [false, 1006, null]);
        t.ok(detail.message.includes(new URL(talk.url).host), detail.message);
      }
      await t.roundTrip();
      uncaught.stop();
      t.same(uncaught.errors, []);
    }),
  }))),
  {
    name: 'a proxy over TLS whose certificate is not trusted, or that does not speak TLS: NS_ERROR_NET_INADEQUATE_SECURITY',
    needs: 'nginx',
    run: (t) => withProxies([startProxy({ tls: identity(t) })], async (secure) => {
      const security = 'NS_ERROR_NET_INADEQUATE_SECURITY';
      for (const [proxy, tls, code] of [[secure.url(), {}, /CERT|ISSUER|SIGNATURE/], [secure.url(), { ca: t.addresses.cert }, /CERT|ISSUER|SIGNATURE/], [secure.url().replace('127.0.0.1', 'localhost.example'), { ca: trusted(t) }, /ALTNAME/], [t.peer('ws', '').replace(/^ws(.*)\/.*/, 'https$1'), {}, /SSL|EPROTO|TLS|ECONNRESET/]]) {
        for (const peer of ['ws', 'wss']) {
          const talk = t.open(t.peer(peer, '/echo'), { options: { proxy, tls, socket: { lookup: loopback } } });
          const { cause, message, http } = await t.stops(talk, { node: security });
          t.ok(code.test(cause?.code), `${cause?.code}`);
          t.ok(message.includes(new URL(proxy).host), message);
          t.same([http, talk.channel.securityInfo], [null, null]);
        }
      }
      t.is(secure.requests.length, 0, 'requests at the proxy');
      const open = await t.opened(t.peer('wss', '/echo'), { options: { proxy: secure.url(), tls: { rejectUnauthorized: false } } });
      t.same([open.channel.securityInfo.trusted, open.channel.securityInfo.untrustedReason], [false, 'DEPTH_ZERO_SELF_SIGNED_CERT']);
    }),
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** Each way to keep a channel waiting: its title, how to start the proxy, and the user. The proxy's `met()` resolves when the next channel waits there. */
function waits() {
  const counting = (starting) => async (t) => {
    const proxy = await starting(t);
    let met = 0;
    return Object.assign(proxy, { met: () => proxy.until(++met) });
  };
  const silent = (answer) => counting(() => startProxy({ answer: () => answer }));
  return [
    ['CONNECT is not answered', silent(undefined)], ['CONNECT is only half answered', silent({ text: 'HTTP/1.1 200 OK\r\nX-Half: ' })],
    ['CONNECT over TLS is not answered', counting((t) => startProxy({ tls: identity(t), answer: () => undefined }))],
    ['TLS to the proxy is not answered', () => startMute('https')], ['SOCKS\' greeting is not answered', counting(() => startSocks({ silent: 'method' }))],
    ['SOCKS\' password is not answered', counting(() => startSocks({ wants: 'user:secret', silent: 'auth' })), 'user:secret@'], ['SOCKS\' request is not answered', counting(() => startSocks({ silent: 'reply' }))],
  ];
}

/** Accepts connections and reads what arrives, but never answers. */
async function startMute(scheme) {
  const sockets = new Set();
  let tell = () => {};
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => {
      sockets.add(socket);
      tell();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  let met = 0;
  return {
    port,
    sockets,
    url: () => `${scheme}://127.0.0.1:${port}`,
    async met() {
      for (met += 1; sockets.size < met;) await new Promise((resolve) => { tell = resolve; });
    },
    stop() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

function given(proxy, user = '', more = {}) {
  return { options: { proxy: proxy.url(user), tls: { rejectUnauthorized: false }, ...more } };
}

function identity(t) {
  const { good, intermediate } = t.addresses.authority;
  return { cert: good.cert + intermediate.cert, key: good.key };
}

function trusted(t) {
  return t.addresses.authority.root.cert;
}

/** Answers later, as a real lookup does. */
function loopback(host, asked, done) {
  setImmediate(() => (asked.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)));
}

const RESOLVING = ['NS_NET_STATUS_RESOLVING_HOST', 'NS_NET_STATUS_RESOLVED_HOST'];
const CONNECTING = ['NS_NET_STATUS_CONNECTING_TO', 'NS_NET_STATUS_CONNECTED_TO'];
const TLS = ['NS_NET_STATUS_TLS_HANDSHAKE_STARTING', 'NS_NET_STATUS_TLS_HANDSHAKE_ENDED'];
const REQUEST = ['NS_NET_STATUS_SENDING_TO', 'NS_NET_STATUS_WAITING_FOR'];
