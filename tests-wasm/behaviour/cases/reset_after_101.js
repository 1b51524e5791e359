import { startRaw } from '../harness/raw_server.js';

/** A server resets the connection right after its 101. The status is NS_ERROR_NET_RESET, as the table says, no matter who notices first. Only in Node. */
export const resetsAfter101 = [
  ['nothing is sent', () => {}],
  ['a message is queued while connecting', (talk) => talk.send('queued')],
  ['a large message is queued while connecting', (talk) => talk.send(new Uint8Array(2 ** 20))],
].flatMap(([what, queue]) => [
  {
    name: `the 101, then a reset at once; ${what}`,
    run: (t) => manyTimes(t, {}, queue, (connection) => {
      connection.accept();
      connection.socket.resetAndDestroy();
    }),
  },
  {
    name: `the 101, then a reset once the client has had time to open; ${what}`,
    run: (t) => manyTimes(t, {}, queue, (connection) => {
      connection.accept();
      setImmediate(() => connection.socket.resetAndDestroy());
    }),
  },
  {
    name: `the 101, then a reset at once; ${what}, and onStart sends too`,
    run: (t) => manyTimes(t, { onStart: (talk) => talk.channel.state === 'open' && talk.send('in onStart') }, queue, (connection) => {
      connection.accept();
      connection.socket.resetAndDestroy();
    }),
  },
]);

/** Opens twenty channels one after the other, because this is a race. Each must end with NS_ERROR_NET_RESET. */
async function manyTimes(t, { onStart = () => {} }, queue, answer) {
  const server = await startRaw();
  try {
    const seen = [];
    for (let at = 0; at < 20; at++) {
      const talk = t.open(`ws://127.0.0.1:${server.port}/`, { listener: { onStart: () => onStart(talk) } });
      queue(talk);
      answer(await server.next());
      const { status, detail: { cause } } = await talk.end();
      seen.push(`${t.api.statusName(status)} ${cause instanceof Error}`);
    }
    t.same(seen, Array(20).fill('NS_ERROR_NET_RESET true'), 'the status, and whether there is a cause');
  } finally {
    server.stop();
  }
}
