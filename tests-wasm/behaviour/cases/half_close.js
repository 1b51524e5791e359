import { startRaw } from '../harness/raw_server.js';
import { withRaw } from '../harness/raw_talk.js';
import { filled, promised, soon } from '../harness/sources.js';
import { BINARY, CLOSE, frame, PING, TEXT } from '../peers/frame.js';

/**
 * The peer ends its side of the connection (a FIN) without a close frame while our data is still queued. The channel soon ends with
 * NS_BASE_STREAM_CLOSED. Only in Node.
 */
export const halfCloses = [
  {
    name: 'a peer that does not read ends its side while data is queued: the channel stops with NS_BASE_STREAM_CLOSED',
    run: (t) => withRaw(t, { options: { closeTimeoutMs: 500, deflate: false }, ends: CLOSED }, async (talk, { socket }) => {
      socket.pause();
      for (let at = 0; at < 40; at++) talk.send(new Uint8Array(2 ** 20));
      socket.end();
      const { wasClean, code, timeout } = await t.stops(talk, { node: CLOSED });
      t.same([wasClean, code, timeout], [false, 1006, null]);
      t.same([talk.channel.state, talk.send('too late')], ['stopped', false]);
      t.ok(talk.acknowledged.length < 40, `${talk.acknowledged.length} of 40 messages were acknowledged although nobody read them`);
    }),
  },
  {
    name: 'a peer that does not read resets the connection while writes wait: what the system has not taken is not acknowledged',
    run: (t) => withRaw(t, { options: { deflate: false }, ends: RESET }, async (talk, { socket }) => {
      const [COUNT, SIZE] = [100, 200_000];
      socket.pause();
      for (let at = 0; at < COUNT; at++) talk.send(new Uint8Array(SIZE));
      let taken = -1;
      while (talk.acknowledged.length !== taken || taken === 0) { // until the system takes no more
        taken = talk.acknowledged.length;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      t.ok(taken < COUNT, 'the system has taken everything');
      socket.resetAndDestroy();
      await t.stops(talk, { node: RESET });
      t.same([talk.acknowledged.length, talk.channel.bufferedAmount], [taken, (COUNT - taken) * SIZE]);
    }),
  },
  {
    name: 'messages that came before the end are delivered, even while data is queued',
    run: (t) => withRaw(t, { options: { closeTimeoutMs: 500, deflate: false }, ends: CLOSED }, async (talk, { socket }) => {
      socket.pause();
      for (let at = 0; at < 40; at++) talk.send(new Uint8Array(2 ** 20));
      socket.end(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two')]));
      await t.stops(talk, { node: CLOSED });
      t.same(talk.messages, ['one', 'two']);
    }),
  },
  {
    name: 'a peer that ends its side and reads on: NS_BASE_STREAM_CLOSED, and every message acknowledged has arrived',
    run: (t) => withRaw(t, { options: { closeTimeoutMs: 2000, deflate: false }, ends: CLOSED }, async (talk, connection) => {
      connection.socket.pause();
      for (let at = 0; at < 20; at++) talk.send(new Uint8Array(2 ** 20));
      connection.socket.end();
      setTimeout(() => connection.socket.resume(), 100);
      await t.stops(talk, { node: CLOSED });
      await connection.until(({ ended }) => ended, 'the end of the connection');
      const arrived = connection.frames.filter(({ opcode }) => opcode === BINARY).length;
      t.ok(arrived >= talk.acknowledged.length, `${arrived} messages arrived, ${talk.acknowledged.length} were acknowledged`);
    }),
  },
  {
    name: 'the channel does not report a reset that follows the end',
    run: (t) => withRaw(t, { options: { closeTimeoutMs: 5000, deflate: false }, ends: CLOSED }, async (talk, { socket }) => {
      socket.pause();
      for (let at = 0; at < 40; at++) talk.send(new Uint8Array(2 ** 20));
      socket.end();
      // The peer's program ends. Because it has unread data, its system sends a reset.
      setTimeout(() => socket.destroy(), 300);
      const { cause } = await t.stops(talk, { node: CLOSED });
      t.is(cause, null, 'the cause of an end that is not an error');
    }),
  },
  {
    name: 'a stream that is being sent is cancelled when the peer, which does not read, ends its side',
    run: (t) => withRaw(t, { options: { closeTimeoutMs: 500, deflate: false }, ends: CLOSED }, async (talk, { socket }) => {
      const cancelled = promised();
      const chunk = new Uint8Array(65_536);
      socket.pause();
      talk.sendStream(new ReadableStream({ pull: (controller) => controller.enqueue(chunk), cancel: cancelled.resolve }), 2 ** 30);
      talk.send('behind the stream');
      await t.roundTrip();
      socket.end();
      await t.stops(talk, { node: CLOSED });
      await soon(cancelled.promise, 'the stream to be cancelled');
      t.same(talk.acknowledged, []);
    }),
  },
  {
    name: 'over TLS: a peer that does not read ends its side while data is queued',
    needs: 'authority',
    async run(t) {
      const { cert, key } = t.addresses.authority.selfSigned;
      const server = await startRaw({ tls: { cert, key, allowHalfOpen: true } });
      try {
        const talk = t.open(`wss://127.0.0.1:${server.port}/`, { options: { closeTimeoutMs: 500, deflate: false, tls: { rejectUnauthorized: false } } });
        const connection = await server.next();
        connection.accept();
        await talk.until('onStart');
        connection.socket.pause();
        for (let at = 0; at < 40; at++) talk.send(new Uint8Array(2 ** 20));
        connection.socket.end();
        await t.stops(talk, { node: CLOSED });
      } finally {
        server.stop();
      }
    },
  },
  {
    name: 'close() after the peer has ended its side, with data queued: onStop is called once, and says that no close frame came',
    run: (t) => withRaw(t, { options: { closeTimeoutMs: 500, deflate: false }, ends: CLOSED }, async (talk, { socket }) => {
      socket.pause();
      const bytes = filled(2 ** 20);
      for (let at = 0; at < 40; at++) talk.send(bytes);
      const ended = promised();
      socket.end(frame(TEXT, 'the last'), ended.resolve);
      await soon(ended.promise, 'the end of the peer\'s side');
      await talk.untilMessages(1);
      talk.close(4000, 'me too');
      const { code, wasClean } = await t.stops(talk, { node: CLOSED });
      t.same([code, wasClean], [1006, false]);
    }),
  },
  {
    name: 'a peer that pings, answers the close frame and leaves before it reads the pongs: the close is clean',
    run: (t) => withRaw(t, { options: { deflate: false } }, async (talk, connection) => {
      const gone = promised();
      connection.onFrame = ({ opcode, hex }) => {
        if (opcode !== CLOSE) return;
        // The client reads twice. What it answers to the first read reaches a peer that is gone, and what it answers to the second fails.
        const pings = Array.from({ length: 700 }, () => frame(PING, Buffer.alloc(100)));
        connection.socket.end(Buffer.concat([...pings, frame(CLOSE, Buffer.from(hex, 'hex'))]), () => connection.socket.destroy());
        connection.socket.on('close', gone.resolve);
      };
      talk.channel.suspend();
      talk.close(1000, 'bye');
      await soon(gone.promise, 'the peer to be gone');
      talk.channel.resume();
      const { wasClean, code, cause } = await t.stops(talk, { node: 'NS_OK' });
      t.same([wasClean, code, cause], [true, 1000, null]);
    }),
  },
];

const CLOSED = 'NS_BASE_STREAM_CLOSED';
const RESET = 'NS_ERROR_NET_RESET';
