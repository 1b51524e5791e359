import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { settled, startRaw } from '../harness/raw_server.js';
import { BINARY, frame as frameOf, TEXT } from '../peers/frame.js';

/** Flow control, and who owns a delivered message. Only in Node: a browser has no suspend (method.js), and makes its messages itself. */
export const flow = [
  {
    name: 'a suspended channel stops reading, which blocks the peer; after resume() every message arrives in order',
    async run(t) {
      await withPeer(t, {}, async (talk, { socket }) => {
        talk.channel.suspend();
        const numbers = Array.from({ length: 64 }, (_, index) => index);
        const written = writeAll(socket, numbers.map((index) => frame(Buffer.alloc(MIB, index))));
        await settled(written);
        t.ok(written.count < numbers.length, `the peer wrote ${written.count} of ${numbers.length} MiB while nobody read`);
        t.is(talk.messages.length, 0, 'messages while suspended');
        talk.channel.resume();
        await talk.untilMessages(numbers.length);
        t.same(talk.messages.map((bytes) => bytes[0]), numbers);
      });
    },
  },
  {
    name: 'suspend() among many messages: those already read are still delivered, and the rest after resume()',
    async run(t) {
      const COUNT = 200_000;
      let suspendedAt = null;
      const listener = {
        onMessageAvailable() {
          if (talk.messages.length === 1000) {
            talk.channel.suspend();
            suspendedAt = 1000;
          }
        },
      };
      let talk;
      await withPeer(t, { listener }, async (it, { socket }) => {
        talk = it;
        const written = writeAll(socket, [Buffer.concat(Array.from({ length: COUNT }, (_, index) => frame(String(index))))]);
        await settled(written);
        t.is(suspendedAt, 1000);
        t.ok(talk.messages.length < 20_000, `${talk.messages.length} messages came from a chunk of 64 KiB`);
        talk.channel.resume();
        await talk.untilMessages(COUNT);
        t.is(talk.messages.findIndex((text, index) => text !== String(index)), -1, 'the first message out of order');
      });
    },
  },
  {
    name: 'a channel suspended while it connects opens, and delivers after as many calls of resume() as of suspend()',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      talk.channel.suspend();
      talk.channel.suspend();
      await talk.until('onStart');
      talk.send('hello');
      await t.roundTrip();
      t.is(talk.messages.length, 0);
      talk.channel.resume();
      await t.roundTrip();
      t.is(talk.messages.length, 0, 'after the first resume()');
      talk.channel.resume();
      await talk.untilMessages(1);
      t.throws('NS_ERROR_UNEXPECTED', () => talk.channel.resume(), 'a resume() too many');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      talk.channel.suspend();
      talk.channel.resume();
      talk.channel.resume();
    },
  },
  {
    name: 'a channel suspended while it connects: messages right behind the response wait for resume()',
    async run(t) {
      const server = await startRaw();
      t.onEnd(() => server.stop());
      const talk = t.open(`ws://127.0.0.1:${server.port}/`);
      talk.channel.suspend();
      const connection = await server.next();
      connection.socket.cork();
      connection.accept();
      connection.socket.write(Buffer.concat([frame('one'), frame('two')]));
      connection.socket.uncork();
      await talk.until('onStart');
      await t.roundTrip();
      t.same(talk.messages, []);
      talk.channel.resume();
      t.same(await talk.untilMessages(2), ['one', 'two']);
      connection.socket.destroy();
      await talk.end();
    },
  },
  {
    name: 'close() on a suspended channel reads on until the peer\'s close frame',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.channel.suspend();
      talk.send('not delivered: close() comes first');
      talk.close(4000, 'enough');
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.messages, []);
    },
  },
  {
    name: 'a suspended channel that is cancelled reads the peer\'s end, and its socket closes without waiting',
    async run(t) {
      const sockets = [];
      const add = ({ socket }) => sockets.push(socket);
      subscribe('net.client.socket', add);
      t.onEnd(() => unsubscribe('net.client.socket', add));
      const server = await startRaw();
      t.onEnd(() => server.stop());
      const talk = t.open(`ws://127.0.0.1:${server.port}/`);
      const connection = await server.next();
      connection.socket.on('end', () => connection.socket.end());
      connection.accept();
      await talk.until('onStart');
      talk.channel.suspend();
      talk.channel.loadGroup = new t.api.LoadGroup();
      talk.channel.loadGroup.cancel();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      const [client] = sockets;
      if (!client.closed) await once(client, 'close');
      t.is(client.readableEnded, true, 'the peer\'s end was read');
    },
  },
  {
    name: 'suspend() and resume() before asyncOpen throw NS_ERROR_NOT_CONNECTED',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.suspend());
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.resume());
    },
  },
  {
    name: 'acknowledged bytes and bufferedAmount add up exactly to what was sent, while the peer does not read and afterwards',
    async run(t) {
      let acknowledged = 0;
      let total = 0;
      const listener = {
        onAcknowledge(context, size) {
          acknowledged += size;
          t.is(talk.channel.bufferedAmount, total - acknowledged, 'bufferedAmount in onAcknowledge');
        },
      };
      let talk;
      await withPeer(t, { listener }, async (it, { socket }) => {
        talk = it;
        socket.pause();
        const sizes = Array.from({ length: 600 }, (_, index) => [0, 10, 5000, 40_000, 70_000, 200_001][index % 6]);
        for (const size of sizes) {
          t.ok(talk.send(new Uint8Array(size)), 'accepted');
          total += size;
          t.is(talk.channel.bufferedAmount, total - acknowledged);
        }
        await settled({ get count() { return acknowledged; } });
        t.ok(acknowledged < total / 2, `${acknowledged} of ${total} bytes were acknowledged while the peer did not read`);
        t.is(talk.channel.bufferedAmount, total - acknowledged);
        socket.resume();
        await talk.until('onAcknowledge', sizes.length);
        t.same(talk.acknowledged, sizes);
        t.is(talk.channel.bufferedAmount, 0);
      });
    },
  },
  {
    name: 'if the first address of a name refuses, the channel connects to the second and reads what it sends',
    async run(t) {
      await withPeer(t, { options: { socket: { lookup: twoAddresses } } }, async (talk, { socket }) => {
        socket.write(Buffer.concat([frame('hello'), frame(Buffer.alloc(300_000, 7))]));
        await talk.untilMessages(2);
        t.same([talk.messages[0], talk.messages[1].length], ['hello', 300_000]);
      });
    },
  },
  {
    name: 'a subclass of Uint8Array whose subarray() returns an empty array is sent with all its bytes',
    async run(t) {
      class Odd extends Uint8Array {
        constructor(size) { super(typeof size === 'number' ? size : 0); }
      }
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.send(new Odd(200_000).fill(9));
      const [back] = await talk.untilMessages(1);
      t.same([back.length, back[199_999]], [200_000, 9]);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
    },
  },
  {
    name: 'a listener that transfers a message\'s buffer does not damage later messages',
    async run(t) {
      const made = Array.from({ length: 300 }, (_, index) => new Uint8Array([0, 1, 40, 125, 200, 700][index % 6]).fill(index));
      const wrong = [];
      let came = 0;
      const listener = {
        onBinaryMessageAvailable(context, bytes) {
          const expected = made[came];
          if (Buffer.compare(bytes, expected) !== 0) wrong.push(`${came}: ${bytes.length} of ${expected.length} bytes`);
          if (came % 10 === 0 && bytes.length > 0) structuredClone(bytes, { transfer: [bytes.buffer] });
          came += 1;
        },
      };
      await withPeer(t, { listener }, async (talk, { socket }) => {
        // Written in one piece, so that they arrive in one chunk.
        socket.write(Buffer.concat(made.map((bytes) => frame(bytes))));
        await talk.untilMessages(made.length);
        t.same(wrong, [], 'messages that were not what was sent');
      });
    },
  },
  {
    name: 'close() after a large message to a peer that closes but does not read: our close frame is sent when the peer reads again',
    async run(t) {
      await withPeer(t, { options: { deflate: false } }, async (talk, connection) => {
        const { socket, frames } = connection;
        socket.pause();
        talk.send(new Uint8Array(40 * MIB));
        talk.close(4000);
        await t.roundTrip();
        socket.write(Buffer.from([0x88, 2, 0x0f, 0xa1]));
        t.same((await talk.until('onServerClose')).args, [4001, '']);
        connection.onFrame = ({ opcode }) => { if (opcode === 8) socket.end(); };
        socket.resume();
        await t.stops(talk, { node: 'NS_OK' });
        await connection.until(() => frames.at(-1)?.opcode === 8, 'our close frame');
        t.is(frames.at(-1).hex, '0fa0', 'its code');
        t.is(frames.filter(({ opcode }) => opcode === 8).length, 1, 'close frames');
      });
    },
  },
  ...['', 'permessage-deflate'].map((extensions) => ({
    name: `all messages of a long run are unchanged at the end${extensions && ', including compressed ones'}`,
    async run(t) {
      await withPeer(t, { extensions }, async (talk, { socket }) => {
        const made = Array.from({ length: 12_000 }, (_, index) => content(index));
        writeAll(socket, made.map((payload, index) => extensions && index % 3 > 0 ? deflated(payload) : frame(payload)));
        await talk.untilMessages(made.length);
        talk.send('something more, in and out');
        await t.roundTrip();
        const wrong = talk.messages.findIndex((message, index) => {
          const expected = made[index];
          return typeof expected === 'string' ? message !== expected : Buffer.compare(message, expected) !== 0;
        });
        t.is(wrong, -1, 'the first message that is not what was sent');
      });
    },
  })),
];

const MIB = 2 ** 20;
const SIZES = [0, 3, 16, 40, 130, 400, 600, 1500, 5000];

/** Message number `index`: text or bytes of many sizes, different from the others. */
function content(index) {
  const large = index % 500 === 7 ? 70_000 : index % 1000 === 13 ? MIB : index % 1000 === 19 ? 30_000 : null;
  const size = large ?? SIZES[index % SIZES.length];
  const word = index % 5 === 0 ? `${index} ½ ` : index % 7 === 0 ? `${index} ü ` : index % 11 === 0 ? `${index} 語 ` : `${index} `;
  const text = word.repeat(Math.ceil(size / word.length)).slice(0, size);
  return index % 2 === 0 ? text : Buffer.from(text);
}

const RSV1 = 0x40;
const opcodeOf = (message) => (typeof message === 'string' ? TEXT : BINARY);

/** A server's frame of a message. */
const frame = (message) => frameOf(opcodeOf(message), message);

/** The same frame, compressed without context. */
const deflated = (message) => frameOf(opcodeOf(message) | RSV1, Buffer.concat([deflateRawSync(message), Buffer.alloc(1)]));

/** Calls `use` with a channel that is open to a raw TCP peer. Closes and stops the channel afterwards. */
async function withPeer(t, { extensions, listener, options }, use) {
  const server = await startRaw();
  try {
    const host = options?.socket ? 'two.example' : '127.0.0.1';
    const talk = t.open(`ws://${host}:${server.port}/`, { listener, options });
    const connection = await server.next();
    connection.onFrame = ({ opcode }) => { if (opcode === 8) connection.socket.end(Buffer.from([0x88, 0])); };
    connection.accept(extensions);
    await talk.until('onStart');
    await use(talk, connection);
    if (!talk.stopped) talk.close();
    await t.stops(talk, { node: 'NS_OK' });
  } finally {
    server.stop();
  }
}

/** A `lookup` for a name with two addresses. Nobody listens at the first. */
function twoAddresses(name, options, callback) {
  const addresses = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
  if (options.all) callback(null, addresses);
  else callback(null, addresses[0].address, 4);
}

/** Writes the blocks in order. `count` says how many the socket has taken. */
function writeAll(socket, blocks) {
  const written = { count: 0 };
  for (const block of blocks) socket.write(block, () => { written.count++; });
  return written;
}
