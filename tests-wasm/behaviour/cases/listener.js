import { throwsInEveryCall } from '../harness/talk.js';

/** Laws 7 and 8: what a listener may do inside a call, and what may be a listener. */
export const listeners = [
  {
    name: '7: close() inside onStart closes the channel without interrupting onStart',
    async run(t) {
      const steps = [];
      const talk = t.open(t.peer('ws', '/echo'), {
        listener: {
          onStart() {
            talk.close(4000, 'at once');
            steps.push(talk.channel.state, talk.names.length);
          },
        },
      });
      await t.stops(talk, { node: 'NS_OK' });
      t.same(steps, ['closing', 1]);
      t.same((await t.observed(talk, 'close')).close, { code: 4000, reason: 'at once' });
    },
  },
  {
    name: '7: messages sent inside onStart follow those queued earlier',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'), { listener: { onStart: () => talk.send('inside onStart') } });
      talk.send('queued');
      t.same(await talk.untilMessages(2), ['queued', 'inside onStart']);
    },
  },
  {
    name: '7: close() inside a message callback stops delivery, even if the same chunk holds more messages',
    async run(t) {
      const talk = t.open(t.peer('ws', '/greet', { count: 100 }), {
        listener: { onMessageAvailable: () => talk.close() },
      });
      await t.stops(talk, { node: 'NS_OK' });
      t.is(talk.messages.length, 1, 'messages delivered');
    },
  },
  {
    name: '7: close() inside a message callback, with the peer\'s close frame in the same chunk: one close frame is sent',
    hosts: ['node'],
    async run(t) {
      const talk = t.open(t.raw('81 01 61 81 01 62 88 02 0f a1'), { listener: { onMessageAvailable: () => talk.close(4000, 'mine') } });
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.messages, ['a']);
      t.same((await talk.until('onServerClose')).args, [4001, '']);
      const { frames } = await t.observed(talk, 'ended');
      t.same(frames.map(({ opcode, hex }) => [opcode, hex]), [[8, '0fa06d696e65']]);
    },
  },
  {
    name: '7: sending inside listener calls works, and every message comes back in order',
    async run(t) {
      let next = 0;
      const talk = t.open(t.peer('ws', '/echo'), {
        listener: {
          onStart: () => talk.send(`${next++}`),
          onMessageAvailable: () => next < 200 && talk.send(`${next++}`),
          onAcknowledge: () => talk.channel.bufferedAmount,
        },
      });
      t.same(await talk.untilMessages(200), Array.from({ length: 200 }, (_, at) => `${at}`));
    },
  },
  {
    name: '7: a new channel can be opened inside every listener call',
    async run(t) {
      const inner = new Map();
      const listener = {};
      for (const call of ['onStart', 'onMessageAvailable', 'onBinaryMessageAvailable', 'onAcknowledge', 'onServerClose', 'onStop']) {
        listener[call] = () => inner.has(call) || inner.set(call, t.open(t.peer('ws', '/echo'), { listener: { onStart: () => inner.get(call).close() } }));
      }
      const talk = await t.opened(t.peer('ws', '/echo'), { listener });
      talk.send('text');
      talk.send(new Uint8Array(1));
      await talk.untilMessages(2);
      talk.close();
      await talk.end();
      t.is(inner.size, 6);
      for (const one of inner.values()) await t.stops(one, { node: 'NS_OK' });
    },
  },
  {
    name: '7: a listener may close and use another channel',
    async run(t) {
      const other = await t.opened(t.peer('ws', '/echo'));
      const talk = await t.opened(t.peer('ws', '/greet', { count: 3 }), {
        listener: { onMessageAvailable: (context, text) => (text.startsWith('2') ? other.close() : other.send(text)) },
      });
      await t.stops(other, { node: 'NS_OK' });
      t.is((await t.observed(other, 'close')).messages.length, 1);
      t.is(talk.channel.state, 'open');
    },
  },
  {
    name: '7: every method may be called inside onStop, and each call is refused',
    async run(t) {
      const seen = [];
      const talk = t.open(t.peer('ws', '/close', { code: 1000 }), {
        listener: {
          onStop() {
            seen.push(talk.send('a'), talk.send(new Uint8Array(1)), talk.close(), talk.channel.state);
            t.throws('NS_ERROR_ALREADY_OPENED', () => talk.channel.asyncOpen(talk.url, null, {}, null));
            t.throws('NS_ERROR_INVALID_ARG', () => talk.close(1005));
            seen.push('done');
          },
        },
      });
      await talk.end();
      t.same(seen, [false, false, undefined, 'stopped', 'done']);
    },
  },
  {
    name: '8: an exception thrown in any call is reported as uncaught, and the channel goes on',
    async run(t) {
      const uncaught = t.uncaught();
      try {
        const talk = await throwsInEveryCall(t, (call) => new Error(`thrown in ${call}`));
        await t.roundTrip();
        t.same(
          uncaught.errors.map((error) => error.message).sort(),
          talk.names.map((call) => `thrown in ${call}`).sort(),
          'the uncaught errors',
        );
      } finally {
        uncaught.stop();
      }
    },
  },
  {
    name: '8: the thrown value need not be an Error',
    async run(t) {
      const uncaught = t.uncaught();
      try {
        const talk = t.open(t.peer('ws', '/close', { code: 1000 }), { listener: { onStart() { throw 'a string'; } } });
        await t.stops(talk, { node: 'NS_OK' });
        await t.roundTrip();
        t.is(uncaught.errors.length, 1);
        t.ok(String(uncaught.errors[0]).includes('a string'), `the string is reported: ${uncaught.errors[0]}`);
      } finally {
        uncaught.stop();
      }
    },
  },
  {
    name: 'every listener method is optional: the channel works with an empty object as its listener',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      const url = t.peer('ws', '/close', { at: 'message', code: 1000 });
      t.is(channel.asyncOpen(url, null, {}, null), undefined);
      channel.sendMsg('heard by nobody');
      const { messages } = await t.observed(url, 'close');
      t.same(messages.map(({ text }) => text), ['heard by nobody']);
    },
  },
  {
    name: 'a method that is not a function: NS_ERROR_INVALID_ARG names it; null and undefined count as missing',
    async run(t) {
      for (const name of ['onStart', 'onMessageAvailable', 'onBinaryMessageAvailable', 'onAcknowledge', 'onServerClose', 'onStop']) {
        for (const wrong of [1, 'text', {}, true]) {
          const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel().asyncOpen(t.peer('ws', '/echo'), null, { [name]: wrong }, null));
          t.ok(message.includes(name), message);
        }
      }
      const talk = await t.opened(t.peer('ws', '/echo'), { listener: { onServerClose: null, onAcknowledge: undefined } });
      talk.close();
      await t.stops(talk, { node: 'NS_OK', browser: 'NS_OK' });
    },
  },
  {
    name: 'a listener whose getter throws: the error is reported as uncaught, and the channel goes on',
    async run(t) {
      const uncaught = t.uncaught();
      try {
        const stopped = new Promise((resolve) => {
          const listener = { get onStart() { throw new Error('thrown by a getter'); }, onStop: (context, status) => resolve(status) };
          new t.api.WebSocketChannel().asyncOpen(t.peer('ws', '/close', { code: 1000 }), null, listener, null);
        });
        t.is(await stopped, 0);
        await t.roundTrip();
        t.same(uncaught.errors.map((error) => error.message), ['thrown by a getter']);
      } finally {
        uncaught.stop();
      }
    },
  },
  {
    name: 'methods of a class are called with the instance as this',
    async run(t) {
      class Counter {
        constructor() { this.seen = []; }
        onStart() { this.seen.push('onStart'); }
        onMessageAvailable(context, text) { this.seen.push(text); }
        onStop() { this.seen.push('onStop'); this.done(); }
      }
      const counter = new Counter();
      const done = new Promise((resolve) => { counter.done = resolve; });
      new t.api.WebSocketChannel().asyncOpen(t.peer('ws', '/close', { count: 1, code: 1000 }), null, counter, null);
      await done;
      t.same(counter.seen, ['onStart', 'message 0', 'onStop']);
    },
  },
  {
    name: 'the context may be any value, including undefined and null',
    async run(t) {
      for (const context of [undefined, null, 0, 'text', Symbol('context'), [1], () => {}]) {
        const started = new Promise((resolve) => {
          new t.api.WebSocketChannel().asyncOpen(t.peer('ws', '/close', { code: 1000 }), null, { onStop: (given) => resolve({ given }) }, context);
        });
        t.is((await started).given, context);
      }
    },
  },
];
