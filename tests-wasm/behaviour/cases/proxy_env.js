import { startProxy, startSocks, withProxies } from '../harness/proxy.js';
import { reply, withScripted } from '../harness/scripted.js';

/** `proxy: 'env'`: which variable applies to which URI, and what NO_PROXY excludes. The hand-written proxies record whether they were used. */
export const proxyEnvironment = [
  ...[
    ['ws', 'http_proxy', true], ['ws', 'HTTP_PROXY', false], ['ws', 'https_proxy', false], ['ws', 'HTTPS_PROXY', false], ['ws', 'all_proxy', true], ['ws', 'ALL_PROXY', true],
    ['wss', 'http_proxy', false], ['wss', 'HTTP_PROXY', false], ['wss', 'https_proxy', true], ['wss', 'HTTPS_PROXY', true], ['wss', 'all_proxy', true], ['wss', 'ALL_PROXY', true],
    ['ws', 'ws_proxy', false], ['wss', 'wss_proxy', false], ['ws', 'Http_Proxy', false],
  ].map(([scheme, variable, isUsed]) => ({
    name: `for ${scheme}, ${variable} is ${isUsed ? 'used' : 'ignored'}`,
    run: (t) => withProxies([startProxy(), startSocks()], async (http, socks) => {
      for (const proxy of [http, socks]) {
        await withEnvironment({ [variable]: proxy.url() }, () => t.opened(t.peer(scheme, '/echo'), env()));
        t.is(proxy.requests.length, isUsed ? 1 : 0, 'requests at the proxy');
      }
    }),
  })),
  ...[
    ['ws', ['http_proxy', 'all_proxy', 'ALL_PROXY', 'https_proxy', 'HTTP_PROXY']], ['wss', ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'http_proxy']],
    ['ws', ['all_proxy', 'ALL_PROXY']], ['wss', ['HTTPS_PROXY', 'all_proxy']],
  ].map(([scheme, [first, ...others]]) => ({
    name: `for ${scheme}, ${first} takes precedence over ${others.join(', ')}`,
    run: (t) => withProxies([startProxy(), startProxy()], async (right, wrong) => {
      const unused = Object.fromEntries(others.map((name) => [name, wrong.url()]));
      await withEnvironment({ ...unused, [first]: right.url() }, () => t.opened(t.peer(scheme, '/echo'), env()));
      t.same([right.requests.length, wrong.requests.length], [1, 0]);
    }),
  })),
  {
    name: 'an empty variable counts as unset, as with curl',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      await withEnvironment({ http_proxy: '', all_proxy: proxy.url() }, () => t.opened(t.peer('ws', '/echo'), env()));
      await withEnvironment({ https_proxy: '', HTTPS_PROXY: proxy.url() }, () => t.opened(t.peer('wss', '/echo'), env()));
      t.is(proxy.requests.length, 2);
      await withEnvironment({ http_proxy: '', all_proxy: '' }, () => t.opened(t.peer('ws', '/echo'), env()));
      await withEnvironment({}, () => t.opened(t.peer('ws', '/echo'), env()));
      await withEnvironment({ http_proxy: proxy.url(), no_proxy: '' }, () => t.opened(t.peer('ws', '/echo'), env()));
      await withEnvironment({ http_proxy: proxy.url(), no_proxy: '', NO_PROXY: '127.0.0.1' }, () => t.opened(t.peer('ws', '/echo'), env()));
      t.is(proxy.requests.length, 3, 'an empty no_proxy excludes nothing, and NO_PROXY is used instead');
    }),
  },
  {
    name: 'without the option, or with null or undefined, the environment is not read',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      await withEnvironment({ http_proxy: proxy.url(), all_proxy: proxy.url(), https_proxy: 'nonsense' }, async () => {
        for (const options of [{}, { proxy: null }, { proxy: undefined }]) await t.opened(t.peer('ws', '/echo'), { options });
      });
      t.is(proxy.requests.length, 0, 'requests at the proxy');
    }),
  },
  {
    name: 'a proxy in the option takes precedence over the environment, including NO_PROXY',
    run: (t) => withProxies([startProxy(), startProxy()], async (right, wrong) => {
      await withEnvironment({ http_proxy: wrong.url(), no_proxy: '*' }, () => t.opened(t.peer('ws', '/echo'), { options: { proxy: right.url() } }));
      t.same([right.requests.length, wrong.requests.length], [1, 0]);
    }),
  },
  {
    name: 'asyncOpen reads the environment, neither earlier in the constructor nor later',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      const channel = await withEnvironment({ http_proxy: 'http://127.0.0.1:1' }, () => new t.api.WebSocketChannel({ proxy: 'env' }));
      let stopped;
      const ending = new Promise((resolve) => { stopped = resolve; });
      await withEnvironment({ http_proxy: proxy.url() }, () => channel.asyncOpen(t.peer('ws', '/echo'), null, { onStart: () => channel.close(), onStop: (context, status) => stopped(status) }, null));
      t.is(t.api.statusName(await ending), 'NS_OK');
      t.is(proxy.requests.length, 1);
    }),
  },
  {
    name: 'a user and password in a variable are sent to the proxy',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      await withEnvironment({ http_proxy: proxy.url('user:secret@') }, () => t.opened(t.peer('ws', '/echo'), env()));
      t.is(proxy.requests[0].headers['proxy-authorization'], `Basic ${Buffer.from('user:secret').toString('base64')}`);
    }),
  },
  ...Object.entries({ http_proxy: 'ws', all_proxy: 'ws', ALL_PROXY: 'wss', https_proxy: 'wss', HTTPS_PROXY: 'wss' }).map(([variable, scheme]) => ({
    name: `a bad value of ${variable} throws NS_ERROR_INVALID_ARG, and the message names the variable`,
    async run(t) {
      for (const value of ['ftp://127.0.0.1:1', 'socks4://127.0.0.1:1', 'http://', 'http://127.0.0.1:99999', 'http://[::1', ' ', 'http://%zz@[', 'http://us%er:x@127.0.0.1:1']) {
        await withEnvironment({ [variable]: value }, () => {
          const channel = new t.api.WebSocketChannel({ proxy: 'env' });
          const error = t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(t.peer(scheme, '/echo'), null, {}, null), `${variable}=${value}`);
          t.ok(error.message.includes(variable), error.message);
          t.is(channel.state, 'idle');
        });
      }
    },
  })),
  ...[
    ['server.example', 'server.example', true], ['server.example', 'other.example', false], ['server.example', 'a.server.example', true], ['server.example', 'a.b.server.example', true],
    ['server.example', 'otherserver.example', false], ['server.example', 'example', false], ['.server.example', 'server.example', true], ['.server.example', 'a.server.example', true],
    ['.server.example', 'otherserver.example', false], ['example', 'server.example', true], ['SERVER.Example', 'server.example', true], ['server.example', 'SERVER.example', true], ['*', 'server.example', true],
    ['*', '127.0.0.1', true], ['server.example:{port}', 'server.example', true], ['server.example:1', 'server.example', false], ['.example:{port}', 'server.example', true], ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.2', '127.0.0.1', false], ['127.0.0.1:{port}', '127.0.0.1', true], ['127.0.0.1:1', '127.0.0.1', false], ['0.0.1', '127.0.0.1', false], ['.1', '127.0.0.1', false],
    ['other.example,server.example', 'server.example', true], ['other.example , server.example', 'server.example', true], [',, ,server.example,', 'server.example', true], [',,', 'server.example', false],
    ['a.example,b.example', 'server.example', false], ['server.example.com', 'server.example', false], ['server', 'server.example', false], ['serverxexample', 'server.example', false], ['.*', 'server.example', false],
    ['s[e]rver.example', 'server.example', false], ['localhost', '127.0.0.1', false],
  ].flatMap(([list, host, isDirect]) => ['no_proxy', 'NO_PROXY'].map((variable) => ({
    name: `${variable}=${list}: ${host} is reached ${isDirect ? 'directly' : 'through the proxy'}`,
    run: (t) => withProxies([startProxy()], async (proxy) => {
      const variables = { http_proxy: proxy.url(), [variable]: list.replace('{port}', t.addresses.ws) };
      const talk = await withEnvironment(variables, () => t.opened(t.peer('ws', '/echo').replace('127.0.0.1', host), env({ socket: { lookup: loopback } })));
      t.is(proxy.requests.length, isDirect ? 0 : 1, 'requests at the proxy');
      t.is((await t.observed(talk)).remoteAddress, isDirect ? '127.0.0.1' : '127.0.0.4');
    }),
  }))),
  ...['::1', '[::1]', '[::1]:{port}', 'a.example,::1'].map((list) => ({
    name: `no_proxy=${list}: ::1 is reached directly`,
    needs: 'ipv6',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      const variables = { http_proxy: proxy.url(), no_proxy: list.replace('{port}', t.addresses.ipv6) };
      await withEnvironment(variables, () => t.opened(t.peer('ipv6', '/echo'), env()));
      t.is(proxy.requests.length, 0, 'requests at the proxy');
    }),
  })),
  {
    name: 'host:port in no_proxy also matches the default port of a URI without a port',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      const lookup = (host, given, done) => done(Object.assign(new Error('directly'), { code: 'ENOTFOUND' }));
      const open = (url, list) => withEnvironment({ all_proxy: proxy.url(), no_proxy: list }, () => t.open(url, env({ socket: { lookup } })).end());
      for (const [url, right, wrong] of [['ws://server.example/', '80', '443'], ['wss://server.example/', '443', '80']]) {
        t.is(t.api.statusName((await open(url, `server.example:${right}`)).status), 'NS_ERROR_UNKNOWN_HOST', 'looked up by the client');
        t.is(proxy.requests.length, 0);
        await open(url, `server.example:${wrong}`);
        t.is(proxy.requests.splice(0).length, 1);
      }
    }),
  },
  {
    name: 'no_proxy takes precedence over NO_PROXY',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      await withEnvironment({ http_proxy: proxy.url(), no_proxy: 'other.example', NO_PROXY: '127.0.0.1' }, () => t.opened(t.peer('ws', '/echo'), env()));
      t.is(proxy.requests.length, 1);
    }),
  },
  {
    name: 'each hop of a redirect chooses its own proxy: from a host with a proxy to one without, and back',
    async run(t) {
      const came = [];
      const answer = ({ headers, target, connection }) => {
        const port = headers.host.split(':')[1];
        came.push([target, connection.socket.remoteAddress]);
        return { '/0': reply(302, { Location: `ws://direct.example:${port}/1` }), '/1': reply(302, { Location: `ws://proxied.example:${port}/2` }) }[target] ?? null;
      };
      await withScripted([answer], (server) => withProxies([startProxy()], async (proxy) => {
        const url = server.url('/0').replace('127.0.0.1', 'proxied.example');
        await withEnvironment({ http_proxy: proxy.url(), no_proxy: 'direct.example' }, () => t.opened(url, env({ socket: { lookup: loopback } })));
        t.same(came, [['/0', '127.0.0.4'], ['/1', '127.0.0.1'], ['/2', '127.0.0.4']]);
        t.same(proxy.requests.map(({ target }) => target), Array(2).fill(`proxied.example:${server.port}`));
      }));
    },
  },
  {
    name: 'nginx redirects from ws to wss: each has its own proxy, or none',
    needs: 'nginx',
    run: (t) => withProxies([startProxy(), startSocks()], async (http, https) => {
      const open = () => t.opened(t.peer('nginx', `/to/302/wss://127.0.0.1:${t.addresses.nginxTls}/echo`), env());
      await withEnvironment({ http_proxy: http.url(), https_proxy: https.url() }, open);
      t.same([http.requests.map(({ target }) => target), https.requests.map(({ port }) => port)], [[`127.0.0.1:${t.addresses.nginx}`], [t.addresses.nginxTls]]);
      const last = await withEnvironment({ https_proxy: https.url() }, open);
      t.same([http.requests.length, https.requests.length], [1, 2]);
      t.is((await t.observed(last)).request.headers['x-came-from'], '127.0.0.4');
      await withEnvironment({ http_proxy: http.url() }, open);
      t.same([http.requests.length, https.requests.length], [2, 2]);
    }),
  },
  {
    name: 'a bad variable for the next hop stops the channel, and the message names it',
    needs: 'nginx',
    async run(t) {
      const uncaught = t.uncaught();
      const url = t.peer('nginx', `/to/302/wss://127.0.0.1:${t.addresses.nginxTls}/echo`);
      try {
        // asyncOpen may already detect it.
        const { status, detail } = await withEnvironment({ https_proxy: 'ftp://127.0.0.1:1' }, () => t.open(url, env()).end());
        t.ok(status !== 0 && `${detail.message} ${detail.cause?.message}`.includes('https_proxy'), `${detail.message} ${detail.cause}`);
      } catch (error) {
        t.ok(error.name === 'NS_ERROR_INVALID_ARG' && error.message.includes('https_proxy'), `${error}`);
      }
      uncaught.stop();
      t.same(uncaught.errors, []);
    },
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** Runs with these environment variables and no other proxy variables, and then restores the previous ones. */
async function withEnvironment(variables, run) {
  const before = Object.fromEntries(Object.entries(process.env).filter(([name]) => /_proxy$/i.test(name)));
  const set = (these) => {
    for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name];
    Object.assign(process.env, these);
  };
  set(variables);
  try {
    return await run();
  } finally {
    set(before);
  }
}

function env(more = {}) {
  return { options: { proxy: 'env', tls: { rejectUnauthorized: false }, ...more } };
}

function loopback(host, given, done) {
  return given.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
}
