import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { startAcceptor, upgradeRequest } from '../harness/acceptor.js';
import { startRaw } from '../harness/raw_server.js';
import { BINARY, frame } from '../peers/frame.js';

/** Bytes that take long to inflate: other events get turns in between. Only in Node, where the package inflates. */
export const turns = ['client', 'server'].flatMap((role) => [
  {
    name: `${role}: a small message that inflates to 64 MiB leaves turns to other events, and what is behind it follows`,
    async run(t) {
      const { heard } = await withPeer(t, role, async ({ write, talk, watchTurns }) => {
        await write([BOMB, compressed(Buffer.from('behind it')), plain('last')]);
        watchTurns();
        talk.channel.resume();
        await talk.untilMessages(3);
      });
      t.same(heard.map(({ size }) => size), [64 * MIB, 9, 4]);
      t.ok(heard[0].turn >= 12, `${heard[0].turn} turns, which is one for each 4 MiB`);
    },
  },
  {
    name: `${role}: messages that inflate to some MiB arrive although nothing follows them`,
    async run(t) {
      await withPeer(t, role, async ({ write, talk }) => {
        talk.channel.resume();
        for (const [at, size] of [1, 3 * MIB, 4 * MIB, 4 * MIB + 1, 5 * MIB, 16 * MIB, 33 * MIB + 7].entries()) {
          await write([compressed(Buffer.alloc(size))]);
          t.is((await talk.untilMessages(at + 1))[at].length, size);
        }
      });
    },
  },
  {
    name: `${role}: suspend() while such a message is inflated: nothing arrives until resume()`,
    async run(t) {
      await withPeer(t, role, async ({ write, talk, turn }) => {
        await write([BOMB, plain('last')]);
        talk.channel.resume();
        await turn(3);
        talk.channel.suspend();
        await t.roundTrip();
        t.is(talk.messages.length, 0);
        talk.channel.resume();
        await turn(1);
        talk.channel.suspend();
        talk.channel.resume(); // twice in a turn
        await talk.untilMessages(2);
        t.same(talk.messages.map(({ length }) => length), [64 * MIB, 4]);
      });
    },
  },
  {
    name: `${role}: suspend() inside a message that a rest has held back: what follows waits for resume()`,
    async run(t) {
      const MESSAGES = 6;
      const onMessage = (count, talk) => { if (count === MESSAGES) talk.channel.suspend(); };
      await withPeer(t, role, async ({ write, talk }) => {
        await write(Array.from({ length: MESSAGES }, () => compressed(Buffer.alloc(MIB))));
        talk.channel.resume();
        await talk.untilMessages(MESSAGES);
        await write([plain('late')]);
        t.is(talk.messages.length, MESSAGES);
        talk.channel.resume();
        await talk.untilMessages(MESSAGES + 1);
      }, onMessage);
    },
  },
  {
    name: `${role}: the connection is reset while messages are held back: they are delivered before the channel stops`,
    async run(t) {
      const MESSAGES = 40;
      const onMessage = (_, talk) => talk.send('got it'); // such a write fails
      await withPeer(t, role, async ({ write, talk, destroy }) => {
        await write(Array.from({ length: MESSAGES }, () => compressed(Buffer.alloc(MIB))));
        destroy();
        talk.channel.resume();
        await talk.until('onStop');
        t.is(talk.messages.length, MESSAGES);
      }, onMessage);
    },
  },
  {
    name: `${role}: the peer's FIN right behind such a message: the message is delivered before the channel stops`,
    async run(t) {
      await withPeer(t, role, async ({ write, talk, end }) => {
        await write([BOMB, plain('last')]);
        end();
        talk.channel.resume();
        await t.stops(talk, { node: 'NS_BASE_STREAM_CLOSED' });
        t.same(talk.messages.map(({ length }) => length), [64 * MIB, 4]);
      });
    },
  },
  {
    name: `${role}: close() while such a message is inflated: it is not delivered, and the close frames are exchanged`,
    async run(t) {
      await withPeer(t, role, async ({ write, talk, turn }) => {
        await write([BOMB, plain('last')]);
        talk.channel.resume();
        await turn(3);
        talk.close(4000);
        await t.stops(talk, { node: 'NS_OK' });
        t.is(talk.messages.length, 0);
      });
    },
  },
  {
    name: `${role}: a message of many final blocks, each of which begins a stream anew, leaves a turn after each chunk`,
    async run(t) {
      const { heard } = await withPeer(t, role, async ({ write, talk, watchTurns }) => {
        await write([compressed(randomBytes(32768)), framed(Buffer.from('0300'.repeat(150_000), 'hex'), true), plain('last')]);
        watchTurns();
        talk.channel.resume();
        await talk.untilMessages(3);
      });
      t.same(heard.map(({ size }) => size), [32768, 0, 4]);
      t.ok(heard[1].turn >= 4, `${heard[1].turn} turns`);
    },
  },
  {
    name: `${role}: eventService reports a frame once, although its bytes are read in several turns`,
    async run(t) {
      const frames = [];
      const listener = { frameReceived: (id, { opCode, payload }) => { frames.push([opCode, payload.length]); } };
      t.api.eventService.addListener(listener);
      t.onEnd(() => t.api.eventService.removeListener(listener));
      await withPeer(t, role, async ({ write, talk }) => {
        await write([BOMB, plain('last')]);
        talk.channel.resume();
        await talk.untilMessages(2);
        await t.roundTrip();
        t.same(frames.filter(([opCode]) => opCode === 2), [[2, BOMB.payload.length], [2, 4]]);
      });
    },
  },
]);

const MIB = 2 ** 20;
const RSV1 = 0x40;

const plain = (text) => framed(Buffer.from(text), false);
const compressed = (bytes) => framed(deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, level: 9 }).subarray(0, -4), true);
/** A binary message, as both roles frame it. */
const framed = (payload, isCompressed) => ({ payload, isCompressed });
const BOMB = compressed(Buffer.alloc(64 * MIB));

/**
 * Calls `use` with a channel in this role that is open and suspended, and with what its raw peer does: `write` writes frames in one piece, and waits
 * until they have arrived. `turn(count)` waits for some turns, `watchTurns` counts them for `heard`, which is returned. `onMessage` is called with the
 * number of messages heard, and the talk.
 */
async function withPeer(t, role, use, onMessage = () => {}) {
  const heard = [];
  let turns = 0;
  let isWatched = true;
  const listener = {
    onBinaryMessageAvailable(_, { length: size }) {
      heard.push({ size, turn: turns });
      onMessage(heard.length, talk);
    },
  };
  const { talk, socket, key } = await PEERS[role](t, listener);
  await talk.until('onStart');
  talk.channel.suspend();
  const turn = async (count) => { for (let at = 0; at < count; at++) await new Promise(setImmediate); };
  const watchTurns = () => {
    turns += 1;
    if (isWatched) setImmediate(watchTurns);
  };
  const write = async (messages) => {
    socket.write(Buffer.concat(messages.map((message) => frameOf(message, key))));
    while (socket.writableLength > 0) await turn(1);
    await t.roundTrip();
  };
  try {
    await use({ talk, write, turn, watchTurns, end: () => socket.end(), destroy: () => socket.destroy() });
    if (!talk.stopped) talk.close();
    await talk.until('onStop');
  } finally {
    isWatched = false;
    socket.destroy();
  }
  return { heard };
}

/** Each opens a channel in its role to a raw peer that answers its close frame. `key` is what the peer masks with, or null. */
const PEERS = {
  async client(t, listener) {
    const server = await startRaw();
    t.onEnd(() => server.stop());
    const talk = t.open(`ws://127.0.0.1:${server.port}/`, { listener });
    const connection = await server.next();
    connection.onFrame = ({ opcode }) => { if (opcode === 8) connection.socket.end(Buffer.from([0x88, 0])); };
    connection.accept('permessage-deflate');
    return { talk, socket: connection.socket, key: null };
  },

  async server(t, listener) {
    const key = randomBytes(4);
    const { port, talk } = await startAcceptor(t, () => ({ listener }));
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {}).write(upgradeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate' }));
    await once(socket, 'data');
    socket.on('data', (data) => { if ((data[0] & 0x0f) === 8) socket.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0])); });
    return { talk: await talk(), socket, key };
  },
};

function frameOf({ payload, isCompressed }, key) {
  const whole = frame(BINARY | (isCompressed ? RSV1 : 0), payload);
  if (key === null) return whole;
  const header = whole.subarray(0, whole.length - payload.length);
  header[1] |= 0x80;
  return Buffer.concat([header, key, payload.map((byte, at) => byte ^ key[at & 3])]);
}
