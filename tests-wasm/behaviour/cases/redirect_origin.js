import { createSecureContext } from 'node:tls';
import { reply, withScripted } from '../harness/scripted.js';

/** What a redirect to another origin takes along and what it leaves out, and onRedirect, which is called before each hop. */
export const redirectOrigins = [
  {
    name: 'headers with credentials go only to their origin, also when a redirect leads back to it; other headers go to every hop',
    run: (t) => withScripted(awayAndBack(), async (home, away) => {
      const headers = { aUTHorization: 'Bearer token', Cookie: 'a=1', 'Proxy-Authorization': 'Basic x', 'X-Custom': 'kept', 'User-Agent': 'test/1' };
      await t.opened(home.url(`/?${away.url('/')}`), { options: { headers } });
      const seen = ({ requests }) => requests.map(({ headers: h }) => [h.authorization, h.cookie, h['proxy-authorization'], h['x-custom'], h['user-agent']]);
      const all = Object.values(headers);
      t.same(seen(home), [all, all], 'at home, before and after');
      t.same(seen(away), [[undefined, undefined, undefined, 'kept', 'test/1']], 'elsewhere');
      t.same(spilled(away, ['token', 'a=1', 'Basic x']), [], 'secrets elsewhere');
    }),
  },
  {
    name: 'the URI\'s user and password go only to their origin, also when a redirect leads back to it',
    run: (t) => withScripted(awayAndBack(), async (home, away) => {
      await t.opened(home.url(`/?${away.url('/')}`).replace('//', '//user:secret@'));
      t.same(home.requests.map(({ headers }) => headers.authorization), [BASIC, BASIC]);
      t.same(away.requests.map(({ headers }) => headers.authorization), [undefined]);
      t.same(spilled(away, ['secret', 'user', BASIC]), [], 'secrets elsewhere');
    }),
  },
  {
    name: 'within one origin, credentials are sent at each hop',
    run: (t) => withScripted([(request, number) => (number < 3 ? reply(302, { Location: `/${number}` }) : null)], async (server) => {
      await t.opened(server.url('/').replace('//', '//user:secret@'), { options: { headers: { Cookie: 'a=1' } } });
      t.same(server.requests.map(({ headers }) => [headers.authorization, headers.cookie]), [[BASIC, 'a=1'], [BASIC, 'a=1'], [BASIC, 'a=1']]);
    }),
  },
  {
    name: 'another host on the same port is another origin',
    run: (t) => withScripted([({ headers }, number) => (number === 1 ? reply(302, { Location: `http://localhost:${headers.host.split(':')[1]}/` }) : null)], async (server) => {
      await t.opened(server.url('/').replace('//', '//user:secret@'), { options: { headers: { Cookie: 'a=1' }, socket: { family: 4 } } });
      t.same(server.requests.map(({ headers }) => [headers.authorization, headers.cookie]), [[BASIC, 'a=1'], [undefined, undefined]]);
    }),
  },
  {
    name: 'ws and wss are different origins',
    needs: 'nginx',
    async run(t) {
      const location = t.peer('nginxTls', '/echo');
      const talk = await t.opened(t.peer('ws', '/refuse', { status: 301, location }).replace('//', '//user:secret@'), {
        options: { headers: { Cookie: 'a=1', 'X-Custom': 'kept' }, tls: trust(t) },
      });
      t.is(talk.channel.URI, location);
      const { request: { headers } } = await t.observed(location);
      t.same([headers.authorization, headers.cookie, headers['x-custom']], [undefined, undefined, 'kept']);
    },
  },
  ...Object.entries({
    'cert and key': ({ client, clientChain }) => ({ cert: clientChain, key: client.key }),
    'pfx and passphrase': ({ clientPfx }) => ({ pfx: Buffer.from(clientPfx, 'base64'), passphrase: 'opened' }),
    secureContext: ({ client, clientChain, root }, { cert }) => ({ secureContext: createSecureContext({ cert: clientChain, key: client.key, ca: [root.cert, cert] }) }),
  }).map(([what, identity]) => ({
    name: `a client certificate is presented only to its origin: ${what}`,
    needs: 'nginx',
    async run(t) {
      const tls = { ...trust(t), ...identity(t.addresses.authority, t.addresses) };
      const within = await t.opened(t.peer('nginxTlsClient', `/to/302/wss://127.0.0.1:${t.addresses.nginxTlsClient}/echo`), { options: { tls } });
      t.is(new URL(within.channel.URI).pathname, '/echo', 'it is presented at each hop');
      // nginx answers a client that has no certificate with a 400.
      const location = t.peer('nginxTlsClient', '/echo');
      const away = t.open(t.peer('wss', '/refuse', { status: 302, location }), { options: { tls: { ...tls, ca: [tls.ca, t.addresses.cert] } } });
      const { http } = await t.stops(away, { node: REFUSED });
      t.is(http.status, 400);
      t.ok(http.body.includes('No required SSL certificate'), http.body);
    },
  })),
  {
    name: 'tls.servername applies only to its origin',
    needs: 'nginx',
    async run(t) {
      const tls = { ...trust(t), servername: 'other.example' };
      const there = t.peer('nginxTls', '/echo');
      const talk = await t.opened(t.peer('nginxTlsOther', '/refuse', { status: 302, location: there }), { options: { tls } });
      t.same([talk.channel.URI, talk.channel.securityInfo.serverName], [there, null]);
    },
  },
  {
    name: 'socket.path applies only to its origin',
    async run(t) {
      const there = t.peer('ws', '/echo');
      const here = t.peer('ws', '/refuse', { status: 302, location: there }).replace(/\d+\.\d+\.\d+\.\d+:\d+/, 'unix.example');
      await t.opened(here, { options: { socket: { path: t.addresses.unix } } });
      t.is((await t.observed(there)).remoteAddress, '127.0.0.1', 'the connection came over TCP');
    },
  },
  {
    name: 'onRedirect is called before each hop with the current URI, the next URI and the status',
    run: (t) => withScripted(statuses([301, 308, 303]), async (server) => {
      const asked = [];
      const notificationCallbacks = {
        onRedirect(...args) {
          asked.push({ args, self: this, uri: talk.channel.URI, original: talk.channel.originalURI, state: talk.channel.state, requests: server.requests.length });
        },
      };
      const talk = t.open(server.url('/0'), { attributes: { notificationCallbacks } });
      await talk.until('onStart');
      t.same(asked.map(({ args }) => args), [[301, '/0', '/1'], [308, '/1', '/2'], [303, '/2', '/3']].map(([status, from, to]) => [server.url(from), server.url(to), status]));
      t.ok(asked.every(({ self }) => self === notificationCallbacks), 'this is the callbacks\' object');
      t.same(asked.map(({ uri, original, state, requests }) => [uri, original, state, requests]), [
        [server.url('/0'), server.url('/0'), 'connecting', 1], [server.url('/1'), server.url('/0'), 'connecting', 2], [server.url('/2'), server.url('/0'), 'connecting', 3],
      ]);
      t.is(talk.channel.URI, server.url('/3'));
    }),
  },
  ...Object.entries({
    undefined: undefined, true: true, null: null, 'a promise of undefined': Promise.resolve(), 'a promise of true': Promise.resolve(true),
    'a promise whose own then throws': Object.assign(Promise.resolve(true), { then() { throw WRONG; } }),
  }).map(([what, answer]) => ({
    name: `if onRedirect returns ${what}, the redirect is followed`,
    run: (t) => withScripted(statuses([302]), (server) => t.opened(server.url('/0'), { attributes: { notificationCallbacks: { onRedirect: () => answer } } })),
  })),
  ...Object.entries({
    'returns false': () => false,
    'returns a promise of false': () => new Promise((resolve) => setTimeout(resolve, 10, false)),
    throws: () => { throw WRONG; },
    rejects: () => Promise.reject(WRONG),
  }).map(([what, onRedirect]) => ({
    name: `onRedirect that ${what}: NS_ERROR_DOM_BAD_URI, and no request is sent there`,
    run: (t) => withScripted([...statuses([302]), () => null], async (server, elsewhere) => {
      const talk = t.open(server.url(`/0?${elsewhere.url('/')}`), { attributes: { notificationCallbacks: { onRedirect } } });
      const detail = await t.stops(talk, { node: BAD_URI });
      t.is(detail.cause, what.startsWith('returns') ? null : WRONG);
      t.same([detail.http.status, detail.http.headers.location, detail.http.body], [302, elsewhere.url('/'), 'the body']);
      t.same([talk.channel.URI, talk.names.join()], [talk.url, 'onStart,onStop']);
      await t.roundTrip();
      t.is(elsewhere.requests.length, 0, 'requests there');
    }),
  })),
  {
    name: 'close() while onRedirect is pending, and within it: NS_BINDING_ABORTED, and no request is sent there',
    run: (t) => withScripted([...statuses([302, 302]), () => null], async (server, elsewhere) => {
      let answer;
      const thinking = new Promise((resolve) => { answer = resolve; });
      const asked = withResolvers();
      const talk = t.open(server.url(`/0?${elsewhere.url('/')}`), { attributes: { notificationCallbacks: { onRedirect() { asked.resolve(); return thinking; } } } });
      await asked.promise;
      talk.close();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      answer(true);
      const within = t.open(server.url(`/1?${elsewhere.url('/')}`), { attributes: { notificationCallbacks: { onRedirect() { within.close(); } } } });
      await t.stops(within, { node: 'NS_BINDING_ABORTED' });
      await t.roundTrip();
      t.is(elsewhere.requests.length, 0, 'requests there');
    }),
  },
  {
    name: 'openTimeoutMs keeps running while onRedirect is pending',
    run: (t) => withScripted(statuses([302]), async (server) => {
      const talk = t.open(server.url('/0'), { options: { openTimeoutMs: 200 }, attributes: { notificationCallbacks: { onRedirect: () => new Promise(() => {}) } } });
      t.is((await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' })).timeout, 'open');
    }),
  },
  {
    name: 'notificationCallbacks is an object or null, can be replaced while connecting, and is read each time it is used',
    run: (t) => withScripted(statuses([302, 302]), async (server) => {
      const seen = [];
      const second = { onRedirect: () => void seen.push('second') };
      const first = { onRedirect() { seen.push('first'); talk.channel.notificationCallbacks = second; } };
      const talk = t.open(server.url('/0'), { attributes: { notificationCallbacks: first } });
      t.is(talk.channel.notificationCallbacks, first);
      for (const wrong of [5, 'callbacks', true, undefined, Symbol('callbacks'), 10n]) {
        t.throws('NS_ERROR_INVALID_ARG', () => { talk.channel.notificationCallbacks = wrong; }, `notificationCallbacks = ${String(wrong)}`);
      }
      t.is(talk.channel.notificationCallbacks, first, 'after the refused values');
      await talk.until('onStart');
      t.same(seen, ['first', 'second']);
      t.is(talk.channel.notificationCallbacks, second);
      talk.channel.notificationCallbacks = null;
      t.is(talk.channel.notificationCallbacks, null);
    }),
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** The first server redirects its first request to the URI in the query. The second server redirects back to the first. */
function awayAndBack() {
  let home;
  return [
    ({ target, headers }, number) => {
      home = headers.host;
      return number === 1 ? reply(302, { Location: target.slice(2) }) : null;
    },
    () => reply(307, { Location: `ws://${home}/back` }),
  ];
}

/** A server that redirects with these statuses, one after another, to the URI in the query or to /1, /2, …; then accepts. */
function statuses(list) {
  return [({ target }, number) => (number > list.length ? null : reply(list[number - 1], { Location: target.split('?')[1] ?? `/${number}` }))];
}

/** Returns the secrets that occur anywhere in the requests received. */
function spilled({ requests }, secrets) {
  return secrets.filter((secret) => requests.some(({ connection }) => connection.head.includes(secret)));
}

function trust(t) {
  return { ca: t.addresses.authority.root.cert };
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

const WRONG = new RangeError('thrown by onRedirect');
const BASIC = `Basic ${Buffer.from('user:secret').toString('base64')}`;
const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';
const BAD_URI = 'NS_ERROR_DOM_BAD_URI';
