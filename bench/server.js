// Compares the server end with ws (with bufferutil) and Bun's own server, in turns, each in its own process. The native peer plays the clients.
// Run `node bench/server.js [rounds]` after `npm run bench -- --quick`.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { SERVERS } from './servers.js';
import { folder, median } from './shared.js';

const JSON_472 = JSON.stringify({ id: 1, items: Array.from({ length: 9 }, (_, at) => ({ name: `item ${at}`, price: at * 17, tags: ['new', 'ch'] })) }).padEnd(472);

/** `atLeast` is the target for the ratio to ws, `atMost` the target for the ratio of memory. */
const CASES = [
  { name: 'receive masked text 16 B', mode: 'flood', text: 'x'.repeat(16), atLeast: 5 },
  { name: 'receive masked text 1 KiB', mode: 'flood', text: 'x'.repeat(1024), atLeast: 1.5 },
  { name: 'echo 125 B, 64 in flight, 1 connection', mode: 'echo', text: 'x'.repeat(125), inFlight: 64, atLeast: 4 },
  { name: 'echo 125 B, 64 in flight, 64 connections', mode: 'echo', text: 'x'.repeat(125), inFlight: 64, connections: 64, atLeast: 2 },
  { name: 'echo 125 B, 64 in flight, 1,000 connections', mode: 'echo', text: 'x'.repeat(125), inFlight: 64, connections: 1000, atLeast: 1.2 },
  { name: 'echo 472 B of JSON with deflate, 64 in flight', mode: 'echo', text: JSON_472, inFlight: 64, deflate: true, atLeast: 20 },
  { name: 'broadcast 128 B, to 1,000 members', mode: 'hear', text: 'x'.repeat(128), connections: 1000, atLeast: 3 },
  // `bare` takes the place of this package.
  { name: 'the same with a bare socket.write of one buffer, without a WebSocket implementation', mode: 'hear', text: 'x'.repeat(128), connections: 1000, bare: true, atLeast: 1 },
  { name: 'broadcast 128 B ten times a tick, to 1,000 members', mode: 'hear', text: 'x'.repeat(128), connections: 1000, perTick: 10, atLeast: 3 },
  { name: 'broadcast 472 B of JSON with deflate, to 1,000 members', mode: 'hear', text: JSON_472, connections: 1000, deflate: true, atLeast: 3 },
  // A server's code is compiled only after some thousand connections, so the warm-up is longer.
  { name: 'connections accepted and closed', mode: 'open', text: '', connections: 16, warmUp: 5, atLeast: 1.2 },
  { name: 'memory of an idle connection, KiB', mode: 'hear', text: '', connections: 5000, memory: true, atMost: 0.8 },
];
const SECONDS = 2;

/** Returns what one server does per second, in this process, or the KiB that a connection takes. */
async function one({ which, mode, text, connections = 1, inFlight = 1, deflate = false, perTick = 1, memory = false, warmUp = 0.5 }) {
  let count = 0;
  const all = [];
  const server = SERVERS[which];
  const port = await server.listen({
    deflate, opened: (it) => { count += mode === 'open' ? 1 : 0; if (mode === 'hear') all.push(it); },
    heard: (it, data) => { count += 1; if (mode === 'echo') server.send(it, data); },
  });
  const scratch = mkdtempSync(join(tmpdir(), 'wsc-load-'));
  writeFileSync(join(scratch, 'frame'), frameOf(text, deflate));
  const loads = [];
  const load = async (count) => {
    const args = ['load', port, mode, count, inFlight, join(scratch, 'frame'), ...(deflate ? ['deflate'] : [])].map(String);
    loads.push(spawn(fileURLToPath(new URL('../target/bench-peer/release/peer', import.meta.url)), args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await once(loads.at(-1).stdout, 'data');
    await pause(warmUp * 1000);
  };
  try {
    if (memory) return await memoryOf(connections, load);
    await load(connections);
    const [before, started] = [count, performance.now()];
    if (mode === 'hear') count += await broadcast(server, all, text, perTick);
    else await pause(SECONDS * 1000);
    return (count - before) / (performance.now() - started) * 1000;
  } finally {
    loads.forEach((it) => it.kill());
    rmSync(scratch, { recursive: true });
  }
}

/** Returns the KiB that each connection takes. The first 500, which make the process load and compile code, do not count. */
async function memoryOf(connections, load) {
  const collect = globalThis.gc ?? (() => globalThis.Bun.gc(true));
  const rss = () => { collect(); collect(); return process.memoryUsage().rss; };
  await load(500);
  const before = rss();
  await load(connections);
  return (rss() - before) / 1024 / connections;
}

/** Sends to all members, and again when the last one has taken it. Returns how many messages were sent to all members together. */
async function broadcast(server, all, text, perTick) {
  const send = server.broadcaster(all);
  const last = all.at(-1);
  let sent = 0;
  for (const end = performance.now() + SECONDS * 1000; performance.now() < end;) {
    for (let at = 0; at < perTick; at++) sent += send(text);
    do await new Promise(setImmediate); while (server.buffered(last) > 0);
  }
  return sent;
}

/** Returns a client's frame. With `deflate`, its message is compressed on its own. */
function frameOf(text, deflate) {
  const payload = deflate ? deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4) : Buffer.from(text);
  const key = [0x37, 0xfa, 0x21, 0x3d];
  const length = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.from([deflate ? 0xc1 : 0x81, ...length, ...key, ...payload.map((byte, at) => byte ^ key[at & 3])]);
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Returns rows of { name, atLeast, atMost, ours, ws, ratio, bun }. The figures are medians; `bun` is the ratio to Bun's server. */
export async function measureServer(rounds = 3, log = console.log) {
  const rows = [];
  for (const [at, { name, atLeast, atMost, bare }] of CASES.entries()) {
    const [ours, ...others] = bare ? ['bare', 'ws'] : ['channel', 'ws', 'bun'];
    const measured = { [ours]: [], ws: [], bun: [] };
    for (let round = 0; round < rounds; round++) {
      const turns = [ours, ...others];
      for (const which of round % 2 === 0 ? turns : turns.reverse()) measured[which].push(inItsProcess(which, at));
    }
    const ratio = (of) => median(measured[ours].map((value, round) => value / measured[of][round]));
    const row = { name, atLeast, atMost, ours: median(measured[ours]), ws: median(measured.ws), ratio: ratio('ws'), bun: bare ? null : ratio('bun') };
    rows.push(row);
    log(cells(row).join('  '));
  }
  return rows;
}

/**
 * V8 doubles its young generation, by 12 MB or more, when enough has survived: some connections earlier or later, by chance. That is no connection's
 * memory, so it stays small where memory is measured.
 */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=1';

function inItsProcess(which, at) {
  const flagsOfNode = CASES[at].memory ? ['--expose-gc', SMALL_YOUNG_GENERATION] : [];
  const [program, flags] = which === 'bun' ? [join(folder, 'node_modules', '@oven/bun-linux-x64/bin/bun'), []] : [process.execPath, flagsOfNode];
  const args = [...flags, fileURLToPath(import.meta.url), 'one', which, at];
  return Number(execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
}

export const HEAD = ['', 'websocket-channel', 'ws', 'ratio', 'target', 'ratio to Bun\'s server (µWebSockets)'];

/** Returns a row's cells. A ratio in bold misses its target. */
export function cells({ name, atLeast, atMost, ours, ws, ratio, bun }) {
  const number = (value) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
  const isReached = atLeast ? ratio >= atLeast : ratio <= atMost;
  const shares = [isReached ? ratio.toFixed(2) : `**${ratio.toFixed(2)}**`, atLeast ? `≥ ${atLeast}` : `≤ ${atMost}`, bun ? bun.toFixed(2) : '–'];
  return [name, number(ours), number(ws), ...shares];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , first, which, at] = process.argv;
  if (first === 'one') {
    console.log(await one({ which, ...CASES[at] }));
    process.exit();
  }
  await measureServer(Number(first ?? 3));
}
