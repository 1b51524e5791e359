import { startAcceptor } from '../harness/acceptor.js';
import { withRaw } from '../harness/raw_talk.js';
import { BINARY, CLOSE, frame, PING, PONG, TEXT } from '../peers/frame.js';

/** `eventService` reports what every channel of the process sends and receives. */
export const eventServices = [
  {
    name: 'all events of a channel: created, opened, frames both ways, messages, closed',
    run: (t) => watching(t, async (events) => {
      const url = t.peer('ws', '/echo');
      const talk = await t.opened(url, { protocols: 'chat', options: { deflate: false } });
      talk.send('hällo');
      talk.send(new Uint8Array([1, 2, 3]));
      await talk.untilMessages(2);
      await talk.channel.sendPing('there?');
      talk.close(4000, 'bye');
      await t.stops(talk, { node: 'NS_OK' });
      const own = await events.until(talk, 'webSocketClosed');
      t.same(own.filter(([method]) => method.startsWith('webSocket')), [
        ['webSocketCreated', url, 'chat'], ['webSocketOpened', url, 'chat', ''], ['webSocketMessageAvailable', 'hällo', 'text'],
        ['webSocketMessageAvailable', new Uint8Array([1, 2, 3]), 'binary'], ['webSocketClosed', true, 4000, 'bye'],
      ]);
      const frames = (method) => own.filter(([it]) => it === method).map(([, { opCode, payload }]) => [opCode, Buffer.from(payload).toString('latin1')]);
      const closing = [CLOSE, Buffer.from([0x0f, 0xa0, ...Buffer.from('bye')]).toString('latin1')];
      const both = [[TEXT, Buffer.from('hällo').toString('latin1')], [BINARY, '\x01\x02\x03']];
      t.same(frames('frameSent'), [...both, [PING, 'there?'], closing]);
      t.same(frames('frameReceived').map(([opCode]) => opCode), [TEXT, BINARY, PONG, CLOSE]);
      t.same(frames('frameReceived').slice(0, 2), both);
      for (const [method, frame] of own.filter(([it]) => it.startsWith('frame'))) {
        const { timeStamp, finBit, rsvBit1, rsvBit2, rsvBit3, maskBit, mask } = frame;
        t.same([finBit, rsvBit1, rsvBit2, rsvBit3, maskBit], [true, false, false, false, method === 'frameSent'], method);
        t.ok(timeStamp > 0 && timeStamp <= performance.now() && (mask !== 0) === maskBit, `its time ${timeStamp}, its mask ${mask}`);
      }
    }),
  },
  {
    name: 'large messages both ways, read in many pieces and bypassing wasm: every byte of every frame is reported',
    run: (t) => watching(t, async (events) => {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { deflate: false } });
      const messages = [new Uint8Array(3_000_000).map((_, at) => at * 7), 'ä'.repeat(700_000), new Uint8Array(100_000).fill(5)];
      for (const message of messages) talk.send(message);
      await talk.untilMessages(3);
      const own = await events.until(talk, 'webSocketMessageAvailable', 3);
      for (const method of ['frameSent', 'frameReceived']) {
        const payloads = messagesOf(own.filter(([it]) => it === method).map(([, frame]) => frame));
        t.is(payloads.length, 3, method);
        for (const [at, message] of messages.entries()) t.ok(payloads[at].equals(Buffer.from(message)), `${method}: message ${at}`);
      }
    }),
  },
  {
    name: 'a compressed message: its frame has RSV1 and the compressed payload, and the message is reported inflated',
    run: (t) => watching(t, async (events) => {
      const talk = await t.opened(t.peer('ws', '/echo', { deflate: '{}' }));
      talk.send('text that compresses '.repeat(100));
      await talk.untilMessages(1);
      const own = await events.until(talk, 'webSocketMessageAvailable');
      for (const [, { rsvBit1, payload }] of own.filter(([it]) => it.startsWith('frame'))) t.ok(rsvBit1 && payload.length < 200, `${payload.length} bytes`);
      t.is(own.at(-1)[1].length, 2100);
    }),
  },
  {
    name: 'the server end: the masked frames of a client are reported unmasked, with their mask',
    run: (t) => watching(t, async (events) => {
      const { url, talk } = await startAcceptor(t, () => ({ echo: true, options: { deflate: false } }));
      const client = await t.opened(url, { options: { deflate: false } });
      for (const message of ['hello', new Uint8Array(200_000).fill(3)]) client.send(message);
      await client.untilMessages(2);
      const own = await events.until(await talk(), 'webSocketMessageAvailable', 2);
      for (const name of ['webSocketCreated', 'webSocketOpened']) t.is(own.find(([it]) => it === name)[1], `${url}/`, name);
      const received = own.filter(([it]) => it === 'frameReceived').map(([, frame]) => frame);
      t.ok(received.every(({ maskBit, mask }) => maskBit && mask !== 0), 'all are masked');
      const payloads = messagesOf(received);
      t.ok(payloads[0].equals(Buffer.from('hello')) && payloads[1].equals(Buffer.alloc(200_000, 3)), 'what they hold');
      t.ok(own.filter(([it]) => it === 'frameSent').every(([, { maskBit }]) => !maskBit), 'what is sent is not masked');
    }),
  },
  {
    name: 'a listener added in the middle of a message gets the frames from the next message on',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { deflate: false } });
      talk.send(new Uint8Array(4_000_000));
      while (talk.channel.bufferedAmount > 0) await new Promise(setImmediate);
      await watching(t, async (events) => {
        for (const text of ['one', 'two']) talk.send(text);
        await talk.untilMessages(3);
        const own = await events.until(talk, 'webSocketMessageAvailable', 2);
        const texts = own.filter(([it, frame]) => it === 'frameReceived' && frame.opCode === TEXT).map(([, { payload }]) => Buffer.from(payload).toString());
        t.same(texts, ['one', 'two']);
      });
    },
  },
  {
    name: 'frames that break the protocol are reported as they are',
    run: (t) => watching(t, async (events) => {
      const talk = await t.opened(t.raw('f3 03 61 62 63'.replaceAll(' ', '')));
      await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE' });
      const own = await events.until(talk, 'webSocketClosed');
      const [, { finBit, rsvBit1, rsvBit2, rsvBit3, opCode, payload }] = own.find(([it]) => it === 'frameReceived');
      t.same([finBit, rsvBit1, rsvBit2, rsvBit3, opCode, Buffer.from(payload).toString()], [true, true, true, true, 3, 'abc']);
      t.is(own.find(([it]) => it === 'frameSent')[1].opCode, CLOSE);
    }),
  },
  {
    name: 'small and large messages of one tick: the frames are reported in the order in which they are sent',
    run: (t) => watching(t, async (events) => {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { deflate: false } });
      const sizes = [1, 40_000, 2, 70_000, 3, 200_000, 40_001, 4];
      for (const size of sizes) talk.send(new Uint8Array(size));
      await talk.untilMessages(sizes.length);
      talk.close();
      const own = await events.until(talk, 'webSocketClosed');
      t.same(own.filter(([method, { opCode }]) => method === 'frameSent' && opCode === BINARY).map(([, { payload }]) => payload.length), sizes);
    }),
  },
  {
    name: 'a listener that is added during a message, in the middle of a chunk: what follows in the chunk is not taken for other frames',
    async run(t) {
      const seen = [];
      const service = { frameReceived: (serial, { opCode, payload }) => { if (serial === talk.channel.serial) seen.push([opCode, payload.length]); } };
      const listener = {
        onMessageAvailable: (_, text) => {
          if (text !== 'go') return;
          t.api.eventService.addListener(service);
          talk.send(new Uint8Array(40_000)); // observed
        },
      };
      t.onEnd(() => t.api.eventService.removeListener(service));
      let talk;
      await withRaw(t, { listener, options: { deflate: false } }, async (it, { socket }) => {
        talk = it;
        const large = frame(BINARY, Buffer.alloc(1000, 0x81));
        socket.write(Buffer.concat([frame(TEXT, 'go'), large.subarray(0, 500)]));
        await talk.untilMessages(1);
        await t.roundTrip();
        socket.write(Buffer.concat([large.subarray(500), frame(TEXT, 'after')]));
        await talk.untilMessages(3);
        await t.roundTrip();
        t.same(seen, [[TEXT, 5]]);
      });
    },
  },
  {
    name: 'data after the peer\'s close frame is dropped, and not collected as a frame that never ends',
    run: (t) => watching(t, () => withRaw(t, { options: { deflate: false, closeTimeoutMs: 1000 }, ends: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' }, async (talk, { socket }) => {
      socket.pause(); // so that the channel's own close frame stays queued
      for (let at = 0; at < 40; at++) talk.send(new Uint8Array(1 << 20));
      const before = process.memoryUsage().arrayBuffers;
      socket.write(Buffer.from('880203e8827f4000000000000000', 'hex'));
      const zeros = Buffer.alloc(1 << 20);
      for (let at = 0; at < 64; at++) await new Promise((resolve) => socket.write(zeros, resolve));
      await t.roundTrip();
      const grown = process.memoryUsage().arrayBuffers - before;
      t.ok(grown < 32 << 20, `${grown} bytes`);
    })),
  },
  {
    name: 'a listener that was added twice is called once per event, and a removed listener is not called',
    async run(t) {
      const told = [];
      const listener = { webSocketCreated: (serial) => told.push(serial) };
      const { eventService } = t.api;
      for (let at = 0; at < 2; at++) eventService.addListener(listener);
      const first = await t.opened(t.peer('ws', '/echo'));
      t.same([eventService.removeListener(listener), eventService.removeListener(listener)], [true, false]);
      await t.opened(t.peer('ws', '/echo'));
      t.same(told, [first.channel.serial]);
      for (const wrong of [null, undefined, 5, 'listener', { frameSent: 3 }]) t.throws('NS_ERROR_INVALID_ARG', () => eventService.addListener(wrong));
      t.is(eventService.removeListener(null), false);
    },
  },
  {
    name: 'what a listener throws is reported, and other listeners and the channel go on; a listener may close the channel',
    async run(t) {
      const uncaught = t.uncaught();
      const { eventService } = t.api;
      const boom = { get frameSent() { throw new Error('a getter'); }, webSocketOpened() { throw new Error('boom'); } };
      eventService.addListener(boom);
      try {
        await watching(t, async (events) => {
          const talk = t.open(t.peer('ws', '/echo'), { options: { deflate: false } });
          await talk.until('onStart');
          const closing = { frameReceived(serial) { if (serial === talk.channel.serial) talk.close(); } };
          eventService.addListener(closing);
          talk.send('hello');
          await t.stops(talk, { node: 'NS_OK' });
          eventService.removeListener(closing);
          await events.until(talk, 'webSocketClosed');
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
        t.same(uncaught.errors.map(({ message }) => message).sort(), ['a getter', 'a getter', 'boom']);
      } finally {
        eventService.removeListener(boom);
        uncaught.stop();
      }
    },
  },
  {
    name: 'a listener that changes the bytes of a message or a frame affects nobody else',
    run: (t) => watching(t, async (events) => {
      const { eventService } = t.api;
      const spoiling = { frameReceived: (serial, { payload }) => payload.fill(0), webSocketMessageAvailable: (serial, data) => data.fill?.(0) };
      eventService.addListener(spoiling);
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { deflate: false } });
      talk.send(new Uint8Array(10).fill(7));
      t.same(await talk.untilMessages(1), [new Uint8Array(10).fill(7)]);
      await events.until(talk, 'webSocketMessageAvailable');
      t.same(talk.messages, [new Uint8Array(10).fill(7)]);
      eventService.removeListener(spoiling);
    }),
  },
];

/** Calls `run` with { until(talk, method, count) }, which waits for `count` calls of `method` and returns all calls for that channel, without its serial. */
async function watching(t, run) {
  const { eventService } = t.api;
  const calls = [];
  const METHODS = ['webSocketCreated', 'webSocketOpened', 'webSocketMessageAvailable', 'webSocketClosed', 'frameSent', 'frameReceived'];
  const listener = Object.fromEntries(METHODS.map((method) => [method, (serial, ...args) => calls.push([serial, method, ...args])]));
  eventService.addListener(listener);
  try {
    await run({
      async until({ channel: { serial } }, method, count = 1) {
        for (let turns = 0; turns < 2000; turns++) {
          const own = calls.filter(([it]) => it === serial).map(([, ...call]) => call);
          if (own.filter(([it]) => it === method).length >= count) return own;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        throw new Error(`waited for ${count} × ${method}`);
      },
    });
  } finally {
    eventService.removeListener(listener);
  }
}

/** Returns the payloads of the data frames, joined into messages. */
function messagesOf(frames) {
  const messages = [];
  for (const { opCode, payload } of frames.filter((frame) => frame.opCode < CLOSE)) {
    if (opCode === 0) messages.push(Buffer.concat([messages.pop(), payload]));
    else messages.push(Buffer.from(payload));
  }
  return messages;
}
