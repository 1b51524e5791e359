import { filled } from '../harness/sources.js';

/** Sizes come from the array itself, never from a property that overrides the real one. Only the array's own bytes are sent. */
export const subclassLengths = [
  ...Object.entries({
    'a subclass whose length is too large': (bytes) => new (class extends Uint8Array { get length() { return 60_000; } })(bytes),
    'a subclass whose length is too small': (bytes) => new (class extends Uint8Array { get length() { return 1; } })(bytes),
    'a subclass whose length is not a number': (bytes) => new (class extends Uint8Array { get length() { return 'long'; } })(bytes),
    'a subclass whose length throws': (bytes) => new (class extends Uint8Array { get length() { throw new Error('length'); } })(bytes),
    'a subclass whose byteLength is too large': (bytes) => new (class extends Uint8Array { get byteLength() { return 60_000; } })(bytes),
    'a subclass whose byteLength, byteOffset and buffer are wrong': (bytes) => new (class extends Uint8Array {
      get byteLength() { return 60_000; }
      get byteOffset() { return 1; }
      get buffer() { return new ArrayBuffer(70_000); }
    })(bytes),
    'an array with its own length property': (bytes) => Object.defineProperty(bytes.slice(), 'length', { value: 60_000 }),
    'an array with its own buffer property': (bytes) => Object.defineProperty(bytes.slice(), 'buffer', { value: new ArrayBuffer(60_000) }),
    'a subclass whose length grows each time it is read': (bytes) => {
      let length = 1;
      return new (class extends Uint8Array { get length() { return (length *= 7); } })(bytes);
    },
    'a DataView with its own byteLength property': (bytes) => Object.defineProperty(new DataView(bytes.slice().buffer), 'byteLength', { value: 60_000 }),
    'an ArrayBuffer with its own byteLength property': (bytes) => Object.defineProperty(bytes.slice().buffer, 'byteLength', { value: 60_000 }),
    'a subclass with another toStringTag': (bytes) => new (class extends Uint8Array { get [Symbol.toStringTag]() { return 'ArrayBuffer'; } })(bytes),
    'an array without a prototype': (bytes) => Object.setPrototypeOf(bytes.slice(), null),
  }).map(([what, make]) => ({
    name: `${what} is sent with its real bytes`,
    async run(t) {
      const other = await t.opened(t.peer('ws', '/digest'));
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (const size of [0, 10, 1000, 65_536, 100_000]) {
        // Leaves a secret, which must not leak, in the memory where messages are built.
        other.send(SECRET.repeat(6000));
        await other.until('onAcknowledge', other.sent.length);
        const bytes = filled(size, size);
        const value = make(bytes);
        const before = talk.channel.bufferedAmount;
        t.is(talk.quietly(() => talk.channel.sendBinaryMsg(value)), true, `accepted, with ${size} bytes`);
        t.is(talk.channel.bufferedAmount, before + size, 'bufferedAmount');
        talk.sent.push(size);
        t.same((await talk.untilMessages(talk.sent.length)).at(-1), bytes, `the echo of ${size} bytes`);
      }
      await talk.until('onAcknowledge', talk.sent.length);
      t.same(talk.acknowledged, talk.sent);
    },
  })),
  {
    name: 'the chunks of a stream are sent at their real size, whatever their length property says',
    async run(t) {
      class Long extends Uint8Array { get length() { return 60_000; } }
      const bytes = filled(30_000);
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.sendStream((async function* lying() {
        yield new Long(bytes.subarray(0, 10_000));
        yield new Long(bytes.subarray(10_000));
      })(), bytes.length);
      t.same(await talk.untilMessages(1), [bytes]);
    },
  },
  {
    name: 'a ping carries the real bytes of its array, whatever the length property says',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      await talk.channel.sendPing(new (class extends Uint8Array { get length() { return 100; } })([1, 2, 3]));
      await talk.channel.sendPing(new (class extends Uint8Array { get length() { return 1; } get byteLength() { return 1; } })([4, 5, 6]));
      t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendPing(new (class extends Uint8Array { get length() { return 1; } get byteLength() { return 1; } })(126)));
      t.same((await t.observed(talk, 'frames:2')).frames.map(({ hex }) => hex), ['010203', '040506']);
    },
  },
];

const SECRET = 'secret of another channel; ';
