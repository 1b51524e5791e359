import { readDigest } from '../harness/digest.js';
import { reply, withScripted } from '../harness/scripted.js';

/** User and password from the URI and from onAuthRequired, against nginx, Apache and lighttpd, and against hand-made responses. */
export const authorization = [
  ...[
    ['Basic of nginx', 'nginx', '/basic/echo'], ['Basic of nginx over TLS', 'nginxTls', '/basic/echo'], ['Basic of Apache', 'apache', '/basic/echo'],
    ['Digest MD5 of Apache', 'apache', '/digest/echo'], ['Digest MD5 of Apache over TLS', 'apacheTls', '/digest/echo'],
    ['Digest SHA-256 of lighttpd', 'lighttpd', '/sha256/echo'], ['Digest with either algorithm of lighttpd', 'lighttpd', '/both/echo'],
    ['Digest of lighttpd with the user\'s name hashed', 'lighttpd', '/hashed/echo'],
  ].flatMap(([what, needs, path]) => [
    {
      name: `${what}: user and password in the URI, and onAuthRequired is not called`,
      needs,
      async run(t) {
        const asked = [];
        const talk = await t.opened(withUser(t.peer(needs, path), 'user:secret'), { ...trusting(t), attributes: asking(asked, null) });
        talk.send('let in');
        t.same(await talk.untilMessages(1), ['let in']);
        t.is(asked.length, 0, 'calls of onAuthRequired');
      },
    },
    {
      name: `${what}: user and password from onAuthRequired`,
      needs,
      async run(t) {
        const asked = [];
        const url = t.peer(needs, path);
        const talk = await t.opened(url, { ...trusting(t), attributes: asking(asked, { username: 'user', password: 'secret' }) });
        talk.send('let in');
        t.same(await talk.untilMessages(1), ['let in']);
        t.same(asked, [{ scheme: what.split(' ')[0], realm: REALMS[needs + path] ?? 'the realm of nginx', origin: new URL(url).origin, isProxy: false, attempt: 1 }]);
      },
    },
    {
      name: `${what}: wrong credentials in the URI, then wrong ones from onAuthRequired, then the right ones`,
      needs,
      async run(t) {
        const asked = [];
        const answers = [{ username: 'user', password: 'wrong' }, { username: 'nobody', password: 'secret' }, { username: 'user', password: 'secret' }];
        await t.opened(withUser(t.peer(needs, path), 'user:guessed'), { ...trusting(t), attributes: asking(asked, ({ attempt }) => answers[attempt - 1]) });
        t.same(asked.map(({ attempt }) => attempt), [1, 2, 3]);
      },
    },
    {
      name: `${what}: the channel fails without onAuthRequired, or if it returns no credentials`,
      needs,
      async run(t) {
        for (const attributes of [{}, { notificationCallbacks: {} }, asking([], null), asking([], undefined)]) {
          const talk = t.open(t.peer(needs, path), { ...trusting(t), attributes });
          const { http, cause } = await t.stops(talk, { node: REFUSED });
          t.is(http.status, 401);
          t.ok(http.headers['www-authenticate'].startsWith(what.split(' ')[0]), http.headers['www-authenticate']);
          t.ok(/401|unauthorized/i.test(http.body), `the beginning of the body: ${http.body}`);
          t.is(cause, null);
        }
      },
    },
  ]),
  ...[['nginx', '/basic/echo'], ['apache', '/digest/echo']].map(([needs, path]) => ({
    name: `${needs} accepts a user name and a password in UTF-8, from the URI and from onAuthRequired`,
    needs,
    async run(t) {
      const [username, password] = ['jäger', 'pä:ss@wörd/?#[]%'];
      await t.opened(withUser(t.peer(needs, path), `${encodeURIComponent(username)}:${encodeURIComponent(password)}`));
      await t.opened(t.peer(needs, path), { attributes: asking([], { username, password }) });
    },
  })),
  {
    name: 'Apache accepts a user name with quotes and a backslash',
    needs: 'apache',
    async run(t) {
      await t.opened(t.peer('apache', '/digest/echo'), { attributes: asking([], { username: 'a "quoted" \\ user', password: 'secret' }) });
    },
  },
  {
    name: 'a nonce of Apache that has expired when it is used: the new one is used, and onAuthRequired is not called again',
    needs: 'apache',
    async run(t) {
      const asked = [];
      // The nonce is valid for one second.
      const late = () => new Promise((resolve) => setTimeout(resolve, 1500, { username: 'user', password: 'secret' }));
      await t.opened(t.peer('apache', '/short/echo'), { attributes: asking(asked, late) });
      t.is(asked.length, 1, 'calls of onAuthRequired');
    },
  },
  {
    name: 'user and password in the URI are sent with the first request, percent-decoded, as UTF-8',
    async run(t) {
      for (const [inUri, clear] of [['user:secret', 'user:secret'], ['user', 'user:'], [':secret', ':secret'], ['a%40b:c%2Fd%3Ae', 'a@b:c/d:e'], ['j%C3%A4ger:%F0%9F%94%91', 'jäger:🔑'], ['jäger:x', 'jäger:x']]) {
        const talk = await t.opened(withUser(t.peer('rude', '/raw'), inUri));
        const { request } = await t.observed(talk);
        t.is(request.headers.authorization, `Basic ${Buffer.from(clear).toString('base64')}`, inUri);
        t.ok(!request.target.includes('@') && !request.headers.host.includes('@'), 'nowhere else');
      }
    },
  },
  {
    name: 'without user and password, no Authorization header is sent',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/raw'));
      t.ok(!('authorization' in (await t.observed(talk)).request.headers), 'no Authorization');
    },
  },
  {
    name: 'user and password in the URI together with an Authorization header throw NS_ERROR_INVALID_ARG',
    async run(t) {
      for (const name of ['Authorization', 'authorization', 'AUTHORIZATION']) {
        const channel = new t.api.WebSocketChannel({ headers: { [name]: 'Bearer x' } });
        for (const user of ['user:secret', 'user', ':secret']) {
          t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(withUser(t.peer('ws', '/echo'), user), null, {}, null), `${user} and ${name}`);
          t.is(channel.state, 'idle');
        }
      }
    },
  },
  ...Object.entries({
    'a promise': () => Promise.resolve(RIGHT), 'a promise that resolves later': () => new Promise((resolve) => setTimeout(resolve, 20, RIGHT)),
    'an object of a class': () => new (class { get username() { return 'user'; } get password() { return 'secret'; } })(),
  }).map(([what, answer]) => ({
    name: `onAuthRequired may return ${what}`,
    run: (t) => withScripted([demanding()], (server) => t.opened(server.url('/'), { attributes: asking([], answer) })),
  })),
  ...Object.entries({
    throws: () => { throw WRONG; }, rejects: () => Promise.reject(WRONG), 'returns a string': () => 'user:secret', 'returns true': () => true, 'returns a name without a password': () => ({ username: 'user' }),
    'returns a number as the password': () => ({ username: 'user', password: 5 }), 'returns a promise of a number': () => Promise.resolve(5),
  }).map(([what, answer]) => ({
    name: `an onAuthRequired that ${what} fails the channel, with an error as the cause`,
    run: (t) => withScripted([demanding()], async (server) => {
      const detail = await t.stops(t.open(server.url('/'), { attributes: asking([], answer) }), { node: REFUSED });
      if (/throws|rejects/.test(what)) t.is(detail.cause, WRONG);
      else t.ok(/^onAuthRequired must return \{ username, password \}/.test(detail.cause?.message), `a cause: ${detail.cause}`);
      t.same([detail.http.status, detail.http.body], [401, 'who?']);
      t.is(server.requests.length, 1, 'requests');
    }),
  })),
  {
    name: 'onAuthRequired is called as a method, with the number of the attempt; after ten wrong attempts the channel gives up',
    run: (t) => withScripted([() => reply(401, { 'WWW-Authenticate': 'Basic realm="r"' }, 'who?')], async (server) => {
      const asked = [];
      const notificationCallbacks = {
        onAuthRequired(about, ...more) {
          asked.push({ about, alone: more.length === 0, self: this, state: talk.channel.state, requests: server.requests.length });
          return RIGHT;
        },
      };
      const talk = t.open(server.url('/'), { attributes: { notificationCallbacks } });
      const { http, cause } = await t.stops(talk, { node: REFUSED });
      t.same(asked.map(({ about }) => about), Array.from({ length: 10 }, (_, at) => ({ scheme: 'Basic', realm: 'r', origin: server.url(''), isProxy: false, attempt: at + 1 })));
      t.ok(asked.every(({ self, alone, state, requests }, at) => self === notificationCallbacks && alone && state === 'connecting' && requests === at + 1), 'each ask');
      t.same([http.status, http.body, cause, server.requests.length], [401, 'who?', null, 11]);
    }),
  },
  {
    name: 'each origin has its own count of attempts, and gets only its own credentials',
    run: (t) => withScripted([demanding({ then: ({ target }) => reply(302, { Location: target.slice(2) }) }), demanding()], async (first, second) => {
      const asked = [];
      await t.opened(first.url(`/?${second.url('/')}`), { attributes: asking(asked, ({ origin }) => (origin === first.url('') ? { username: 'first', password: 'one' } : { username: 'second', password: 'two' })) });
      t.same(asked.map(({ origin, attempt }) => [origin, attempt]), [[first.url(''), 1], [second.url(''), 1]]);
      const sent = ({ requests }) => requests.map(({ headers }) => headers.authorization && Buffer.from(headers.authorization.slice(6), 'base64').toString());
      t.same([sent(first), sent(second)], [[undefined, 'first:one'], [undefined, 'second:two']]);
    }),
  },
  {
    name: 'nginx redirects to Apache: the URI\'s user and password are not used for Apache, and onAuthRequired is called',
    needs: ['nginx', 'apache'],
    async run(t) {
      const asked = [];
      const talk = await t.opened(withUser(t.peer('nginx', `/to/307/ws://127.0.0.1:${t.addresses.apache}/digest/echo`), 'user:secret'), { attributes: asking(asked, RIGHT) });
      t.same(asked, [{ scheme: 'Digest', realm: 'the realm of Apache', origin: `ws://127.0.0.1:${t.addresses.apache}`, isProxy: false, attempt: 1 }]);
      t.is(new URL(talk.channel.URI).pathname, '/digest/echo');
    },
  },
  {
    name: 'user and password in the URI work for a redirect of nginx that itself requires them',
    needs: 'nginx',
    async run(t) {
      const asked = [];
      await t.opened(withUser(t.peer('nginx', '/basic/to/basic/echo'), 'user:secret'), { attributes: asking(asked, null) });
      t.is(asked.length, 0, 'calls of onAuthRequired');
    },
  },
  {
    name: 'an Authorization header that is refused is replaced by the credentials from onAuthRequired',
    run: (t) => withScripted([({ headers }) => (/^Basic/.test(headers.authorization) ? null : reply(401, { 'WWW-Authenticate': 'Basic realm="r"' }))], async (server) => {
      await t.opened(server.url('/'), { options: { headers: { authorization: 'Bearer expired' } }, attributes: asking([], RIGHT) });
      t.same(server.requests.map(({ headers }) => headers.authorization), ['Bearer expired', `Basic ${Buffer.from('user:secret').toString('base64')}`]);
      t.is(server.requests[1].connection.head.match(/^authorization:/gim).length, 1, 'headers Authorization');
    }),
  },
  {
    name: 'close() while onAuthRequired is pending, or inside it: NS_BINDING_ABORTED, and no further request is sent',
    run: (t) => withScripted([demanding()], async (server) => {
      let answer;
      const thinking = new Promise((resolve) => { answer = resolve; });
      let tell;
      const asked = new Promise((resolve) => { tell = resolve; });
      const talk = t.open(server.url('/'), { attributes: asking([], () => { tell(); return thinking; }) });
      await asked;
      talk.close();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      answer(RIGHT);
      const within = t.open(server.url('/'), { attributes: asking([], () => { within.close(); return RIGHT; }) });
      await t.stops(within, { node: 'NS_BINDING_ABORTED' });
      await t.roundTrip();
      t.is(server.requests.length, 2, 'requests');
    }),
  },
  {
    name: 'openTimeoutMs keeps running while onAuthRequired is pending, and a later result or failure is ignored',
    run: (t) => withScripted([demanding()], async (server) => {
      const uncaught = t.uncaught();
      for (const settle of [(answer) => answer(RIGHT), (answer, fail) => fail(WRONG)]) {
        let late;
        const thinking = new Promise((...both) => { late = both; });
        const talk = t.open(server.url('/'), { options: { openTimeoutMs: 200 }, attributes: asking([], () => thinking) });
        t.is((await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' })).timeout, 'open');
        settle(...late);
      }
      await t.roundTrip();
      uncaught.stop();
      t.same([server.requests.length, uncaught.errors], [2, []]);
    }),
  },
  {
    name: 'onAuthRequired is not called for a 401 response with an unsupported challenge or none',
    run: (t) => withScripted([({ target }) => reply(401, target === '/none' ? {} : { 'WWW-Authenticate': decodeURIComponent(target.slice(1)) }, 'who?')], async (server) => {
      const digests = ['nonce="n", algorithm=SHA-512-256', 'nonce="n", qop="auth-int"', 'opaque="no nonce"'].map((more) => `Digest realm="r", ${more}`);
      for (const challenge of ['none', 'Bearer realm="r"', 'Negotiate', 'NTLM TlRMTVNTUAAB', ...digests, '"', ',,,', '=']) {
        const asked = [];
        const { http } = await t.stops(t.open(server.url(`/${encodeURIComponent(challenge)}`), { attributes: asking(asked, RIGHT) }), { node: REFUSED });
        t.same([http.status, http.body, asked], [401, 'who?', []], challenge);
      }
    }),
  },
  {
    name: 'no character in a user name or password can break out of the Authorization header',
    run: (t) => withScripted(['Basic', 'Digest'].map((scheme) => ({ headers }) => (headers.authorization?.startsWith(scheme) ? null
      : reply(401, { 'WWW-Authenticate': `${scheme} realm="r", nonce="n", qop="auth"` }))), async (...servers) => {
      for (const evil of ['a\r\nX-Evil: 1', 'a", X-Evil="1', 'a\0b', 'a\\', '"']) {
        for (const server of servers) {
          const attributes = asking([], { username: evil, password: evil });
          await t.open(server.url('/'), { attributes }).until('onStart');
          try {
            await t.open(withUser(server.url('/'), `${encodeURIComponent(evil)}:${encodeURIComponent(evil)}`), { attributes }).until('onStart');
          } catch (error) {
            t.oneOf(error.name, ['NS_ERROR_MALFORMED_URI', 'NS_ERROR_INVALID_ARG']);
          }
          for (const { headers, connection } of server.requests) {
            t.ok(!('x-evil' in headers) && connection.head.split('\r\n').every((line) => /^[\w-]+: [^\r\n\0]*$|^GET /.test(line)), connection.head);
          }
          // It may be given up, or refused in the URI. If it is sent, it is unchanged.
          for (const { headers: { authorization } } of server.requests.splice(0)) if (authorization?.startsWith('Digest')) t.is(readDigest(authorization).username, evil);
        }
      }
    }),
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** Returns attributes with an onAuthRequired that records its argument and returns `answer`, or what `answer` returns if it is a function. */
function asking(asked, answer) {
  return { notificationCallbacks: { onAuthRequired(about) { asked.push(about); return typeof answer === 'function' ? answer(about) : answer; } } };
}

/** A server that demands Basic, takes any credentials, and then accepts or responds with `then`. */
function demanding({ then = () => null } = {}) {
  return (request) => (request.headers.authorization ? then(request) : reply(401, { 'WWW-Authenticate': 'Basic realm="r"' }, 'who?'));
}

function withUser(url, user) {
  return url.replace('//', `//${user}@`);
}

function trusting(t) {
  return { options: { tls: { ca: t.addresses.authority.root.cert } } };
}

const REALMS = {
  'apache/basic/echo': 'the Basic realm of Apache', 'apache/digest/echo': 'the realm of Apache', 'apacheTls/digest/echo': 'the realm of Apache',
  'lighttpd/sha256/echo': 'SHA-256 only', 'lighttpd/both/echo': 'both', 'lighttpd/hashed/echo': 'hashed',
};
const RIGHT = { username: 'user', password: 'secret' };
const WRONG = new RangeError('thrown by onAuthRequired');
const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';
