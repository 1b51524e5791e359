/** Names for numbers: detail.name in onStop, and ChannelError.code. Also httpResponse, the response to the handshake, which only Node shows. */
export const detailNames = [
  ...[
    ['closed by both sides', 'NS_OK', async (t) => {
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.close();
      return talk;
    }],
    ['closed by the peer', 'NS_OK', (t) => t.open(t.peer('ws', '/close', { code: 4000 }))],
    ['cancelled while connecting', 'NS_BINDING_ABORTED', (t) => {
      const talk = t.open(t.peer('ws', '/echo'));
      talk.close();
      return talk;
    }],
    ['refused', 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED', (t) => t.open(t.peer('refusing', '/'))],
    ['timed out', 'NS_ERROR_NET_TIMEOUT_EXTERNAL', (t) => t.open(t.peer('rude', '/silence'), { options: { openTimeoutMs: 100 } })],
    ['a message too big', 'NS_ERROR_FILE_TOO_BIG', (t) => t.open(t.peer('ws', '/greet', { count: 1, size: 100 }), { options: { maxMessageSize: 10 } })],
    ['cancelled by its group with a status', 'NS_ERROR_UNEXPECTED', async (t) => {
      const loadGroup = new t.api.LoadGroup();
      const talk = await t.opened(t.peer('ws', '/echo'), { loadGroup });
      loadGroup.cancel(t.api.Status.NS_ERROR_UNEXPECTED);
      return talk;
    }],
  ].map(([what, name, open]) => ({
    name: `detail.name is the status's name: ${what}`,
    async run(t) {
      const { status, detail } = await (await open(t)).end();
      t.same([detail.name, t.api.statusName(status)], [name, name]);
    },
  })),
  {
    name: 'detail.name for an invalid frame is NS_ERROR_ILLEGAL_VALUE, not the other name of the same number',
    hosts: ['node'],
    async run(t) {
      const { status, detail } = await t.open(t.raw('83 00')).end();
      t.same([status, detail.name], [0x80070057, 'NS_ERROR_ILLEGAL_VALUE']);
    },
  },
  {
    name: 'detail has exactly the documented properties, and they are own and enumerable',
    async run(t) {
      const { detail } = await t.open(t.peer('ws', '/close', { code: 1000 })).end();
      t.same(Object.keys(detail).sort(), ['cause', 'closedBy', 'code', 'http', 'message', 'name', 'reason', 'timeout', 'wasClean']);
      t.is(Object.getPrototypeOf(detail), Object.prototype, 'its prototype');
    },
  },
  {
    name: 'a ChannelError\'s code equals its name, whichever method throws it',
    async run(t) {
      const idle = new t.api.WebSocketChannel();
      const talk = await t.opened(t.peer('ws', '/echo'));
      const errors = [
        t.throws('NS_ERROR_INVALID_ARG', () => idle.asyncOpen(talk.url, null, 5, null)),
        t.throws('NS_ERROR_MALFORMED_URI', () => idle.asyncOpen('ftp://127.0.0.1/', null, {}, null)),
        t.throws('NS_ERROR_NOT_CONNECTED', () => idle.sendMsg('early')),
        t.throws('NS_ERROR_NOT_INITIALIZED', () => idle.URI),
        t.throws('NS_ERROR_ALREADY_OPENED', () => talk.channel.asyncOpen(talk.url, null, {}, null)),
        t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendMsg(5)),
        t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendBinaryMsg('text')),
        t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendBinaryStream(5, 5)),
        t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.close(999)),
        t.throws('NS_ERROR_INVALID_ARG', () => { talk.channel.loadGroup = {}; }),
        t.throws('NS_ERROR_INVALID_ARG', () => new t.api.LoadGroup().cancel(0)),
      ];
      if (t.host === 'browser') errors.push(t.throws('NS_ERROR_NOT_IMPLEMENTED', () => talk.channel.sendPing()));
      if (t.host === 'node') errors.push(await lost(t));
      for (const error of errors) {
        t.is(error.code, error.name, `code of ${error}`);
        if (new Error('told').stack.includes('told')) t.ok(error.stack.includes(error.message), 'the stack has the message'); // not in Firefox
      }
    },
  },
  {
    name: 'httpResponse is null before the channel is open, and stays null if the channel never opens',
    async run(t) {
      t.is(new t.api.WebSocketChannel().httpResponse, null, 'before asyncOpen');
      const talk = t.open(t.peer('ws', '/refuse', { status: 403 }));
      t.is(talk.channel.httpResponse, null, 'while connecting');
      await talk.end();
      t.is(talk.channel.httpResponse, null, 'of a channel that was refused');
    },
  },
  {
    name: 'httpResponse is null in a browser, which does not show the response',
    hosts: ['browser'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      t.is(talk.channel.httpResponse, null);
    },
  },
  {
    name: 'httpResponse has the status and headers of the 101 response from onStart on, and keeps them after the channel has stopped',
    hosts: ['node'],
    async run(t) {
      let inOnStart = null;
      const extra = 'Set-Cookie: session=abc; Path=/\r\nX-RateLimit-Remaining: 41\r\nX-Twice: one\r\nx-twice: two\r\nX-Bytes: \xfcber \xff\r\n';
      const talk = t.open(upgrade(t, extra), { listener: { onStart: () => { inOnStart = talk.channel.httpResponse; } } });
      await talk.until('onStart');
      const { status, headers } = talk.channel.httpResponse;
      t.is(status, 101);
      t.same([headers['set-cookie'], headers['x-ratelimit-remaining'], headers['x-twice'], headers['x-bytes'], headers.upgrade], ['session=abc; Path=/', '41', 'one, two', 'über ÿ', 'websocket']);
      t.same(inOnStart, talk.channel.httpResponse);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.channel.httpResponse, { status, headers }, 'after onStop');
    },
  },
  {
    name: 'httpResponse is the 101 response, not a redirect or an interim response before it',
    hosts: ['node'],
    async run(t) {
      const location = upgrade(t, 'X-Mine: yes\r\n', 'HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n');
      const talk = await t.opened(t.peer('ws', '/refuse', { status: 302, location }));
      const { status, headers } = talk.channel.httpResponse;
      t.same([status, headers['x-mine'], headers['x-early'], headers.location, headers['x-refused-by']], [101, 'yes', undefined, undefined, undefined]);
    },
  },
  {
    name: 'httpResponse cannot be written, and a header named __proto__ or constructor is a header like any other',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(upgrade(t, '__proto__: polluted\r\nconstructor: mine\r\n'));
      try {
        talk.channel.httpResponse = {};
      } catch (error) {
        t.ok(error instanceof TypeError, `the engine's own refusal, ${error}`);
      }
      const { status, headers } = talk.channel.httpResponse;
      t.is(status, 101);
      t.same([Object.getOwnPropertyDescriptor(headers, '__proto__')?.value, headers.constructor], ['polluted', 'mine']);
      t.is({}.polluted, undefined);
    },
  },
];

/** A valid handshake by the rude peer, with these header lines, and with `before` in front of it. */
function upgrade(t, lines, before = '') {
  const text = `${before}HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n${lines}\r\n`;
  return t.peer('rude', '/answer', { text });
}

/** The error of a ping on a channel whose connection was refused. */
function lost(t) {
  const talk = t.open(t.peer('refusing', '/'));
  return talk.channel.sendPing().then(() => t.fail('the ping was answered'), (error) => error);
}
