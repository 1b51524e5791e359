/**
 * Somebody else's bug has put a property on Object.prototype. Options are read by their own names only, so it changes nothing. The property is
 * there from the constructor on until the channel has opened or stopped, and is taken away before the case asks its peers anything.
 */
export const pollutions = [
  {
    name: 'tls on Object.prototype does not switch the check of certificates off',
    hosts: ['node'],
    run: (t) => polluted(t, { tls: { rejectUnauthorized: false } }, async (clean) => {
      for (const options of [undefined, {}, { tls: {} }]) {
        const talk = t.open(t.peer('wss', '/echo'), { options });
        await talk.until('onStart');
        t.is(talk.channel.state, 'stopped', 'the state of a channel whose server has a certificate that nobody trusts');
      }
      clean();
    }),
  },
  {
    name: 'rejectUnauthorized on Object.prototype does not switch the check of certificates off',
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
    name: 'rejectUnauthorized on Object.prototype does not make a proxy trusted that nobody trusts',
    hosts: ['node'],
    run: (t) => polluted(t, { rejectUnauthorized: false }, async (clean) => {
      // The peer speaks TLS with a certificate of its own; it would answer CONNECT with an HTTP error.
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
    name: 'proxy on Object.prototype is not asked',
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
    name: 'deflate, and a setting of it, on Object.prototype change nothing of what is offered',
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
    name: 'redirects on Object.prototype does not forbid one',
    hosts: ['node'],
    run: (t) => polluted(t, { redirects: 0 }, async () => {
      await t.opened(t.peer('ws', '/refuse', { status: 302, location: t.peer('ws', '/echo') }), { options: {} });
    }),
  },
  {
    name: 'a limit or a timeout on Object.prototype limits nothing',
    run: (t) => polluted(t, { openTimeoutMs: 1, closeTimeoutMs: 1, maxMessageSize: 1 }, async () => {
      const talk = await t.opened(t.peer('ws', '/close', { count: 1, code: 1000 }), { options: {} });
      t.same(await talk.untilMessages(1), ['message 0']);
      await t.stops(talk, { node: 'NS_OK' });
    }),
  },
  {
    name: 'what a browser cannot honor, on Object.prototype, is not refused: nobody asked for it',
    hosts: ['browser'],
    run: (t) => polluted(t, { headers: { a: 'b' }, tls: {}, socket: {}, deflate: false, redirects: 0, proxy: 'env', unknown: 1 }, async () => {
      await t.opened(t.peer('ws', '/echo'));
      await t.opened(t.peer('ws', '/echo'), { options: {} });
    }),
  },
  {
    name: 'signal on Object.prototype does not abort a channel',
    async run(t) {
      // Only while the channel is made: Node's own sockets fall for this one.
      const channel = await polluted(t, { signal: AbortSignal.abort() }, () => new t.api.WebSocketChannel({}));
      const status = await new Promise((resolve) => channel.asyncOpen(t.peer('ws', '/close', { code: 1000 }), null, { onStop: (context, it) => resolve(it) }, null));
      t.is(t.api.statusName(status), 'NS_OK');
    },
  },
  {
    name: 'names that the package may use inside, on Object.prototype, disturb no channel',
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
 * Runs `use` while Object.prototype has these properties; `use` may call `clean` to take them away before its end. Errors that nobody catches
 * fail the case here: they must not end it while the properties are there.
 */
async function polluted(t, properties, use) {
  const uncaught = t.uncaught();
  const clean = () => Object.keys(properties).forEach((name) => delete Object.prototype[name]);
  for (const [name, value] of Object.entries(properties)) {
    // Enumerable, as a merge of objects gone wrong leaves it.
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
