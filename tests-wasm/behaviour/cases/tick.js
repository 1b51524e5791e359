import { withSendingServer } from '../harness/sending_server.js';

/** What is received: ten times a text, behind which a large message begins or ends in the same read, and a text behind it. */
const BODY = 'const body = Buffer.from(Array.from({ length: 1 << 20 }, (_, at) => (at * 7 + (at >> 8)) & 255));';
const WRITES = `(() => {
  ${BODY}
  const large = frame(2, body);
  return Array.from({ length: 10 }, () => [
    [frame(1, 'begins'), large.subarray(0, 40_000)], [large.subarray(40_000), frame(1, 'ends')],
    [large.subarray(0, 40_000)], [large.subarray(40_000)], [frame(1, 'done')],
  ]).flat();
})()`;

/**
 * The ends of ticks. A program that goes on after errors that nothing catches, as many servers do: Node reads on, but may not notice that the buffer to
 * read into is another. And a host that does not let the package run microtasks, so that each event of a WebSocket takes a turn.
 */
export const ticks = [...['channel', 'WebSocket'].map((api) => ({
  name: `${api}: callbacks of process.nextTick throw while large messages arrive: the messages are unchanged`,
  async run(t) {
    const { code, stdout, stderr } = await withSendingServer(WRITES, `
      ${BODY}
      let thrown = 0;
      process.on('uncaughtException', ({ message }) => { if (message === 'in a tick') thrown += 1; else throw new Error(message); });
      const seen = { begins: 0, ends: 0, done: 0, right: 0, wrong: 0 };
      const hear = (data) => {
        process.nextTick(() => { throw new Error('in a tick'); });
        if (typeof data === 'string') seen[data] += 1;
        else seen[Buffer.compare(new Uint8Array(data), body) === 0 ? 'right' : 'wrong'] += 1;
        if (seen.done < 10) return;
        setTimeout(() => {
          console.log(JSON.stringify({ ...seen, thrown }));
          process.exit();
        });
      };
      ${api === 'channel'
        ? 'new WebSocketChannel().asyncOpen(url, null, { onMessageAvailable: (_, text) => hear(text), onBinaryMessageAvailable: (_, bytes) => hear(bytes) }, null);'
        : 'const socket = new WebSocket(url); socket.binaryType = "arraybuffer"; socket.onmessage = ({ data }) => hear(data);'}
    `);
    t.is(code, 0, stderr);
    t.same(JSON.parse(stdout), { begins: 10, ends: 10, done: 10, right: 20, wrong: 0, thrown: 50 });
  },
})), {
  name: 'WebSocket: a flood of messages where microtasks cannot be run: the peer must wait for the events',
  async run(t) {
    const { code, stdout, stderr } = await withSendingServer('[Array(65_536).fill(frame(1, "x".repeat(1000)))]', `
      let heard = 0;
      new WebSocket(url).onmessage = () => {
        heard += 1;
        if (heard < 300) return;
        console.log(connection.writableLength);
        process.exit();
      };
    `, { nodeFlags: ['--pending-deprecation'] });
    t.is(code, 0, stderr);
    t.ok(Number(stdout) > 32 << 20, `${stdout.trim()} bytes have not been sent`);
  },
}];
