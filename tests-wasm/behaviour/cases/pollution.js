/**
 * Somebody else's bug has put a property on Object.prototype. It changes nothing, because only own properties of the options are read. The property is
 * there from the constructor call until the channel has opened or stopped. It is removed before the case asks its peers anything.
 */
export const pollutions = [
  {
    name: 'tls on Object.prototype does not switch off certificate checks',
    hosts: ['node'],
    run: (t) => polluted(t, { tls: { rejectUnauthorized: false } }, async (clean) => {
      for (const options of [undefined, {}, { tls: {} }]) {
        const talk = t.open(t.peer('wss', '/echo'), { options });
        await talk.until('onStart');
        t.is(talk.channel.state, 'stopped', 'the state of a channel whose server has an untrusted certificate');
      }
      clean();
    }),
  },
  {
    name: 'rejectUnauthorized on Object.prototype does not switch off certificate checks',
    hosts: ['node'],
    run: (t) => polluted(t, { rejectUnauthorized: false }, async (clean) => {
      for (const tls of [undefined, {}]) {
        const talk = t.open(t.peer('wss', '/echo'), { options: { tls } });
        await talk.until('onStart');
        t.is(talk.channel.state, 'stopped');
      }
      clean();
    }),
  },
  {
    name: 'rejectUnauthorized on Object.prototype does not make an untrusted proxy trusted',
    hosts: ['node'],
    run: (t) => polluted(t, { rejectUnauthorized: false }, async (clean) => {
      // The peer speaks TLS with a self-signed certificate. It would answer CONNECT with an HTTP error.
      const proxy = `https://127.0.0.1:${t.addresses.wss}`;
      for (const tls of [undefined, {}, { ca: [] }]) {
        const talk = t.open(t.peer('ws', '/echo'), { options: { proxy, tls } });
        const { detail: { cause } } = await talk.end();
        t.is(cause?.code, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'why it stopped');
      }
      clean();
    }),
  },
  {
    name: 'proxy on Object.prototype is not used',
    hosts: ['node'],
    run: (t) => polluted(t, { proxy: `http://127.0.0.1:${t.addresses.refusing}` }, async () => {
      await t.opened(t.peer('ws', '/echo'));
      await t.opened(t.peer('ws', '/echo'), { options: {} });
    }),
  },
  {
    name: 'headers on Object.prototype are not sent',
    hosts: ['node'],
    run: (t) => polluted(t, { headers: { 'X-Evil': '1' } }, async (clean) => {
      const talks = [await t.opened(t.peer('ws', '/echo')), await t.opened(t.peer('ws', '/echo'), { options: {} })];
      clean();
      for (const talk of talks) t.ok(!('x-evil' in (await t.observed(talk)).request.headers), 'no such header');
    }),
  },
  {
    name: 'deflate or one of its settings on Object.prototype does not change the offer',
    hosts: ['node'],
    async run(t) {
      const offer = async (options, dirt) => {
        const talk = await polluted(t, dirt, () => t.opened(t.peer('ws', '/echo'), { options }));
        return (await t.observed(talk)).request.headers['sec-websocket-extensions'];
      };
      const usual = await offer({}, {});
      t.ok(usual.startsWith('permessage-deflate'), usual);
      t.is(await offer({}, { deflate: false }), usual);
      t.is(await offer(undefined, { deflate: { serverMaxWindowBits: 9 } }), usual);
      t.is(await offer({ deflate: {} }, { serverMaxWindowBits: 9, serverNoContextTakeover: true }), usual);
    },
  },
  {
    name: 'socket on Object.prototype does not reach the connection',
    hosts: ['node'],
    run: (t) => polluted(t, { socket: { localAddress: '127.0.0.2' } }, async (clean) => {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: {} });
      clean();
      t.is((await t.observed(talk)).remoteAddress, '127.0.0.1');
    }),
  },
  {
    name: 'redirects on Object.prototype does not forbid redirects',
    hosts: ['node'],
    run: (t) => polluted(t, { redirects: 0 }, async () => {
      await t.opened(t.peer('ws', '/refuse', { status: 302, location: t.peer('ws', '/echo') }), { options: {} });
    }),
  },
  {
    name: 'limits and timeouts on Object.prototype have no effect',
    run: (t) => polluted(t, { openTimeoutMs: 1, closeTimeoutMs: 1, maxMessageSize: 1 }, async () => {
      const talk = await t.opened(t.peer('ws', '/close', { count: 1, code: 1000 }), { options: {} });
      t.same(await talk.untilMessages(1), ['message 0']);
      await t.stops(talk, { node: 'NS_OK' });
    }),
  },
  {
    name: 'options that a browser does not support are not refused if they are only on Object.prototype',
    hosts: ['browser'],
    run: (t) => polluted(t, { headers: { a: 'b' }, tls: {}, socket: {}, deflate: false, redirects: 0, proxy: 'env', unknown: 1 }, async () => {
      await t.opened(t.peer('ws', '/echo'));
      await t.opened(t.peer('ws', '/echo'), { options: {} });
    }),
  },
  {
    name: 'signal on Object.prototype does not abort a channel',
    async run(t) {
      // The property is there only during the constructor, because Node's own sockets would obey it.
      const channel = await polluted(t, { signal: AbortSignal.abort() }, () => new t.api.WebSocketChannel({}));
      const status = await new Promise((resolve) => channel.asyncOpen(t.peer('ws', '/close', { code: 1000 }), null, { onStop: (context, it) => resolve(it) }, null));
      t.is(t.api.statusName(status), 'NS_OK');
    },
  },
  {
    name: 'names that the package may use internally do not disturb a channel if they are on Object.prototype',
    run: (t) => polluted(t, { pings: {}, callbacks: 5, link: 5, engine: 5, paused: {}, opening: {}, security: 5, pingInterval: 5, kind: 5 }, async () => {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: {} });
      talk.send('undisturbed');
      t.same(await talk.untilMessages(1), ['undisturbed']);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      t.is(talk.channel.securityInfo, null);
    }),
  },
];

/**
 * Runs `use` while Object.prototype has these properties. `use` may call `clean` to remove them early. Uncaught errors fail the case here, at the end:
 * they must not end it while the properties are there.
 */
async function polluted(t, properties, use) {
  const uncaught = t.uncaught();
  const clean = () => Object.keys(properties).forEach((name) => delete Object.prototype[name]);
  for (const [name, value] of Object.entries(properties)) {
    // Enumerable, because a faulty merge of objects leaves such a property.
    Object.defineProperty(Object.prototype, name, { value, enumerable: true, configurable: true, writable: true });
  }
  let result;
  try {
    result = await use(clean);
  } finally {
    clean();
    uncaught.stop();
    t.same(uncaught.errors, [], 'uncaught errors');
  }
  return result;
}
