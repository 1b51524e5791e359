// The server's end against ws with bufferutil, in turns, each server in a process of its own, with the native peer as its clients.
// `node bench/server.js [rounds]` after `npm run bench -- --quick`.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { folder, median } from './shared.js';

const JSON_472 = JSON.stringify({ id: 1, items: Array.from({ length: 9 }, (_, at) => ({ name: `item ${at}`, price: at * 17, tags: ['new', 'ch'] })) }).padEnd(472);

/** `atLeast`: ws times so much is to be reached; of memory at most. */
const CASES = [
  { name: 'receive masked text 16 B', mode: 'flood', text: 'x'.repeat(16), atLeast: 5 },
  { name: 'receive masked text 1 KiB', mode: 'flood', text: 'x'.repeat(1024), atLeast: 1.5 },
  { name: 'echo 125 B, 64 in flight, 1 connection', mode: 'echo', text: 'x'.repeat(125), inFlight: 64, atLeast: 4 },
  { name: 'echo 125 B, 64 in flight, 64 connections', mode: 'echo', text: 'x'.repeat(125), inFlight: 64, connections: 64, atLeast: 2 },
  { name: 'echo 125 B, 64 in flight, 1,000 connections', mode: 'echo', text: 'x'.repeat(125), inFlight: 64, connections: 1000, atLeast: 1.2 },
  { name: 'echo 472 B of JSON with deflate, 64 in flight', mode: 'echo', text: JSON_472, inFlight: 64, deflate: true, atLeast: 20 },
  { name: 'broadcast 128 B, to 1,000 members', mode: 'hear', text: 'x'.repeat(128), connections: 1000, atLeast: 3 },
  // What Node's sockets allow: `bare` takes the place of this package.
  { name: 'the same by a bare socket.write of one buffer, without a WebSocket implementation', mode: 'hear', text: 'x'.repeat(128), connections: 1000, bare: true, atLeast: 1 },
  { name: 'broadcast 128 B ten times a tick, to 1,000 members', mode: 'hear', text: 'x'.repeat(128), connections: 1000, perTick: 10, atLeast: 3 },
  { name: 'broadcast 472 B of JSON with deflate, to 1,000 members', mode: 'hear', text: JSON_472, connections: 1000, deflate: true, atLeast: 3 },
  { name: 'connections accepted and closed', mode: 'open', text: '', connections: 16, atLeast: 1.2 },
  { name: 'memory of an idle connection, KiB', mode: 'hear', text: '', connections: 5000, memory: true, atMost: 0.8 },
];
const SECONDS = 2;
const installed = createRequire(new URL('../build/installed/', import.meta.url));

/** Listens with one of the two servers: the port. `opened` is called with each connection, `heard` with a connection and what came on it. */
async function listen(which, { deflate, opened, heard }) {
  const server = createServer();
  if (which === 'bare') {
    server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.setNoDelay(true).on('error', () => {}).resume();
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
      Object.defineProperty(socket, 'bufferedAmount', { get() { return this.writableLength; } });
      opened(socket);
    });
  } else if (which === 'ws') {
    const { WebSocketServer } = await import('ws');
    new WebSocketServer({ server, perMessageDeflate: deflate ? { threshold: 0 } : false }).on('connection', (socket) => {
      opened(socket);
      // A text as a string, as the channel gives it.
      socket.on('message', (data, isBinary) => heard(socket, isBinary ? data : data.toString()));
      socket.on('error', () => {});
    });
  } else {
    const { WebSocketChannel } = installed('websocket-channel');
    server.on('upgrade', (request, socket, head) => {
      const channel = new WebSocketChannel({ deflate: deflate ? { threshold: 0 } : false });
      channel.asyncAccept(request, socket, head, { onStart: () => opened(channel), onMessageAvailable: (_, text) => heard(channel, text) }, null);
    });
  }
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  return server.address().port;
}

/** What one server does a second, in this process; or the KiB that a connection takes. */
async function one({ which: asked, bare = false, mode, text, connections = 1, inFlight = 1, deflate = false, perTick = 1, memory = false }) {
  const which = bare && asked === 'channel' ? 'bare' : asked;
  const frame = Buffer.concat([Buffer.from([0x81, 126, text.length >> 8, text.length & 255]), Buffer.from(text)]);
  let count = 0;
  const all = [];
  const send = which === 'ws' ? (socket, data) => socket.send(data) : (channel, data) => channel.sendMsg(data);
  const port = await listen(which, {
    deflate, opened: (it) => { count += mode === 'open' ? 1 : 0; if (mode === 'hear') all.push(it); },
    heard: (it, data) => { count += 1; if (mode === 'echo') send(it, data); },
  });
  const scratch = mkdtempSync(join(tmpdir(), 'wsc-load-'));
  writeFileSync(join(scratch, 'frame'), frameOf(text, deflate));
  const rss = () => { gc(); gc(); return process.memoryUsage().rss; };
  const empty = rss();
  const load = spawn(fileURLToPath(new URL('../target/bench-peer/release/peer', import.meta.url)),
    ['load', port, mode, connections, inFlight, join(scratch, 'frame'), ...(deflate ? ['deflate'] : [])].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(load.stdout, 'data');
  try {
    await pause(500);
    if (memory) return (rss() - empty) / 1024 / connections;
    const [before, started] = [count, performance.now()];
    if (mode === 'hear') count += await broadcast(which, all, which === 'bare' ? frame : text, perTick);
    else await pause(SECONDS * 1000);
    return (count - before) / (performance.now() - started) * 1000;
  } finally {
    load.kill();
    rmSync(scratch, { recursive: true });
  }
}

/** Sends to all, and again when the last has taken it. Returns how many messages the members were sent together. */
async function broadcast(which, all, text, perTick) {
  let group;
  if (which === 'channel') {
    const { LoadGroup } = installed('websocket-channel');
    group = new LoadGroup();
    for (const channel of all) channel.loadGroup = group;
  }
  const last = all.at(-1);
  let sent = 0;
  for (const end = performance.now() + SECONDS * 1000; performance.now() < end;) {
    for (let at = 0; at < perTick; at++) {
      if (group) sent += group.sendMsg(text);
      else for (const socket of all) { socket[which === 'bare' ? 'write' : 'send'](text); sent += 1; }
    }
    do await new Promise(setImmediate); while (last.bufferedAmount > 0);
  }
  return sent;
}

/** A client's frame, compressed by itself if that is agreed on. */
function frameOf(text, deflate) {
  const payload = deflate ? deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4) : Buffer.from(text);
  const key = [0x37, 0xfa, 0x21, 0x3d];
  const length = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.from([deflate ? 0xc1 : 0x81, ...length, ...key, ...payload.map((byte, at) => byte ^ key[at & 3])]);
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Rows of { name, atLeast, atMost, ours, ws, ratio }: medians. */
export async function measureServer(rounds = 3, log = console.log) {
  const rows = [];
  for (const [at, { name, atLeast, atMost }] of CASES.entries()) {
    const measured = { channel: [], ws: [] };
    for (let round = 0; round < rounds; round++) {
      for (const which of round % 2 === 0 ? ['channel', 'ws'] : ['ws', 'channel']) {
        const printed = execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), 'one', which, at], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
        measured[which].push(Number(printed));
      }
    }
    const ratios = measured.channel.map((value, round) => value / measured.ws[round]);
    const row = { name, atLeast, atMost, ours: median(measured.channel), ws: median(measured.ws), ratio: median(ratios) };
    rows.push(row);
    log(cells(row).join('  '));
  }
  return rows;
}

export const HEAD = ['', 'websocket-channel', 'ws', 'ratio', 'to reach'];

/** A row's cells. A ratio in bold is not what is to be reached. */
export function cells({ name, atLeast, atMost, ours, ws, ratio }) {
  const number = (value) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
  const isReached = atLeast ? ratio >= atLeast : ratio <= atMost;
  return [name, number(ours), number(ws), isReached ? ratio.toFixed(2) : `**${ratio.toFixed(2)}**`, atLeast ? `≥ ${atLeast}` : `≤ ${atMost}`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , first, which, at] = process.argv;
  if (first === 'one') {
    console.log(await one({ which, ...CASES[at] }));
    process.exit();
  }
  await measureServer(Number(first ?? 3));
}
