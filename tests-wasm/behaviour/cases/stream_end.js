import { digest, filled, generator, ODD_THROWS, promised, readable, soon, WAITING } from '../harness/sources.js';

/** sendBinaryStream when the stream fails or is not what was announced, or the channel ends before the stream; in a browser too. */
export const endedStreams = [
  ...[
    ['is too short', () => generator([filled(4), filled(5)]), 10],
    ['has no bytes but a length above 0', () => readable([]), 1],
    ['is too long in its last chunk', () => generator([filled(4), filled(7)]), 10],
    ['is too long by one more chunk', () => readable([filled(10), filled(1)]), 10],
    ['is too long for length 0', () => generator([filled(1)]), 0],
    ['is far too long', () => readable([filled(MIB), filled(MIB)]), 10],
    ['yields text', () => generator([filled(5), 'three']), 10],
    ['yields numbers', () => readable([1, 2, 3]), 3],
    ['yields null', () => generator([filled(5), null]), 10],
    ['yields arrays', () => readable([[1, 2, 3]]), 3],
  ].map(([what, make, length]) => ({
    name: `a stream that ${what} ends the channel with NS_ERROR_UNEXPECTED, and no message arrives`,
    async run(t) {
      const detail = await endsUnexpected(t, make(), length);
      t.ok(/stream/i.test(detail.message), `the message is about the stream: ${detail.message}`);
    },
  })),
  {
    name: 'a stream that fails ends the channel with NS_ERROR_UNEXPECTED and the stream\'s error as the cause',
    async run(t) {
      const error = new RangeError('the disk is on fire');
      const failing = [
        generator([error]), generator([filled(5), error]), generator([filled(10), error]),
        new ReadableStream({ start: (controller) => controller.error(error) }),
        new ReadableStream({ pull: (controller) => { controller.enqueue(filled(5)); controller.error(error); } }),
        new ReadableStream({ pull: () => Promise.reject(error) }),
        { [Symbol.asyncIterator]() { throw error; } },
        { [Symbol.asyncIterator]: () => ({ next() { throw error; } }) },
      ];
      for (const [at, stream] of failing.entries()) {
        const detail = await endsUnexpected(t, stream, 10);
        t.is(detail.cause, error, `the cause with stream ${at}`);
        t.ok(detail.message.length > 20, detail.message);
      }
    },
  },
  {
    name: 'a stream that fails with a non-Error, and an iterator that breaks the rules, end the channel the same way',
    async run(t) {
      const odd = [
        new ReadableStream({ start: (controller) => controller.error('only a word') }), new ReadableStream({ start: (controller) => controller.error(undefined) }),
        { [Symbol.asyncIterator]: () => null }, { [Symbol.asyncIterator]: () => ({}) }, { [Symbol.asyncIterator]: () => ({ next: () => 5 }) },
        { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(null) }) },
        { [Symbol.asyncIterator]: () => ({ next: () => Object.defineProperty(Promise.resolve(), 'constructor', { get() { throw new Error('no constructor'); } }) }) },
        { [Symbol.asyncIterator]: () => ({ next: () => Object.assign(Promise.resolve(5), { then() { throw new Error('no then'); } }) }) },
        { [Symbol.asyncIterator]: () => ({ next: () => Object.assign(Promise.resolve(5), { then(fulfil) { fulfil(); fulfil(); return this; } }) }) },
      ];
      for (const stream of odd) await endsUnexpected(t, stream, 10);
    },
  },
  ...Object.entries(ODD_THROWS).map(([what, make]) => ({
    name: `a stream that throws ${what} ends the channel the same way, with an Error as the cause`,
    async run(t) {
      const odd = [
        (async function* thrower() { throw make(); })(), (async function* later() { yield filled(5); throw make(); })(),
        new ReadableStream({ start: (controller) => controller.error(make()) }), new ReadableStream({ pull() { throw make(); } }),
        { [Symbol.asyncIterator]() { throw make(); } }, { [Symbol.asyncIterator]: () => ({ next() { throw make(); } }) },
      ];
      for (const [at, stream] of odd.entries()) {
        const { cause } = await endsUnexpected(t, stream, 10);
        t.ok(cause instanceof Error, `the cause with stream ${at} is an Error`);
      }
    },
  })),
  {
    name: 'the caller learns the message of a stream\'s error, but the peer does not',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.sendStream(generator([new Error('ENOENT: no such file, open \'/home/alice/secret-project/keys.bin\'')]), 10);
      const { message } = await t.stops(talk, { node: 'NS_ERROR_UNEXPECTED' });
      t.ok(message.includes('secret-project/keys.bin'), `the message includes the error's message: ${message}`);
      const { close } = await t.observed(talk, 'close');
      t.ok(!/ENOENT|file|alice|secret|keys/.test(close.reason), `the peer was told: ${close.reason}`);
    },
  },
  ...Object.entries({
    'empty subarrays': () => class extends Uint8Array { constructor(size) { super(typeof size === 'number' ? size : 0); } },
    'subarrays that are always large': () => class extends Uint8Array { constructor(size) { super(typeof size === 'number' ? size : 400_000); } },
    'a species of another type': () => class extends Uint8Array { static get [Symbol.species]() { return Uint32Array; } },
    'a species that throws': () => class extends Uint8Array { static get [Symbol.species]() { throw new RangeError('no species'); } },
  }).map(([what, kind]) => ({
    name: `chunks of a Uint8Array subclass with ${what} are sent unchanged`,
    async run(t) {
      const Odd = kind();
      const bytes = filled(300_000);
      const [first, second] = [new Odd(200_000), new Odd(100_000)];
      first.set(new Uint8Array(bytes.buffer, 0, 200_000));
      second.set(new Uint8Array(bytes.buffer, 200_000));
      for (const make of [readable, generator]) {
        const talk = await t.opened(t.peer('ws', '/digest'));
        t.is(talk.sendStream(make([first, second]), bytes.length), true);
        const { size, sha256 } = JSON.parse((await talk.untilMessages(1))[0]);
        t.same([size, sha256], [bytes.length, await digest(bytes)]);
      }
    },
  })),
  {
    name: 'a stream that is too long or yields something other than bytes is cancelled',
    async run(t) {
      for (const wrong of [filled(11), 'text']) {
        const cancelled = promised();
        await endsUnexpected(t, new ReadableStream({ pull: (controller) => controller.enqueue(wrong), cancel: cancelled.resolve }, { highWaterMark: 0 }), 10);
        await soon(cancelled.promise, 'the ReadableStream to be cancelled');
        const returned = promised();
        await endsUnexpected(t, { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: wrong }), return: async () => returned.resolve() }) }, 10);
        await soon(returned.promise, 'the iterator\'s return() to be called');
      }
    },
  },
  ...Object.entries(WAITING).flatMap(([kind, make]) => endings(make).map(([when, run]) => ({
    name: `${kind} with a pending chunk is cancelled when the channel ends: ${when}`,
    run,
  }))),
  {
    name: 'accepted streams whose turn never came are cancelled',
    async run(t) {
      const group = new t.api.LoadGroup();
      const talk = await t.opened(t.peer('ws', '/echo'), { loadGroup: group });
      const [first, second, third] = Array.from({ length: 3 }, () => WAITING['a ReadableStream']());
      for (const { stream } of [first, second, third]) t.is(talk.sendStream(stream, 1000), true);
      await soon(first.asked, 'the first stream to be read');
      group.cancel();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      for (const [at, { cancelled }] of [first, second, third].entries()) await soon(cancelled, `stream ${at} to be cancelled`);
    },
  },
  {
    name: 'a stream whose cancel() throws or rejects does no harm',
    async run(t) {
      const error = new Error('cancelling does not go well');
      const stubborn = [
        () => new ReadableStream({ pull: () => new Promise(() => {}), cancel() { throw error; } }),
        () => new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => Promise.reject(error) }),
        () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return() { throw error; } }) }),
        () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: () => Promise.reject(error) }) }),
        () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), get return() { throw error; } }) }),
      ];
      for (const make of stubborn) {
        const group = new t.api.LoadGroup();
        const talk = await t.opened(t.peer('ws', '/echo'), { loadGroup: group });
        talk.sendStream(make(), 10);
        await t.roundTrip();
        group.cancel();
        await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      }
    },
  },
];

/** Every way in which a channel ends before its stream, as [when, run]. `make` creates a stream that waits (WAITING). */
export function endings(make) {
  const waiting = async (t, talk, { stream, asked }) => {
    t.is(talk.sendStream(stream, 1000), true, 'accepted');
    await soon(asked, 'the stream to be asked for more');
  };
  const ends = async (t, talk, statuses, { cancelled }) => {
    const detail = await t.stops(talk, statuses);
    await soon(cancelled, 'the stream to be cancelled');
    t.ok(!talk.acknowledged.includes(1000), 'not acknowledged');
    return detail;
  };
  return [
    ['the peer closes', async (t) => {
      const [talk, source] = [await t.opened(t.peer('ws', '/close', { at: 'message', code: 4000 })), make()];
      talk.send('close, please');
      t.is(talk.sendStream(source.stream, 1000), true);
      await ends(t, talk, { node: 'NS_OK' }, source);
      t.same((await talk.until('onServerClose')).args, [4000, '']);
      t.is((await t.observed(talk, 'close')).close.code, 4000);
    }],
    ['closeTimeoutMs passes after close()', async (t) => {
      const [talk, source] = [await t.opened(t.peer('ws', '/echo'), { options: { closeTimeoutMs: 300 } }), make()];
      await waiting(t, talk, source);
      talk.close();
      t.is((await ends(t, talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' }, source)).timeout, 'close');
    }],
    ['its group is cancelled', async (t) => {
      const group = new t.api.LoadGroup();
      const [talk, source] = [await t.opened(t.peer('ws', '/echo'), { loadGroup: group }), make()];
      await waiting(t, talk, source);
      group.cancel();
      await ends(t, talk, { node: 'NS_BINDING_ABORTED' }, source);
    }],
    ['the peer resets the connection', async (t) => {
      const [talk, source] = [await t.opened(t.raw('', { after: 'frame', then: 'reset' })), make()];
      talk.send('now reset');
      t.is(talk.sendStream(source.stream, 1000), true);
      await ends(t, talk, { node: 'NS_ERROR_NET_RESET', browser: 'NS_BASE_STREAM_CLOSED' }, source);
    }],
    ['the peer breaks the protocol', async (t) => {
      const [talk, source] = [await t.opened(t.raw('83 00', { after: 'frame' })), make()];
      talk.send('now break it');
      t.is(talk.sendStream(source.stream, 1000), true);
      await ends(t, talk, { node: 'NS_ERROR_ILLEGAL_VALUE', browser: 'NS_BASE_STREAM_CLOSED' }, source);
    }],
  ];
}

/** Checks that this faulty stream ends the channel and that nothing queued after the stream is sent. Returns onStop's detail. */
async function endsUnexpected(t, stream, length) {
  const talk = await t.opened(t.peer('ws', '/echo'));
  t.is(talk.sendStream(stream, length), true, 'accepted');
  talk.send('behind it');
  const detail = await t.stops(talk, { node: 'NS_ERROR_UNEXPECTED' });
  const { messages, close } = await t.observed(talk, 'close');
  t.same([messages, close.code], [[], t.host === 'node' ? 1011 : 1005], 'what arrived, and the close code');
  t.same([talk.acknowledged, talk.messages], [[], []]);
  return detail;
}

const MIB = 2 ** 20;
