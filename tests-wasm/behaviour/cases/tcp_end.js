import { rejectionOf, stateOf } from '../harness/web.js';
import { startRaw } from '../harness/raw_server.js';
import { untilFrames } from '../harness/raw_talk.js';
import { soon } from '../harness/sources.js';
import { CLOSE, frame } from '../peers/frame.js';

/**
 * The end of TCP behind both close frames: the web's own classes tell the end then (WHATWG WebSockets, "when the WebSocket connection is
 * closed"; RFC 6455 §7.1.4), a channel before. Only in Node.
 */
export const tcpEnds = [
  {
    name: 'close of WebSocket waits for the end of TCP',
    run: (t) => withPeer(t, async (connection, url) => {
      const observed = t.socket(url);
      await exchanged(t, connection, async () => {
        await observed.until('open');
        observed.socket.close(4000, 'done');
      });
      t.same([observed.socket.readyState, observed.types], [2, ['open']]);
      connection().socket.end();
      const { code, reason, wasClean } = await observed.until('close');
      t.same([code, reason, wasClean, observed.types], [4000, 'done', true, ['open', 'close']]);
    }),
  },
  {
    name: 'closed of WebSocketStream waits for the end of TCP',
    run: (t) => withPeer(t, async (connection, url) => {
      const stream = t.stream(url);
      await exchanged(t, connection, async () => {
        await stream.opened;
        stream.close({ closeCode: 4000, reason: 'done' });
      });
      t.is(await stateOf(stream.closed), 'pending');
      connection().socket.end();
      t.same(await soon(stream.closed, 'closed'), { closeCode: 4000, reason: 'done' });
    }),
  },
  {
    name: 'a reset behind both close frames is the end of TCP, too: clean',
    run: (t) => withPeer(t, async (connection, url) => {
      const observed = t.socket(url);
      await exchanged(t, connection, async () => {
        await observed.until('open');
        observed.socket.close(4000);
      });
      connection().socket.resetAndDestroy();
      const { code, wasClean } = await observed.until('close');
      t.same([code, wasClean, observed.types], [4000, true, ['open', 'close']]);
    }),
  },
  ...[['two seconds', {}], ['closeTimeoutMs, if that is less', { closeTimeoutMs: 100 }]].map(([what, options]) => ({
    name: `a peer that never ends TCP: close of WebSocket comes after ${what}, clean, and the connection is ended`,
    run: (t) => withPeer(t, async (connection, url) => {
      const observed = t.socket(url, options);
      await exchanged(t, connection, async () => {
        await observed.until('open');
        observed.socket.close(4000);
      });
      const { code, wasClean } = await observed.until('close');
      t.same([code, wasClean, observed.types], [4000, true, ['open', 'close']]);
      await connection().until(({ ended }) => ended, 'the end of the connection');
    }),
  })),
  {
    name: 'a write under way when the peer closes is rejected: the rest of its message does not go out',
    run: (t) => withPeer(t, async (connection, url) => {
      const stream = t.stream(url);
      const writer = (await stream.opened).writable.getWriter();
      connection().onFrame = () => {};
      connection().socket.pause();
      const write = writer.write(new Uint8Array(16_000_000));
      connection().socket.write(frame(CLOSE, Buffer.from([0x0f, 0xa0])));
      for (let at = 0; at < 3; at++) await t.roundTrip();
      t.is(await stateOf(write), 'pending');
      connection().socket.resume();
      await untilFrames(connection(), CLOSE);
      connection().socket.end();
      t.same(await soon(stream.closed, 'closed'), { closeCode: 4000, reason: '' });
      t.is((await rejectionOf(write, 'write')).name, 'InvalidStateError');
    }),
  },
  {
    name: 'onStop of a channel does not wait for the end of TCP',
    run: (t) => withPeer(t, async (connection, url) => {
      const talk = t.open(url, {});
      await exchanged(t, connection, async () => {
        await talk.until('onStart');
        talk.close(4000);
      });
      const { code, wasClean } = await t.stops(talk, { node: 'NS_OK' });
      t.same([code, wasClean, connection().ended], [4000, true, false]);
    }),
  },
];

/** A peer that answers the close frame, and leaves TCP as it is. */
async function withPeer(t, run) {
  const server = await startRaw();
  let connection;
  server.next().then((it) => {
    connection = it;
    it.onFrame = ({ opcode, hex }) => { if (opcode === CLOSE) it.socket.write(frame(CLOSE, Buffer.from(hex, 'hex'))); };
    it.accept();
  });
  try {
    await run(() => connection, `ws://127.0.0.1:${server.port}/`);
  } finally {
    server.stop();
  }
}

/** Both close frames are exchanged: the peer's has had its time. */
async function exchanged(t, connection, close) {
  await close();
  await untilFrames(connection(), CLOSE);
  for (let at = 0; at < 3; at++) await t.roundTrip();
}
