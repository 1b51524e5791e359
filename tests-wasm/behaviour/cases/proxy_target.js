import { startProxy, startSocks, withProxies } from '../harness/proxy.js';
import { startRaw } from '../harness/raw_server.js';
import { reply } from '../harness/scripted.js';
import { CLOSE, frame } from '../peers/frame.js';

const SECURITY = 'NS_ERROR_NET_INADEQUATE_SECURITY';

/** Servers behind a proxy: which certificate they must have, unusable tls options, and hosts that need no proxy. */
export const proxyTargets = [
  ...[['HTTP', () => startProxy()], ['SOCKS', () => startSocks()], ['HTTPS', (t) => startProxy({ tls: identity(t, 'good') })]].flatMap(([what, start]) => [
    {
      name: `wss through ${what}: the certificate must be for the server's address or name`,
      needs: 'nginx',
      run: (t) => withProxies([start(t)], async (proxy) => {
        for (const [host, certificate, isRight] of [
          ['127.0.0.1', 'addressOnly', true], ['127.0.0.1', 'nameOnly', false], ['localhost', 'nameOnly', true], ['localhost', 'addressOnly', false],
          ['127.0.0.1', 'other', false], ['127.0.0.1', 'good', true], ['127.0.0.5', 'addressOnly', false],
        ]) {
          const server = await startSecure(t, certificate);
          try {
            const talk = t.open(`wss://${host}:${server.port}/`, { options: { proxy: proxy.url(), tls: { ca: t.addresses.authority.root.cert } } });
            if (isRight) {
              t.is((await talk.until('onStart')).state, 'open', `${host} with ${certificate}`);
              talk.close();
              await t.stops(talk, { node: 'NS_OK' });
            } else {
              const { cause, message } = await t.stops(talk, { node: SECURITY });
              t.is(cause?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
              t.ok(message.includes(`${host}:${server.port}`), `the message names the server: ${message}`);
            }
            const { trusted, untrustedReason, serverName } = talk.channel.securityInfo;
            t.same([trusted, untrustedReason, serverName], [isRight, isRight ? null : 'ERR_TLS_CERT_ALTNAME_INVALID', host === 'localhost' ? host : null]);
          } finally {
            server.stop();
          }
        }
      }),
    },
    {
      name: `unusable tls options, through ${what}: asyncOpen throws NS_ERROR_INVALID_ARG, or onStop reports it; nothing is uncaught`,
      needs: 'nginx',
      run: (t) => withProxies([start(t)], async (proxy) => {
        const uncaught = t.uncaught();
        try {
          for (const tls of [{ cert: 'x', key: 'y' }, { pfx: Buffer.from('no PKCS #12') }, { ciphers: 'NONSENSE' }, { minVersion: 'TLSv9' }]) {
            for (const url of [t.peer('wss', '/echo'), t.peer('wss', '/echo').replace('127.0.0.1', 'localhost')]) {
              await unusable(t, url, { proxy: proxy.url(), tls: { rejectUnauthorized: false, ...tls } });
            }
          }
          await t.roundTrip();
          t.same(uncaught.errors, []);
        } finally {
          uncaught.stop();
        }
      }),
    },
  ]),
  {
    name: 'unusable tls options, without a proxy: the same',
    async run(t) {
      const uncaught = t.uncaught();
      for (const tls of [{ cert: 'x', key: 'y' }, { pfx: Buffer.from('no PKCS #12') }, { ciphers: 'NONSENSE' }, { minVersion: 'TLSv9' }]) {
        await unusable(t, t.peer('wss', '/echo'), { tls: { rejectUnauthorized: false, ...tls } });
      }
      await t.roundTrip();
      uncaught.stop();
      t.same(uncaught.errors, []);
    },
  },
  {
    name: 'openTimeoutMs while onAuthRequired does not answer for a proxy: the message names the callback',
    run: (t) => withProxies([startProxy({ answer: () => reply(407, { 'Proxy-Authenticate': 'Basic realm="r"' }) })], async (proxy) => {
      const notificationCallbacks = { onAuthRequired: () => new Promise(() => {}) };
      const talk = t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url(), openTimeoutMs: 300 }, attributes: { notificationCallbacks } });
      const { message, timeout } = await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      t.is(timeout, 'open');
      t.ok(message.includes('onAuthRequired'), `the message names the callback: ${message}`);
    }),
  },
  {
    name: 'no_proxy without a host name, such as dots and commas, excludes nothing',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      let asked = 0;
      for (const list of ['.', '..', ',', ' , ', '.,.', ' . ', ':', '.:80', '.1']) {
        for (const host of ['127.0.0.1', 'localhost']) {
          const channel = t.peer('ws', '/echo').replace('127.0.0.1', host);
          await withVariables({ http_proxy: proxy.url(), no_proxy: list }, () => t.opened(channel, { options: { proxy: 'env' } }));
          asked += 1;
          t.is(proxy.requests.length, asked, `requests at the proxy with no_proxy=${list} for ${host}`);
        }
      }
    }),
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** Checks that asyncOpen throws and leaves the channel idle, or that onStop reports the error with its cause. */
async function unusable(t, url, options) {
  const channel = new t.api.WebSocketChannel(options);
  const calls = [];
  let end;
  const stopped = new Promise((resolve) => { end = resolve; });
  let thrown = null;
  try {
    channel.asyncOpen(url, null, { onStart: () => calls.push('onStart'), onStop: (context, status, detail) => { calls.push('onStop'); end({ status, detail }); } }, null);
  } catch (error) {
    thrown = error;
  }
  if (thrown) {
    t.same([thrown.name, channel.state], ['NS_ERROR_INVALID_ARG', 'idle'], `${thrown.message}`);
    return;
  }
  const { status, detail } = await stopped;
  t.oneOf(t.api.statusName(status), [SECURITY, 'NS_ERROR_INVALID_ARG', 'NS_ERROR_ILLEGAL_VALUE']);
  t.same([calls, channel.state], [['onStart', 'onStop'], 'stopped']);
  t.ok(detail.cause instanceof Error, `the cause: ${detail.message}`);
}

/** Starts a server that accepts every channel and answers its close frame. Its certificate is the authority's certificate with this name. */
async function startSecure(t, certificate) {
  const server = await startRaw({ tls: identity(t, certificate) });
  const serve = async () => {
    for (;;) {
      const connection = await server.next();
      connection.onFrame = ({ opcode, hex }) => { if (opcode === CLOSE) connection.socket.end(frame(CLOSE, Buffer.from(hex, 'hex'))); };
      connection.accept();
    }
  };
  serve();
  return server;
}

function identity(t, name) {
  const { [name]: { cert, key }, intermediate } = t.addresses.authority;
  return { cert: cert + intermediate.cert, key };
}

/** Runs with these environment variables and no other proxy variables. */
async function withVariables(variables, run) {
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  const before = names.map((name) => [name, process.env[name]]);
  try {
    for (const name of names) delete process.env[name];
    Object.assign(process.env, variables);
    return await run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
