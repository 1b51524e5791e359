// Measures the time from the peer's write to the listener's call, under load, and the garbage collector's pauses meanwhile, in turns with ws. Run
// `node bench/latency.js [rounds]` after `npm run bench -- --quick`. The peer writes the time into each message; both processes read the same clock.

import { execFileSync } from 'node:child_process';
import { createHistogram, PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { folder, median, startPeer } from './shared.js';

const CLIENTS = ['channel', 'ws'];
/** Each load: its name, the number of messages in every millisecond, and their size in bytes. */
const LOADS = [['20,000 messages of 128 B a second', 20, 128], ['100,000 messages of 128 B a second', 100, 128], ['2,000 messages of 16 KiB a second', 2, 16_384]];
const SECONDS = 3;

const PEER = `
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false }, () => console.log(server.address().port));
  server.on('connection', (socket, { url }) => {
    const [messages, size] = url.slice(1).split('/').map(Number);
    const started = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      // A late timer sends what it has missed, up to the messages of 20 milliseconds.
      const due = Math.floor(performance.now() - started) * messages;
      sent = Math.max(sent, due - 20 * messages);
      for (; sent < due; sent++) {
        const message = Buffer.alloc(size);
        message.writeBigUInt64LE(process.hrtime.bigint());
        socket.send(message);
      }
    }, 1);
    socket.on('close', () => clearInterval(timer));
    socket.on('error', () => {});
  });
`;

/** Measures one client under one load, in this process. */
async function one({ client, url }) {
  const { open } = await import(`./clients/${client}.js`);
  const histogram = createHistogram();
  const pauses = [];
  let isWarm = false;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => isWarm && pauses.push(duration)));
  observer.observe({ entryTypes: ['gc'] });
  open(url, { stamped: true, received(message) {
    // Reads the time without a DataView, which would be garbage made by the benchmark itself.
    let sent = 0;
    for (let at = 7; at >= 0; at--) sent = sent * 256 + message[at];
    if (isWarm) histogram.record(Math.max(1, Number(process.hrtime.bigint()) - sent));
  }, opened() {} });
  setTimeout(() => { isWarm = true; }, 1000);
  await new Promise((resolve) => setTimeout(resolve, 1000 + SECONDS * 1000));
  const result = { p50: histogram.percentile(50) / 1000, p999: histogram.percentile(99.9) / 1000, count: histogram.count,
    pauses: pauses.reduce((sum, pause) => sum + pause, 0) / SECONDS, longest: Math.max(0, ...pauses) };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

/** Returns { what, channel, ws } for each load: medians of p50 and p999 in µs, of GC in milliseconds per second, and of the longest pause in milliseconds. */
export async function measureLatency(rounds = 5, log = console.log) {
  const peer = await startPeer(PEER);
  try {
    const rows = [];
    for (const [what, messages, size] of LOADS) {
      const measured = Object.fromEntries(CLIENTS.map((client) => [client, []]));
      for (let round = 0; round < rounds; round++) {
        for (const client of round % 2 === 0 ? CLIENTS : CLIENTS.toReversed()) {
          const task = JSON.stringify({ client, url: `ws://127.0.0.1:${peer.line}/${messages}/${size}` });
          measured[client].push(JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), task], { cwd: folder, timeout: 60_000 })));
        }
      }
      rows.push({ what, ...Object.fromEntries(CLIENTS.map((client) => [client, medians(measured[client])])) });
      cells(rows.at(-1)).forEach((line) => log(line.join('  ')));
    }
    return rows;
  } finally {
    peer.stop();
  }
}

function medians(results) {
  return Object.fromEntries(['p50', 'p999', 'pauses', 'longest', 'count'].map((key) => [key, median(results.map((result) => result[key]))]));
}

export const HEAD = ['', '', 'half of the messages within, µs', '99.9 % within, µs', 'garbage collection, ms per second', 'its longest pause, ms'];

export function cells({ what, ...clients }) {
  return CLIENTS.map((client) => {
    const { p50, p999, pauses, longest } = clients[client];
    return [what, client === 'channel' ? 'websocket-channel' : client, p50.toFixed(0), p999.toFixed(0), pauses.toFixed(1), longest.toFixed(1)];
  });
}

const [, script, argument] = process.argv;
if (script === fileURLToPath(import.meta.url)) {
  if (argument?.startsWith('{')) await one(JSON.parse(argument));
  else await measureLatency(argument ? Number(argument) : undefined);
}
