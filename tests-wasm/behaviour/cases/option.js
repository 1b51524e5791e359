/** What the constructor's options do. construction.js tests those that the constructor refuses. */
export const options = [
  {
    name: 'the options that every host supports are accepted',
    async run(t) {
      for (const given of [{}, { openTimeoutMs: 9000 }, { closeTimeoutMs: 9000 }, { maxMessageSize: 1 }, { openTimeoutMs: 9000, closeTimeoutMs: 9000, maxMessageSize: 5_000_000 }, { openTimeoutMs: undefined }]) {
        const talk = await t.opened(t.peer('ws', '/echo'), { options: given });
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
      }
    },
  },
  {
    name: 'options that switch a feature off are accepted: deflate: false, redirects: 0, proxy: null',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { deflate: false, redirects: 0, proxy: null } });
      t.ok(!('sec-websocket-extensions' in (await t.observed(talk)).request.headers), 'no compression is asked for');
    },
  },
  {
    name: 'headers are sent with the request',
    hosts: ['node'],
    async run(t) {
      const headers = { Authorization: 'Bearer abc', 'X-Custom': 'some value', Cookie: 'a=1; b=2', 'User-Agent': 'test/1' };
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { headers } });
      const { request } = await t.observed(talk);
      t.same([request.headers.authorization, request.headers['x-custom'], request.headers.cookie, request.headers['user-agent']], Object.values(headers));
    },
  },
  {
    name: 'headers that would break the request, or that the handshake owns, are refused',
    hosts: ['node'],
    async run(t) {
      const wrongs = [
        { 'X-A': 'a\r\nX-Evil: 1' }, { 'X-A': 'a\nb' }, { 'X-A': 'a\rb' }, { 'X-A': 'a\0b' }, { 'X-A\r\nX-Evil': '1' }, { 'X A': '1' }, { '': '1' }, { 'X-A:': '1' }, { 'X-Ä': '1' },
        { 'Sec-WebSocket-Key': 'x' }, { 'sec-websocket-version': '8' }, { 'Sec-WebSocket-Protocol': 'chat' }, { 'Sec-WebSocket-Extensions': 'x' }, { Upgrade: 'h2c' }, { CONNECTION: 'close' },
      ];
      for (const headers of wrongs) {
        const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ headers }), JSON.stringify(headers));
        const [name] = Object.keys(headers)[0].split('\r');
        t.ok(message.startsWith('headers: ') && message.includes(`"${name}`), message);
      }
    },
  },
  {
    name: 'what may be a password is not quoted: a header in place of its name, headers in one string, an origin with a user',
    hosts: ['node'],
    run(t) {
      const secret = 'hunter2';
      for (const headers of [`Authorization: Bearer ${secret}`, { [`Authorization: Bearer ${secret}`]: '' }, [[`Authorization:${secret}`, 'x']]]) {
        const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ headers }));
        t.ok(!message.includes(secret), message);
      }
      const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel().asyncOpen('ws://h/', `https://u:${secret}@a.example`, {}, null));
      t.ok(!message.includes(secret), message);
    },
  },
  {
    name: 'options of TLS are refused in socket, where they would go to every server, and would not reach one behind a proxy',
    hosts: ['node'],
    run(t) {
      for (const name of ['cert', 'key', 'rejectUnauthorized', 'checkServerIdentity', 'session', 'ca']) {
        const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ socket: { [name]: false } }));
        t.is(message, `socket.${name}: this is an option of TLS. Pass it in the option tls.`);
      }
    },
  },
  {
    name: 'socket options reach net.connect: the local address, the path of a unix socket, a lookup',
    hosts: ['node'],
    async run(t) {
      const from = await t.opened(t.peer('ws', '/echo'), { options: { socket: { localAddress: '127.0.0.2' } } });
      t.is((await t.observed(from)).remoteAddress, '127.0.0.2');
      const unix = await t.opened(t.peer('ws', '/echo').replace(/\d+\.\d+\.\d+\.\d+:\d+/, 'unix.example'), { options: { socket: { path: t.addresses.unix } } });
      unix.send('through the file system');
      t.same(await unix.untilMessages(1), ['through the file system']);
      const lookup = (host, given, done) => (given.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
      const named = await t.opened(t.peer('ws', '/echo').replace('127.0.0.1', 'named.example'), { options: { socket: { lookup } } });
      t.is((await t.observed(named)).request.headers.host, `named.example:${t.addresses.ws}`);
    },
  },
  {
    name: 'a lookup runs after asyncOpen has returned: it may call any method of its channel, and an error it throws is the cause',
    hosts: ['node'],
    async run(t) {
      const url = t.peer('ws', '/echo').replace('127.0.0.1', 'named.example');
      const seen = [];
      const lookup = (host, given, done) => {
        seen.push(talk.channel.state, talk.channel.URI, talk.send('from inside'));
        if (given.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
        else done(null, '127.0.0.1', 4);
      };
      const talk = t.open(url, { options: { socket: { lookup } } });
      t.same(await talk.untilMessages(1), ['from inside']);
      t.same(seen, ['connecting', url, true]);
      const closing = t.open(url, { options: { socket: { lookup: () => closing.close() } } });
      await t.stops(closing, { node: 'NS_BINDING_ABORTED' });
      const thrown = new RangeError('thrown by the lookup');
      const failing = t.open(url, { options: { socket: { lookup() { throw thrown; } } } });
      const { cause } = await t.stops(failing, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.is(cause, thrown);
    },
  },
  {
    name: 'a timeout does not stop an open channel: closeTimeoutMs begins with close()',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { openTimeoutMs: 3000, closeTimeoutMs: 50 } });
      // This takes longer than closeTimeoutMs, which begins with close(), not with the opening.
      for (let at = 0; at < 30; at++) {
        talk.send(`${at}`);
        await talk.untilMessages(at + 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      t.is(talk.channel.state, 'open');
    },
  },
];
