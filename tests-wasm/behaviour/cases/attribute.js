/** The attributes, the error type and the tables of names. Also how asyncOpen handles its URI, origin and subprotocols. */
export const attributes = [
  {
    name: 'a new channel\'s attributes',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      t.same(
        [channel.protocol, channel.extensions, channel.loadGroup, channel.notificationCallbacks, channel.state, channel.bufferedAmount],
        ['', '', null, null, 'idle', 0],
      );
      t.same([channel.pingInterval, channel.pingTimeout], [0, 10]);
    },
  },
  {
    name: 'serial is a different integer for each channel',
    async run(t) {
      const serials = Array.from({ length: 100 }, () => new t.api.WebSocketChannel().serial);
      t.is(new Set(serials).size, 100);
      t.ok(serials.every(Number.isInteger), 'serials are integers');
    },
  },
  {
    name: 'read-only attributes cannot be written',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (const name of ['URI', 'originalURI', 'extensions', 'state', 'status', 'bufferedAmount', 'serial']) {
        const before = talk.channel[name];
        try {
          talk.channel[name] = 'written';
        } catch (error) {
          t.ok(error instanceof TypeError, `${name}: the engine's own refusal, ${error}`);
        }
        t.is(talk.channel[name], before, name);
      }
    },
  },
  {
    name: 'the attributes stay readable after onStop',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/close', { code: 1000 }), { protocols: 'chat' });
      await talk.end();
      const { channel } = talk;
      t.same([channel.URI, channel.protocol, channel.extensions, channel.state, channel.status, channel.bufferedAmount, channel.loadGroup],
        [talk.url, 'chat', '', 'stopped', 0, 0, null]);
    },
  },
  {
    name: 'originalURI and URI are the parsed form of the URI passed to asyncOpen',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const talk = await t.opened(url.replace('ws:', 'WS:').replace('/echo', '/a/b/../%7e/../../echo'));
      t.same([talk.channel.originalURI, talk.channel.URI], [url, url]);
    },
  },
  {
    name: 'the URI may be a URL object',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const talk = await t.opened(new URL(url));
      t.is(talk.channel.URI, url);
    },
  },
  {
    name: 'http is treated as ws',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const talk = await t.opened(url.replace('ws:', 'http:'));
      t.is(talk.channel.URI, url);
    },
  },
  {
    name: 'path and query are sent as they stand in the URI, and cannot add a header',
    async run(t) {
      const [path, query] = ['/echo\r\nX-Evil: 1/%0d%0aX-Evil:%201/ä', '&a=%20b%0d%0aX-Evil:%201&c=ä\r\nX-Evil: 1'];
      const talk = await t.opened(t.peer('ws', '/echo').replace('/echo', path) + query);
      const { request } = await t.observed(talk);
      // The URL parser drops the line breaks; escaped characters stay escaped.
      t.ok(request.target.startsWith('/echoX-Evil:%201/%0d%0aX-Evil:%201/%C3%A4?id='), request.target);
      t.ok(request.target.endsWith('&a=%20b%0d%0aX-Evil:%201&c=%C3%A4X-Evil:%201'), request.target);
      t.ok(!('x-evil' in request.headers), 'no such header');
    },
  },
  {
    name: 'asyncOpen throws NS_ERROR_MALFORMED_URI for an invalid URI, a fragment or an unknown scheme, and the channel can still be opened',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      const good = t.peer('ws', '/echo');
      const wrong = [
        'ws://', 'ws:', 'ws://[::1/', 'ws://127.0.0.1:99999/', 'ws://127.0.0.1:x/', 'ws://%00/',
        'ftp://127.0.0.1/', 'file:///etc/passwd', 'javascript:alert(1)', 'data:text/plain,a', 'wsx://127.0.0.1/', 'blob:http://127.0.0.1/x', `${good}#fragment`, `${good}#`,
      ];
      for (const uri of wrong) {
        t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen(uri, null, {}, null), `asyncOpen(${JSON.stringify(uri)})`);
        t.is(channel.state, 'idle');
      }
      for (const uri of [undefined, null, 5, {}, Symbol('uri')]) {
        t.throws(['NS_ERROR_MALFORMED_URI', 'NS_ERROR_INVALID_ARG'], () => channel.asyncOpen(uri, null, {}, null), `asyncOpen(${String(uri)})`);
      }
      t.throws('NS_ERROR_NOT_INITIALIZED', () => channel.URI);
      await opensAndStops(t, channel, good);
    },
  },
  {
    name: 'a listener that is not an object throws NS_ERROR_INVALID_ARG, and the channel can still be opened',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      for (const listener of [undefined, null, 5, 'listener', true, 10n, Symbol('listener')]) {
        t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(t.peer('ws', '/echo'), null, listener, null), `listener ${String(listener)}`);
      }
      await opensAndStops(t, channel, t.peer('ws', '/echo'));
    },
  },
  {
    name: 'the requested subprotocols are sent, and protocol then has the selected one',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      channel.protocol = 'chat, superchat';
      t.is(channel.protocol, 'chat, superchat', 'before it is opened');
      const talk = await t.opened(t.peer('ws', '/echo', { select: 'superchat' }), { protocols: 'chat, superchat' });
      t.is(talk.channel.protocol, 'superchat');
      const { request } = await t.observed(talk);
      t.same(request.headers['sec-websocket-protocol'].split(',').map((one) => one.trim()), ['chat', 'superchat']);
    },
  },
  {
    name: 'without subprotocols, none is requested and protocol is empty',
    async run(t) {
      for (const protocols of [undefined, '']) {
        const talk = await t.opened(t.peer('ws', '/echo'), { protocols });
        t.is(talk.channel.protocol, '');
        t.ok(!('sec-websocket-protocol' in (await t.observed(talk)).request.headers), 'no Sec-WebSocket-Protocol');
      }
    },
  },
  {
    name: 'a subprotocol that is not a token or is repeated throws NS_ERROR_INVALID_ARG, and the channel can still be opened',
    async run(t) {
      for (const wrong of ['a b', 'chat, chat', 'chät', 'a/b', 'a;b', '"a"', 'a\r\nX-Evil: 1', 'a@b', 'a, b c', 'a\0', '(a)', 'a=b', 'a,b,c,a']) {
        const channel = new t.api.WebSocketChannel();
        // Refused when it is set, or when it would be used.
        t.throws('NS_ERROR_INVALID_ARG', () => {
          channel.protocol = wrong;
          channel.asyncOpen(t.peer('ws', '/echo'), null, {}, null);
        }, `protocol ${JSON.stringify(wrong)}`);
        t.is(channel.state, 'idle');
        channel.protocol = 'chat';
        await opensAndStops(t, channel, t.peer('ws', '/echo'));
      }
    },
  },
  {
    name: 'protocol cannot be written after asyncOpen',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'), { protocols: 'chat' });
      t.throws('NS_ERROR_ALREADY_OPENED', () => { talk.channel.protocol = 'other'; }, 'while connecting');
      await talk.until('onStart');
      t.throws('NS_ERROR_ALREADY_OPENED', () => { talk.channel.protocol = 'other'; }, 'while open');
      t.is(talk.channel.protocol, 'chat');
      talk.close();
      await talk.end();
      t.throws('NS_ERROR_ALREADY_OPENED', () => { talk.channel.protocol = 'other'; }, 'when stopped');
    },
  },
  {
    name: 'the origin is sent as the Origin header; null, undefined and "" send none',
    hosts: ['node'],
    async run(t) {
      for (const origin of ['https://app.example', 'null']) {
        const talk = await t.opened(t.peer('ws', '/echo'), { origin });
        t.is((await t.observed(talk)).request.headers.origin, origin);
      }
      for (const origin of [null, '']) {
        const talk = await t.opened(t.peer('ws', '/echo'), { origin });
        t.ok(!('origin' in (await t.observed(talk)).request.headers), `no Origin header for ${JSON.stringify(origin)}`);
      }
      const channel = new t.api.WebSocketChannel();
      const url = t.peer('ws', '/close', { code: 1000 });
      await new Promise((resolve) => channel.asyncOpen(url, undefined, { onStop: resolve }, null));
      t.ok(!('origin' in (await t.observed(url)).request.headers), 'no Origin header for undefined');
    },
  },
  {
    name: 'an origin that would break out of its header is refused',
    hosts: ['node'],
    async run(t) {
      for (const origin of ['a\r\nX-Evil: 1', 'a\nb', 'a\0']) {
        t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel().asyncOpen(t.peer('ws', '/echo'), origin, {}, null), JSON.stringify(origin));
      }
    },
  },
  {
    name: 'the page\'s own origin is accepted; any other is refused with NS_ERROR_NOT_IMPLEMENTED',
    hosts: ['browser'],
    async run(t) {
      for (const origin of [null, '', location.origin]) {
        const talk = await t.opened(t.peer('ws', '/echo'), { origin });
        t.is((await t.observed(talk)).request.headers.origin, location.origin);
      }
      const channel = new t.api.WebSocketChannel();
      for (const origin of ['https://app.example', 'null']) {
        const error = t.throws('NS_ERROR_NOT_IMPLEMENTED', () => channel.asyncOpen(t.peer('ws', '/echo'), origin, {}, null));
        t.ok(/origin/i.test(error.message), `the message names the origin: ${error.message}`);
      }
      const attributes = Object.getOwnPropertyDescriptor(globalThis, 'origin');
      Object.defineProperty(globalThis, 'origin', { value: 'https://app.example', configurable: true }); // as a page's own variable does
      try {
        t.throws('NS_ERROR_NOT_IMPLEMENTED', () => channel.asyncOpen(t.peer('ws', '/echo'), 'https://app.example', {}, null));
        await t.opened(t.peer('ws', '/echo'), { origin: location.origin });
      } finally {
        Object.defineProperty(globalThis, 'origin', attributes);
      }
      t.is(channel.state, 'idle');
    },
  },
  {
    name: 'a port that the browser blocks throws a ChannelError or fails the channel, but throws no other exception',
    hosts: ['browser'],
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      const ended = new Promise((resolve) => {
        try {
          channel.asyncOpen('ws://127.0.0.1:1/', null, { onStop: (context, status) => resolve(t.api.statusName(status)) }, null);
        } catch (error) {
          t.ok(error instanceof t.api.ChannelError, `a ChannelError: ${error}`);
          resolve('refused');
        }
      });
      t.oneOf(await ended, ['refused', 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED']);
    },
  },
  {
    name: 'extensions is the response header\'s value, or empty',
    async run(t) {
      const without = await t.opened(t.peer('ws', '/echo'));
      t.is(without.channel.extensions, '');
      if (t.host === 'browser') {
        const talk = await t.opened(t.peer('ws', '/echo', { deflate: 1 }));
        t.ok(talk.channel.extensions.startsWith('permessage-deflate'), `extensions: ${talk.channel.extensions}`);
      }
    },
  },
  {
    name: 'pings and notificationCallbacks, which a browser cannot support, throw NS_ERROR_NOT_IMPLEMENTED',
    hosts: ['browser'],
    async run(t) {
      const refuses = (channel, when) => {
        t.throws('NS_ERROR_NOT_IMPLEMENTED', () => { channel.pingInterval = 5; }, `pingInterval ${when}`);
        t.throws('NS_ERROR_NOT_IMPLEMENTED', () => { channel.pingTimeout = 5; }, `pingTimeout ${when}`);
        t.throws('NS_ERROR_NOT_IMPLEMENTED', () => channel.sendPing(), `sendPing() ${when}`);
        t.throws('NS_ERROR_NOT_IMPLEMENTED', () => channel.sendPing('data'), `sendPing('data') ${when}`);
        for (const callbacks of [{}, { onProgress() {} }, 5, undefined]) {
          t.throws(['NS_ERROR_NOT_IMPLEMENTED', ...(typeof callbacks === 'object' ? [] : ['NS_ERROR_INVALID_ARG'])], () => { channel.notificationCallbacks = callbacks; }, `notificationCallbacks ${when}`);
        }
        t.same([channel.pingInterval, channel.pingTimeout, channel.notificationCallbacks], [0, 10, null]);
      };
      const channel = new t.api.WebSocketChannel();
      channel.pingInterval = 0;
      channel.pingTimeout = 10;
      channel.notificationCallbacks = null;
      refuses(channel, 'before asyncOpen');
      const talk = await t.opened(t.peer('ws', '/echo'));
      refuses(talk.channel, 'while open');
      talk.close();
      await talk.end();
      refuses(talk.channel, 'when stopped');
    },
  },
  {
    name: 'securityInfo is null without TLS, always in a browser, and cannot be written',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      t.is(channel.securityInfo, null, 'before asyncOpen');
      const talk = t.open(t.peer('ws', '/echo'));
      t.is(talk.channel.securityInfo, null, 'while connecting');
      await talk.until('onStart');
      try {
        talk.channel.securityInfo = {};
      } catch (error) {
        t.ok(error instanceof TypeError, `the engine's own refusal, ${error}`);
      }
      t.is(talk.channel.securityInfo, null, 'while open');
      talk.close();
      await talk.end();
      t.is(talk.channel.securityInfo, null, 'when stopped');
    },
  },
  {
    name: 'unref() and ref() return the channel in every state and disturb nothing',
    async run(t) {
      const idle = new t.api.WebSocketChannel();
      t.ok(idle.unref() === idle && idle.ref() === idle, 'before asyncOpen');
      const talk = t.open(t.peer('ws', '/echo'));
      const both = (when) => t.ok(talk.channel.unref() === talk.channel && talk.channel.ref() === talk.channel, when);
      both('while connecting');
      await talk.until('onStart');
      both('while open');
      talk.send('still here');
      t.same(await talk.untilMessages(1), ['still here']);
      talk.close();
      both('while closing');
      await t.stops(talk, { node: 'NS_OK' });
      both('when stopped');
    },
  },
  {
    name: 'Status and statusName map the same table in both directions',
    async run(t) {
      const { Status, statusName } = t.api;
      for (const [name, number] of Object.entries(STATUS)) {
        t.is(Status[name], number, `Status.${name}`);
        t.is(statusName(number), name, `statusName(0x${number.toString(16)})`);
      }
      for (const [name, number] of Object.entries(ERROR)) t.is(Status[name], number, `Status.${name}`);
      for (const number of [1, 0x80004005, 0xffffffff, -1, NaN, undefined]) t.is(statusName(number), undefined, `the name of ${number}`);
    },
  },
];

async function opensAndStops(t, channel, url) {
  const calls = [];
  await new Promise((resolve) => {
    channel.asyncOpen(url, null, {
      onStart: () => { calls.push('onStart'); channel.close(); },
      onStop: (context, status) => { calls.push(status); resolve(); },
    }, null);
  });
  t.same(calls, ['onStart', 0], 'the calls of the channel when it is opened after all');
}

const STATUS = {
  NS_OK: 0, NS_BINDING_ABORTED: 0x804b0002, NS_BASE_STREAM_CLOSED: 0x80470002, NS_ERROR_NET_RESET: 0x804b0014, NS_ERROR_UNKNOWN_HOST: 0x804b001e,
  NS_ERROR_WEBSOCKET_CONNECTION_REFUSED: 0x804b0057, NS_ERROR_NET_INADEQUATE_SECURITY: 0x804b0052, NS_ERROR_PROXY_CONNECTION_REFUSED: 0x804b0048,
  NS_ERROR_UNKNOWN_PROXY_HOST: 0x804b002a, NS_ERROR_REDIRECT_LOOP: 0x804b001f, NS_ERROR_DOM_BAD_URI: 0x805303f4, NS_ERROR_NET_TIMEOUT_EXTERNAL: 0x804b0055,
  NS_ERROR_ILLEGAL_VALUE: 0x80070057, NS_ERROR_CANNOT_CONVERT_DATA: 0x80460001, NS_ERROR_FILE_TOO_BIG: 0x8052000f,
  NS_ERROR_INVALID_CONTENT_ENCODING: 0x804b001b, NS_ERROR_UNEXPECTED: 0x8000ffff, NS_ERROR_ALREADY_OPENED: 0x804b0049, NS_ERROR_NOT_CONNECTED: 0x804b000c,
  NS_ERROR_NOT_INITIALIZED: 0xc1f30001, NS_ERROR_MALFORMED_URI: 0x804b000a, NS_ERROR_NOT_IMPLEMENTED: 0x80004001,
  NS_ERROR_OUT_OF_MEMORY: 0x8007000e,
};

/** NS_ERROR_INVALID_ARG is a second name for the number of NS_ERROR_ILLEGAL_VALUE. statusName returns only the other name for that number. */
const ERROR = { NS_ERROR_INVALID_ARG: 0x80070057 };
