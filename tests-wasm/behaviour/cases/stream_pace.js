import { program } from '../harness/own_process.js';
import { withRaw } from '../harness/raw_talk.js';
import { digest, filled } from '../harness/sources.js';

/** sendBinaryStream in Node over time: streams that yield nothing or little, and chunks that are transferred or resized while they are being sent. */
export const streamPaces = [
  ...Object.entries({
    'an async generator': '(async function* () { for (;;) yield new Uint8Array(0); })()',
    'a ReadableStream': 'new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(0)); } })',
    'an async iterable': '({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value: new Uint8Array(0) }) }) })',
    'a Readable of objects': 'Readable.from((function* () { for (;;) yield new Uint8Array(0); })())',
  }).map(([kind, stream]) => ({
    // In its own process, because a failure would stop everything else here.
    name: `${kind} that yields empty chunks forever does not block timers or the channel's calls`,
    async run(t) {
      const { code, stdout } = await program(`
        import { Readable } from 'node:stream';
        const channel = new WebSocketChannel({ closeTimeoutMs: 300 });
        let ticks = 0;
        const ticking = setInterval(() => ticks++, 10);
        channel.asyncOpen(process.argv[1], null, {
          onStart() {
            channel.sendMsg('hello');
            channel.sendBinaryStream(${stream}, 5);
            setTimeout(() => channel.close(), 300);
          },
          onMessageAvailable(context, text) { console.log(text); },
          onStop(context, status, { timeout }) { console.log(ticks > 5, timeout); clearInterval(ticking); },
        }, null);
      `, t.peer('ws', '/echo'));
      t.same([code, stdout.trim().split('\n')], [0, ['hello', 'true close']]);
    },
  })),
  {
    name: 'close() after a slow stream does not time out while the stream still yields chunks',
    async run(t) {
      const bytes = filled(12_000);
      const talk = await t.opened(t.peer('ws', '/digest'), { options: { closeTimeoutMs: 400 } });
      const slowly = async function* slowly() {
        for (let at = 0; at < bytes.length; at += 1000) {
          await new Promise((resolve) => setTimeout(resolve, 150));
          yield bytes.subarray(at, at + 1000);
        }
      };
      t.is(talk.sendStream(slowly(), bytes.length), true);
      talk.close(4000, 'at the end');
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.acknowledged, [bytes.length]);
      const { close, frames } = await t.observed(talk, 'close');
      t.same(close, { code: 4000, reason: 'at the end' });
      t.is(frames.filter(({ opcode }) => opcode < 8).reduce((sum, { length }) => sum + length, 0) > 0, true, 'something was sent');
    },
  },
  {
    name: 'close() after a stream that stalls times out, counted from the last chunk',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { closeTimeoutMs: 400 } });
      const stalling = async function* stalling() {
        for (let at = 0; at < 6; at++) {
          await new Promise((resolve) => setTimeout(resolve, 150));
          yield filled(1000);
        }
        await new Promise(() => {});
      };
      talk.sendStream(stalling(), 100_000);
      const started = performance.now();
      talk.close();
      t.is((await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' })).timeout, 'close');
      const took = performance.now() - started;
      t.ok(took > 900 && took < 4000, `it took ${took} ms`);
    },
  },
  ...[['at once', 0], ['while it is being sent', 100]].map(([when, wait]) => ({
    name: `a chunk whose buffer is transferred away ${when}: NS_ERROR_UNEXPECTED, and no uncaught error`,
    async run(t) {
      const uncaught = t.uncaught();
      await withRaw(t, { options: { deflate: false }, ends: 'NS_ERROR_UNEXPECTED' }, async (talk, { socket }) => {
        socket.pause();
        const chunk = filled(32 * 2 ** 20);
        const size = chunk.length;
        let given;
        const giving = new Promise((resolve) => { given = resolve; });
        talk.sendStream((async function* one() {
          given();
          yield chunk;
        })(), size);
        await giving;
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        structuredClone(chunk, { transfer: [chunk.buffer] });
        t.is(chunk.length, 0, 'it is transferred away');
        socket.resume();
        const { message } = await t.stops(talk, { node: 'NS_ERROR_UNEXPECTED' });
        t.ok(/stream|chunk/i.test(message), message);
        t.same(talk.acknowledged, []);
      });
      uncaught.stop();
      t.same(uncaught.errors, []);
    },
  })),
  {
    name: 'a chunk whose buffer shrinks while it is being sent is sent unchanged',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'), { options: { deflate: false } });
      const buffer = new ArrayBuffer(8 * 2 ** 20, { maxByteLength: 8 * 2 ** 20 });
      const bytes = new Uint8Array(buffer);
      bytes.set(filled(bytes.length));
      const expected = await digest(bytes.slice());
      talk.sendStream((async function* one() {
        yield bytes;
        buffer.resize(1000);
      })(), bytes.length);
      await new Promise((resolve) => setTimeout(resolve));
      t.is(JSON.parse((await talk.untilMessages(1))[0]).sha256, expected);
    },
  },
  {
    name: 'a chunk may be transferred away once it is acknowledged',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const bytes = filled(500_000);
      const expected = await digest(bytes);
      talk.sendStream((async function* one() { yield bytes; })(), bytes.length);
      await talk.until('onAcknowledge');
      structuredClone(bytes, { transfer: [bytes.buffer] });
      t.is(JSON.parse((await talk.untilMessages(1))[0]).sha256, expected);
    },
  },
];
