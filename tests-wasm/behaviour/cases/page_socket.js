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
    run: (t) => withSocketThat((socket) => { socket.readyState = 3; socket.onerror?.(new Event('error')); }, async () => {
      const talk = t.open(t.peer('ws', '/echo'));
      await t.stops(talk, { browser: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
    }),
  },
  {
    name: 'a WebSocket that has other data than a browser\'s: bytes of any class are binary, all else is text, and twenty thousand messages do no harm',
    hosts: ['browser'],
    run: (t) => withSocketThat((socket) => { socket.readyState = 1; socket.onopen?.(new Event('open')); }, async (made) => {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (const data of ['a', new Uint8Array([1, 2]), new DataView(new ArrayBuffer(1)), 7, null, undefined, Symbol.iterator]) made().onmessage({ data });
      const shown = talk.messages.map((it) => (typeof it === 'string' ? it : it.constructor === Uint8Array && [...it]));
      t.same(shown, ['a', [1, 2], [0], '7', 'null', 'undefined', 'Symbol(Symbol.iterator)']);
      for (let count = 0; count < 20_000; count++) made().onmessage({ data: null });
      t.is(talk.messages.length, 20_007);
      made().onclose({ code: 1000, reason: '', wasClean: true });
      await t.stops(talk, { browser: 'NS_OK' });
    }),
  },
  {
    name: 'whatever is called where the stack overflows, and in the frames before until it returns: all channels go on, and new ones open',
    hosts: ['browser'],
    async run(t) {
      const { LoadGroup, WebSocketChannel } = t.api;
      const url = t.peer('ws', '/echo');
      let heard;
      const end = new Promise((resolve) => { heard = (text) => { if (text === 'the end') resolve(); }; });
      const channel = new WebSocketChannel();
      await new Promise((resolve) => channel.asyncOpen(url, null, { onStart: resolve, onMessageAvailable: (_, text) => heard(text) }, null));
      const bytes = new Uint8Array(10);
      const idle = new WebSocketChannel();
      const group = new LoadGroup();
      const calls = [
        () => channel.sendMsg('x'), () => channel.sendBinaryMsg(bytes), () => new WebSocketChannel({ openTimeoutMs: 1e4 }), () => new LoadGroup(), () => { idle.protocol = 'a'; },
        () => { idle.pingInterval = 0; }, () => { channel.loadGroup = group; }, () => [...group], () => channel.bufferedAmount, () => channel.URI, () => channel.extensions, () => group.sendMsg('x'),
      ];
      const errors = new Set();
      for (const call of calls) {
        let returned = false;
        const recurse = () => {
          try {
            return recurse() + 1;
          } catch (error) {
            try { if (!returned) call(); returned = true; } catch ({ name }) { errors.add(name); }
            throw error;
          }
        };
        try { recurse(); } catch { /* the page goes on */ }
        t.is(returned, true, String(call));
      }
      t.ok(errors.has('RangeError') || errors.has('InternalError'), [...errors].join()); // InternalError is Firefox's
      t.is(errors.size, 1, [...errors].join());
      channel.sendMsg('the end');
      await soon(end, 'the echo');
      channel.close();
      const next = await t.opened(t.peer('ws', '/echo'));
      next.send('new');
      t.same(await next.untilMessages(1), ['new']);
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
        if (t.engine === 'chromium') return; // its own WebSocketStream ends the page's process with such a signal
        const abroad = new other.AbortController();
        const stream = t.stream(t.peer('ws', '/echo'), { signal: abroad.signal });
        abroad.abort(reason);
        t.is(await stream.opened.then(() => 'opened', (error) => error), reason);
      } finally {
        frame.remove();
      }
    },
  },
];

/** Calls `run` while a class of our own stands for the page's WebSocket. Soon after a socket was made, `act` decides what it does. `run` gets a function that returns the last one. */
async function withSocketThat(act, run) {
  const native = globalThis.WebSocket;
  let made;
  globalThis.WebSocket = class {
    readyState = 0;
    bufferedAmount = 0;
    constructor() {
      made = this;
      setTimeout(() => act(this));
    }
    close() {}
  };
  try {
    await run(() => made);
  } finally {
    globalThis.WebSocket = native;
  }
}
