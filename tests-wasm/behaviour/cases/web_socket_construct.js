import { noting, throwsDOMException, throwsTypeError, thrownBy } from '../harness/web.js';

/** WebSocket's constructor: Web IDL's conversions in order, then the standard's checks in order. In a browser, the browser's own class is tested. */
export const webSocketConstructions = [
  {
    name: 'without new, or with arguments that are missing or cannot be converted: TypeError',
    async run(t) {
      const { WebSocket } = t.api;
      throwsTypeError(() => WebSocket('ws://127.0.0.1/'), 'a call without new');
      throwsTypeError(() => new WebSocket(), 'no argument');
      throwsTypeError(() => new WebSocket(Symbol('url')), 'a symbol');
      throwsTypeError(() => new WebSocket('ws://127.0.0.1/', Symbol('chat')), 'a symbol as the subprotocol');
      throwsTypeError(() => new WebSocket('ws://127.0.0.1/', [Symbol('chat')]), 'a symbol among the subprotocols');
      throwsTypeError(() => new WebSocket('ws://127.0.0.1/', { [Symbol.iterator]: 5 }), 'an iterator that is not a function');
      throwsTypeError(() => new WebSocket('ws://127.0.0.1/', { [Symbol.iterator]: () => 5 }), 'an iterator that is not an object');
    },
  },
  {
    name: 'both arguments are converted, the URL first, before either is checked',
    async run(t) {
      const log = [];
      const protocols = { get [Symbol.iterator]() { log.push('iterator'); return function* () { yield noting(log, 'first', 'a b'); yield noting(log, 'second', 'b'); }; } };
      const { message } = throwsDOMException('SyntaxError', () => new t.api.WebSocket(noting(log, 'url', 'ws://['), protocols));
      t.same(log, ['url', 'iterator', 'first', 'second']);
      if (t.host === 'node') t.ok(message.includes('ws://['), `the message names the URL: ${message}`);
      const error = new RangeError('from toString');
      t.ok(thrownBy(() => new t.api.WebSocket({ toString() { throw error; } })) === error, 'the exception from toString');
      t.ok(thrownBy(() => new t.api.WebSocket('ws://[', { [Symbol.iterator]() { throw error; } })) === error, 'the exception from the iterator');
    },
  },
  ...['ws://[', 'ws://', 'wss:// /', 'ws://a:99999/', 'ftp://127.0.0.1/', 'mailto:a@example.org', 'about:blank', 'data:,x', 'file:///etc', 'javascript:1',
    'ws://127.0.0.1/#', 'ws://127.0.0.1/#fragment', 'http://127.0.0.1/#a', 'ws://a b/', 'ws://%zz/'].map((url) => ({
    name: `a URL that is invalid for a WebSocket: SyntaxError for ${url}`,
    async run(t) {
      const { code, message } = throwsDOMException('SyntaxError', () => new t.api.WebSocket(url));
      t.is(code, DOMException.SYNTAX_ERR);
      t.ok(message.length > 10, `it says what is wrong: ${message}`);
    },
  })),
  ...['', '/chat', 'chat', '//127.0.0.1/', '?a', 'localhost', '127.0.0.1:80', ' '].map((url) => ({
    name: `a relative URL without a base to resolve it against: SyntaxError for ${JSON.stringify(url)}`,
    hosts: ['node'],
    async run(t) {
      throwsDOMException('SyntaxError', () => new t.api.WebSocket(url));
    },
  })),
  ...Object.entries({
    'ws://EXAMPLE.invalid': 'ws://example.invalid/',
    'WSS://example.invalid:443/a/../b': 'wss://example.invalid/b',
    'ws://example.invalid:80/': 'ws://example.invalid/',
    'ws://example.invalid:443/': 'ws://example.invalid:443/',
    'http://example.invalid/x?y': 'ws://example.invalid/x?y',
    'https://example.invalid:443/': 'wss://example.invalid/',
    'https://example.invalid:80/': 'wss://example.invalid:80/',
    '\t ws://example.invalid/a\nb ': 'ws://example.invalid/ab',
    'ws:\\\\example.invalid\\a': 'ws://example.invalid/a',
    'ws://example.invalid/é?é': 'ws://example.invalid/%C3%A9?%C3%A9',
    'ws://example.invalid/\uD800': 'ws://example.invalid/%EF%BF%BD',
    'ws://0x7f.1:65535/': 'ws://127.0.0.1:65535/',
    'ws://b\u00fccher.invalid/': 'ws://xn--bcher-kva.invalid/',
    'ws://user:secret@example.invalid/': 'ws://user:secret@example.invalid/',
    'ws://example.invalid/?': 'ws://example.invalid/?',
  }).map(([url, expected]) => ({
    name: `url is the parsed URL: ${JSON.stringify(url)} becomes ${expected}`,
    async run(t) {
      const { socket } = t.socket(url);
      t.is(socket.url, expected);
      socket.close();
      t.is(socket.url, expected, 'url once it is closing');
    },
  })),
  {
    name: 'the URL is converted to a string: an array, a URL object, an object with toString',
    async run(t) {
      const url = t.peer('ws', '/echo');
      for (const given of [new URL(url), [url], { toString: () => url }, new String(url)]) {
        const { socket } = t.socket(given);
        t.is(socket.url, url);
      }
    },
  },
  ...['', ' ', 'a,b', 'a b', 'é', '\0', '\x7f', 'a\n', ...'()<>@,;:\\"/[]?={}'].map((protocol) => ({
    name: `a subprotocol that is not a token: SyntaxError for ${JSON.stringify(protocol)}, alone or in a list`,
    async run(t) {
      throwsDOMException('SyntaxError', () => new t.api.WebSocket('ws://127.0.0.1/', protocol));
      throwsDOMException('SyntaxError', () => new t.api.WebSocket('ws://127.0.0.1/', ['chat', protocol]));
    },
  })),
  {
    name: 'a subprotocol that is listed twice: SyntaxError',
    async run(t) {
      throwsDOMException('SyntaxError', () => new t.api.WebSocket('ws://127.0.0.1/', ['chat', 'chat']));
      throwsDOMException('SyntaxError', () => new t.api.WebSocket('ws://127.0.0.1/', ['a', 'b', { toString: () => 'a' }]));
    },
  },
  {
    name: 'a subprotocol that is listed twice, in different case: SyntaxError',
    hosts: ['node'], // Chromium accepts it
    async run(t) {
      throwsDOMException('SyntaxError', () => new t.api.WebSocket('ws://127.0.0.1/', ['chat', 'cHat']));
    },
  },
  {
    name: 'subprotocols that cannot be converted: TypeError, and the iterator is not closed',
    run(t) {
      const log = [];
      const symbols = { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: Symbol('x') }), return() { log.push('return'); return {}; } }) };
      throwsTypeError(() => new t.api.WebSocket('ws://127.0.0.1/', symbols), 'a symbol');
      for (const wrong of [{ [Symbol.iterator]: () => 1 }, { [Symbol.iterator]: () => ({ next: () => 1 }) }, { [Symbol.iterator]: () => ({}) }]) {
        throwsTypeError(() => new t.api.WebSocket('ws://127.0.0.1/', wrong), 'no iterator');
      }
      t.same(log, []);
    },
  },
  ...[
    ['one string', 'chat', 'chat'],
    ['a list, in its order', ['b', 'a', 'c'], 'b, a, c'],
    ['every character of a token', "!#$%&'*+-.^_`|~09azAZ", "!#$%&'*+-.^_`|~09azAZ"],
    ['null, which becomes a string', null, 'null'],
    ['a number', 5, '5'],
    ['a Set', new Set(['a', 'b']), 'a, b'],
    ['a generator', (function* () { yield 'a'; yield 'b'; }()), 'a, b'],
    ['a boxed string, which is a sequence of its characters', new String('chat'), 'c, h, a, t'],
    ['a list with a hole', ['a', , 'b'], 'a, undefined, b'], // eslint-disable-line no-sparse-arrays
    ['an object with its own toString', { toString: () => 'chat' }, 'chat'],
    ['an object whose string is that of valueOf', { toString: undefined, valueOf: () => 'chat' }, 'chat'],
    ['such an object without a prototype', { __proto__: null, valueOf: () => 'chat' }, 'chat'],
    ['none: undefined', undefined, undefined],
    ['none: an empty list', [], undefined],
  ].map(([what, protocols, expected]) => ({
    name: `requested subprotocols: ${what}`,
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { socket } = await t.openSocket(url, protocols);
      const { request } = await t.observed(url);
      t.is(request.headers['sec-websocket-protocol']?.replaceAll(/,\s*/g, ', '), expected);
      t.is(socket.protocol, expected?.split(', ')[0] ?? '');
    },
  })),
  {
    name: 'an object as the member protocols of the options is not taken for options: SyntaxError',
    hosts: ['node'],
    run(t) {
      for (const protocols of [{ proxy: 'socks5://127.0.0.1:1' }, { protocols: ['chat'] }, {}]) {
        throwsDOMException('SyntaxError', () => new t.api.WebSocket(t.peer('ws', '/echo'), { protocols }));
      }
    },
  },
  {
    name: 'while connecting: readyState 0, no extensions, no protocol, nothing buffered, binaryType blob, no handlers',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'), 'chat');
      const { readyState, extensions, protocol, bufferedAmount, binaryType, onopen, onmessage, onerror, onclose } = socket;
      t.same([readyState, extensions, protocol, bufferedAmount, binaryType], [0, '', '', 0, 'blob']);
      t.same([onopen, onmessage, onerror, onclose], [null, null, null, null]);
      t.same(Object.keys(socket), []);
    },
  },
  {
    name: 'a listener added in a later microtask receives open',
    async run(t) {
      const socket = new t.api.WebSocket(t.peer('ws', '/echo'));
      for (let at = 0; at < 100; at++) await null;
      await new Promise((resolve) => { socket.onopen = resolve; });
      t.is(socket.readyState, 1);
      socket.close();
      await new Promise((resolve) => { socket.onclose = resolve; });
    },
  },
  {
    name: 'a subclass with attributes of its own: messages arrive, with the origin of the connection',
    async run(t) {
      const url = t.peer('ws', '/greet', { count: 1 });
      class Named extends t.api.WebSocket {
        get url() { return 'https://other.example/'; }
        get readyState() { return 'ready'; }
        get binaryType() { return 'none'; }
      }
      for (const make of [() => new Named(url), () => Object.defineProperty(new t.api.WebSocket(url), 'url', { value: 'no URL' })]) {
        const socket = make();
        const { data, origin } = await new Promise((resolve) => { socket.onmessage = resolve; });
        t.same([data, origin], ['0:', new URL(url).origin]);
        socket.close();
        await new Promise((resolve) => { socket.onclose = resolve; });
      }
    },
  },
  {
    name: 'a subclass works, and new.target determines the prototype',
    async run(t) {
      class Mine extends t.api.WebSocket {
        count = 0;

        constructor(url) {
          super(url);
          this.addEventListener('message', () => { this.count += 1; });
        }

        send(data) {
          super.send(`mine: ${data}`);
        }
      }
      const mine = new Mine(t.peer('ws', '/echo'));
      t.ok(mine instanceof t.api.WebSocket && mine instanceof EventTarget && mine.constructor === Mine, 'instanceof');
      mine.onopen = () => mine.send('x');
      const data = await new Promise((resolve) => { mine.onmessage = (event) => resolve(event.data); });
      t.same([data, mine.count, mine.OPEN], ['mine: x', 1, 1]);
      mine.close();
      await new Promise((resolve) => { mine.onclose = resolve; });
      function Other() {}
      Other.prototype = { other: true };
      const other = Reflect.construct(t.api.WebSocket, [t.peer('ws', '/echo')], Other);
      t.is(Object.getPrototypeOf(other), Other.prototype);
      t.is(Object.getOwnPropertyDescriptor(t.api.WebSocket.prototype, 'readyState').get.call(other), 0);
      t.api.WebSocket.prototype.close.call(other);
    },
  },
  {
    name: 'in a browser, the class is the browser\'s own',
    hosts: ['browser'],
    async run(t) {
      t.ok(t.api.WebSocket === globalThis.WebSocket, 'WebSocket === globalThis.WebSocket');
    },
  },
];
