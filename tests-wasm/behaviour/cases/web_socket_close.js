import { noting, thrownBy, throwsDOMException, throwsTypeError } from '../harness/web.js';

/** WebSocket's close() and close event. In a browser, the browser's own class is tested. */
export const webSocketCloses = [
  ...[0, 1, 999, 1001, 1004, 1005, 1006, 1015, 2999, 5000, 65_535, 65_536, -1, NaN, Infinity, -Infinity, null, '', 'x', {}, true, [], 998.5, 1000.6, 2999.4, 4999.5].map((code) => ({
    name: `a code that may not be sent: InvalidAccessError for ${typeof code === 'object' ? JSON.stringify(code) : code}, whatever the state`,
    async run(t) {
      const observed = t.socket(t.peer('ws', '/echo'));
      const check = () => {
        const { message } = throwsDOMException('InvalidAccessError', () => observed.socket.close(code), `state ${observed.socket.readyState}`);
        t.ok(message.length > 10, message);
      };
      check();
      await observed.until('open');
      check();
      t.is(observed.socket.readyState, 1, 'readyState after a close that threw');
      observed.socket.close();
      check();
      await observed.until('close');
      check();
    },
  })),
  ...[[1000, 1000], [3000, 3000], [4999, 4999], ['3000', 3000], [1000.5, 1000], [2999.5, 3000], [4999.4, 4999], [999.5, 1000], [[4000], 4000], [{ valueOf: () => 4001 }, 4001], [999.6, 1000]].map(([code, expected]) => ({
    name: `a code that may be sent: ${JSON.stringify(code)} goes out as ${expected}, and comes back`,
    async run(t) {
      const url = t.peer('ws', '/echo');
      const observed = await t.openSocket(url);
      t.is(observed.socket.close(code), undefined);
      t.same((await t.observed(url, 'close')).close, { code: expected, reason: '' });
      const { code: heard, reason, wasClean } = await observed.until('close');
      t.same([heard, reason, wasClean], [expected, '', true]);
    },
  })),
  {
    name: 'a code that cannot become a number: TypeError',
    async run(t) {
      const { socket } = await t.openSocket(t.peer('ws', '/echo'));
      throwsTypeError(() => socket.close(1n), 'a bigint');
      throwsTypeError(() => socket.close(Symbol('x')), 'a symbol');
      throwsTypeError(() => socket.close(1000, Symbol('x')), 'a symbol as the reason');
      const error = new RangeError('from valueOf');
      t.ok(thrownBy(() => socket.close({ valueOf() { throw error; } })) === error, 'the exception from valueOf');
      t.ok(thrownBy(() => socket.close(1000, { toString() { throw error; } })) === error, 'the exception from toString');
      t.is(socket.readyState, 1);
    },
  },
  {
    name: 'both arguments are converted before either is checked; the code is checked first',
    async run(t) {
      const { socket } = await t.openSocket(t.peer('ws', '/echo'));
      const log = [];
      throwsDOMException('InvalidAccessError', () => socket.close({ valueOf() { log.push('code'); return 5; } }, noting(log, 'reason', 'r'.repeat(200))));
      t.same(log, ['code', 'reason']);
      throwsDOMException('SyntaxError', () => socket.close(1000, 'r'.repeat(200)));
    },
  },
  {
    name: 'a reason of more than 123 bytes in UTF-8: SyntaxError, whatever the state',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/echo'));
      const check = () => {
        for (const reason of ['r'.repeat(124), 'é'.repeat(62), '\uD800'.repeat(42)]) throwsDOMException('SyntaxError', () => observed.socket.close(1000, reason));
        throwsDOMException('SyntaxError', () => observed.socket.close(undefined, 'r'.repeat(124)));
      };
      check();
      await observed.until('open');
      check();
      t.is(observed.socket.readyState, 1);
      observed.socket.close();
      check();
      await observed.until('close');
      check();
    },
  },
  ...[
    ['123 bytes', 'r'.repeat(123)], ['123 bytes in two-byte characters', `${'é'.repeat(61)}r`], ['empty', ''], ['null', null, 'null'], ['a number', 5, '5'],
    ['a lone surrogate', 'a\uDC00', 'a\uFFFD'], ['undefined', undefined, ''],
  ].map(([what, reason, expected = reason]) => ({
    name: `a reason that is sent: ${what}`,
    async run(t) {
      const url = t.peer('ws', '/echo');
      const observed = await t.openSocket(url);
      observed.socket.close(4000, reason);
      t.same((await t.observed(url, 'close')).close, { code: 4000, reason: expected });
      const event = await observed.until('close');
      t.same([event.code, event.reason], [4000, expected]);
    },
  })),
  {
    name: 'without a code, the close frame is empty, and the close event has code 1005',
    async run(t) {
      for (const args of [[], [undefined], [undefined, undefined]]) {
        const url = t.peer('ws', '/echo');
        const observed = await t.openSocket(url);
        observed.socket.close(...args);
        t.is((await t.observed(url, 'close')).close.code, 1005, 'what ws reports for an empty frame');
        const { code, reason, wasClean } = await observed.until('close');
        t.same([code, reason, wasClean], [1005, '', true]);
      }
    },
  },
  {
    name: 'close() while connecting: readyState is 2 at once; error and close with 1006 follow, and open is never fired',
    async run(t) {
      for (const args of [[], [4000, 'reason']]) {
        const observed = t.socket(t.peer('rude', '/silence'));
        observed.socket.close(...args);
        t.same([observed.socket.readyState, observed.types], [2, []]);
        const { code, reason, wasClean } = await observed.until('close');
        t.same([observed.types, code, reason, wasClean], [['error', 'close'], 1006, '', false]);
      }
    },
  },
  {
    name: 'close() fires nothing before it returns, whether open, closing or closed',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/echo'));
      const quietly = () => {
        const before = observed.types.length;
        observed.socket.close();
        t.is(observed.types.length, before, 'events within close()');
      };
      await observed.until('open');
      quietly();
      quietly();
      await observed.until('close');
      quietly();
      t.same(observed.types, ['open', 'close']);
    },
  },
  {
    name: 'a second close() does nothing: the first code is sent',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const observed = await t.openSocket(url);
      observed.socket.close(4000, 'first');
      observed.socket.close(4001, 'second');
      t.same((await t.observed(url, 'close')).close, { code: 4000, reason: 'first' });
      t.same([(await observed.until('close')).code, observed.socket.readyState], [4000, 3]);
    },
  },
  {
    name: 'close() can be called in the handlers of open, message, error and close',
    async run(t) {
      for (const [path, query, type] of [['/echo', {}, 'open'], ['/greet', { count: 3 }, 'message'], ['/close', { code: 4000 }, 'close']]) {
        const observed = t.socket(t.peer('ws', path, query));
        observed.socket.addEventListener(type, () => { observed.socket.close(); t.is(observed.socket.readyState, type === 'close' ? 3 : 2); });
        await observed.until('close');
        t.is(observed.types.filter((it) => it === type).length, 1, type);
      }
      const observed = t.socket(t.peer('refusing', '/'));
      observed.socket.addEventListener('error', () => observed.socket.close());
      await observed.until('close');
      t.same(observed.types, ['error', 'close']);
    },
  },
  {
    name: 'messages sent before close() arrive before the close frame',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { socket } = await t.openSocket(url);
      for (let at = 0; at < 100; at++) socket.send(`${at}`);
      socket.send(new Uint8Array(1 << 20));
      socket.close();
      t.is((await t.observed(url, 'close')).messages.length, 101);
    },
  },
  ...[
    ['a code and a reason', { code: 4321, reason: 'é and more' }, 4321, 'é and more'], ['a code alone', { code: 1001 }, 1001, ''], ['no code and no reason', {}, 1005, ''],
    ['1011', { code: 1011, reason: 'trouble' }, 1011, 'trouble'],
  ].map(([what, query, code, reason]) => ({
    name: `the peer closes with ${what}: the close event is clean and reports it`,
    async run(t) {
      const observed = t.socket(t.peer('ws', '/close', query));
      const event = await observed.until('close');
      t.same([event.wasClean, event.code, event.reason, observed.types], [true, code, reason, ['open', 'close']]);
    },
  })),
  ...[
    ['the end of the connection', { then: 'eof' }, ''], ['a reset', { then: 'reset' }, ''], ['half a frame, then the end', { then: 'eof' }, '81 05 61'], ['a masked frame', {}, '81 80 00 00 00 00'],
    ['a reserved bit', {}, 'c1 00'], ['text that is not UTF-8', {}, '81 01 ff'], ['an unknown opcode', {}, '83 00'], ['a close frame of one byte', {}, '88 01 03'], ['an invalid close code', {}, '88 02 03 ed'],
    ['a close reason that is not UTF-8', {}, '88 03 03 e8 ff'],
  ].map(([what, query, hex]) => ({
    name: `a connection that fails because of ${what}: error, then an unclean close with 1006`,
    async run(t) {
      const observed = t.socket(t.raw(hex, { after: 'frame', ...query }));
      await observed.until('open');
      observed.socket.send('now');
      const { wasClean, code, reason } = await observed.until('close');
      t.same([wasClean, reason], [false, '']);
      // RFC 6455 §7.2.1 makes a client fail a lost connection, which the standard reports with an error event. Browsers may omit that event.
      if (t.host === 'browser' && query.then) t.oneOf(observed.types.join(), ['open,close', 'open,error,close']);
      else t.same(observed.types, ['open', 'error', 'close']);
      // A browser may report the code that it sent, although the standard allows only 1006.
      t.oneOf(code, t.host === 'node' ? [1006] : [1006, 1002, 1007]);
    },
  })),
  {
    name: 'while the peer closes, readyState is 2 between its close frame and the close event',
    hosts: ['node'],
    async run(t) {
      const observed = t.socket(t.raw('88 02 03 e8', { deaf: 1 }));
      await observed.until('open');
      while (observed.socket.readyState === 1) await new Promise((resolve) => setImmediate(resolve));
      t.is(observed.socket.readyState, 2);
      observed.socket.close(4000);
      const { code, wasClean } = await observed.until('close');
      t.same([code, wasClean], [1000, true]);
    },
  },
];
