// What is measured, and what it must reach: the ratio to the best of ws, undici and websocket on Node 20.

const KiB = 1024;
const MiB = 1024 * KiB;

const receive = (name, kind, size, target, more) => ({ section: 'Receive', name, mode: 'receive', peer: 'flood', kind, size, target, ...more });
const send = (name, kind, size, target, more) => (
  { section: 'Send', name, mode: 'send', peer: 'sink', kind, size, perTick: size < 16 * KiB ? 1000 : 4, target, ...more });
const echo = (name, kind, size, inFlight, target, more) => (
  { section: 'There and back', name, mode: 'echo', peer: 'echo', kind, size, inFlight, target, ...more });

const DEFLATE = { section: 'permessage-deflate', deflate: true };
const TLS = { section: 'TLS', tls: true };

export const CASES = [
  receive('text 16 B', 'text', 16, 4),
  receive('text 128 B', 'text', 128, 4),
  receive('text 1 KiB', 'text', KiB, 2),
  receive('text 1 MiB', 'text', MiB, 1.5),
  receive('non-ASCII text 1 KiB', 'non-ASCII', KiB, 1.5),
  receive('binary 16 B', 'binary', 16, 4),
  receive('binary 1 KiB', 'binary', KiB, 1.5),
  receive('binary 64 KiB', 'binary', 64 * KiB, 1.3),
  receive('binary 1 MiB', 'binary', MiB, 1.3),

  send('text 16 B', 'text', 16, 30),
  send('text 1 KiB', 'text', KiB, 4),
  send('binary 128 B', 'binary', 128, 15),
  send('binary 16 KiB', 'binary', 16 * KiB, 1.3),
  send('binary 64 KiB', 'binary', 64 * KiB, 1.2),
  send('binary 1 MiB', 'binary', MiB, 1.2),

  echo('32 B, one at a time', 'text', 32, 1, 1.05),
  echo('1 KiB, one at a time', 'text', KiB, 1, 1.05),
  echo('1 MiB, one at a time', 'binary', MiB, 1, 1.2),
  echo('125 B, 64 in flight', 'text', 125, 64, 1.5),

  receive('receive 472 B JSON', 'JSON', 472, 8, DEFLATE),
  receive('receive 64 KiB JSON', 'JSON', 64 * KiB, 8, DEFLATE),
  send('send 472 B JSON', 'JSON', 472, 5, DEFLATE),
  echo('echo 472 B JSON, 64 in flight', 'JSON', 472, 64, 3, DEFLATE),
  echo('1 KiB JSON there and back', 'JSON', KiB, 1, 2, DEFLATE),

  receive('receive text 1 KiB', 'text', KiB, 1.5, TLS),
  receive('receive binary 64 KiB', 'binary', 64 * KiB, 1, TLS),
  send('send binary 128 B', 'binary', 128, 5, TLS),

  send('text 16 B, 10,000 a tick', 'text', 16, 30, { section: 'Many', perTick: 10_000 }),
  echo('125 B on 64 channels, one in flight on each', 'text', 125, 1, 1.05, { section: 'Many', connections: 64 }),

  { section: 'Channels', name: '2,000 opened, 100 at a time', mode: 'channels', peer: 'sink', kind: 'text', size: 16, channels: 2000, opening: 100, before: 500,
    unit: 'channels/s', target: 1.2, memoryTarget: 0.6 },
  { section: 'Channels', name: 'open to start, after the first', mode: 'start', peer: 'sink', kind: 'text', size: 16, repeats: 200, unit: 'ms', target: 1 },
];

/** Who is measured on which host. The first host is the one the targets are for; `own` is a host's own WebSocket. */
export const HOSTS = [
  { name: 'Node 20', clients: ['channel', 'ws', 'whatwg', 'websocket', 'socket'] },
  { name: 'Node 24', npm: 'node24/bin/node', clients: ['channel', 'ws', 'whatwg', 'websocket'] },
  { name: 'Node 26', npm: 'node26/bin/node', clients: ['channel', 'ws', 'whatwg', 'websocket'] },
  { name: 'Bun', npm: '@oven/bun-linux-x64/bin/bun', clients: ['whatwg'] },
  { name: 'Deno', npm: '@deno/linux-x64-glibc/deno', args: ['run', '--allow-all', '--quiet'], clients: ['whatwg'] },
];

/** Whether a client has no place in a case. */
export function cannot(client, { deflate, mode, tls }) {
  if (client === 'websocket') return deflate; // it has no compression
  if (client === 'whatwg') return deflate && mode !== 'receive'; // undici and Deno send uncompressed
  if (client === 'socket') return deflate || mode === 'start' || (tls && mode === 'echo');
  return false;
}
