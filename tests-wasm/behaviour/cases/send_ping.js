import { wasmMemory } from '../harness/node_host.js';
import { startRaw } from '../harness/raw_server.js';
import { untilFrames, withRaw } from '../harness/raw_talk.js';
import { filled, promised, soon } from '../harness/sources.js';
import { BINARY, CLOSE, frame, PING, PONG, TEXT } from '../peers/frame.js';

/** sendPing, and the promise it returns. Only in Node. The keep-alive is in ping.js. */
export const sentPings = [
  {
    name: 'sendPing sends its data, up to 125 bytes, and resolves with the milliseconds until the pong',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const data = ['are you there', 'ä€💧', 'x'.repeat(125), new Uint8Array([0, 255, 1]), new Uint16Array([258]).buffer, new DataView(filled(9).buffer, 2, 4), new Uint8Array(125).fill(7), ''];
      for (const one of [...data, undefined]) {
        const before = performance.now();
        const ms = await talk.quietly(() => talk.channel.sendPing(one));
        t.ok(typeof ms === 'number' && ms >= 0 && ms <= performance.now() - before + 1, `${ms} ms`);
      }
      const { frames } = await t.observed(talk, 'frames:9');
      t.ok(frames.every(({ opcode, fin, masked }) => opcode === PING && fin && masked), 'pings, masked');
      const expected = data.map((one) => (typeof one === 'string' ? Buffer.from(one) : ArrayBuffer.isView(one) ? Buffer.from(one.buffer, one.byteOffset, one.byteLength) : Buffer.from(one)));
      t.same(frames.slice(0, data.length).map(({ hex }) => hex), expected.map((one) => one.toString('hex')));
      t.same([talk.names, talk.channel.bufferedAmount], [['onStart'], 0], 'pings are not acknowledged');
    },
  },
  {
    name: 'the milliseconds measure how long the pong took',
    async run(t) {
      await withRaw(t, {}, async (talk, connection) => {
        const pong = talk.channel.sendPing('slow');
        const [{ text }] = await untilFrames(connection, PING);
        await new Promise((resolve) => setTimeout(resolve, 200));
        connection.socket.write(frame(PONG, text));
        const ms = await soon(pong, 'the pong');
        t.ok(ms >= 150, `${ms} ms for a pong that came after 200`);
      });
    },
  },
  {
    name: 'sendPing throws NS_ERROR_NOT_CONNECTED before asyncOpen and NS_ERROR_INVALID_ARG for wrong data, and nothing is sent',
    async run(t) {
      t.throws('NS_ERROR_NOT_CONNECTED', () => new t.api.WebSocketChannel().sendPing(), 'before asyncOpen');
      const talk = t.open(t.peer('ws', '/echo'));
      const wrongs = (when) => {
        for (const wrong of [5, true, {}, [1], 'x'.repeat(126), 'ä'.repeat(63), '語'.repeat(42), new Uint8Array(126), new ArrayBuffer(126), new Uint16Array(63), Symbol('ping')]) {
          t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendPing(wrong), `sendPing(${Object.prototype.toString.call(wrong)}) ${when}`);
        }
      };
      wrongs('while connecting');
      await talk.until('onStart');
      wrongs('while open');
      await talk.channel.sendPing('a right one');
      t.is((await t.observed(talk)).frameCount, 1, 'frames');
      talk.close();
      await talk.end();
      wrongs('when stopped');
    },
  },
  {
    name: 'arguments that are far too long are refused, and are not copied into wasm',
    async run(t) {
      const { channel } = await t.opened(t.peer('ws', '/echo'));
      const before = wasmMemory(t.api);
      const [text, bytes] = ['x'.repeat(1 << 27), new Uint8Array(1 << 27)];
      t.throws('NS_ERROR_INVALID_ARG', () => channel.sendPing(text), 'sendPing(text)');
      t.throws('NS_ERROR_INVALID_ARG', () => channel.sendPing(bytes), 'sendPing(bytes)');
      t.throws('NS_ERROR_INVALID_ARG', () => channel.close(1000, text), 'close');
      t.is(wasmMemory(t.api), before, 'wasm memory in bytes');
    },
  },
  {
    name: 'an array of more than 4 GiB is refused, if the host can make one',
    async run(t) {
      const { channel } = await t.opened(t.peer('ws', '/echo'));
      const isPossible = Number(process.versions.node.split('.')[0]) >= 22; // in Node 20, no array is so long
      const made = await (async () => new Uint8Array(2 ** 32 + 5))().catch((error) => error.name);
      if (isPossible) t.throws('NS_ERROR_INVALID_ARG', () => channel.sendBinaryMsg(made), 'sendBinaryMsg');
      else t.is(made, 'RangeError');
      channel.close();
    },
  },
  {
    name: 'pings sent before the channel opens and in onStart go out once each, in order',
    async run(t) {
      let talk;
      const sending = t.open(t.peer('ws', '/echo'), { listener: { onStart: () => { talk.channel.sendPing('c'); talk.channel.sendPing('d'); } } });
      talk = sending;
      const early = ['a', 'b'].map((data) => talk.channel.sendPing(data));
      await talk.until('onStart');
      await Promise.all([...early, talk.channel.sendPing('e')]);
      const { frames } = await t.observed(talk, 'frames:5');
      t.same(frames.map(({ opcode, text }) => `${opcode} ${text}`), ['a', 'b', 'c', 'd', 'e'].map((data) => `${PING} ${data}`));
    },
  },
  {
    name: 'a ping sent while connecting waits until the channel opens',
    async run(t) {
      const server = await startRaw();
      try {
        const talk = t.open(`ws://127.0.0.1:${server.port}/`);
        const pong = state(talk.channel.sendPing('early'));
        const connection = await server.next();
        await t.roundTrip();
        t.same([pong.now, connection.bytes], ['pending', 0]);
        connection.onFrame = ({ opcode, hex }) => connection.socket.write(frame(opcode === PING ? PONG : opcode, Buffer.from(hex, 'hex')));
        connection.accept();
        t.ok((await soon(pong.settled, 'the pong')) >= 0, 'milliseconds');
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
      } finally {
        server.stop();
      }
    },
  },
  {
    name: 'a pong answers its ping and all earlier ones; an unsolicited pong answers none',
    async run(t) {
      await withRaw(t, {}, async (talk, connection) => {
        const sent = ['a', 'b', 'c', 'd'].map((data) => state(talk.channel.sendPing(data)));
        t.same((await untilFrames(connection, PING, 4)).map(({ text }) => text), ['a', 'b', 'c', 'd']);
        const after = async (payload) => {
          connection.socket.write(Buffer.concat([frame(PONG, payload), frame(TEXT, 'seen')]));
          await talk.untilMessages(talk.messages.length + 1);
          await new Promise(setImmediate);
          return sent.map(({ now }) => now);
        };
        t.same(await after('z'), Array(4).fill('pending'), 'an unsolicited pong');
        t.same(await after('ab'), Array(4).fill('pending'), 'a pong that only begins with the data of a ping');
        t.same(await after('b'), ['fulfilled', 'fulfilled', 'pending', 'pending'], 'b answers a and b');
        t.same(await after('a'), ['fulfilled', 'fulfilled', 'pending', 'pending'], 'a was already answered');
        t.same(await after('d'), Array(4).fill('fulfilled'), 'd answers the rest');
      });
    },
  },
  {
    name: 'fifty pings at once are all answered, with keep-alive running too',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { attributes: { pingInterval: 1 } });
      const times = await soon(Promise.all(Array.from({ length: 50 }, (_, at) => talk.channel.sendPing(at % 5 === 0 ? undefined : `${at % 7}`))), 'fifty pongs');
      t.ok(times.every((ms) => ms >= 0), `${times}`);
    },
  },
  {
    name: 'a ping goes out between the fragments of a stream, and before what is queued after the stream',
    async run(t) {
      await withRaw(t, { pongs: true }, async (talk, connection) => {
        talk.sendStream((async function* gated() {
          yield filled(2 ** 20);
          await untilFrames(connection, BINARY);
          await soon(talk.channel.sendPing('between'), 'the pong between the fragments');
          yield filled(2 ** 20);
        })(), 2 ** 21);
        talk.send('behind');
        await untilFrames(connection, TEXT);
        const opcodes = connection.frames.map(({ opcode }) => opcode);
        const ping = opcodes.indexOf(PING);
        t.is(opcodes[0], BINARY);
        t.ok(ping > 0 && opcodes.slice(ping + 1).includes(0), `the ping is within the message: ${opcodes}`);
        t.same(opcodes.filter((opcode) => opcode !== 0), [BINARY, PING, TEXT]);
      });
    },
  },
  {
    name: 'a pong to a suspended channel is read when the channel is resumed',
    async run(t) {
      await withRaw(t, { pongs: true }, async (talk) => {
        talk.channel.suspend();
        const pong = state(talk.channel.sendPing());
        await t.roundTrip();
        t.is(pong.now, 'pending');
        talk.channel.resume();
        await soon(pong.settled, 'the pong');
      });
    },
  },
  ...[
    ['the peer resets the connection', 'NS_ERROR_NET_RESET', (talk, { socket }) => socket.resetAndDestroy()],
    ['the connection ends without a close frame', 'NS_BASE_STREAM_CLOSED', (talk, { socket }) => socket.end()],
    ['the peer breaks the protocol', 'NS_ERROR_ILLEGAL_VALUE', (talk, { socket }) => socket.write(Buffer.from([0x83, 0]))],
    ['its group is cancelled', 'NS_BINDING_ABORTED', (talk) => talk.channel.loadGroup.cancel()],
    ['the peer closes', 'NS_OK', (talk, { socket }) => socket.write(frame(CLOSE, Buffer.from([3, 0xe8])))],
    ['close() is called', 'NS_OK', (talk) => talk.close()],
  ].map(([what, status, end]) => ({
    name: `a ping is rejected if its channel ends before the pong: ${what}`,
    async run(t) {
      const inStop = promised();
      const listener = { onStop: () => inStop.resolve(rejection(t, talk.channel.sendPing('in onStop'), 'NS_ERROR_NOT_CONNECTED')) };
      let talk;
      await withRaw(t, { loadGroup: new t.api.LoadGroup(), listener, ends: status }, async (it, connection) => {
        talk = it;
        const waiting = [talk.channel.sendPing('one'), talk.channel.sendPing('two')].map((pong) => rejection(t, pong, nameFor(status)));
        await untilFrames(connection, PING, 2);
        end(talk, connection);
        await Promise.all(waiting);
        await t.stops(talk, { node: status });
        await soon(inStop.promise, 'onStop');
        await rejection(t, talk.channel.sendPing('later'), 'NS_ERROR_NOT_CONNECTED');
      });
    },
  })),
  {
    name: 'if the channel never opens, a ping is rejected with the channel\'s status',
    async run(t) {
      const aborted = t.open(t.peer('rude', '/silence'));
      const early = rejection(t, aborted.channel.sendPing(), 'NS_BINDING_ABORTED');
      aborted.close();
      await early;
      await t.stops(aborted, { node: 'NS_BINDING_ABORTED' });
      const refused = t.open(t.peer('refusing', '/'));
      await rejection(t, refused.channel.sendPing('anybody?'), 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED');
      const late = t.open(t.peer('rude', '/silence'), { options: { openTimeoutMs: 200 } });
      await rejection(t, late.channel.sendPing('anybody?'), TIMEOUT);
    },
  },
  {
    name: 'a ping after close() is rejected; one sent before close() can still be answered',
    async run(t) {
      await withRaw(t, { pongs: true }, async (talk, connection) => {
        const before = talk.channel.sendPing('before');
        talk.close();
        const after = rejection(t, talk.channel.sendPing('after'), 'NS_ERROR_NOT_CONNECTED');
        t.ok((await soon(before, 'the pong to the ping before close()')) >= 0, 'milliseconds');
        await after;
        await t.stops(talk, { node: 'NS_OK' });
        t.same(connection.frames.map(({ opcode }) => opcode), [PING, CLOSE]);
      });
    },
  },
  {
    name: 'if the keep-alive times out, the pings of sendPing are rejected too',
    async run(t) {
      await withRaw(t, { attributes: { pingInterval: 1, pingTimeout: 1 }, ends: TIMEOUT }, async (talk) => {
        await rejection(t, talk.channel.sendPing('no answer'), TIMEOUT);
      });
    },
  },
  {
    name: 'a rejected ping that nobody handles does not cause an unhandledRejection',
    async run(t) {
      const strays = [];
      const stray = (reason) => strays.push(reason);
      process.on('unhandledRejection', stray);
      try {
        await withRaw(t, { ends: 'NS_ERROR_NET_RESET' }, async (talk, { socket }) => {
          talk.channel.sendPing('nobody waits');
          socket.resetAndDestroy();
          await t.stops(talk, { node: 'NS_ERROR_NET_RESET' });
          talk.channel.sendPing('nobody waits for this either');
          await t.roundTrip();
        });
        t.same(strays, []);
      } finally {
        process.off('unhandledRejection', stray);
      }
    },
  },
];

/** Waits until the promise is rejected with a ChannelError of this name. */
async function rejection(t, promise, name) {
  t.ok(promise instanceof Promise, 'sendPing returns a promise');
  try {
    await soon(promise, `the rejection with ${name}`);
  } catch (error) {
    t.throws(name, () => { throw error; }, 'sendPing');
    return;
  }
  t.fail(`the ping was answered, and not rejected with ${name}`);
}

/** The name of the rejection if the channel stops with this status. */
function nameFor(status) {
  return status === 'NS_OK' ? 'NS_ERROR_NOT_CONNECTED' : status;
}

/** Tracks a promise. Returns { now, settled }. */
function state(promise) {
  const it = { now: 'pending', settled: promise };
  promise.then(() => { it.now = 'fulfilled'; }, () => { it.now = 'rejected'; });
  return it;
}

const TIMEOUT = 'NS_ERROR_NET_TIMEOUT_EXTERNAL';
