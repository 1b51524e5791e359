import { thrownBy, throwsDOMException, throwsTypeError } from '../harness/web.js';

/** WebSocket's send() and bufferedAmount. In a browser, the browser's own class is tested. */
export const webSocketSends = [
  {
    name: 'send() while connecting: InvalidStateError, but the argument is converted first',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      for (const data of ['text', new Uint8Array(3), new Blob(['x']), null]) t.is(throwsDOMException('InvalidStateError', () => socket.send(data)).code, DOMException.INVALID_STATE_ERR);
      throwsTypeError(() => socket.send(), 'no argument');
      throwsTypeError(() => socket.send(Symbol('x')), 'a symbol');
      const error = new RangeError('from toString');
      t.ok(thrownBy(() => socket.send({ toString() { throw error; } })) === error, 'the exception from toString');
      t.is(socket.bufferedAmount, 0, 'bufferedAmount after calls that threw');
    },
  },
  ...[
    ['a string', 'text', 'text'], ['an empty string', '', ''], ['characters beyond ASCII', 'é\u20AC\u{1F600}', 'é\u20AC\u{1F600}'],
    ['lone surrogates, which become U+FFFD', 'a\uD800b\uDC00', 'a\uFFFDb\uFFFD'], ['a zero character', 'a\0b', 'a\0b'],
    ['null', null, 'null'], ['undefined', undefined, 'undefined'], ['a number', 1, '1'], ['a fraction', 1.5, '1.5'], ['minus zero', -0, '0'], ['NaN', NaN, 'NaN'], ['a bigint', 10n, '10'],
    ['true', true, 'true'], ['an object', {}, '[object Object]'], ['an array', [1, [2, 3]], '1,2,3'], ['an object with toString', { toString: () => 'own' }, 'own'],
    ['an object with toPrimitive', { [Symbol.toPrimitive]: (hint) => hint }, 'string'], ['a boxed string', new String('boxed'), 'boxed'], ['a boxed number', new Number(5), '5'],
    ['a function', Object.assign(() => {}, { toString: () => 'function' }), 'function'], ['an array of bytes', [104, 105], '104,105'],
    ['an object that looks like a Blob', { size: 2, type: '', arrayBuffer: async () => new ArrayBuffer(2), [Symbol.toStringTag]: 'Blob' }, '[object Blob]'],
    ['an object that inherits from Blob.prototype', Object.create(Blob.prototype), '[object Blob]'],
    ['an object that looks like an ArrayBuffer', { byteLength: 2, [Symbol.toStringTag]: 'ArrayBuffer' }, '[object ArrayBuffer]'],
  ].map(([what, data, expected]) => ({
    name: `sent as text: ${what}`,
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      t.is(observed.socket.send(data), undefined);
      t.is(observed.socket.bufferedAmount, new TextEncoder().encode(expected).length, 'bufferedAmount');
      t.same(await observed.untilMessages(1), [expected]);
    },
  })),
  {
    name: 'a SharedArrayBuffer cannot be sent: TypeError',
    async run(t) {
      const { socket } = await t.openSocket(t.peer('ws', '/echo'));
      throwsTypeError(() => socket.send(sharedBuffer(4)));
    },
  },
  ...[
    ['an ArrayBuffer', () => bytes(1, 2, 3).buffer, [1, 2, 3]], ['an empty ArrayBuffer', () => new ArrayBuffer(0), []], ['a Uint8Array', () => bytes(1, 2, 3), [1, 2, 3]],
    ['a part of a Uint8Array', () => bytes(1, 2, 3, 4).subarray(1, 3), [2, 3]], ['an empty part of a Uint8Array', () => bytes(1, 2).subarray(1, 1), []], ['a Uint8ClampedArray', () => new Uint8ClampedArray([7, 300]), [7, 255]],
    ['a Uint16Array', () => new Uint16Array([0x0201]), [1, 2]], ['a Float64Array', () => new Float64Array([0]), [0, 0, 0, 0, 0, 0, 0, 0]], ['a BigInt64Array', () => new BigInt64Array([1n]), [1, 0, 0, 0, 0, 0, 0, 0]],
    ['a DataView', () => new DataView(bytes(1, 2, 3, 4).buffer, 1, 2), [2, 3]], ['an empty DataView', () => new DataView(bytes(1, 2).buffer, 2), []],
    ['a subclass whose properties are wrong', () => new (class extends Uint8Array { get byteLength() { return 1; } get buffer() { return null; } get length() { return 9; } })([1, 2]), [1, 2]],
    ['a detached ArrayBuffer, which has no bytes', () => detached(bytes(1, 2).buffer), []], ['a view of a detached ArrayBuffer', () => { const view = bytes(1, 2); detached(view.buffer); return view; }, []],
    ['a DataView of a detached ArrayBuffer', () => { const view = new DataView(new ArrayBuffer(4)); detached(view.buffer); return view; }, []],
    ['a Blob', () => new Blob(['hi', bytes(1)]), [104, 105, 1]], ['an empty Blob', () => new Blob(), []], ['a slice of a Blob', () => new Blob(['hello']).slice(1, 3), [101, 108]],
    ['a File', () => new File(['hi'], 'name.txt'), [104, 105]],
  ].map(([what, make, expected]) => ({
    name: `sent as bytes: ${what}`,
    async run(t) {
      if (what === 'a File' && !globalThis.File) return; // Node 18 and older
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      observed.socket.binaryType = 'arraybuffer';
      observed.socket.send(make());
      t.is(observed.socket.bufferedAmount, expected.length, 'bufferedAmount');
      observed.socket.send('behind');
      const [data, behind] = await observed.untilMessages(2);
      t.same([[...new Uint8Array(data)], behind], [expected, 'behind']);
    },
  })),
  {
    name: 'shared and resizable memory: TypeError, whatever the state, and the socket stays usable',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/echo'));
      const refused = [
        new Uint8Array(sharedBuffer(4)), new DataView(sharedBuffer(4), 1),
        ...(ArrayBuffer.prototype.resize ? [resizable(4), new Uint8Array(resizable(4)), new Uint8Array(resizable(4), 1, 2), new DataView(resizable(4))] : []),
      ];
      const check = () => refused.forEach((data) => throwsTypeError(() => observed.socket.send(data), `${data.constructor.name} in state ${observed.socket.readyState}`));
      check();
      await observed.until('open');
      check();
      observed.socket.send('lives');
      t.same(await observed.untilMessages(1), ['lives']);
      observed.socket.close();
      check();
      await observed.until('close');
      check();
      t.is(observed.socket.bufferedAmount, 0);
    },
  },
  {
    name: 'send() takes the bytes at the time of the call: later changes and detaching have no effect, even after a Blob',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      observed.socket.binaryType = 'arraybuffer';
      const [first, second, third] = [bytes(1, 1), bytes(2, 2), bytes(3, 3)];
      observed.socket.send(first);
      first.fill(9);
      observed.socket.send(new Blob([bytes(5)]));
      observed.socket.send(second);
      second.fill(9);
      observed.socket.send(third);
      detached(third.buffer);
      t.same((await observed.untilMessages(4)).map((data) => [...new Uint8Array(data)]), [[1, 1], [5], [2, 2], [3, 3]]);
    },
  },
  {
    name: 'each kind of view behind a Blob is sent as the bytes of its part of the buffer',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      observed.socket.binaryType = 'arraybuffer';
      const buffer = bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16).buffer;
      const views = [
        new Uint16Array(buffer, 2, 2), new Int32Array(buffer, 4, 1), new Float64Array(buffer, 8), new BigInt64Array(buffer, 0, 1), new Uint8ClampedArray(buffer, 3, 2), new DataView(buffer, 1, 3), buffer,
      ];
      observed.socket.send(new Blob(['first']));
      for (const view of views) observed.socket.send(view);
      const [, ...received] = await observed.untilMessages(8);
      const expected = views.map((view) => [...(ArrayBuffer.isView(view) ? new Uint8Array(buffer, view.byteOffset, view.byteLength) : new Uint8Array(view))]);
      t.same(received.map((data) => [...new Uint8Array(data)]), expected);
    },
  },
  {
    name: 'send() checks the state after it has converted the argument, which may have closed the connection',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      socket.send({ toString() { socket.close(); return 'xx'; } });
      t.is(socket.bufferedAmount, 2);
    },
  },
  {
    name: 'Blobs, text and bytes arrive in the order in which they were sent, followed by the close frame',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { socket } = await t.openSocket(url);
      const all = [];
      for (let at = 0; at < 12; at++) {
        const text = `${at}`.padEnd(at % 4 === 0 ? 100_000 : 10, '.');
        all.push(text.slice(0, 4));
        socket.send(at % 3 === 0 ? new Blob([text]) : at % 3 === 1 ? text : new TextEncoder().encode(text));
      }
      socket.close(4000, 'behind them');
      const { messages, close } = await t.observed(url, 'close');
      t.same(messages.map(({ type }) => type).slice(0, 3), ['binary', 'text', 'binary']);
      t.same([messages.length, messages.map(({ size }) => size)], [12, all.map((_, at) => (at % 4 === 0 ? 100_000 : 10))]);
      t.same(messages.filter(({ text }) => text).map(({ text }) => text.slice(0, 4)), all.filter((_, at) => at % 4 !== 0));
      t.same([close.code, close.reason], [4000, 'behind them']);
    },
  },
  {
    name: 'bufferedAmount grows during the call by the size in bytes (UTF-8 for text), and is zero once all is sent',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      const { socket } = observed;
      const amounts = [];
      for (const data of ['é', 'abc', '\u{1F600}', '\uD800', new Uint8Array(10), new Uint8Array(10).subarray(3), new Blob(['12345']), 'x', new ArrayBuffer(2)]) {
        socket.send(data);
        amounts.push(socket.bufferedAmount);
      }
      t.same(amounts, [2, 5, 9, 12, 22, 29, 34, 35, 37]);
      await observed.untilMessages(9);
      while (socket.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  },
  {
    name: 'bufferedAmount does not fall before the event loop turns: microtasks belong to the task that sent',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      const { socket } = observed;
      for (const size of [10, 100_000]) {
        const amounts = await new Promise((resolve) => setTimeout(async () => {
          const seen = [];
          socket.send('x'.repeat(size));
          for (let times = 0; times < 50; times++) {
            seen.push(socket.bufferedAmount);
            await null;
          }
          socket.send('12345');
          seen.push(socket.bufferedAmount);
          resolve(seen);
        }));
        t.same(amounts, [...Array(50).fill(size), size + 5]);
        await observed.untilMessages(size === 10 ? 2 : 4);
        while (socket.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  },
  {
    name: 'after close(): nothing is sent, bufferedAmount grows with each call and never falls again',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const observed = await t.openSocket(url);
      const { socket } = observed;
      socket.send('before');
      await observed.untilMessages(1);
      while (socket.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      socket.close();
      const amounts = [];
      const send = (data) => { t.is(socket.send(data), undefined); amounts.push(socket.bufferedAmount); };
      for (const data of ['é', new Uint8Array(3), new Blob(['1234']), null, 1]) send(data);
      await observed.until('close');
      amounts.push(socket.bufferedAmount);
      for (const data of ['12', new ArrayBuffer(5), new DataView(new ArrayBuffer(5), 1), new Blob(['123'])]) send(data);
      await t.roundTrip();
      amounts.push(socket.bufferedAmount);
      t.same(amounts, [2, 5, 9, 13, 14, 14, 16, 21, 25, 28, 28]);
      t.same((await t.observed(url, 'close')).messages.length, 1, 'messages at the peer');
    },
  },
  {
    name: 'after the connection has failed: send does not throw, and bufferedAmount grows',
    async run(t) {
      const observed = t.socket(t.peer('refusing', '/'));
      await observed.until('close');
      for (const data of ['abc', new Uint8Array(3), new Blob(['123'])]) observed.socket.send(data);
      t.is(observed.socket.bufferedAmount, 9);
      throwsTypeError(() => observed.socket.send(), 'no argument');
      throwsTypeError(() => observed.socket.send(Symbol('x')), 'a symbol');
    },
  },
  {
    name: 'bytes that were unsent when the connection ended stay in bufferedAmount',
    hosts: ['node'],
    async run(t) {
      const observed = await t.openSocket(t.peer('rude', '/deaf'));
      const { socket } = observed;
      for (let at = 0; at < 40; at++) socket.send(new Uint8Array(1 << 20));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const before = socket.bufferedAmount;
      t.ok(before > 1 << 20, `bufferedAmount of a peer that does not read: ${before}`);
      socket.channel.loadGroup = null;
      socket.channel[Symbol.for('websocket-channel.cancel')](0x804b0014);
      await observed.until('close');
      t.ok(socket.bufferedAmount > 1 << 20 && socket.bufferedAmount <= before, `bufferedAmount afterwards: ${socket.bufferedAmount}`);
    },
  },
  {
    name: 'if converting the argument closes the socket, the message counts as unsent',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      const { socket } = observed;
      socket.send({ toString() { socket.close(); return 'abc'; } });
      t.same([socket.readyState, socket.bufferedAmount], [2, 3]);
    },
  },
  {
    name: 'messages of 768 KiB as text, as a Blob and as bytes',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/digest'));
      const text = '\u20AC'.repeat(1 << 18);
      observed.socket.send(text);
      observed.socket.send(new Blob([text]));
      observed.socket.send(new TextEncoder().encode(text).buffer);
      const [asText, asBlob, asBytes] = (await observed.untilMessages(3)).map(JSON.parse);
      t.same([asText.size, asBlob.size, asBytes.size], [3 << 18, 3 << 18, 3 << 18]);
      t.same([asText.sha256, asBlob.sha256], [asBytes.sha256, asBytes.sha256]);
      t.same([asText.type, asBlob.type, asBytes.type], ['text', 'binary', 'binary']);
    },
  },
  {
    name: 'a Blob\'s overridden properties are ignored: its real bytes are sent',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      observed.socket.binaryType = 'arraybuffer';
      const blob = Object.defineProperty(new Blob(['own']), 'size', { value: 1000 });
      blob.arrayBuffer = async () => new ArrayBuffer(1);
      observed.socket.send(blob);
      t.is(observed.socket.bufferedAmount, 3);
      t.is(new TextDecoder().decode((await observed.untilMessages(1))[0]), 'own');
    },
  },
  {
    name: 'a Blob that is still being read when the connection ends: bufferedAmount does not change, and readyState stays 3',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/close', { code: 4000 }));
      const blob = new Blob([new Uint8Array(32 << 20)]);
      observed.socket.send(blob);
      observed.socket.send('behind');
      await observed.until('close');
      const { bufferedAmount } = observed.socket;
      await blob.arrayBuffer();
      await t.roundTrip();
      t.same([observed.socket.bufferedAmount, observed.socket.readyState], [bufferedAmount, 3]);
    },
  },
];

const bytes = (...of) => new Uint8Array(of);
const resizable = (size) => new ArrayBuffer(size, { maxByteLength: 2 * size });

function detached(buffer) {
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

/** A page that is not cross-origin isolated has no global SharedArrayBuffer. */
function sharedBuffer(size) {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return globalThis.SharedArrayBuffer ? new SharedArrayBuffer(size) : buffer;
}
