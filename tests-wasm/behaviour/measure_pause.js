// node --expose-gc tests-wasm/behaviour/measure_pause.js [MiB] [runs]
//
// Measures the longest pause of the client's event loop while one large message is sent or received. The peer is `ws` in a separate process. A pause
// is the time between two setImmediate callbacks, so it covers everything that one turn does: sendMsg itself, reads, writes and the listener's call.

import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';
import { installedFolder } from './harness/installed.js';

const MIB = 1024 * 1024;
const KINDS = {
  'text, ASCII': (size) => lines(size).toString('latin1'),
  'text, UTF-8': (size) => lines(size - size / 8, 'ä').toString('utf8'),
  'binary, text-like': (size) => lines(size),
  'binary, random': (size) => noise(size),
};

if (process.argv[2] === 'peer') servePeer();
else measureAll(Number(process.argv[2] ?? 64), Number(process.argv[3] ?? 3));

async function measureAll(mib, runs) {
  const inside = join(installedFolder(), 'measure.mjs');
  writeFileSync(inside, 'export * from \'websocket-channel\';\n');
  const { WebSocketChannel } = await import(pathToFileURL(inside));
  const peer = fork(fileURLToPath(import.meta.url), ['peer']);
  const port = await new Promise((resolve) => peer.once('message', resolve));
  console.log(`${mib} MiB, median of ${runs} runs: longest pause of the event loop / total time, in ms`);
  console.log('| | send | send, deflate | receive | receive, deflate |\n|---|---|---|---|---|');
  for (const kind of Object.keys(KINDS)) {
    const cells = [];
    for (const manner of ['sink', 'source']) {
      for (const deflate of [false, true]) {
        const url = `ws://127.0.0.1:${port}/${manner}?${new URLSearchParams({ kind, mib, deflate })}`;
        const seen = [];
        for (let run = 0; run < runs; run++) seen.push(await measure(WebSocketChannel, url, manner === 'sink' ? KINDS[kind](mib * MIB) : 'go'));
        cells.push(`${median(seen.map(({ pause }) => pause))} / ${median(seen.map(({ whole }) => whole))}`);
      }
    }
    console.log(`| ${kind} | ${cells.join(' | ')} |`);
  }
  peer.kill();
}

/** Opens one channel, sends the message, waits for the peer's message, and closes. The meter runs from before the send until onStop. */
async function measure(WebSocketChannel, url, message) {
  const channel = new WebSocketChannel({ deflate: url.endsWith('true') ? {} : false });
  let started;
  const open = new Promise((resolve) => { started = resolve; });
  const ended = new Promise((resolve) => {
    const done = () => channel.close();
    channel.asyncOpen(url, null, { onStart: started, onMessageAvailable: done, onBinaryMessageAvailable: done, onStop: (context, status) => resolve(status) }, null);
  });
  await open;
  globalThis.gc?.();
  await new Promise(setImmediate);
  const meter = startMeter();
  if (typeof message === 'string') channel.sendMsg(message);
  else channel.sendBinaryMsg(message);
  if ((await ended) !== 0) throw new Error(`the channel failed: ${channel.status.toString(16)}`);
  return meter();
}

function startMeter() {
  const start = performance.now();
  let [last, pause, on] = [start, 0, true];
  const look = () => {
    const now = performance.now();
    pause = Math.max(pause, now - last);
    last = now;
    if (on) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    look();
    on = false;
    return { pause, whole: last - start };
  };
}

/** `/sink` answers when a message has arrived. `/source` sends a message when it receives one. */
function servePeer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 0, perMessageDeflate: true });
  const made = new Map();
  server.on('connection', (ws, request) => {
    const { pathname, searchParams: query } = new URL(request.url, 'ws://peer');
    const [kind, size] = [query.get('kind'), Number(query.get('mib')) * MIB];
    ws.on('message', () => {
      if (pathname === '/sink') return ws.send('taken');
      const key = `${kind} ${size}`;
      if (!made.has(key)) made.set(key, KINDS[kind](size));
      ws.send(made.get(key), { binary: kind.startsWith('binary') });
    });
  });
  server.on('listening', () => process.send(server.address().port));
}

/** Varied lines that look like JSON. Every line contains `extra`, which adds characters beyond ASCII. */
function lines(size, extra = '') {
  const random = generator();
  const block = [];
  for (let at = 0; at < 20_000; at++) block.push(`{"id":${random(1e6)},"name":"user${extra}${random(5000)}","tags":["t${random(50)}","t${random(50)}"],"score":${random(1000) / 10}}\n`);
  return Buffer.alloc(size, Buffer.from(block.join('')));
}

function noise(size) {
  const random = generator();
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = random(256);
  return bytes;
}

function generator(state = 88_172_645) {
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) % below;
  };
}

function median(values) {
  return Math.round(values.sort((a, b) => a - b)[Math.floor(values.length / 2)]);
}
