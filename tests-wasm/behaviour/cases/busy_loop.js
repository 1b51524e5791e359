import { withServer } from '../harness/raw_server.js';
import { untilFrames, withRaw } from '../harness/raw_talk.js';
import { CLOSE, frame, PING, PONG, TEXT } from '../peers/frame.js';

/**
 * The program keeps the event loop busy for longer than a timeout while the answer waits unread in the kernel. That must not be a timeout. The peer
 * writes its answer and blocks the loop in the same turn, so the channel's timer is due before anything can be read. Only in Node.
 */
export const busyLoops = [
  {
    name: 'openTimeoutMs: a handshake that arrived while the loop was busy opens the channel',
    run: (t) => withServer(async (server) => {
      const talk = t.open(`ws://127.0.0.1:${server.port}/`, { options: { openTimeoutMs: 500 } });
      const connection = await server.next();
      answerClose(connection);
      connection.accept();
      block(1000);
      t.is((await talk.until('onStart')).state, 'open', 'the state in onStart');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
    }),
  },
  {
    name: 'openTimeoutMs: without a response the channel stops, even if the event loop was busy',
    run: (t) => withServer(async (server) => {
      const talk = t.open(`ws://127.0.0.1:${server.port}/`, { options: { openTimeoutMs: 500 } });
      await server.next();
      block(1000);
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'open');
    }),
  },
  ...[['a pong', PONG, ''], ['a message', TEXT, 'alive']].map(([what, opcode, payload]) => ({
    name: `pingTimeout: ${what} that arrived while the loop was busy keeps the channel open`,
    run: (t) => withRaw(t, { attributes: { pingInterval: 1, pingTimeout: 1 } }, async (talk, connection) => {
      const { onFrame } = connection;
      let blocks = 0;
      connection.onFrame = (one) => {
        onFrame(one);
        if (one.opcode !== PING) return;
        connection.socket.write(frame(opcode, payload));
        blocks += 1;
        if (blocks < 3) block(1500);
      };
      await Promise.race([untilFrames(connection, PING, 3), talk.end()]);
      t.same([talk.channel.state, talk.messages.length], ['open', opcode === TEXT ? 2 : 0], 'state and messages');
    }),
  })),
  {
    name: 'pingTimeout detects a silent peer even if the event loop was busy',
    run: (t) => withRaw(t, { attributes: { pingInterval: 1, pingTimeout: 1 }, ends: TIMEOUT }, async (talk, connection) => {
      await untilFrames(connection, PING);
      block(1500);
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'ping');
    }),
  },
  {
    name: 'closeTimeoutMs: a close frame that arrived while the loop was busy closes the channel cleanly',
    run: (t) => withRaw(t, { options: { closeTimeoutMs: 500 } }, async (talk, connection) => {
      const { onFrame } = connection;
      connection.onFrame = (one) => {
        onFrame(one);
        if (one.opcode === CLOSE) block(1000);
      };
      talk.close(4000, 'done');
      t.same((await t.stops(talk, { node: 'NS_OK' })).code, 4000);
    }),
  },
];

/** Blocks the event loop for this many milliseconds. */
function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function answerClose(connection) {
  connection.onFrame = ({ opcode, hex }) => opcode === CLOSE && connection.socket.end(frame(CLOSE, Buffer.from(hex, 'hex')));
}

const TIMEOUT = 'NS_ERROR_NET_TIMEOUT_EXTERNAL';
