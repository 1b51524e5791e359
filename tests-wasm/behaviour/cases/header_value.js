import { runInNewContext } from 'node:vm';

/** options.headers accepts what `fetch` accepts. The host's own Headers class shows what that is. Only in Node. */
export const headerValues = [
  ...Object.entries({
    'a Headers object': () => new Headers({ 'X-A': 'one', Cookie: 'a=1; b=2', 'User-Agent': 'test/1' }),
    'a Headers object with a name twice': () => {
      const headers = new Headers({ 'X-A': 'one' });
      headers.append('x-a', 'two');
      return headers;
    },
    'an empty Headers object': () => new Headers(),
    'an object from another realm': () => runInNewContext('({ "X-A": "one", "X-B": 5 })'),
    'an object without a prototype': () => Object.assign(Object.create(null), { 'X-A': 'one' }),
    'an object of a class': () => Object.assign(new (class Mine {})(), { 'X-A': 'one' }),
    'a number as a value': () => ({ 'X-A': 5, 'X-B': 0.5, 'X-C': -0, 'X-D': 1e21 }),
    'a boolean, null and a bigint as values': () => ({ 'X-A': true, 'X-B': null, 'X-C': 5n }),
    'an array as a value': () => ({ 'X-A': ['one', 'two'], 'X-B': ['one'], 'X-C': [] }),
    'an object with a toString as a value': () => ({ 'X-A': new URL('ws://127.0.0.1/x'), 'X-B': { toString: () => 'made' } }),
    'an array of pairs': () => [['X-A', 'one'], ['X-B', 5], ['x-a', 'two']],
    'pairs from another realm': () => runInNewContext('[["X-A", "one"], ["X-B", "two"]]'),
    'a Map from another realm': () => runInNewContext('new Map([["X-A", "one"]])'),
    'a Map': () => new Map([['X-A', 'one'], ['X-B', 'two']]),
    'a generator of pairs': () => (function* pairs() { yield ['X-A', 'one']; yield new Set(['X-B', 'two']); })(),
    'a value with spaces and line breaks around it': () => ({ 'X-A': '  one two\t', 'X-B': '\r\n token\n' }),
    'a value with characters up to U+00FF': () => ({ 'X-A': 'Zürich \x80\xff' }),
    'an empty value': () => ({ 'X-A': '' }),
  }).map(([what, make]) => ({
    name: `${what} is sent as fetch would send it`,
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { headers: make() } });
      const { request } = await t.observed(talk);
      const expected = Object.fromEntries(new Headers(make()));
      t.same(Object.fromEntries(Object.keys(expected).map((name) => [name, request.headers[name]])), expected, 'headers');
    },
  })),
  ...Object.entries({
    'a string': () => 'X-A: one',
    'a number': () => 5,
    'a symbol as a value': () => ({ 'X-A': Symbol('value') }),
    'a value whose toString throws': () => ({ 'X-A': { toString() { throw new RangeError('no text'); } } }),
    'a pair with three items': () => [['X-A', 'one', 'two']],
    'a pair with one item': () => [['X-A']],
    'a Set of strings with two letters': () => new Set(['ab']),
    'an array of strings': () => ['X-A', 'one'],
    'an array with a line break in it': () => ({ 'X-A': ['one', 'two\r\nX-Evil: 1'] }),
    'a pair with a line break': () => [['X-A', 'one\r\nX-Evil: 1']],
    'a value with a character above U+00FF': () => ({ 'X-A': 'Łódź' }),
    'a value whose characters have the low bytes of a line break': () => ({ 'X-A': 'one\u010d\u010aX-Evil: 1' }),
    'a pair with an invalid name': () => [['X A', 'one']],
    'a Map with a header that the handshake owns': () => new Map([['Sec-WebSocket-Key', 'mine']]),
    'a Headers object with a header that the handshake owns': () => new Headers({ 'sec-websocket-version': '8' }),
    'an object from another realm with a header that the handshake owns': () => runInNewContext('({ Upgrade: "h2c" })'),
    'a revoked Proxy': () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  }).map(([what, make]) => ({
    name: `${what}: the constructor throws NS_ERROR_INVALID_ARG with a message that names headers`,
    async run(t) {
      const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ headers: make() }));
      t.ok(message.includes('headers'), message);
    },
  })),
  {
    name: 'changing a Headers object after the constructor does not affect the request',
    async run(t) {
      const headers = new Headers({ 'X-A': 'one' });
      const channel = new t.api.WebSocketChannel({ headers });
      headers.set('X-A', 'two');
      headers.set('X-B', 'two');
      const url = t.peer('ws', '/close', { code: 1000 });
      await new Promise((resolve) => channel.asyncOpen(url, null, { onStop: resolve }, null));
      const { request } = await t.observed(url);
      t.same([request.headers['x-a'], request.headers['x-b']], ['one', undefined]);
    },
  },
];
