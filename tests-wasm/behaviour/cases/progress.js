import { startRaw } from '../harness/raw_server.js';

const RESOLVING = ['NS_NET_STATUS_RESOLVING_HOST', 'NS_NET_STATUS_RESOLVED_HOST'];
const CONNECTING = ['NS_NET_STATUS_CONNECTING_TO', 'NS_NET_STATUS_CONNECTED_TO'];
const REQUEST = ['NS_NET_STATUS_SENDING_TO', 'NS_NET_STATUS_WAITING_FOR'];
const HTTP = [...CONNECTING, ...REQUEST];
const HTTPS = [...CONNECTING, 'NS_NET_STATUS_TLS_HANDSHAKE_STARTING', 'NS_NET_STATUS_TLS_HANDSHAKE_ENDED', ...REQUEST];

/** notificationCallbacks.onProgress reports how far the opening has come. Only in Node: a browser refuses the callbacks (attribute.js). */
export const progress = [
  {
    name: 'to an address: connecting, connected, sending, waiting',
    async run(t) {
      const { callbacks, told } = recorder();
      const talk = await t.opened(t.peer('ws', '/echo'), { attributes: { notificationCallbacks: callbacks } });
      t.same(told, HTTP.map((status) => `${status} 127.0.0.1`));
      talk.send('more');
      await talk.untilMessages(1);
      talk.close();
      await talk.end();
      t.is(told.length, HTTP.length, 'no more calls after the channel has opened');
    },
  },
  {
    name: 'to a name: name resolution comes first; over TLS: the TLS handshake follows connecting',
    async run(t) {
      const named = recorder();
      const socket = { lookup: loopback };
      await t.opened(t.peer('ws', '/echo').replace('127.0.0.1', 'named.example'), { options: { socket }, attributes: { notificationCallbacks: named.callbacks } });
      t.same(named.told, [...RESOLVING, ...HTTP].map((status) => `${status} named.example`));
      const secure = recorder();
      const tls = { ca: t.addresses.cert };
      await t.opened(t.peer('wss', '/echo').replace('127.0.0.1', 'localhost'), { options: { socket, tls }, attributes: { notificationCallbacks: secure.callbacks } });
      t.same(secure.told, [...RESOLVING, ...HTTPS].map((status) => `${status} localhost`));
    },
  },
  {
    name: 'to an IPv6 address: no resolution',
    needs: 'ipv6',
    async run(t) {
      const { callbacks, told } = recorder();
      await t.opened(t.peer('ipv6', '/echo'), { attributes: { notificationCallbacks: callbacks } });
      t.same(told.map((line) => line.split(' ')[0]), HTTP);
      t.ok(told.every((line) => /^\S+ \[?::1\]?$/.test(line)), `${told}`);
    },
  },
  ...[
    ['nobody listens', 1, (t) => [t.peer('refusing', '/'), {}]],
    ['the name is not found', 1, (t) => ['ws://nobody.invalid/', { socket: { lookup: notFound } }], RESOLVING],
    ['TLS fails', 3, (t) => [t.peer('ws', '/echo').replace('ws:', 'wss:'), {}], HTTPS],
    ['the server answers 403', 4, (t) => [t.peer('ws', '/refuse', { status: 403 }), {}]],
    ['the server does not answer', 4, (t) => [t.peer('rude', '/silence'), { openTimeoutMs: 300 }]],
  ].map(([what, count, where, all = HTTP]) => ({
    name: `the steps before the failure are reported when ${what}`,
    async run(t) {
      const { callbacks, told } = recorder();
      const [url, options] = where(t);
      const talk = t.open(url, { options, attributes: { notificationCallbacks: callbacks } });
      await talk.end();
      await t.roundTrip();
      t.same(told.map((line) => line.split(' ')[0]), all.slice(0, count));
    },
  })),
  {
    name: 'calls come after asyncOpen returns and before onStart, with the callbacks as `this` and with two arguments',
    async run(t) {
      const steps = [];
      const callbacks = {
        onProgress(...args) {
          steps.push([this === callbacks, args.length, args.every((arg) => typeof arg === 'string')].every(Boolean) ? 'progress' : args);
        },
      };
      const channel = new t.api.WebSocketChannel();
      channel.notificationCallbacks = callbacks;
      const stopped = new Promise((resolve) => {
        channel.asyncOpen(t.peer('ws', '/echo'), null, { onStart() { steps.push('onStart'); channel.close(); }, onStop: resolve }, null);
        steps.push('returned');
      });
      await stopped;
      t.same(steps, ['returned', ...HTTP.map(() => 'progress'), 'onStart']);
    },
  },
  {
    name: 'notificationCallbacks accepts an object or null, and returns what it was set to',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      const callbacks = {};
      channel.notificationCallbacks = callbacks;
      for (const wrong of [undefined, 5, 'callbacks', true, 5n, Symbol('callbacks'), { onRedirect: 3 }, { onAuthRequired: {} }]) {
        t.throws('NS_ERROR_INVALID_ARG', () => { channel.notificationCallbacks = wrong; }, `notificationCallbacks = ${String(wrong)}`);
        t.is(channel.notificationCallbacks, callbacks);
      }
      channel.notificationCallbacks = null;
      t.is(channel.notificationCallbacks, null);
      for (const given of [{}, { onProgress: undefined }, Object.create(null), new (class { onProgress = null; })()]) {
        const talk = await t.opened(t.peer('ws', '/echo'), { attributes: { notificationCallbacks: given } });
        t.is(talk.channel.notificationCallbacks, given);
      }
    },
  },
  {
    name: 'callbacks are used as soon as they are set: right after asyncOpen, or inside another callback',
    async run(t) {
      const server = await startRaw();
      try {
        const [first, second] = [recorder(), recorder()];
        const talk = t.open(`ws://127.0.0.1:${server.port}/`);
        talk.channel.notificationCallbacks = first.callbacks;
        await server.next();
        t.ok(first.told.length >= 3, `set right after asyncOpen: ${first.told}`);
        talk.close();
        await talk.end();
        const other = t.open(`ws://127.0.0.1:${server.port}/`, {
          attributes: { notificationCallbacks: { onProgress: () => { other.channel.notificationCallbacks = second.callbacks; } } },
        });
        await server.next();
        t.same(second.told, HTTP.slice(1).map((status) => `${status} 127.0.0.1`).slice(0, second.told.length));
        t.ok(second.told.length >= 2, `set by the callback: ${second.told}`);
      } finally {
        server.stop();
      }
    },
  },
  {
    name: 'close() inside a call ends the calls: none comes after onStop',
    async run(t) {
      for (const last of HTTP) {
        const told = [];
        const talk = t.open(t.peer('ws', '/echo'), {
          attributes: {
            notificationCallbacks: {
              onProgress(status) {
                told.push(talk.stopped ? 'after onStop' : status);
                if (status === last) talk.close();
              },
            },
          },
        });
        await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
        await t.roundTrip();
        t.same(told, HTTP.slice(0, HTTP.indexOf(last) + 1));
        t.same(talk.names, ['onStart', 'onStop']);
      }
    },
  },
  ...['ws', 'wss'].map((scheme) => ({
    name: `close() inside each call, ${scheme} to a name: onStart, onStop, no uncaught error, and the peer sees the connection end`,
    needs: 'nginx',
    async run(t) {
      const { good, intermediate, root } = t.addresses.authority;
      const tls = { cert: good.cert + intermediate.cert, key: good.key };
      const server = await startRaw(scheme === 'wss' ? { tls } : {});
      const uncaught = t.uncaught();
      try {
        for (const last of [...RESOLVING, ...(scheme === 'wss' ? HTTPS : HTTP)]) {
          const notificationCallbacks = { onProgress(status) { if (status === last) talk.channel.close(); } };
          const options = { socket: { lookup: loopback }, tls: { ca: root.cert } };
          const talk = t.open(`${scheme}://localhost:${server.port}/`, { options, attributes: { notificationCallbacks } });
          await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
          t.same(talk.names, ['onStart', 'onStop'], last);
          await server.allEnded();
        }
        await t.roundTrip();
        t.same(uncaught.errors, []);
      } finally {
        uncaught.stop();
        server.stop();
      }
    },
  })),
  {
    name: 'a lookup that closes the channel before or after it answers: onStart, onStop, and no connection is left at the peer',
    async run(t) {
      const server = await startRaw();
      try {
        for (const order of ['close', 'close after the answer', 'close and never answer', 'answer, close, answer']) {
          const calls = [];
          let [end, told] = [];
          const stopped = new Promise((resolve) => { end = resolve; });
          const lookup = (name, options, done) => {
            const answer = () => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
            if (order === 'close after the answer' || order.startsWith('answer')) answer();
            channel.close();
            told = calls.length;
            if (order === 'close' || order.endsWith(', answer')) answer();
          };
          const channel = new t.api.WebSocketChannel({ socket: { lookup } });
          const listener = { onStart: () => calls.push('onStart'), onStop: (context, status) => { calls.push(t.api.statusName(status)); end(); } };
          channel.asyncOpen(`ws://named.example:${server.port}/`, null, listener, null);
          t.is(calls.length, 0, 'calls before asyncOpen has returned');
          await stopped;
          t.same([calls, told, channel.state], [['onStart', 'NS_BINDING_ABORTED'], 0, 'stopped'], order);
          await t.roundTrip();
          await server.allEnded();
          t.is(calls.length, 2, 'calls');
        }
      } finally {
        server.stop();
      }
    },
  },
  {
    name: 'an error that onProgress throws is reported as uncaught, and the channel goes on',
    async run(t) {
      const uncaught = t.uncaught();
      try {
        const talk = await t.opened(t.peer('ws', '/echo'), { attributes: { notificationCallbacks: { onProgress(status) { throw new Error(status); } } } });
        talk.send('goes on');
        t.same(await talk.untilMessages(1), ['goes on']);
        t.same(uncaught.errors.map(({ message }) => message), HTTP);
      } finally {
        uncaught.stop();
      }
    },
  },
  {
    name: 'the steps start over at each hop of a redirect',
    async run(t) {
      const { callbacks, told } = recorder();
      const elsewhere = t.peer('ws', '/echo');
      const text = `HTTP/1.1 302 Found\r\nLocation: ${elsewhere}\r\nContent-Length: 0\r\n\r\n`;
      await t.opened(t.peer('rude', '/answer', { text }), { attributes: { notificationCallbacks: callbacks } });
      t.same(told, [...HTTP, ...HTTP].map((status) => `${status} 127.0.0.1`));
    },
  },
];

/** Returns callbacks that record what they are told. */
function recorder() {
  const told = [];
  return { told, callbacks: { onProgress: (status, host) => told.push(`${status} ${host}`) } };
}

function loopback(name, options, done) {
  setImmediate(() => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)));
}

function notFound(name, options, done) {
  setImmediate(() => done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: name })));
}
