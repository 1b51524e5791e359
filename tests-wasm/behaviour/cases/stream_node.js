import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { settled } from '../harness/raw_server.js';
import { withRaw } from '../harness/raw_talk.js';
import { cut, digest, filled, generator, promised, readable, soon } from '../harness/sources.js';
import { BINARY, CLOSE, PONG, TEXT } from '../peers/frame.js';
import { endings } from './stream_end.js';

/** sendBinaryStream in Node: its Readable, and one message of several frames, sent only as fast as the peer takes them. */
export const nodeStreams = [
  ...Object.entries({
    'a Readable': (bytes, pieces) => {
      const left = [...pieces, null];
      return new Readable({ read() { this.push(left.shift()); } });
    },
    'a Readable of objects': (bytes, pieces) => Readable.from(pieces),
    'a Readable whose data is already buffered': (bytes, pieces) => {
      const through = new PassThrough({ highWaterMark: 2 ** 24 });
      pieces.forEach((piece) => through.write(piece));
      return through.end();
    },
    'a Readable made from a ReadableStream': (bytes, pieces) => Readable.fromWeb(readable(pieces)),
    'a file': (bytes, pieces, folder) => {
      writeFileSync(join(folder, 'bytes'), bytes);
      return createReadStream(join(folder, 'bytes'));
    },
    'the end of a file': (bytes, pieces, folder) => {
      writeFileSync(join(folder, 'more'), Buffer.concat([Buffer.alloc(1000), bytes]));
      return createReadStream(join(folder, 'more'), { start: 1000 });
    },
  }).map(([kind, make]) => ({
    name: `${kind} is sent as one binary message, and is at its end afterwards`,
    async run(t) {
      const folder = mkdtempSync(join(tmpdir(), 'wsc-stream-'));
      try {
        const talk = await t.opened(t.peer('ws', '/digest'));
        const bytes = filled(3 * MIB + 77);
        const stream = make(bytes, cut(bytes, [1, 125, 65_536, 3, 2 * MIB]), folder);
        t.is(talk.sendStream(stream, bytes.length), true);
        talk.send('behind');
        const [first, second] = (await talk.untilMessages(2)).map((text) => JSON.parse(text));
        t.same([first.type, first.size, first.sha256, second.text], ['binary', bytes.length, await digest(bytes), 'behind']);
        t.same([stream.readableEnded, stream.errored], [true, null]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  })),
  {
    name: 'a Readable that fails, is destroyed or yields text ends the channel with NS_ERROR_UNEXPECTED and close code 1011',
    async run(t) {
      const error = new Error('EIO, as it were');
      // Each is created when it is used, because a missing file fails at once.
      const failing = [
        [() => new Readable({ read() { this.destroy(error); } }), error],
        [() => new Readable({ read() { this.push(filled(5)); this.destroy(error); } }), error],
        [() => createReadStream('/nowhere/at all'), 'ENOENT'],
        [() => new Readable({ read() { this.push(filled(5)); this.destroy(); } })],
        [() => new Readable({ encoding: 'utf8', read() { this.push('a'.repeat(10)); this.push(null); } })],
        [() => Readable.from([{ a: 1 }])],
      ];
      for (const [at, [make, cause]] of failing.entries()) {
        const talk = await t.opened(t.peer('ws', '/echo'));
        const stream = make();
        t.is(talk.sendStream(stream, 10), true);
        const detail = await t.stops(talk, { node: 'NS_ERROR_UNEXPECTED' });
        if (cause) t.is(typeof cause === 'string' ? detail.cause?.code : detail.cause, cause, `the cause with stream ${at}`);
        const { close, messages } = await t.observed(talk, 'close');
        t.same([close.code, messages], [1011, []], `stream ${at}`);
        t.ok(stream.destroyed, `stream ${at} is destroyed`);
      }
    },
  },
  {
    name: 'a Readable that fails before its turn does no harm until then, and ends the channel when its turn comes',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const gate = promised();
      talk.sendStream((async function* first() {
        await gate.promise;
        yield filled(10);
      })(), 10);
      const error = new Error('too early');
      const stream = new Readable({ read() {} });
      talk.sendStream(stream, 10);
      stream.destroy(error);
      await t.roundTrip();
      gate.resolve();
      t.is((await t.stops(talk, { node: 'NS_ERROR_UNEXPECTED' })).cause, error);
    },
  },
  ...endings(waitingReadable).map(([when, run]) => ({ name: `a Readable with a pending chunk is destroyed when the channel ends: ${when}`, run })),
  {
    name: 'a Readable that is not accepted is neither read nor listened to',
    async run(t) {
      const stream = new Readable({ read() { t.fail('it was read'); } });
      const talk = await t.opened(t.peer('ws', '/echo'));
      t.throws('NS_ERROR_INVALID_ARG', () => talk.sendStream(stream));
      talk.close();
      t.is(talk.sendStream(stream, 10), false);
      await talk.end();
      t.is(talk.sendStream(stream, 10), false);
      await t.roundTrip();
      t.same([stream.readableFlowing, stream.readableDidRead, stream.destroyed, stream.eventNames().filter((name) => ['data', 'readable', 'end', 'error'].includes(name))], [null, false, false, []]);
    },
  },
  {
    name: 'streams accepted while connecting are cancelled if close() or a refusal prevents the opening',
    async run(t) {
      for (const [peer, path, status] of [['rude', '/silence', 'NS_BINDING_ABORTED'], ['refusing', '/', 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED']]) {
        const talk = t.open(t.peer(peer, path));
        const cancelled = promised();
        const web = new ReadableStream({ cancel: cancelled.resolve });
        const stream = new Readable({ read() { t.fail('it was read before the channel was open'); } });
        t.same([talk.sendStream(web, 10), talk.sendStream(stream, 10)], [true, true]);
        if (peer === 'rude') {
          await t.observed(talk);
          talk.close();
        }
        await t.stops(talk, { node: status });
        await soon(cancelled.promise, 'the ReadableStream to be cancelled');
        t.ok(stream.destroyed, 'the Readable is destroyed');
      }
    },
  },
  {
    name: 'a stream is sent while it is read, as fragments of one message: binary, then continuations, FIN on the last',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const bytes = filled(3 * MIB);
      talk.send('before');
      talk.sendStream((async function* gated() {
        yield bytes.subarray(0, MIB);
        // The peer has the text and the first fragment before the rest is yielded.
        await t.observed(talk, 'frames:2');
        const { bufferedAmount } = talk.channel;
        t.ok(bufferedAmount >= 2 * MIB + 5 && bufferedAmount < 3 * MIB + 5, `halfway, with the text queued after it, ${bufferedAmount} bytes wait`);
        yield bytes.subarray(MIB);
      })(), bytes.length);
      talk.send('after');
      const described = (await talk.untilMessages(3)).map((text) => JSON.parse(text));
      t.same(described.map(({ size }) => size), [6, bytes.length, 5]);
      t.is(described[1].sha256, await digest(bytes));
      const { frames } = await t.observed(talk, 'frames:4');
      t.same([frames[0].opcode, frames.at(-1).opcode], [TEXT, TEXT]);
      isOneMessage(t, frames.slice(1, -1), bytes.length);
    },
  },
  {
    name: 'only control frames go between the fragments: a pong to the peer\'s ping',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/ping-between'));
      talk.sendStream((async function* gated() {
        yield filled(MIB);
        await t.observed(talk, 'frames:2');
        // The peer sent a ping at the first fragment. The pong does not wait for the rest.
        const pongs = async () => (await t.observed(talk)).frames.filter(({ opcode }) => opcode === PONG).length;
        for (let at = 0; at < 100 && (await pongs()) === 0; at++) await new Promise((resolve) => setTimeout(resolve, 20));
        t.is(await pongs(), 1, 'pongs before the rest');
        yield filled(MIB);
      })(), 2 * MIB);
      talk.send('waits its turn');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      const seen = (await t.observed(talk, 'ended')).frames;
      // The peer also sends a ping at the text. The pong to that follows the close frame.
      const frames = seen.slice(0, seen.findIndex(({ opcode }) => opcode === CLOSE) + 1);
      const pong = frames.findIndex(({ opcode }) => opcode === PONG);
      t.is(frames[pong].text, 'between');
      t.same(frames.slice(-2).map(({ opcode }) => opcode), [TEXT, CLOSE]);
      isOneMessage(t, frames.slice(0, -2).filter((one, at) => at !== pong), 2 * MIB);
      t.ok(pong > 0 && pong < frames.length - 3, `the pong is within the message: frame ${pong} of ${frames.length}`);
    },
  },
  {
    name: 'a stream is read only as fast as the peer takes it',
    async run(t) {
      await withRaw(t, { options: { deflate: false } }, async (talk, connection) => {
        const [chunk, count] = [filled(65_536), 2048];
        const progress = { count: 0 };
        connection.socket.pause();
        talk.sendStream((async function* counted() {
          for (; progress.count < count; progress.count++) yield chunk;
        })(), chunk.length * count);
        await settled(progress);
        t.ok(progress.count > 0 && progress.count < count / 4, `${progress.count} of ${count} chunks were read for a peer that took none`);
        const taken = chunk.length * count - talk.channel.bufferedAmount;
        t.ok(taken <= chunk.length * progress.count, `${taken} bytes were taken, of ${progress.count} chunks`);
        t.same(talk.acknowledged, []);
        connection.socket.resume();
        await talk.until('onAcknowledge');
        t.is(progress.count, count);
        isOneMessage(t, await connection.until(({ frames }) => frames.at(-1)?.fin && frames, 'the last fragment'), chunk.length * count);
        t.is(talk.channel.bufferedAmount, 0);
      });
    },
  },
  {
    name: 'if the peer stops reading and then resets the connection, the stream is destroyed',
    async run(t) {
      await withRaw(t, { ends: 'NS_ERROR_NET_RESET' }, async (talk, connection) => {
        connection.socket.pause();
        const progress = { count: 0 };
        const chunk = filled(65_536);
        const stream = new Readable({ read() { progress.count++; this.push(chunk); } });
        talk.sendStream(stream, 2 ** 40);
        await settled(progress);
        connection.socket.resetAndDestroy();
        await t.stops(talk, { node: 'NS_ERROR_NET_RESET' });
        t.ok(stream.destroyed, 'destroyed');
        t.ok(progress.count < 1000, `${progress.count} chunks were read`);
      });
    },
  },
  {
    name: 'a source that is always ready does not keep other events from running',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const [chunk, count] = [filled(64), 100_000];
      let [given, givenWhenTurnCame] = [0, null];
      setImmediate(() => { givenWhenTurnCame = given; });
      talk.sendStream((async function* ready() {
        for (; given < count; given++) yield chunk;
      })(), chunk.length * count);
      t.is(JSON.parse((await talk.untilMessages(1))[0]).size, chunk.length * count);
      t.ok(givenWhenTurnCame < count / 2, `${givenWhenTurnCame} of ${count} chunks were read before setImmediate had its turn`);
    },
  },
  {
    name: 'over TLS, a stream arrives unchanged',
    async run(t) {
      const talk = await t.opened(t.peer('wss', '/digest'), { options: { tls: { ca: t.addresses.cert } } });
      const bytes = filled(5 * MIB + 1);
      talk.sendStream(Readable.from(cut(bytes, [MIB, 1, 2 * MIB, 10])), bytes.length);
      t.is(JSON.parse((await talk.untilMessages(1))[0]).sha256, await digest(bytes));
    },
  },
  ...[1, { serverNoContextTakeover: true, clientNoContextTakeover: true }].map((deflate) => ({
    name: `with permessage-deflate negotiated, streams between compressed messages arrive unchanged: ${JSON.stringify(deflate)}`,
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest', { deflate: typeof deflate === 'number' ? deflate : JSON.stringify(deflate) }));
      const text = '{"compress":"me"},'.repeat(500);
      const bytes = filled(MIB);
      for (let at = 0; at < 3; at++) {
        talk.send(text);
        talk.sendStream(generator(cut(bytes, [10, 0, 100_000])), bytes.length);
        talk.sendStream(generator([]), 0);
      }
      const described = (await talk.untilMessages(9)).map((one) => JSON.parse(one).sha256);
      const expected = [await digest(Buffer.from(text)), await digest(bytes), await digest(new Uint8Array(0))];
      t.same(described, [...expected, ...expected, ...expected]);
      const { frames } = await t.observed(talk);
      t.ok(frames.some(({ opcode, rsv }) => opcode === TEXT && rsv === 4), 'the texts were compressed');
      t.ok(frames.every(({ opcode, rsv }) => opcode !== 0 || rsv === 0), 'RSV1 is never on a continuation');
    },
  })),
];

/** Checks that these frames are one binary message of this many bytes. */
function isOneMessage(t, frames, length) {
  t.ok(frames.length > 1, `several frames: ${frames.length}`);
  t.same(frames.map(({ opcode }) => opcode), frames.map((one, at) => (at === 0 ? BINARY : 0)), 'opcodes');
  t.same(frames.map(({ fin }) => fin), frames.map((one, at) => at === frames.length - 1), 'FIN is on the last');
  t.ok(frames.every(({ masked, rsv }) => masked && rsv === 0), 'masked, no reserved bits');
  t.is(frames.reduce((sum, one) => sum + one.length, 0), length, 'bytes');
}

/** A Readable in the form that endings() in stream_end.js expects. */
function waitingReadable() {
  const [asked, cancelled] = [promised(), promised()];
  let reads = 0;
  const stream = new Readable({
    read() {
      reads += 1;
      if (reads === 1) this.push(filled(100));
      else asked.resolve();
    },
    destroy(error, done) {
      cancelled.resolve();
      done(error);
    },
  });
  return { stream, asked: asked.promise, cancelled: cancelled.promise };
}


const MIB = 2 ** 20;
