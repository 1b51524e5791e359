/** The constructor's options, DESIGN §4, as far as this version has them. Refusals come from asyncOpen and leave the channel unopened. */
export const options = [
  {
    name: 'the options every host honours are taken',
    async run(t) {
      for (const given of [{}, { openTimeoutMs: 9000 }, { closeTimeoutMs: 9000 }, { maxMessageSize: 1 }, { openTimeoutMs: 9000, closeTimeoutMs: 9000, maxMessageSize: 5_000_000 }, { openTimeoutMs: undefined }]) {
        const talk = await t.opened(t.peer('ws', '/echo'), { options: given });
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
      }
    },
  },
  {
    name: 'an unknown option is NS_ERROR_INVALID_ARG, and the message names it',
    async run(t) {
      for (const name of ['timeout', 'openTimeoutMS', 'Headers', 'constructor', '__proto_', 'toString']) {
        const error = refused(t, 'NS_ERROR_INVALID_ARG', { [name]: 5 });
        t.ok(error.message.includes(name), `names ${name}: ${error.message}`);
      }
    },
  },
  {
    name: 'an option of the wrong type or range is NS_ERROR_INVALID_ARG, and the message names it',
    async run(t) {
      const wrongs = {
        openTimeoutMs: ['200', NaN, -1, Infinity, null, {}, true, 5n],
        closeTimeoutMs: ['200', NaN, -1, Infinity, null, [], false],
        maxMessageSize: ['1', NaN, -1, 0, 0.5, null, {}, Infinity],
      };
      for (const [name, values] of Object.entries(wrongs)) {
        for (const value of values) {
          const error = refused(t, 'NS_ERROR_INVALID_ARG', { [name]: value });
          t.ok(error.message.includes(name), `${name}: ${String(value)} is refused naming it: ${error.message}`);
        }
      }
    },
  },
  {
    name: 'options that are no object are NS_ERROR_INVALID_ARG',
    async run(t) {
      for (const given of ['wss', 5, true]) refused(t, 'NS_ERROR_INVALID_ARG', given);
    },
  },
  {
    name: 'the options of the Node host are refused in a browser, naming the option',
    hosts: ['browser'],
    async run(t) {
      for (const [name, value] of Object.entries({ headers: { a: 'b' }, tls: {}, socket: {}, deflate: false, redirects: 0, proxy: null })) {
        const error = refused(t, 'NS_ERROR_NOT_IMPLEMENTED', { [name]: value });
        t.ok(error.message.includes(name), `names ${name}: ${error.message}`);
      }
    },
  },
  {
    name: 'what can be switched off is switched off by name',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { deflate: false, redirects: 0, proxy: null } });
      t.ok(!('sec-websocket-extensions' in (await t.observed(talk)).request.headers), 'no compression is asked for');
    },
  },
  {
    name: 'headers go out with the request',
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
      for (const headers of wrongs) refused(t, 'NS_ERROR_INVALID_ARG', { headers });
      for (const headers of ['a: b', 5, null, new Map([['a', 'b']]), { a: 5 }]) refused(t, 'NS_ERROR_INVALID_ARG', { headers });
    },
  },
  {
    name: 'socket options reach net.connect: the address to come from, a unix socket\'s path, a lookup',
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
    name: 'socket and tls options of the wrong type are NS_ERROR_INVALID_ARG',
    hosts: ['node'],
    async run(t) {
      for (const name of ['socket', 'tls']) for (const value of ['x', 5, true]) refused(t, 'NS_ERROR_INVALID_ARG', { [name]: value });
    },
  },
  {
    name: 'a timeout is not counted on after it was met',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { openTimeoutMs: 3000, closeTimeoutMs: 50 } });
      // Longer than closeTimeoutMs: it begins with close(), not with the opening.
      for (let at = 0; at < 30; at++) {
        talk.send(`${at}`);
        await talk.untilMessages(at + 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      t.is(talk.channel.state, 'open');
    },
  },
];

/** The ChannelError of a channel with these options, which stays unopened; nothing was thrown by the peer's being asked. */
function refused(t, name, given) {
  let channel;
  const error = t.throws(name, () => {
    channel = new t.api.WebSocketChannel(given);
    channel.asyncOpen(t.peer('ws', '/echo'), null, {}, null);
  }, `options ${show(given)}`);
  t.is(channel?.state, 'idle', `state after ${show(given)}: thrown by asyncOpen, which leaves the channel unopened`);
  return error;
}

function show(given) {
  return typeof given === 'object' ? Object.entries(given).map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ') : String(given);
}
