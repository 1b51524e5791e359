// Measures very many connections in one process, against ws: the memory of each, the cost of opening the last ones, and a message on each in turn.
// Run `node bench/scale.js [channel|ws]` after `npm run bench -- --quick`. Each line has its own process.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { folder, median, startPeer } from './shared.js';

/** Each line: how many connections, and whether they compress. A process may open 20,000 files here. */
const LINES = [[10], [1000], [10_000], [19_500], [10, true], [1000, true], [10_000, true]];
/** The most connections to measure with ws. Its compression contexts soon use up the machine's memory. */
const WS_MOST = { plain: 19_500, deflate: 1000 };
const OPENING = 100;
/** The size of the first and of the last group of connections, which are compared. */
const PART = 1000;

/** The echo server for connections that do not compress. The native one has a thread for each connection, and fails at 13,000. */
const PLAIN_PEER = `
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 2000 }, () => console.log(JSON.stringify(server.address())));
  server.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
`;

const NATIVE_PEER = fileURLToPath(new URL('../target/bench-peer/release/peer', import.meta.url));

/** Returns a message of about 600 bytes, different for each number. */
const messageOf = (number) => JSON.stringify({
  number, items: Array.from({ length: 8 }, (_, at) => ({ name: `item ${at}`, price: (number * 31 + at * 17) % 1000, tags: ['new', 'cheap'] })),
});

/** Measures one line, in this process. */
async function one({ client, url, channels, deflate }) {
  const { open } = await import(`./clients/${client}.js`);
  const all = [];
  const openOne = () => new Promise((resolve) => {
    const connection = { heard: resolve };
    const text = messageOf(all.push(connection));
    const opened = () => connection.link.send(text);
    connection.link = open(url, { text: true, deflate, opened, received: () => connection.heard() });
  });
  const cpu = () => Object.values(process.cpuUsage()).reduce((sum, part) => sum + part, 0);
  /** Opens `count` more. Returns the CPU microseconds for each. */
  const openMore = async (count) => {
    let [left, before] = [count, cpu()];
    await Promise.all(Array.from({ length: OPENING }, async () => {
      while (left-- > 0) await openOne();
    }));
    return (cpu() - before) / count;
  };
  const memory = async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    gc();
    gc();
    return process.memoryUsage().rss;
  };
  const before = Math.min(300, channels);
  await openMore(before); // the first ones also load code, which does not count
  const empty = await memory();
  const more = channels - before;
  const first = more > 0 ? await openMore(Math.min(PART, more)) : null;
  if (more > 2 * PART) await openMore(more - 2 * PART);
  const last = more > PART ? await openMore(PART) : null;
  const each = more > 0 ? (await memory() - empty) / more : null;
  const turn = async () => {
    const before = cpu();
    for (const [at, connection] of all.entries()) {
      await new Promise((heard) => {
        connection.heard = heard;
        connection.link.send(messageOf(at));
      });
    }
    return (cpu() - before) / all.length;
  };
  const turns = [];
  const few = Math.max(3, Math.ceil(2000 / channels));
  for (let at = 0; at < few; at++) turns.push(await turn());
  process.stdout.write(JSON.stringify({ each, first, last, turn: median(turns) }), () => process.exit());
}

/** Measures every line for these clients. Returns rows of { client, channels, deflate, each, first, last, turn }, in bytes and CPU microseconds. */
export async function measureScale(clients = ['channel', 'ws'], log = console.log) {
  const rows = [];
  for (const client of clients) {
    for (const [channels, deflate = false] of LINES) {
      if (client === 'ws' && channels > WS_MOST[deflate ? 'deflate' : 'plain']) continue;
      const peer = await startPeer(PLAIN_PEER, deflate ? [NATIVE_PEER] : undefined);
      const url = `ws://127.0.0.1:${JSON.parse(peer.line).port}/echo${deflate ? '?deflate=1' : ''}`;
      const task = JSON.stringify({ client, url, channels, deflate });
      try {
        const output = execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), task], { cwd: folder, encoding: 'utf8', timeout: 240_000 });
        rows.push({ client, channels, deflate, ...JSON.parse(output) });
        log(cells(rows.at(-1), rows).join('  '));
      } finally {
        peer.stop();
      }
    }
  }
  return rows;
}

export const HEAD = ['', 'connections', 'KiB each', 'opening the first thousand: µs CPU each', 'the last thousand', 'a message on each in turn: µs CPU', 'ratio to that with 10'];

/** Returns a line of the table. With ten connections, only the messages in turn are measured. */
export function cells({ client, channels, deflate, each, first, last, turn }, rows) {
  const show = (value, digits = 0) => (value === null ? '–' : value.toFixed(digits));
  const few = rows.find((row) => row.client === client && row.deflate === deflate && row.channels === 10);
  return [`${client === 'channel' ? 'websocket-channel' : client}${deflate ? ', compressing' : ''}`, channels.toLocaleString('en'),
    show(each === null ? null : each / 1024, 1), show(first), show(last), show(turn), (turn / few.turn).toFixed(2)];
}

const [, script, argument] = process.argv;
if (script === fileURLToPath(import.meta.url)) {
  if (argument?.startsWith('{')) await one(JSON.parse(argument));
  else await measureScale(argument ? [argument] : undefined);
}
