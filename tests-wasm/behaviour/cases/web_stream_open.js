import { noting, rejectionOf, stateOf, thrownBy, throwsDOMException, throwsTypeError } from '../harness/web.js';

/** Constructing a WebSocketStream, `opened`, and the interface itself. In Chromium, the browser's own class is tested. */
export const webStreamOpenings = [
  {
    name: 'opened: the extensions, the subprotocol and both streams, and no other member',
    async run(t) {
      const stream = t.stream(t.peer('ws', '/echo'), { protocols: ['alpha', 'beta'] });
      const opened = await stream.opened;
      t.same(Object.keys(opened).sort(), ['extensions', 'protocol', 'readable', 'writable']);
      t.same([opened.extensions, opened.protocol], ['', 'alpha']);
      t.is(Object.getPrototypeOf(opened), Object.prototype);
      t.is(Object.getPrototypeOf(opened.readable), ReadableStream.prototype);
      t.is(Object.getPrototypeOf(opened.writable), WritableStream.prototype);
      t.same([opened.readable.locked, opened.writable.locked], [false, false]);
      t.is(await stream.opened, opened, 'the same object each time');
      t.ok(stream.opened === stream.opened && stream.closed === stream.closed, 'the same promises each time');
      t.is(await stateOf(stream.closed), 'pending', 'closed');
    },
  },
  {
    name: 'extensions are the negotiated ones',
    async run(t) {
      const { extensions } = await t.stream(t.peer('ws', '/echo', { deflate: 1 })).opened;
      t.ok(extensions.startsWith('permessage-deflate'), extensions);
    },
  },
  {
    name: 'url is the parsed URL, at once',
    async run(t) {
      const url = t.peer('ws', '/echo');
      t.is(t.stream(url.replace('ws:', 'HTTP:')).url, url);
      t.is(t.stream({ toString: () => url }).url, url);
    },
  },
  {
    name: 'a URL that is invalid for a WebSocket: SyntaxError',
    async run(t) {
      for (const url of ['', 'ws://', 'ws://host:99999', 'ftp://127.0.0.1/', 'about:blank', 'mailto:someone', 'ws://127.0.0.1/#fragment', 'ws://127.0.0.1/#', 'wss://a b/']) {
        if (url === '' && t.host === 'browser') continue; // relative to the page
        if (url.includes(' ') && t.engine === 'chromium') continue; // which writes the space as %20
        throwsDOMException('SyntaxError', () => new t.api.WebSocketStream(url), JSON.stringify(url));
      }
      throwsTypeError(() => new t.api.WebSocketStream(), 'no argument');
      throwsTypeError(() => new t.api.WebSocketStream(Symbol('x')), 'a symbol');
      throwsTypeError(() => t.api.WebSocketStream(t.peer('ws', '/echo')), 'without new');
    },
  },
  ...[
    ['empty', ['']], ['with a space', ['a b']], ['with a comma', ['a,b']], ['listed twice', ['a', 'b', 'a']], ['not ASCII', ['é']], ['with a control character', ['a\u0001']], ['a separator', ['(']],
  ].map(([what, protocols]) => ({
    name: `an invalid subprotocol, ${what}: SyntaxError`,
    async run(t) {
      throwsDOMException('SyntaxError', () => new t.api.WebSocketStream(t.peer('ws', '/echo'), { protocols }));
    },
  })),
  {
    name: 'protocols takes any iterable object and converts its items to strings; a string or a number throws a TypeError',
    async run(t) {
      const opened = await t.stream(t.peer('ws', '/echo', { select: '5' }), { protocols: new Set([4, 5]) }).opened;
      t.is(opened.protocol, '5');
      for (const protocols of ['alpha', 5, true, null, {}, Symbol('x'), { length: 0 }]) {
        throwsTypeError(() => new t.api.WebSocketStream(t.peer('ws', '/echo'), { protocols }), typeof protocols);
      }
      for (const protocols of [undefined, []]) t.is((await t.stream(t.peer('ws', '/echo'), { protocols }).opened).protocol, '');
      const error = new RangeError('from an item');
      t.ok(thrownBy(() => new t.api.WebSocketStream(t.peer('ws', '/echo'), { protocols: [{ toString() { throw error; } }] })) === error);
    },
  },
  {
    name: 'options that are not an object: TypeError; null and undefined mean no options',
    async run(t) {
      for (const options of [5, 'protocols', true, Symbol('x'), 1n]) throwsTypeError(() => new t.api.WebSocketStream(t.peer('ws', '/echo'), options), typeof options);
      for (const options of [undefined, null, {}]) await t.stream(t.peer('ws', '/echo'), options).opened;
    },
  },
  {
    name: 'a signal that is not an AbortSignal: TypeError',
    async run(t) {
      for (const signal of [null, {}, 'signal', new AbortController()]) throwsTypeError(() => new t.api.WebSocketStream(t.peer('ws', '/echo'), { signal }));
      await t.stream(t.peer('ws', '/echo'), { signal: undefined }).opened;
    },
  },
  {
    name: 'the URL, protocols and signal are converted in this order; then the URL is checked, then the subprotocols',
    async run(t) {
      const log = [];
      const options = {
        get signal() { log.push('signal'); return undefined; },
        get protocols() { log.push('protocols'); return [noting(log, 'an item', '')]; },
      };
      throwsDOMException('SyntaxError', () => new t.api.WebSocketStream(noting(log, 'url', 'ftp://x/'), options));
      t.same(log, ['url', 'protocols', 'an item', 'signal']);
      const { message } = throwsDOMException('SyntaxError', () => new t.api.WebSocketStream('ftp://x/', { protocols: ['', ''] }));
      t.ok(t.engine === 'chromium' || message.includes('ftp'), message);
    },
  },
  ...[
    ['refused', (t) => t.peer('ws', '/refuse', { status: 403 })], ['nobody listens', (t) => t.peer('refusing', '/')],
    ['a response that is not HTTP', (t) => t.peer('rude', '/answer', { text: 'hello\r\n\r\n' })], ['a wrong accept key', (t) => t.peer('rude', '/answer', {
      text: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n', then: 'eof' })],
    ['a subprotocol that was not requested', (t) => t.peer('rude', '/answer', {
      text: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: other\r\n\r\n', then: 'eof' })],
  ].map(([what, url]) => ({
    name: `a failed opening, ${what}: opened is rejected with a WebSocketError without a code, closed with one with code 1006`,
    async run(t) {
      const stream = t.stream(url(t));
      const error = await rejectionOf(stream.opened, 'opened');
      t.ok(error instanceof t.api.WebSocketError && error instanceof DOMException, `a WebSocketError: ${String(error)}`);
      t.same([error.name, error.closeCode, error.reason], ['WebSocketError', null, '']);
      const closed = await rejectionOf(stream.closed, 'closed');
      t.same([closed.name, closed.closeCode, closed.reason, closed.message === error.message || t.engine === 'chromium'], ['WebSocketError', 1006, '', true]);
      if (t.host === 'node') t.ok(error.message.length > 20 && error.cause instanceof t.api.ChannelError, `it explains: ${error.message}`);
    },
  })),
  {
    name: 'the server selects none of the requested subprotocols: opened is rejected',
    async run(t) {
      const error = await rejectionOf(t.stream(t.peer('ws', '/echo', { select: '' }), { protocols: ['alpha'] }).opened);
      t.is(error.name, 'WebSocketError');
    },
  },
  {
    name: 'rejected promises that nobody handles do not end the program and report nothing',
    async run(t) {
      const collected = t.uncaught();
      new t.api.WebSocketStream(t.peer('refusing', '/'));
      await rejectionOf(t.stream(t.peer('refusing', '/')).opened);
      await t.roundTrip();
      await collected.stop();
      t.same(collected.errors, []);
    },
  },
  {
    name: 'the interface has the right name, length and members, and no others',
    async run(t) {
      const { WebSocketStream } = t.api;
      t.same([WebSocketStream.name, WebSocketStream.length], ['WebSocketStream', 1]);
      t.same(Object.keys(WebSocketStream.prototype).sort(), ['close', 'closed', 'opened', 'url']);
      t.is(Object.prototype.toString.call(WebSocketStream.prototype), '[object WebSocketStream]');
      t.same(Reflect.ownKeys(WebSocketStream).map(String).sort(), ['length', 'name', 'prototype']);
      t.same([WebSocketStream.prototype.close.length, Object.getPrototypeOf(WebSocketStream)], [0, Function.prototype]);
      for (const name of ['url', 'opened', 'closed']) {
        const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(WebSocketStream.prototype, name);
        t.same([get.name, set, enumerable, configurable], [`get ${name}`, undefined, true, true]);
      }
      throwsTypeError(() => WebSocketStream.prototype.url, 'url of the prototype');
      throwsTypeError(() => WebSocketStream.prototype.close.call({}), 'close of another object');
      for (const name of ['opened', 'closed']) {
        const { get } = Object.getOwnPropertyDescriptor(WebSocketStream.prototype, name);
        for (const other of [undefined, null, 5, {}]) t.is((await rejectionOf(get.call(other), name)).name, 'TypeError');
      }
      for (const name of ['opened', 'closed']) t.ok(await rejectionOf(WebSocketStream.prototype[name]) instanceof TypeError, `${name}: a promise, rejected`);
    },
  },
  {
    name: 'a subclass',
    async run(t) {
      class Chat extends t.api.WebSocketStream {
        constructor(url) { super(url, { protocols: ['chat'] }); }
      }
      const chat = new Chat(t.peer('ws', '/echo'));
      t.ok(chat instanceof Chat && chat instanceof t.api.WebSocketStream, 'its class');
      t.is((await chat.opened).protocol, 'chat');
      chat.close();
      t.is((await chat.closed).closeCode, 1005);
    },
  },
];
