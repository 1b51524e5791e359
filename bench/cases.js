// The cases and their targets: the ratio to the best of ws, undici and websocket on Node 20.

// Why a case misses its target, each from a profile (`node --cpu-prof bench/client.js …`, 800 ms) of the build that was measured.
const WAKING = 'The process sleeps for four fifths of the time (profile: 79 % idle, 14 % in the write, nothing else above 1 %). The case measures '
  + 'how soon the system wakes two processes in turn: according to strace, every client makes one read, one write and one wait for each message.';
const SYSTEM_WRITE = 'Profile: 82 % of the time goes into the system\'s write of the same bytes for every client, a twentieth into copying and masking. '
  + 'From run to run, the ratio was 0.86 to 1.47.';
const COPIES = 'Profile: 18 % in the write, 10 % in copying a mebibyte into wasm and out again, which is the price of masking it there in memory of '
  + 'bounded size. The rest is waiting for the peer. From run to run, the ratio was 0.88 to 1.36.';
const COPIED_OUT = 'Profile: 56 % in the write, 10 % in masking, 16 % in copying into wasm and out again, in memory of bounded size. ws masks directly into the '
  + 'memory that is written. From run to run, the ratio was 1.04 to 1.27.';
const INFLATING = 'Inflating 64 KiB of JSON alone takes 46 µs in wasm (ARCHITECTURE.md, "Compression"), the largest part of the CPU time per '
  + 'message here. The limit is zlib-rs. From run to run, the ratio was 4.1 to 9.2.';
const TLS_READ = 'The system and OpenSSL take half of the time or more: the bare TLS socket is hardly twice as fast. From run to run, the ratio was '
  + '1.36 to 1.54.';
const TLS_WRITE = 'Over TLS, a write does not finish at once, so Node\'s streams collect what is written meanwhile, and every client hands over a tick\'s frames '
  + 'in one call. Elsewhere, the other clients pay for a system call per frame; here they do not. The bare TLS socket, which only '
  + 'encrypts prepared frames, shows how much is possible.';
const ONE_WRITE_EACH = 'Profile: 69 % of the time in the write. Each channel sends one message per turn, so every client makes one call for each message.';
const SOCKET_MEMORY = 'A bare `net.Socket` with its `onread` takes two thirds of what ws takes in all, and we cannot save any of that. Of the rest, a channel '
  + 'holds 0.7 KiB in wasm and about 1.1 KiB in JavaScript\'s heap.';

const TEXT_READ = 'Profile: 62 % in the system\'s read and waiting for it, 11 % in creating the strings, 11 % in collecting them, 6 % in the engine. From run to '
  + 'run, the ratio was 1.75 to 2.40.';

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
  receive('text 1 KiB', 'text', KiB, 2, { limit: TEXT_READ }),
  receive('text 1 MiB', 'text', MiB, 1.5),
  receive('non-ASCII text 1 KiB', 'non-ASCII', KiB, 1.5),
  receive('binary 16 B', 'binary', 16, 4),
  receive('binary 1 KiB', 'binary', KiB, 1.5),
  receive('binary 64 KiB', 'binary', 64 * KiB, 1.3),
  receive('binary 1 MiB', 'binary', MiB, 1.3),

  send('text 16 B', 'text', 16, 30),
  send('text 1 KiB', 'text', KiB, 4),
  send('binary 128 B', 'binary', 128, 15),
  send('binary 16 KiB', 'binary', 16 * KiB, 1.3, { limit: SYSTEM_WRITE }),
  send('binary 64 KiB', 'binary', 64 * KiB, 1.2),
  send('binary 1 MiB', 'binary', MiB, 1.2, { limit: COPIED_OUT }),

  echo('32 B, one at a time', 'text', 32, 1, 1.05, { limit: WAKING }),
  echo('1 KiB, one at a time', 'text', KiB, 1, 1.05, { limit: WAKING }),
  echo('1 MiB, one at a time', 'binary', MiB, 1, 1.2, { limit: COPIES }),
  echo('125 B, 64 in flight', 'text', 125, 64, 1.5),

  receive('receive 472 B JSON', 'JSON', 472, 8, DEFLATE),
  receive('receive 64 KiB JSON', 'JSON', 64 * KiB, 8, { ...DEFLATE, limit: INFLATING }),
  send('send 472 B JSON', 'JSON', 472, 5, DEFLATE),
  echo('echo 472 B JSON, 64 in flight', 'JSON', 472, 64, 3, DEFLATE),
  echo('1 KiB JSON there and back', 'JSON', KiB, 1, 2, DEFLATE),

  receive('receive text 1 KiB', 'text', KiB, 1.5, { ...TLS, limit: TLS_READ }),
  receive('receive binary 64 KiB', 'binary', 64 * KiB, 1, TLS),
  send('send binary 128 B', 'binary', 128, 5, { ...TLS, limit: TLS_WRITE }),

  send('text 16 B, 10,000 a tick', 'text', 16, 30, { section: 'Many', perTick: 10_000 }),
  echo('125 B on 64 channels, one in flight on each', 'text', 125, 1, 1.05, { section: 'Many', connections: 64, limit: ONE_WRITE_EACH }),

  { section: 'Channels', name: '2,000 opened, 100 at a time', mode: 'channels', peer: 'sink', kind: 'text', size: 16, channels: 2000, opening: 100, before: 500,
    unit: 'channels/s', target: 1.2, memoryTarget: 0.6, memoryLimit: SOCKET_MEMORY },
  { section: 'Channels', name: 'open to start, after the first', mode: 'start', peer: 'sink', kind: 'text', size: 16, repeats: 200, unit: 'ms', target: 1 },
];

/** The clients that are measured on each host. The targets apply to the first host. `whatwg` is the host's own WebSocket (undici on Node 20). */
export const HOSTS = [
  { name: 'Node 20', clients: ['channel', 'ws', 'whatwg', 'websocket', 'socket'] },
  { name: 'Node 24', npm: 'node24/bin/node', clients: ['channel', 'ws', 'whatwg', 'websocket'] },
  { name: 'Node 26', npm: 'node26/bin/node', clients: ['channel', 'ws', 'whatwg', 'websocket'] },
  { name: 'Bun', npm: '@oven/bun-linux-x64/bin/bun', clients: ['whatwg'] },
  { name: 'Deno', npm: '@deno/linux-x64-glibc/deno', args: ['run', '--allow-all', '--quiet'], clients: ['whatwg'] },
];

/** Whether a client cannot run a case. */
export function cannot(client, { deflate, mode, tls }) {
  if (client === 'websocket') return deflate; // it has no compression
  if (client === 'whatwg') return deflate && mode !== 'receive'; // undici and Deno send uncompressed
  if (client === 'socket') return deflate || mode === 'start' || (tls && mode === 'echo');
  return false;
}
