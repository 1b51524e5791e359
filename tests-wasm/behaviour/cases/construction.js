import { revoked } from '../harness/sources.js';

/** The constructor checks its options at once, and an asyncOpen that throws leaves no trace. */
export const constructions = [
  {
    name: 'compressionMemory is 0 in a browser, accepts null and undefined, and refuses anything else with NS_ERROR_NOT_IMPLEMENTED',
    hosts: ['browser'],
    async run(t) {
      const { WebSocketChannel } = t.api;
      for (const none of [null, undefined]) WebSocketChannel.compressionMemory = none;
      const { message } = t.throws('NS_ERROR_NOT_IMPLEMENTED', () => { WebSocketChannel.compressionMemory = 1 << 20; });
      t.ok(message.startsWith('compressionMemory: '), message);
      t.is(WebSocketChannel.compressionMemory, 0);
    },
  },
  {
    name: 'the constructor throws for an unknown option, and names it',
    async run(t) {
      for (const name of ['timeout', 'openTimeoutMS', 'Headers', 'constructor', '__proto_', 'toString', 'pings', '']) {
        const { message } = refused(t, 'NS_ERROR_INVALID_ARG', { [name]: 5 });
        t.ok(message.includes(name), `it names ${name}: ${message}`);
      }
      if (t.host !== 'node') return;
      t.ok(refused(t, 'NS_ERROR_INVALID_ARG', { pinginterval: 5 }).message.includes('Did you mean pingInterval?'));
      t.ok(refused(t, 'NS_ERROR_INVALID_ARG', { other: 5 }).message.includes('WebSocket and WebSocketStream also take protocols, origin,'));
    },
  },
  {
    name: 'the constructor throws for a value of the wrong type or range, and names the option',
    async run(t) {
      const wrong = {
        openTimeoutMs: ['200', NaN, -1, 0, 0.5, Infinity, 2 ** 31, {}, true, 5n],
        closeTimeoutMs: ['200', NaN, -1, 0, 0.5, Infinity, 2 ** 31, [], false],
        maxMessageSize: ['1', NaN, -1, 0, 0.5, {}, Infinity],
        signal: [5, 'abort', true, {}, new EventTarget(), AbortSignal],
      };
      for (const [name, values] of Object.entries(wrong)) {
        for (const value of values) {
          const { message } = refused(t, 'NS_ERROR_INVALID_ARG', { [name]: value });
          t.ok(message.includes(name), `it names ${name}: ${message}`);
        }
      }
    },
  },
  {
    name: 'the constructor throws for Node\'s options with a value of the wrong type or range, and names the option',
    hosts: ['node'],
    async run(t) {
      const wrong = {
        deflate: [true, 5, 'on', { level: 10 }, { level: '6' }, { threshold: -1 }, { clientMaxWindowBits: 16 }, { serverNoContextTakeover: 1 }, { windowBits: 9 }],
        headers: [5, 'a: b', true, { 'X-A': 'a\nb' }, { 'Sec-WebSocket-Key': 'x' }],
        redirects: [-1, 0.5, '5', true, 1001, {}],
        proxy: [5, true, {}, 'nowhere', 'ftp://127.0.0.1', 'http://'],
        tls: [5, 'x', true, { host: 'x' }, { socket: {} }],
        socket: [5, 'x', true, { port: 5 }, { onread: {} }],
      };
      for (const [name, values] of Object.entries(wrong)) {
        for (const value of values) {
          const { message } = refused(t, 'NS_ERROR_INVALID_ARG', { [name]: value });
          t.ok(message.includes(name), `it names ${name}: ${message}`);
        }
      }
    },
  },
  {
    name: 'options that are not an object throw NS_ERROR_INVALID_ARG',
    async run(t) {
      for (const given of ['', 5, true, 5n, Symbol('options'), [], [{ maxMessageSize: 5 }]]) refused(t, 'NS_ERROR_INVALID_ARG', given);
    },
  },
  {
    name: 'options that cannot be read throw NS_ERROR_INVALID_ARG, however often',
    async run(t) {
      const isRefused = (options) => t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel(options));
      for (let at = 0; at < 2000; at++) isRefused(revoked());
      if (t.host === 'node') for (const name of ['tls', 'socket', 'deflate', 'headers']) isRefused({ [name]: revoked() });
      t.is(new t.api.WebSocketChannel().state, 'idle');
    },
  },
  {
    name: 'a URI passed to the constructor by mistake: the message says that it belongs to asyncOpen',
    async run(t) {
      for (const given of ['wss://example.org/chat', 'https://example.org', new URL('wss://example.org/chat')]) {
        const { message } = refused(t, 'NS_ERROR_INVALID_ARG', given);
        t.ok(message.includes('asyncOpen') && /\bURI\b/.test(message), message);
      }
    },
  },
  {
    name: 'a channel with valid options can be made and never opened',
    async run(t) {
      const channel = new t.api.WebSocketChannel({ openTimeoutMs: 9000, closeTimeoutMs: 9000, maxMessageSize: 5000, signal: new AbortController().signal });
      t.same([channel.state, channel.status, channel.bufferedAmount], ['idle', 0, 0]);
    },
  },
  ...[null, undefined].map((value) => ({
    name: `${value} means the default of every option on every host, so that one options object works on all of them`,
    async run(t) {
      const options = Object.fromEntries(OPTIONS.map((name) => [name, value]));
      const talk = await t.opened(t.peer('ws', '/echo'), { options });
      // More than a maxMessageSize of zero would allow.
      talk.send('defaults');
      t.same(await talk.untilMessages(1), ['defaults']);
      const { request } = await t.observed(talk);
      t.ok(request.headers['sec-websocket-extensions'].startsWith('permessage-deflate'), 'compression is offered');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
    },
  })),
  {
    name: 'null for deflate and redirects means the default, not off: compression is negotiated, and a redirect is followed',
    hosts: ['node'],
    async run(t) {
      const there = t.peer('ws', '/echo', { deflate: 1 });
      const talk = await t.opened(t.peer('ws', '/refuse', { status: 302, location: there }), { options: { deflate: null, redirects: null } });
      t.is(talk.channel.URI, there);
      t.ok(talk.channel.extensions.startsWith('permessage-deflate'), `extensions: ${talk.channel.extensions}`);
    },
  },
  {
    name: 'in a browser, the constructor refuses Node\'s options and names the option',
    hosts: ['browser'],
    async run(t) {
      for (const [name, value] of Object.entries({ headers: { a: 'b' }, tls: {}, socket: {}, deflate: false, redirects: 0, proxy: 'env' })) {
        const { message } = refused(t, 'NS_ERROR_NOT_IMPLEMENTED', { [name]: value });
        t.ok(message.includes(name), `it names ${name}: ${message}`);
      }
      // A typo is still distinguished from an option of another host.
      refused(t, 'NS_ERROR_INVALID_ARG', { header: { a: 'b' } });
    },
  },
  {
    name: 'options that would make a socket give strings, or replace its methods, are refused in tls and in socket',
    hosts: ['node'],
    run(t) {
      for (const name of ['tls', 'socket']) {
        for (const option of ['encoding', 'read', 'write', 'destroy']) {
          const { message } = refused(t, 'NS_ERROR_INVALID_ARG', { [name]: { [option]: 'utf8' } });
          t.ok(message.startsWith(`${name}.${option}: `), message);
        }
      }
    },
  },
  {
    name: 'allowHalfOpen is refused in tls and in socket, whatever its value',
    hosts: ['node'],
    async run(t) {
      for (const name of ['tls', 'socket']) {
        for (const allowHalfOpen of [true, false]) {
          const { message } = refused(t, 'NS_ERROR_INVALID_ARG', { [name]: { allowHalfOpen } });
          t.ok(message.includes('allowHalfOpen') && message.includes(name), message);
        }
      }
    },
  },
  {
    name: 'tls and socket cannot replace the socket\'s methods, and tls.servername must be a string',
    hosts: ['node'],
    async run(t) {
      for (const name of ['tls', 'socket']) {
        for (const method of ['read', 'write', 'final', 'destroy', 'construct']) {
          t.ok(refused(t, 'NS_ERROR_INVALID_ARG', { [name]: { [method]() { throw new Error('called'); } } }).message.includes(`${name}.${method}`));
        }
      }
      for (const servername of [5, true, {}, []]) t.ok(refused(t, 'NS_ERROR_INVALID_ARG', { tls: { servername } }).message.includes('tls.servername'));
      for (const servername of ['localhost', null, undefined]) t.is(new t.api.WebSocketChannel({ tls: { servername } }).state, 'idle');
    },
  },
  {
    name: 'changing the options object after the constructor has no effect',
    async run(t) {
      const options = { maxMessageSize: 1000 };
      const channel = new t.api.WebSocketChannel(options);
      options.maxMessageSize = 1;
      options.unknown = 5;
      const seen = await opened(t, channel, t.peer('ws', '/close', { count: 1, code: 1000 }));
      t.same(seen, ['onStart', 'message 0', 'NS_OK']);
    },
  },
  ...[
    ['a URI that does not parse', (t, channel) => channel.asyncOpen('ws://[::1/', null, {}, null)],
    ['a listener that is not an object', (t, channel) => channel.asyncOpen(t.peer('ws', '/echo'), null, 5, null)],
    ['a repeated subprotocol', (t, channel) => {
      channel.protocol = 'chat, chat';
      channel.asyncOpen(t.peer('ws', '/echo'), null, {}, null);
    }],
    ['an origin that is not a string', (t, channel) => channel.asyncOpen(t.peer('ws', '/echo'), 5, {}, null)],
  ].map(([what, open]) => ({
    name: `an asyncOpen that throws leaves no trace: ${what}`,
    async run(t) {
      const group = new t.api.LoadGroup();
      const channel = new t.api.WebSocketChannel();
      channel.loadGroup = group;
      for (let at = 0; at < 3; at++) t.throws(['NS_ERROR_MALFORMED_URI', 'NS_ERROR_INVALID_ARG'], () => open(t, channel));
      t.same([channel.state, channel.status, channel.bufferedAmount, group.activeCount], ['idle', 0, 0, 0]);
      t.throws('NS_ERROR_NOT_INITIALIZED', () => channel.originalURI);
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.sendMsg('not opened'));
      channel.protocol = '';
      t.same(await opened(t, channel, t.peer('ws', '/close', { count: 1, code: 1000 })), ['onStart', 'message 0', 'NS_OK']);
    },
  })),
];

/** Returns the ChannelError that the constructor throws for these options. */
function refused(t, name, given) {
  return t.throws(name, () => new t.api.WebSocketChannel(given), `new WebSocketChannel(${show(given)})`);
}

/** Opens the channel and waits for its end. Returns what its listener heard, with the name of the status last. */
function opened(t, channel, url) {
  const seen = [];
  return new Promise((resolve) => {
    channel.asyncOpen(url, null, {
      onStart: () => seen.push('onStart'),
      onMessageAvailable: (context, text) => seen.push(text),
      onStop: (context, status) => resolve([...seen, t.api.statusName(status)]),
    }, null);
  });
}

function show(given) {
  if (typeof given !== 'object') return String(given);
  return Object.entries(given).map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ');
}

const OPTIONS = ['openTimeoutMs', 'closeTimeoutMs', 'maxMessageSize', 'deflate', 'headers', 'redirects', 'proxy', 'tls', 'socket', 'signal'];
