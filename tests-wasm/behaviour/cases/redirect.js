import { reply, withScripted } from '../harness/scripted.js';

/** The option `redirects`: which redirects are followed, which are not, and what is reported. The redirects come from nginx wherever it can produce them. */
export const redirects = [
  ...[301, 302, 303, 307, 308].map((status) => ({
    name: `a ${status} from nginx to another port is followed`,
    needs: 'nginx',
    async run(t) {
      const talk = await t.opened(to(t, status, `ws://127.0.0.1:${t.addresses.ws}/echo`));
      talk.send('over there');
      t.same(await talk.untilMessages(1), ['over there']);
      t.is(talk.channel.URI, `ws://127.0.0.1:${t.addresses.ws}/echo${new URL(talk.url).search}`);
      t.is(talk.channel.originalURI, talk.url);
      t.is((await t.observed(talk)).request.headers.host, `127.0.0.1:${t.addresses.ws}`);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      t.same([talk.channel.originalURI, new URL(talk.channel.URI).port], [talk.url, String(t.addresses.ws)], 'after onStop');
    },
  })),
  ...Object.entries({ path: '/echo', sibling: '/relative/landing', up: '/echo', host: '/echo' }).map(([kind, path]) => ({
    name: `a relative Location from nginx is resolved: ${kind}`,
    needs: 'nginx',
    async run(t) {
      const talk = await t.opened(t.peer('nginx', `/relative/${kind}`));
      const { host, search } = new URL(talk.url);
      t.is(talk.channel.URI, `ws://${host}${path}${search}`);
    },
  })),
  {
    name: 'a redirect to Python\'s websockets behind nginx is followed',
    needs: ['nginx', 'python'],
    async run(t) {
      const talk = await t.opened(to(t, 307, `http://127.0.0.1:${t.addresses.nginx}/python/echo`));
      talk.send('über nginx');
      t.same(await talk.untilMessages(1), ['über nginx']);
      t.is((await t.observed(talk)).peer, 'python');
    },
  },
  {
    name: 'http in a Location is treated as ws, https as wss',
    needs: 'nginx',
    async run(t) {
      const plain = await t.opened(to(t, 302, `http://127.0.0.1:${t.addresses.ws}/echo`));
      t.ok(plain.channel.URI.startsWith(`ws://127.0.0.1:${t.addresses.ws}/`), plain.channel.URI);
      const secure = await t.opened(to(t, 302, `https://127.0.0.1:${t.addresses.nginxTls}/echo`), trusting(t));
      t.ok(secure.channel.URI.startsWith(`wss://127.0.0.1:${t.addresses.nginxTls}/`), secure.channel.URI);
    },
  },
  {
    name: 'a fragment in a Location is dropped',
    needs: 'nginx',
    async run(t) {
      const talk = await t.opened(t.peer('nginx', '/fragment'));
      t.is(talk.channel.URI, talk.url.replace('/fragment', '/echo'));
      const { request } = await t.observed(talk);
      t.ok(!request.target.includes('#') && !request.target.includes('section'), request.target);
    },
  },
  {
    name: 'redirects from ws to wss, and from wss to another wss, are followed',
    needs: 'nginx',
    async run(t) {
      for (const peer of ['nginx', 'nginxTls']) {
        const talk = await t.opened(to(t, 301, `wss://127.0.0.1:${t.addresses.nginxTls12}/echo`, peer), trusting(t));
        talk.send('encrypted');
        t.same(await talk.untilMessages(1), ['encrypted']);
        t.is(talk.channel.securityInfo.protocol, 'TLSv1.2', 'the protocol of the last server');
      }
    },
  },
  {
    name: 'a redirect from wss to ws is not followed: NS_ERROR_DOM_BAD_URI, and no request is sent there',
    needs: 'nginx',
    run: (t) => withScripted([() => null], async (elsewhere) => {
      for (const scheme of ['ws', 'http']) {
        const talk = t.open(to(t, 302, `${scheme}://127.0.0.1:${elsewhere.port}/echo`, 'nginxTls'), trusting(t));
        const detail = await t.stops(talk, { node: BAD_URI });
        t.is(detail.http.status, 302);
        t.ok(detail.http.headers.location.startsWith(`${scheme}://127.0.0.1:${elsewhere.port}/echo`), detail.http.headers.location);
        t.ok(detail.http.body.includes('nginx'), 'the beginning of the response\'s body');
        t.is(talk.channel.URI, talk.url, 'the last URI that was tried');
      }
      await t.roundTrip();
      t.is(elsewhere.requests.length, 0, 'requests there');
    }),
  },
  ...['ftp://127.0.0.1/', 'file:///etc/passwd', 'javascript:alert(1)', 'data:text/plain,a', 'ws://[::1', 'ws://', 'http://127.0.0.1:99999/', 'wsx://127.0.0.1/', 'ws://%00/'].map((location) => ({
    name: `an unusable Location ends with NS_ERROR_DOM_BAD_URI: ${location}`,
    async run(t) {
      const talk = t.open(t.peer('ws', '/refuse', { status: 302, location, body: 'elsewhere' }));
      const detail = await t.stops(talk, { node: BAD_URI });
      t.same([detail.http.status, detail.http.headers.location, detail.http.body], [302, location, 'elsewhere']);
      t.ok(detail.message.includes(location.slice(0, 8)), `the message names it: ${detail.message}`);
    },
  })),
  ...Object.entries({ a: 'between two URIs', self: 'to itself', fragment: 'to itself, with a fragment' }).map(([path, what]) => ({
    name: `a redirect loop in nginx ends with NS_ERROR_REDIRECT_LOOP: ${what}`,
    needs: 'nginx',
    async run(t) {
      const talk = t.open(t.peer('nginx', `/loop/${path}`), { options: { redirects: 100 } });
      const detail = await t.stops(talk, { node: LOOP });
      t.oneOf(detail.http.status, [301, 307]);
      t.same(talk.names, ['onStart', 'onStop']);
    },
  })),
  {
    name: 'the same path with another query is not a loop',
    run: (t) => withScripted([({ target }) => (target === '/?3' ? null : reply(302, { Location: `/?${Number(target.slice(2)) + 1}` }))], async (server) => {
      const talk = await t.opened(server.url('/?1'));
      t.is(talk.channel.URI, server.url('/?3'));
    }),
  },
  {
    name: 'ten redirects are followed, an eleventh is NS_ERROR_REDIRECT_LOOP; its message differs from that of a loop',
    needs: 'nginx',
    async run(t) {
      const talk = await t.opened(chain(t, 10));
      t.is(new URL(talk.channel.URI).pathname, '/chain/');
      const many = t.open(chain(t, 11));
      const detail = await t.stops(many, { node: LOOP });
      t.is(detail.http.status, 302);
      t.ok(detail.message.includes('10'), `the message has the limit: ${detail.message}`);
      t.is(new URL(many.channel.URI).pathname, '/chain/x', 'the last URI that was tried');
      const loop = await t.stops(t.open(t.peer('nginx', '/loop/a')), { node: LOOP });
      t.ok(bare(loop.message) !== bare(detail.message), `two messages: ${loop.message} / ${detail.message}`);
    },
  },
  {
    name: 'the option sets how many redirects are followed',
    needs: 'nginx',
    async run(t) {
      for (const count of [1, 3, 30]) {
        await t.opened(chain(t, count), { options: { redirects: count } });
        const detail = await t.stops(t.open(chain(t, count + 1), { options: { redirects: count } }), { node: LOOP });
        t.ok(detail.message.includes(String(count)), detail.message);
      }
    },
  },
  {
    name: 'with 0, no redirect is followed: a 3xx counts as a status other than 101',
    needs: 'nginx',
    async run(t) {
      const talk = t.open(to(t, 302, `ws://127.0.0.1:${t.addresses.ws}/echo`), { options: { redirects: 0 } });
      const detail = await t.stops(talk, { node: REFUSED });
      t.is(detail.http.status, 302);
      t.ok(detail.http.headers.location.includes('/echo'), detail.http.headers.location);
      t.same([talk.channel.URI, talk.channel.originalURI], [talk.url, talk.url]);
    },
  },
  {
    name: 'the option takes a whole number from 0 to 1,000; the constructor throws NS_ERROR_INVALID_ARG for anything else',
    async run(t) {
      for (const redirects of [-1, 1.5, 1001, NaN, Infinity, '3', true, {}, 3n]) {
        const error = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ redirects }), `redirects: ${String(redirects)}`);
        t.ok(error.message.includes('redirects'), error.message);
      }
    },
  },
  ...[300, 304, 305].map((status) => ({
    name: `a ${status} from nginx is not followed, even with a Location`,
    needs: 'nginx',
    async run(t) {
      const talk = t.open(to(t, status, `ws://127.0.0.1:${t.addresses.ws}/echo`));
      t.is((await t.stops(talk, { node: REFUSED })).http.status, status);
    },
  })),
  {
    name: 'a redirect without a Location is refused; an empty one from nginx is refused or counts as a loop',
    needs: 'nginx',
    async run(t) {
      for (const status of [301, 302, 303, 307, 308]) {
        const detail = await t.stops(t.open(t.peer('ws', '/refuse', { status, body: 'where to?' })), { node: REFUSED });
        t.same([detail.http.status, detail.http.body], [status, 'where to?']);
      }
      const { status, detail } = await t.open(t.peer('nginx', '/empty')).end();
      t.oneOf(t.api.statusName(status), [REFUSED, LOOP]);
      t.is(detail.http.status, 302);
    },
  },
  {
    name: 'a refusal after a redirect: the detail describes the last response',
    needs: 'nginx',
    async run(t) {
      const talk = t.open(to(t, 302, `ws://127.0.0.1:${t.addresses.ws}/refuse`, 'nginx', { status: 403, body: 'not here' }));
      const { http } = await t.stops(talk, { node: REFUSED });
      t.same([http.status, http.headers.location, http.body], [403, undefined, 'not here']);
    },
  },
  {
    name: 'a redirect to a port where nobody listens ends with NS_ERROR_WEBSOCKET_CONNECTION_REFUSED',
    needs: 'nginx',
    async run(t) {
      const talk = t.open(to(t, 302, `ws://127.0.0.1:${t.addresses.refusing}/echo`));
      const detail = await t.stops(talk, { node: REFUSED });
      t.is(detail.cause?.code, 'ECONNREFUSED');
      t.is(new URL(talk.channel.URI).port, String(t.addresses.refusing), 'the last URI that was tried');
    },
  },
  {
    name: 'one openTimeoutMs covers all hops',
    // Each hop takes a fifth of the time, and the redirects never end. A separate deadline for each hop would never expire.
    run: (t) => withScripted([(request, number) => void setTimeout(() => request.connection.socket.end(reply(302, { Location: `/${number}` })), 100)], async (server) => {
      const talk = t.open(server.url('/0'), { options: { openTimeoutMs: 500, redirects: 1000 } });
      t.is((await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' })).timeout, 'open');
      t.ok(server.requests.length > 1, `${server.requests.length} requests`);
    }),
  },
  {
    name: 'the channel does not wait for the body of a redirect',
    async run(t) {
      const text = `HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${t.addresses.ws}/echo\r\nContent-Length: 1000000\r\n\r\nthe rest never comes`;
      await t.opened(t.peer('rude', '/answer', { text }), { options: { openTimeoutMs: 5000 } });
    },
  },
  {
    name: 'each hop is a new request: a new key, the same subprotocols, origin and headers; queued messages go to the last server',
    run: (t) => withScripted([(request, number) => (number < 3 ? reply(302, { Location: `/${number}` }) : null)], async (server) => {
      const talk = t.open(server.url('/'), { protocols: 'chat, superchat', origin: 'https://app.example', options: { headers: { 'X-Custom': 'kept' } } });
      talk.send('queued');
      await talk.until('onAcknowledge');
      t.is(new Set(server.requests.map(({ headers }) => headers['sec-websocket-key'])).size, 3, 'different keys');
      for (const { headers } of server.requests) {
        t.same([headers['sec-websocket-protocol'].replaceAll(' ', ''), headers.origin, headers['x-custom']], ['chat,superchat', 'https://app.example', 'kept']);
        t.ok(headers['sec-websocket-extensions'].includes('permessage-deflate'), headers['sec-websocket-extensions']);
      }
      t.same(server.requests.slice(0, 2).map(({ connection }) => connection.bytes), [0, 0], 'bytes after the first requests');
    }),
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** Returns a URL that nginx redirects to this target, with the query and the id appended. */
function to(t, status, target, peer = 'nginx', query = {}) {
  return t.peer(peer, `/to/${status}/${target}`, query);
}

function chain(t, count) {
  return t.peer('nginx', `/chain/${'x'.repeat(count)}`);
}

function trusting(t) {
  return { options: { tls: { ca: t.addresses.authority.root.cert } } };
}

/** A message without its URIs and numbers. */
function bare(message) {
  return message.replace(/\w+:\/\/\S+|\d+/g, '');
}

const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';
const BAD_URI = 'NS_ERROR_DOM_BAD_URI';
const LOOP = 'NS_ERROR_REDIRECT_LOOP';
