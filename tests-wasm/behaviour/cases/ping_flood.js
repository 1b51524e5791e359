import { program } from '../harness/own_process.js';
import { withRaw } from '../harness/raw_talk.js';
import { promised, soon } from '../harness/sources.js';
import { frame, PING, PONG, TEXT } from '../peers/frame.js';

/** Many pings and pongs at once: memory is bounded, and a pong costs the same however many pings are outstanding. Only in Node. */
export const pingFloods = [
  {
    name: '10,000 unsolicited pongs cost the same with 20,000 pings outstanding as with one',
    async run(t) {
      const few = await costOfPongs(t, 1);
      const many = await costOfPongs(t, 20_000);
      // A search through all pings would take a thousand times as long.
      t.ok(many < 10 * few + 500, `processor time for 10,000 pongs: ${few} ms with one ping outstanding, ${many} ms with 20,000`);
    },
  },
  {
    name: '20,000 pings at once: each promise settles, answered or refused, and the channel still works',
    run: (t) => withRaw(t, {}, async (talk, connection) => {
      const pings = Array.from({ length: 20_000 }, (_, at) => outcome(t, talk.channel.sendPing(`ping ${at}`)));
      await allSent(talk, connection);
      const sent = connection.frames.filter(({ opcode }) => opcode === PING);
      t.ok(sent.length > 0, 'some pings were sent');
      // The pong for the last ping answers all pings before it (RFC 6455 §5.5.3).
      connection.socket.write(frame(PONG, sent.at(-1).text));
      const outcomes = await soon(Promise.all(pings), 'all pings to settle');
      t.is(outcomes.filter((one) => one === 'answered').length, sent.length, 'number of answered pings');
      t.is(new Set(sent.map(({ text }) => text)).size, sent.length, 'no ping was sent twice');
      const { onFrame } = connection;
      connection.onFrame = (one) => {
        onFrame(one);
        if (one.opcode === PING) connection.socket.write(frame(PONG, one.text));
      };
      t.is(await soon(outcome(t, talk.channel.sendPing('once more')), 'the next ping'), 'answered');
      t.same([talk.channel.state, talk.channel.bufferedAmount], ['open', 0]);
    }),
  },
  {
    name: 'a pong for a ping in the middle of 20,000 answers that ping and those before it, and no others',
    run: (t) => withRaw(t, {}, async (talk, connection) => {
      let settled = 0;
      for (let at = 0; at < 20_000; at++) talk.channel.sendPing(`ping ${at}`).then(() => { settled += 1; }, () => {});
      await allSent(talk, connection);
      const sent = connection.frames.filter(({ opcode }) => opcode === PING);
      const middle = Math.floor(sent.length / 2);
      connection.socket.write(Buffer.concat([frame(PONG, sent[middle].text), frame(TEXT, 'seen')]));
      await talk.untilMessages(1);
      await new Promise(setImmediate);
      t.is(settled, middle + 1, `pings answered by the pong to number ${middle} of ${sent.length}`);
    }),
  },
  {
    name: '200,000 pings to a peer that does not read: wasm memory stays under 8 MiB, and all settle when the channel ends',
    async run(t) {
      // This runs in its own process, because wasm memory never shrinks.
      const { code, stdout, stderr } = await program(`
        import { ChannelError, LoadGroup } from 'websocket-channel';
        const channel = new WebSocketChannel();
        const group = new LoadGroup();
        channel.loadGroup = group;
        await new Promise((resolve) => channel.asyncOpen(process.argv[1], null, { onStart: resolve }, null));
        const pings = [];
        for (let round = 0; round < 100; round++) {
          for (let at = 0; at < 2000; at++) pings.push(channel.sendPing('p'.repeat(125)));
          await new Promise(setImmediate);
        }
        console.log(channel.state);
        group.cancel();
        const outcomes = await Promise.allSettled(pings);
        console.log(outcomes.every(({ reason }) => reason instanceof ChannelError));
        console.log(WebSocketChannel[Symbol.for('websocket-channel.exports')].memory.buffer.byteLength);
        process.exit();
      `, t.peer('rude', '/deaf'), { limit: 40_000 }); // an error for each ping takes a slow machine 15 seconds
      const [state, allRefused, memory] = stdout.split('\n');
      t.same([code, stderr, state, allRefused], [0, '', 'open', 'true']);
      t.ok(Number(memory) <= 8 * 2 ** 20, `wasm memory has grown to ${memory} bytes`);
    },
  },
];

/** Returns the milliseconds of processor time that 10,000 pongs take while this many pings are outstanding. */
async function costOfPongs(t, outstanding) {
  let cost;
  await withRaw(t, {}, async (talk, connection) => {
    for (let at = 0; at < outstanding; at++) talk.channel.sendPing(`ping ${at}`).catch(() => {});
    await allSent(talk, connection);
    const pongs = Buffer.concat([...Array.from({ length: 10_000 }, (_, at) => frame(PONG, `pong ${at}`)), frame(TEXT, 'done')]);
    const before = process.cpuUsage();
    connection.socket.write(pongs);
    await talk.untilMessages(1);
    const { user, system } = process.cpuUsage(before);
    cost = (user + system) / 1000;
  });
  return cost;
}

/** Returns when the peer has every ping that was sent so far. (`until` would look at all frames each time one arrives.) */
async function allSent(talk, connection) {
  const { onFrame } = connection;
  const came = promised();
  connection.onFrame = (one) => {
    onFrame(one);
    if (one.opcode === TEXT) came.resolve();
  };
  talk.send('behind them all');
  await soon(came.promise, 'the text behind the pings');
}

/** Returns 'answered' if the promise resolves with milliseconds, or 'refused' if it rejects with a ChannelError. */
function outcome(t, promise) {
  return promise.then((ms) => {
    t.ok(ms >= 0, `${ms} ms`);
    return 'answered';
  }, (error) => {
    t.ok(error instanceof t.api.ChannelError, `a ping is refused with a ChannelError: ${error}`);
    return 'refused';
  });
}
