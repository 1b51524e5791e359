import { cut, digest, filled, generator, KINDS, promised, readable, WAITING } from '../harness/sources.js';

/**
 * sendBinaryStream when all goes well, and the arguments it refuses; in a browser too. Faulty streams, and channels that end before them, are in
 * stream_end.js. Node's Readable and the frames on the wire are in stream_node.js.
 */
export const streams = [
  ...Object.entries(KINDS).map(([kind, make]) => ({
    name: `${kind} in chunks of many sizes, including empty ones, is one binary message`,
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const sizes = [1, 0, 1, 2, 0, 0, 125, 126, 127, 65_535, 65_536, 65_537, 0, MIB, 3, ...Array(1000).fill(1), 0];
      const bytes = filled(sizes.reduce((sum, size) => sum + size, 0));
      t.is(talk.sendStream(make(cut(bytes, sizes)), bytes.length), true, 'accepted');
      t.is(talk.channel.bufferedAmount, bytes.length, 'bufferedAmount right after');
      t.same(await described(talk), [`binary ${bytes.length} ${await digest(bytes)}`]);
      await talk.until('onAcknowledge');
      t.same([talk.acknowledged, talk.channel.bufferedAmount], [[bytes.length], 0]);
      t.is((await t.observed(talk)).messages.length, 1);
    },
  })),
  {
    name: 'a Blob needs no length, and an empty Blob is an empty message',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const bytes = filled(100_000);
      t.is(talk.sendStream(new Blob([bytes])), true);
      t.is(talk.sendStream(new Blob([])), true);
      t.is(talk.sendStream(new Blob(['text']), undefined), true);
      talk.sent = [100_000, 0, 4];
      t.same(await talk.untilMessages(3), [bytes, new Uint8Array(0), new TextEncoder().encode('text')]);
    },
  },
  {
    name: 'every view, and an ArrayBuffer, can be a chunk, and exactly its bytes are sent',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const { buffer } = filled(16);
      const given = [
        buffer, new Uint8Array(buffer, 3, 4), new Uint8ClampedArray(buffer, 1, 2), new Int8Array(buffer, 15, 1), new DataView(buffer, 5, 3),
        new Uint16Array(buffer, 2, 3), new Int32Array(buffer, 4, 2), new Float64Array(buffer, 8, 1), new BigInt64Array(buffer, 0, 1), new Uint8Array(buffer, 16, 0),
      ];
      if (t.host === 'node') given.push(globalThis.Buffer.from('pooled buffer'));
      const expected = given.flatMap((one) => [...(ArrayBuffer.isView(one) ? new Uint8Array(one.buffer, one.byteOffset, one.byteLength) : new Uint8Array(one))]);
      talk.sendStream(generator(given), expected.length);
      talk.sendStream(readable(given), expected.length);
      t.same(await talk.untilMessages(2), [new Uint8Array(expected), new Uint8Array(expected)]);
      t.same([...new Uint8Array(buffer)], [...filled(16)], 'the chunks are unchanged');
    },
  },
  {
    name: 'a stream may reuse its memory when it is asked for more',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const expected = [];
      const memory = new Uint8Array(150_000);
      talk.sendStream((async function* reusing() {
        for (let at = 1; at <= 20; at++) {
          memory.fill(at);
          expected.push(memory.slice());
          yield memory;
        }
        memory.fill(0);
      })(), 20 * memory.length);
      const [line] = await described(talk);
      const bytes = new Uint8Array(20 * memory.length);
      expected.forEach((piece, at) => bytes.set(piece, at * memory.length));
      t.is(line, `binary ${bytes.length} ${await digest(bytes)}`);
    },
  },
  {
    name: 'a stream without bytes is an empty message',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const [nothing, empties] = [[], [new Uint8Array(0), new Uint8Array(0)]];
      for (const pieces of [nothing, empties]) for (const make of [generator, readable]) t.is(talk.sendStream(make(pieces), 0), true);
      talk.send('behind');
      t.same((await described(talk, 5)).map((line) => line.slice(0, line.lastIndexOf(' '))), [...Array(4).fill('binary 0'), 'text 6']);
      await talk.until('onAcknowledge', 5);
    },
  },
  {
    name: 'twenty mebibytes arrive unchanged',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const bytes = filled(20 * MIB);
      talk.sendStream(readable(cut(bytes, Array(319).fill(65_536))), bytes.length);
      t.same(await described(talk), [`binary ${bytes.length} ${await digest(bytes)}`]);
    },
  },
  {
    name: 'messages and streams keep their order, and close() waits for them',
    async run(t) {
      const talk = t.open(t.peer('ws', '/digest'));
      const slow = slowly(cut(filled(300_000), [100, 100_000, 1, 150_000]));
      // The first three are sent while connecting.
      t.same([talk.send('1'), talk.sendStream(slow, 300_000), talk.send(filled(3))], [true, true, true]);
      await talk.until('onStart');
      t.same([talk.sendStream(generator([filled(40)]), 40), talk.sendStream(readable([filled(50)]), 50), talk.send('the sixth')], [true, true, true]);
      talk.close(4000, 'behind all');
      t.is(talk.channel.state, 'closing');
      t.is(talk.send('refused'), false);
      await t.stops(talk, { node: 'NS_OK' });
      const { messages, close } = await t.observed(talk, 'close');
      t.same(messages.map(({ type, size }) => `${type} ${size}`), ['text 1', 'binary 300000', 'binary 3', 'binary 40', 'binary 50', 'text 9']);
      t.same(close, { code: 4000, reason: 'behind all' });
      t.same(talk.acknowledged, [1, 300_000, 3, 40, 50, 9]);
    },
  },
  {
    name: 'a stream is read only when its turn comes',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const gate = promised();
      talk.sendStream((async function* first() {
        yield filled(10);
        await gate.promise;
        yield filled(10);
      })(), 20);
      const behind = [0, 0];
      const counted = (at) => ({ async* [Symbol.asyncIterator]() { behind[at] += 1; yield filled(5); } });
      talk.sendStream(counted(0), 5);
      talk.sendStream(counted(1), 5);
      await t.roundTrip();
      t.same(behind, [0, 0], 'how often the later streams were started');
      gate.resolve();
      await described(talk, 3);
      t.same(behind, [1, 1]);
    },
  },
  {
    name: 'sendBinaryStream throws NS_ERROR_NOT_CONNECTED before asyncOpen, returns false once closing, and leaves the stream untouched',
    async run(t) {
      const waiting = Object.values(WAITING).map((make) => make());
      const untouched = (when) => waiting.forEach(({ touched }) => t.is(touched(), false, `touched ${when}`));
      const idle = new t.api.WebSocketChannel();
      for (const { stream } of waiting) t.throws('NS_ERROR_NOT_CONNECTED', () => idle.sendBinaryStream(stream, 1000));
      untouched('before asyncOpen');
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.close();
      for (const { stream } of waiting) t.is(talk.sendStream(stream, 1000), false, 'accepted while closing');
      refusesWrongArguments(t, talk);
      untouched('while closing');
      await talk.end();
      for (const { stream } of waiting) t.is(talk.sendStream(stream, 1000), false, 'accepted when stopped');
      refusesWrongArguments(t, talk);
      await t.roundTrip();
      untouched('when stopped');
    },
  },
  {
    name: 'wrong arguments throw NS_ERROR_INVALID_ARG and change nothing',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      refusesWrongArguments(t, talk);
      await talk.until('onStart');
      refusesWrongArguments(t, talk);
      t.is(talk.channel.bufferedAmount, 0);
      talk.send('still here');
      t.same(await talk.untilMessages(1), ['still here']);
    },
  },
  {
    name: 'a stream may use its channel while it is read: what it sends follows the stream',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'), { listener: { onAcknowledge: (context, size) => size === 20 && talk.close(4001) } });
      const busy = (async function* busy() {
        t.is(talk.send('from within'), true);
        yield filled(10);
        t.is(talk.sendStream(generator([filled(20)]), 20), true);
        yield filled(20);
      })();
      talk.sendStream(busy, 30);
      await t.stops(talk, { node: 'NS_OK' });
      const { messages } = await t.observed(talk, 'close');
      t.same(messages.map(({ type, size }) => `${type} ${size}`), ['binary 30', 'text 11', 'binary 20']);
    },
  },
  {
    name: 'a stream may close or cancel its channel while it is read',
    async run(t) {
      const closed = await t.opened(t.peer('ws', '/echo'));
      closed.sendStream((async function* closing() {
        yield filled(10);
        closed.close(4002);
        yield filled(10);
      })(), 20);
      await t.stops(closed, { node: 'NS_OK' });
      t.same((await t.observed(closed, 'close')).messages.map(({ size }) => size), [20]);
      const group = new t.api.LoadGroup();
      const cancelled = await t.opened(t.peer('ws', '/echo'), { loadGroup: group });
      cancelled.sendStream((async function* cancelling() {
        yield filled(10);
        group.cancel();
        yield filled(10);
      })(), 20);
      await t.stops(cancelled, { node: 'NS_BINDING_ABORTED' });
    },
  },
  {
    name: 'streams on many channels at once do not mix',
    async run(t) {
      const talks = await Promise.all(Array.from({ length: 5 }, () => t.opened(t.peer('ws', '/digest'))));
      const sent = talks.map((talk, at) => {
        const bytes = filled(200_000 + at, at);
        talk.sendStream(slowly(cut(bytes, Array(20).fill(10_000))), bytes.length);
        return bytes;
      });
      for (const [at, talk] of talks.entries()) t.same(await described(talk), [`binary ${sent[at].length} ${await digest(sent[at])}`]);
    },
  },
  {
    name: 'Python\'s websockets receives a stream as one message, and sends it back',
    needs: 'python',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/echo'));
      const bytes = filled(300_000);
      talk.send('before');
      talk.sendStream(slowly(cut(bytes, [1, 0, 70_000, 100_000])), bytes.length);
      talk.send('after');
      t.same(await talk.untilMessages(3), ['before', bytes, 'after']);
    },
  },
];

/** Returns "type size sha256" for each message, as the peer's /digest reports it. */
async function described(talk, count = 1) {
  return (await talk.untilMessages(count)).map((text) => JSON.parse(text)).map(({ type, size, sha256 }) => `${type} ${size} ${sha256}`);
}

function refusesWrongArguments(t, talk) {
  for (const wrong of [undefined, null, 5, 'text', true, {}, filled(1), filled(1).buffer, [filled(1)], Promise.resolve(filled(1)), () => filled(1)]) {
    t.throws('NS_ERROR_INVALID_ARG', () => talk.sendStream(wrong, 1), `sendBinaryStream(${Object.prototype.toString.call(wrong)}, 1)`);
  }
  for (const [kind, make] of Object.entries(WAITING)) {
    const { stream, touched } = make();
    for (const length of [undefined, null, -1, 0.5, NaN, Infinity, '5', 5n, {}]) {
      t.throws('NS_ERROR_INVALID_ARG', () => talk.sendStream(stream, length), `length ${String(length)}`);
    }
    t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendBinaryStream(stream), 'without a length');
    t.is(touched(), false, `${kind}: touched`);
  }
  for (const length of [0, 4, 6, -1, '5']) t.throws('NS_ERROR_INVALID_ARG', () => talk.sendStream(new Blob(['12345']), length), `a Blob of 5, length ${String(length)}`);
  const locked = readable([filled(1)]);
  locked.getReader();
  t.throws('NS_ERROR_INVALID_ARG', () => talk.sendStream(locked, 1), 'a locked ReadableStream');
}

/** Yields the pieces, each in its own task. */
async function* slowly(pieces) {
  for (const piece of pieces) {
    await new Promise((resolve) => setTimeout(resolve));
    yield piece;
  }
}

const MIB = 2 ** 20;
