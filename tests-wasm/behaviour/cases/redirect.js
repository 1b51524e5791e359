import { reply, withScripted } from '../harness/scripted.js';

/** The option `redirects`: what is followed, what is not, and what is told of it. The redirects are nginx's where it can be had to make them. */
export const redirects = [
  ...[301, 302, 303, 307, 308].map((status) => ({
    name: `a ${status} of nginx to another port is followed`,
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
    name: `a relative Location of nginx is resolved: ${kind}`,
    needs: 'nginx',
    async run(t) {
      const talk = await t.opened(t.peer('nginx', `/relative/${kind}`));
      const { host, search } = new URL(talk.url);
      t.is(talk.channel.URI, `ws://${host}${path}${search}`);
    },
  })),
  {
    name: 'to Python\'s websockets behind nginx',
    needs: ['nginx', 'python'],
    async run(t) {
      const talk = await t.opened(to(t, 307, `http://127.0.0.1:${t.addresses.nginx}/python/echo`));
      talk.send('über nginx');
      t.same(await talk.untilMessages(1), ['über nginx']);
      t.is((await t.observed(talk)).peer, 'python');
    },
  },
  {
    name: 'http in a Location is taken as ws, https as wss',
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
    name: 'from ws to wss, and from wss to another wss',
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
    name: 'from wss to ws is not followed: NS_ERROR_DOM_BAD_URI, and nobody is asked there',
    needs: 'nginx',
    run: (t) => withScripted([() => null], async (elsewhere) => {
      for (const scheme of ['ws', 'http']) {
        const talk = t.open(to(t, 302, `${scheme}://127.0.0.1:${elsewhere.port}/echo`, 'nginxTls'), trusting(t));
        const detail = await t.stops(talk, { node: BAD_URI });
        t.is(detail.http.status, 302);
        t.ok(detail.http.headers.location.startsWith(`${scheme}://127.0.0.1:${elsewhere.port}/echo`), detail.http.headers.location);
        t.ok(detail.http.body.includes('nginx'), 'the beginning of the answer\'s body');
        t.is(talk.channel.URI, talk.url, 'the last URI that was tried');
      }
      await t.roundTrip();
      t.is(elsewhere.requests.length, 0, 'requests there');
    }),
  },
  ...['ftp://127.0.0.1/', 'file:///etc/passwd', 'javascript:alert(1)', 'data:text/plain,a', 'ws://[::1', 'ws://', 'http://127.0.0.1:99999/', 'wsx://127.0.0.1/', 'ws://%00/'].map((location) => ({
    name: `a Location that leads nowhere is NS_ERROR_DOM_BAD_URI: ${location}`,
    async run(t) {
      const talk = t.open(t.peer('ws', '/refuse', { status: 302, location, body: 'elsewhere' }));
      const detail = await t.stops(talk, { node: BAD_URI });
      t.same([detail.http.status, detail.http.headers.location, detail.http.body], [302, location, 'elsewhere']);
      t.ok(detail.message.includes(location.slice(0, 8)), `the message names it: ${detail.message}`);
    },
  })),
  ...Object.entries({ a: 'over two URIs', self: 'to itself', fragment: 'to itself, with a fragment' }).map(([path, what]) => ({
    name: `a loop of nginx is NS_ERROR_REDIRECT_LOOP: ${what}`,
    needs: 'nginx',
    async run(t) {
      const talk = t.open(t.peer('nginx', `/loop/${path}`), { options: { redirects: 100 } });
      const detail = await t.stops(talk, { node: LOOP });
      t.oneOf(detail.http.status, [301, 307]);
      t.same(talk.names, ['onStart', 'onStop']);
    },
  })),
  {
    name: 'the same path with another query is no loop',
    run: (t) => withScripted([({ target }) => (target === '/?3' ? null : reply(302, { Location: `/?${Number(target.slice(2)) + 1}` }))], async (server) => {
      const talk = await t.opened(server.url('/?1'));
      t.is(talk.channel.URI, server.url('/?3'));
    }),
  },
  {
    name: 'ten redirects are followed, an eleventh is NS_ERROR_REDIRECT_LOOP; the message tells it from a loop',
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
    name: 'the option says how many are followed',
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
    name: 'with 0 none is followed: a 3xx is a status that is not 101',
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
    name: `a ${status} of nginx is not followed, Location or not`,
    needs: 'nginx',
    async run(t) {
      const talk = t.open(to(t, status, `ws://127.0.0.1:${t.addresses.ws}/echo`));
      t.is((await t.stops(talk, { node: REFUSED })).http.status, status);
    },
  })),
  {
    name: 'a redirect without Location is refused; so is nginx\'s empty one, or it is a loop',
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
    name: 'the answer that is told is the last: a refusal behind a redirect',
    needs: 'nginx',
    async run(t) {
      const talk = t.open(to(t, 302, `ws://127.0.0.1:${t.addresses.ws}/refuse`, 'nginx', { status: 403, body: 'not here' }));
      const { http } = await t.stops(talk, { node: REFUSED });
      t.same([http.status, http.headers.location, http.body], [403, undefined, 'not here']);
    },
  },
  {
    name: 'to where nobody listens',
    needs: 'nginx',
    async run(t) {
      const talk = t.open(to(t, 302, `ws://127.0.0.1:${t.addresses.refusing}/echo`));
      const detail = await t.stops(talk, { node: REFUSED });
      t.is(detail.cause?.code, 'ECONNREFUSED');
      t.is(new URL(talk.channel.URI).port, String(t.addresses.refusing), 'the last URI that was tried');
    },
  },
  {
    name: 'one openTimeoutMs over all hops',
    // Each hop takes a fifth of it, and there is no end of them: a deadline for each would never be met.
    run: (t) => withScripted([(request, number) => void setTimeout(() => request.connection.socket.end(reply(302, { Location: `/${number}` })), 100)], async (server) => {
      const talk = t.open(server.url('/0'), { options: { openTimeoutMs: 500, redirects: 1000 } });
      t.is((await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' })).timeout, 'open');
      t.ok(server.requests.length > 1, `${server.requests.length} requests`);
    }),
  },
  {
    name: 'the body of a redirect is not waited for',
    async run(t) {
      const text = `HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${t.addresses.ws}/echo\r\nContent-Length: 1000000\r\n\r\nthe rest never comes`;
      await t.opened(t.peer('rude', '/answer', { text }), { options: { openTimeoutMs: 5000 } });
    },
  },
  {
    name: 'each hop is a request of its own: another key, the same subprotocols, origin and headers; what was sent meanwhile goes to the last',
    run: (t) => withScripted([(request, number) => (number < 3 ? reply(302, { Location: `/${number}` }) : null)], async (server) => {
      const talk = t.open(server.url('/'), { protocols: 'chat, superchat', origin: 'https://app.example', options: { headers: { 'X-Custom': 'kept' } } });
      talk.send('queued');
      await talk.until('onAcknowledge');
      t.is(new Set(server.requests.map(({ headers }) => headers['sec-websocket-key'])).size, 3, 'different keys');
      for (const { headers } of server.requests) {
        t.same([headers['sec-websocket-protocol'].replaceAll(' ', ''), headers.origin, headers['x-custom']], ['chat,superchat', 'https://app.example', 'kept']);
        t.ok(headers['sec-websocket-extensions'].includes('permessage-deflate'), headers['sec-websocket-extensions']);
      }
      t.same(server.requests.slice(0, 2).map(({ connection }) => connection.bytes), [0, 0], 'bytes behind the first requests');
    }),
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** nginx redirects to this target, with the query and the id behind it. */
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
