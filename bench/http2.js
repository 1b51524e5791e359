// Compares 64 channels on one HTTP/2 session with 64 on separate sockets, in turns. The server and the client use this package, each in its own process.
// Run `node bench/http2.js [rounds]` after a build.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { certificate } from '../tests-wasm/behaviour/harness/certificate.js';
import { folder, median } from './shared.js';

const installed = createRequire(new URL('../build/installed/', import.meta.url));
const CHANNELS = 64;
const SECONDS = 2;
const CASES = [
  { name: 'echo 125 B, one in flight on each', size: 125, inFlight: 1, atLeast: 0.5 },
  { name: 'echo 125 B, 64 in flight on each', size: 125, inFlight: 64, atLeast: 0.5 },
  { name: 'echo 16 KiB, one in flight on each', size: 16_384, inFlight: 1, atLeast: 0.5 },
];

/** Starts an echo server for both HTTP versions, and prints its port. */
async function serve() {
  const { WebSocketChannel } = installed('websocket-channel');
  const { cert, key } = certificate();
  const server = createSecureServer({ cert, key, allowHTTP1: true, settings: { enableConnectProtocol: true } });
  const accept = (...upgrade) => {
    const channel = new WebSocketChannel({ deflate: false });
    channel.asyncAccept(...upgrade, { onBinaryMessageAvailable: (_, bytes) => channel.sendBinaryMsg(bytes) }, null);
  };
  server.on('upgrade', accept).on('stream', (stream, fields) => { if (fields[':method'] === 'CONNECT') accept(fields, stream, null); });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  console.log(server.address().port);
}

/** Returns how many messages come back per second. */
async function measure(port, http2, { size, inFlight }) {
  const { WebSocketChannel } = installed('websocket-channel');
  const bytes = new Uint8Array(size).fill(7);
  let count = 0;
  await Promise.all(Array.from({ length: CHANNELS }, () => new Promise((resolve, reject) => {
    const channel = new WebSocketChannel({ http2, deflate: false, tls: { rejectUnauthorized: false } });
    channel.asyncOpen(`wss://127.0.0.1:${port}/`, null, {
      onStart() {
        if (channel.state !== 'open') return;
        for (let at = 0; at < inFlight; at++) channel.sendBinaryMsg(bytes);
        resolve();
      },
      onBinaryMessageAvailable() { count += 1; channel.sendBinaryMsg(bytes); },
      onStop(_, status, { message }) { reject(new Error(message)); },
    }, null);
  })));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [before, began] = [count, performance.now()];
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  return ((count - before) / (performance.now() - began)) * 1000;
}

/** Returns rows of { name, atLeast, http1, http2, ratio }. The figures are medians. */
export async function measureHttp2(rounds = 3, log = console.log) {
  const rows = [];
  for (const [at, { name, atLeast }] of CASES.entries()) {
    const measured = { http1: [], http2: [] };
    for (let round = 0; round < rounds; round++) {
      for (const version of round % 2 === 0 ? ['http1', 'http2'] : ['http2', 'http1']) {
        const server = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
        try {
          const port = String((await once(server.stdout, 'data'))[0]).trim();
          const args = [fileURLToPath(import.meta.url), 'measure', port, version, String(at)];
          measured[version].push(Number(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })));
        } finally {
          server.kill();
        }
      }
    }
    const ratios = measured.http2.map((value, round) => value / measured.http1[round]);
    const row = { name, atLeast, http1: median(measured.http1), http2: median(measured.http2), ratio: median(ratios) };
    rows.push(row);
    log(cells(row).join('  '));
  }
  return rows;
}

export const HEAD = ['64 channels', '64 sockets, HTTP/1.1', 'one session, HTTP/2', 'ratio', 'target'];

/** Returns a row's cells. A ratio in bold misses its target. */
export function cells({ name, atLeast, http1, http2, ratio }) {
  const number = (value) => Math.round(value).toLocaleString('en');
  return [name, number(http1), number(http2), ratio >= atLeast ? ratio.toFixed(2) : `**${ratio.toFixed(2)}**`, `≥ ${atLeast}`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , first, port, version, at] = process.argv;
  if (first === 'serve') await serve();
  else if (first === 'measure') {
    console.log(await measure(port, version === 'http2', CASES[at]));
    process.exit();
  } else await measureHttp2(Number(first ?? 3));
}
