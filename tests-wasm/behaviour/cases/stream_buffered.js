import { Failure } from '../harness/assert.js';
import { settled } from '../harness/raw_server.js';
import { withRaw } from '../harness/raw_talk.js';
import { filled, generator, promised } from '../harness/sources.js';

/** bufferedAmount of a message that is a stream: it falls as the stream's frames are taken, not all at once at the end. Only in Node. */
export const bufferedStreams = [
  {
    name: 'bufferedAmount falls when a frame is taken, before the stream has yielded the rest',
    async run(t) {
      const [first, rest] = [filled(MIB), filled(2 * MIB)];
      const gate = promised();
      const talk = await t.opened(t.peer('ws', '/digest'));
      talk.sendStream((async function* gated() {
        yield first;
        await gate.promise;
        yield rest;
      })(), first.length + rest.length);
      t.is(talk.channel.bufferedAmount, 3 * MIB, 'before anything was taken');
      talk.send('behind');
      await until(() => talk.channel.bufferedAmount < 3 * MIB, 'bufferedAmount to fall');
      // None of the rest can have been taken.
      t.ok(talk.channel.bufferedAmount >= 2 * MIB + 6, `${talk.channel.bufferedAmount} bytes, ${2 * MIB} of them not even yielded`);
      t.same(talk.acknowledged, [], 'a stream is acknowledged only when all of it is taken');
      gate.resolve();
      await talk.untilMessages(2);
      await talk.until('onAcknowledge', 2);
      t.same([talk.acknowledged, talk.channel.bufferedAmount], [[3 * MIB, 6], 0]);
    },
  },
  {
    name: 'bufferedAmount only falls, from the whole length to zero, and is zero in the stream\'s onAcknowledge',
    async run(t) {
      const [chunk, count] = [filled(100_000), 200];
      const seen = [];
      const talk = await t.opened(t.peer('ws', '/digest'));
      talk.sendStream((async function* watched() {
        for (let at = 0; at < count; at++) {
          seen.push(talk.channel.bufferedAmount);
          yield chunk;
          await new Promise(setImmediate);
        }
      })(), chunk.length * count);
      const { bufferedAmount } = await talk.until('onAcknowledge');
      t.is(bufferedAmount, 0, 'in onAcknowledge');
      t.is(seen[0], chunk.length * count, 'at first');
      t.ok(seen.every((amount, at) => at === 0 || amount <= seen[at - 1]), `it never rises: ${seen}`);
      t.ok(new Set(seen).size > 5, `it falls in steps: ${[...new Set(seen)]}`);
    },
  },
  {
    name: 'bufferedAmount stays high while the peer does not read, and falls to zero when the peer reads',
    run: (t) => withRaw(t, { options: { deflate: false } }, async (talk, { socket }) => {
      socket.pause();
      const [chunk, count] = [filled(65_536), 1024];
      talk.sendStream(generator(Array(count).fill(chunk)), chunk.length * count);
      talk.send('behind');
      await settled({ get count() { return talk.channel.bufferedAmount; } });
      const { bufferedAmount } = talk.channel;
      t.ok(bufferedAmount < chunk.length * count, 'it does not count what the system took');
      t.ok(bufferedAmount > chunk.length * count / 2, `${bufferedAmount} bytes wait for a peer that does not read`);
      socket.resume();
      await talk.until('onAcknowledge', 2);
      t.is(talk.channel.bufferedAmount, 0);
    }),
  },
];

async function until(holds, what) {
  const late = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > late) throw new Failure(`waited 10 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const MIB = 2 ** 20;
