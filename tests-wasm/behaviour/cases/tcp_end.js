import { rejectionOf, stateOf } from '../harness/web.js';
import { startRaw } from '../harness/raw_server.js';
import { untilFrames } from '../harness/raw_talk.js';
import { soon } from '../harness/sources.js';
import { CLOSE, frame } from '../peers/frame.js';

/**
 * The end of TCP after both close frames: the web's classes report the end only then (WHATWG WebSockets, "when the WebSocket connection is
 * closed"; RFC 6455 §7.1.4), a channel reports it earlier. Only in Node.
 */
export const tcpEnds = [
  {
    name: 'the close event of WebSocket waits for the end of TCP',
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
    name: 'the promise closed of WebSocketStream waits for the end of TCP',
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
    name: 'a reset after both close frames also ends TCP, and the close is clean',
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
    name: `if the peer never ends TCP, WebSocket ends it, with a clean close event after ${what}`,
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
    name: 'a write in progress when the peer closes is rejected',
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
    name: 'a channel\'s onStop does not wait for the end of TCP',
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

/** Runs with a peer that answers the close frame and leaves TCP open. */
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

/** Waits until both close frames are exchanged, and gives the peer's frame time to arrive. */
async function exchanged(t, connection, close) {
  await close();
  await untilFrames(connection(), CLOSE);
  for (let at = 0; at < 3; at++) await t.roundTrip();
}
