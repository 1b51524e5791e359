import { startProxy, withProxies } from '../harness/proxy.js';

/** A proxy's interim responses (RFC 9110 §15.2) before the final one: any number of them is skipped. Only in Node. */
export const proxyInterims = [
  ...[
    ['100', ['HTTP/1.1 100 Continue\r\n\r\n']], ['102', ['HTTP/1.1 102 Processing\r\n\r\n']], ['103 with headers', [hints()]],
    ['several', ['HTTP/1.1 100 Continue\r\n\r\n', hints(), 'HTTP/1.1 102 Processing\r\nX-Wait: 5\r\n\r\n', hints()]], ['hundreds', Array(500).fill(hints())],
  ].flatMap(([what, interim]) => [
    {
      name: `${what} before 200, in one piece: the tunnel opens`,
      run: (t) => withProxies([startProxy({ established: `${interim.join('')}${established()}` })], (proxy) => talksThrough(t, proxy)),
    },
    {
      name: `${what} before 200, each in two writes: the tunnel opens`,
      run: (t) => withProxies([startProxy({ answer: dripping(interim) })], (proxy) => talksThrough(t, proxy)),
    },
    {
      name: `${what} before 403: only the 403 counts as the refusal`,
      run: (t) => withProxies([startProxy({ answer: () => `${interim.join('')}HTTP/1.1 403 Forbidden\r\nX-Mine: yes\r\nContent-Length: 4\r\n\r\nbody` })], async (proxy) => {
        const talk = t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url() } });
        const { http, message } = await t.stops(talk, { node: REFUSED });
        t.same([http.status, http.headers['x-mine'], http.headers.link, http.headers['x-wait']], [403, 'yes', undefined, undefined]);
        t.ok(message.includes('403'), message);
      }),
    },
  ]),
  {
    name: '103 before 407, and again before 200: the proxy gets its user name and password, and the tunnel opens',
    run: (t) => {
      const challenge = 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n';
      const answer = ({ headers }) => (headers['proxy-authorization'] ? null : `${hints()}${challenge}`);
      return withProxies([startProxy({ answer, established: `${hints()}${established()}` })], async (proxy) => {
        const notificationCallbacks = { onAuthRequired: () => ({ username: 'user', password: 'secret' }) };
        await talksThrough(t, proxy, { attributes: { notificationCallbacks } });
        t.is(proxy.requests.at(-1).headers['proxy-authorization'], `Basic ${Buffer.from('user:secret').toString('base64')}`);
      });
    },
  },
  {
    name: 'TLS works through a tunnel that opened after 103',
    run: (t) => withProxies([startProxy({ established: `${hints()}${established()}` })], (proxy) => talksThrough(t, proxy, { peer: 'wss' })),
  },
  {
    name: '101 is not an interim response: a proxy that sends it refuses the tunnel',
    run: (t) => withProxies([startProxy({ answer: () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n' })], async (proxy) => {
      const talk = t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url(), openTimeoutMs: 3000 } });
      await t.stops(talk, { node: REFUSED });
    }),
  },
  {
    name: 'openTimeoutMs limits an endless series of interim responses',
    run: (t) => {
      const pour = ({ socket }) => {
        if (!socket.destroyed) socket.write(hints(), () => setTimeout(pour, 20, { socket }));
      };
      return withProxies([startProxy({ answer: pour })], async (proxy) => {
        const talk = t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url(), openTimeoutMs: 400 } });
        const { timeout, http } = await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
        t.same([timeout, http], ['open', null]);
      });
    },
  },
];

/** Opens a channel through the proxy, and checks that a message comes back. */
async function talksThrough(t, proxy, { peer = 'ws', attributes } = {}) {
  const talk = await t.opened(t.peer(peer, '/echo'), { attributes, options: { proxy: proxy.url(), tls: { ca: t.addresses.cert } } });
  talk.send('there and back');
  t.same(await talk.untilMessages(1), ['there and back']);
}

/** Writes each interim response in two pieces, and then lets the tunnel open. */
function dripping(interim) {
  return ({ socket }) => {
    for (const piece of interim) {
      for (const half of [piece.slice(0, 9), piece.slice(9)]) socket.write(half);
    }
    return null;
  };
}

function established() {
  return 'HTTP/1.1 200 Connection established\r\n\r\n';
}

function hints() {
  return 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Mine: no\r\nContent-Length: 20\r\n\r\n';
}

const REFUSED = 'NS_ERROR_PROXY_CONNECTION_REFUSED';
