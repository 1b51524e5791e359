import { promised, soon } from '../harness/sources.js';

/** A browser's WebSocket that breaks its rules: each of its failures stops the channel. Only in a page. */
export const pageSockets = [
  {
    name: 'a message that the browser refuses to send stops the channel: NS_ERROR_UNEXPECTED with the cause, and no acknowledgement',
    hosts: ['browser'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const { send } = WebSocket.prototype;
      const refused = new RangeError('the message is too large');
      WebSocket.prototype.send = () => { throw refused; };
      try {
        t.is(talk.send('lost'), true);
        t.is(talk.stopped, false, 'stopped within the call');
        const { cause, message } = await t.stops(talk, { browser: 'NS_ERROR_UNEXPECTED' });
        t.is(cause, refused);
        t.ok(message.includes('too large'), message);
        t.same(talk.acknowledged, []);
      } finally {
        WebSocket.prototype.send = send;
      }
    },
  },
  ...[['that is too long for any browser to send', 2 ** 52], ['that does not fit in memory', 12_345]].map(([what, length]) => ({
    name: `a stream ${what} stops the channel and is cancelled`,
    hosts: ['browser'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const cancelled = promised();
      const native = globalThis.Uint8Array;
      globalThis.Uint8Array = new Proxy(native, {
        construct(target, args, newTarget) {
          if (args[0] === 12_345) throw new RangeError('no memory');
          return Reflect.construct(target, args, newTarget);
        },
      });
      try {
        talk.sendStream(new ReadableStream({ cancel: cancelled.resolve }), length);
        talk.send('behind');
        await t.stops(talk, { browser: 'NS_ERROR_UNEXPECTED' });
        await soon(cancelled.promise, 'the stream to be cancelled');
        t.same(talk.acknowledged, []);
      } finally {
        globalThis.Uint8Array = native;
      }
    },
  })),
  {
    name: 'a WebSocket that fires error but never close: the channel stops without having opened',
    hosts: ['browser'],
    async run(t) {
      const native = globalThis.WebSocket;
      globalThis.WebSocket = class {
        readyState = 0;
        bufferedAmount = 0;
        constructor() {
          setTimeout(() => { this.readyState = 3; this.onerror?.(new Event('error')); });
        }
        close() {}
      };
      try {
        const talk = t.open(t.peer('ws', '/echo'));
        await t.stops(talk, { browser: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      } finally {
        globalThis.WebSocket = native;
      }
    },
  },
  ...[2000, 1004, 999, 5000].map((code) => ({
    name: `a close frame with the code ${code}, which is not allowed: NS_ERROR_ILLEGAL_VALUE`,
    async run(t) {
      const talk = t.open(t.raw(`88 02 ${(code >> 8).toString(16).padStart(2, '0')} ${(code & 255).toString(16).padStart(2, '0')}`));
      const { wasClean } = await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE', browser: 'NS_ERROR_ILLEGAL_VALUE' });
      t.is(wasClean, false);
    },
  })),
  {
    name: 'bytes and an abort reason from another realm work like those of the same realm',
    hosts: ['browser'],
    async run(t) {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const other = frame.contentWindow;
      try {
        const controller = new AbortController();
        const talk = await t.opened(t.peer('ws', '/echo'), { options: { signal: controller.signal } });
        const reason = new other.Error('of another realm');
        controller.abort(reason);
        t.is((await t.stops(talk, { browser: 'NS_BINDING_ABORTED' })).cause, reason);
        const { reader, writer } = await t.openStream(t.peer('ws', '/echo'));
        writer.write(new other.Uint8Array([1, 2, 3]).buffer);
        t.is((await reader.read()).value.byteLength, 3);
      } finally {
        frame.remove();
      }
    },
  },
];
