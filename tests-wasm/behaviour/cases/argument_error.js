import { filled, generator, readable } from '../harness/sources.js';

/** Whatever is passed, a method throws nothing but a ChannelError, and if it throws, nothing is sent. */
export const argumentErrors = [
  ...Object.entries({
    'a Proxy around a Uint8Array': () => new Proxy(new Uint8Array([1, 2, 3]), {}),
    'a Proxy around an ArrayBuffer': () => new Proxy(new ArrayBuffer(3), {}),
    'a revoked Proxy': revoked,
    'an object with the prototype of Uint8Array': () => Object.create(Uint8Array.prototype),
    'an object that calls itself an ArrayBuffer': () => ({ [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 3 }),
    'an object whose toStringTag throws': () => ({ get [Symbol.toStringTag]() { throw new Error('tag'); } }),
    'a Uint8Array class': () => Uint8Array,
    'an array of bytes': () => [1, 2, 3],
  }).map(([what, make]) => ({
    name: `sendBinaryMsg of ${what} throws NS_ERROR_INVALID_ARG, and nothing is sent`,
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      const refuses = (when) => t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendBinaryMsg(make()), `sendBinaryMsg ${when}`);
      refuses('while connecting');
      await talk.until('onStart');
      refuses('while open');
      if (t.host === 'node') t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendPing(make()), 'sendPing');
      t.is(talk.channel.bufferedAmount, 0);
      talk.send('the only message');
      t.same(await talk.untilMessages(1), ['the only message']);
      t.is((await t.observed(talk)).frameCount, 1, 'frames');
    },
  })),
  ...Object.entries({
    'a stream whose on is not a function': (bytes) => Object.assign(generator([bytes]), { on: 5 }),
    'a stream whose on throws': (bytes) => Object.assign(generator([bytes]), { on() { throw new Error('thrown by on'); } }),
    'a stream whose on is a getter that throws': (bytes) => Object.defineProperty(generator([bytes]), 'on', { get() { throw new Error('thrown by the getter'); } }),
    // A browser's methods refuse a Proxy; Node's accept it.
    'a Proxy around a ReadableStream': (bytes) => new Proxy(readable([bytes]), {}),
  }).map(([what, make]) => ({
    name: `${what} is either sent, or refused and not sent`,
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const bytes = filled(1000);
      let isSent;
      try {
        isSent = talk.sendStream(make(bytes), bytes.length);
      } catch (error) {
        t.throws('NS_ERROR_INVALID_ARG', () => { throw error; }, 'sendBinaryStream');
        isSent = false;
      }
      talk.send('behind');
      const described = (await talk.untilMessages(isSent ? 2 : 1)).map((text) => JSON.parse(text));
      t.same(described.map(({ type, size }) => `${type} ${size}`), [...(isSent ? ['binary 1000'] : []), 'text 6']);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
    },
  })),
  ...Object.entries({
    'a revoked Proxy': revoked,
    'an object whose getReader throws': () => ({ get getReader() { throw new Error('getReader'); } }),
    'an object whose getReader is not a function': () => ({ getReader: 5 }),
    'an object whose asyncIterator is not a function': () => ({ [Symbol.asyncIterator]: 5 }),
    'an object with the prototype of Blob': () => Object.create(Blob.prototype),
  }).map(([what, make]) => ({
    name: `sendBinaryStream of ${what} throws NS_ERROR_INVALID_ARG, and nothing is sent`,
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      t.throws('NS_ERROR_INVALID_ARG', () => talk.sendStream(make(), 10), 'sendBinaryStream');
      t.is(talk.channel.bufferedAmount, 0);
      talk.send('the only message');
      t.same(await talk.untilMessages(1), ['the only message']);
      t.is((await t.observed(talk)).frameCount, 1, 'frames');
    },
  })),
  {
    name: 'asyncOpen with arguments that cannot be read throws a ChannelError, and the channel can still be opened',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      const url = t.peer('ws', '/close', { code: 1000 });
      const unreadable = () => ({ toString() { throw new Error('toString'); } });
      for (const make of [revoked, unreadable, () => Symbol('uri'), () => Object.create(null)]) {
        t.throws(['NS_ERROR_MALFORMED_URI', 'NS_ERROR_INVALID_ARG'], () => channel.asyncOpen(make(), null, {}, null), 'the URI');
        t.throws(['NS_ERROR_INVALID_ARG', 'NS_ERROR_NOT_IMPLEMENTED'], () => channel.asyncOpen(url, make(), {}, null), 'the origin');
        t.throws('NS_ERROR_INVALID_ARG', () => { channel.protocol = make(); }, 'protocol');
        t.throws('NS_ERROR_INVALID_ARG', () => { channel.loadGroup = make(); }, 'loadGroup');
        t.throws('NS_ERROR_INVALID_ARG', () => new t.api.LoadGroup().cancel(make()), 'cancel()');
      }
      t.is(channel.state, 'idle');
      const status = await new Promise((resolve) => channel.asyncOpen(url, null, { onStop: (context, it) => resolve(it) }, null));
      t.is(t.api.statusName(status), 'NS_OK');
    },
  },
];

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
