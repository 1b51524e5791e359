import { collect } from '../harness/garbage.js';
import { program } from '../harness/own_process.js';
import { wasmMemory, wasmTableLength } from '../harness/node_host.js';

const SIZE = 128 * 1024 * 1024;
const SLACK = 64 * 1024 * 1024;
/** malloc keeps about 70 MB of the freed memory. One message that is still there exceeds this limit. */
const RESIDENT_SLACK = 112 * 1024 * 1024;
/** 8 MiB plus the compression contexts that earlier cases may have used: wasm memory never shrinks. */
const limit = (t) => 8 * 1024 * 1024 + t.api.WebSocketChannel.compressionMemory;
const MESSAGES = {
  'text in ASCII': () => 'a'.repeat(SIZE),
  'text in UTF-8': () => 'é'.repeat(SIZE / 2),
  binary: () => new Uint8Array(SIZE).fill(0x5a),
};

/**
 * A separate program, so that nothing else has filled its memory. It does not count the pages of V8's heap: Node 24 and later keep about 200 MB of them
 * for half a minute after everything on them is collected (`--memory-pool`). The other cases count what is alive on them.
 */
const RESIDENT = `
import { existsSync, readFileSync } from 'node:fs';
import { collect } from ${JSON.stringify(new URL('../harness/garbage.js', import.meta.url).href)};
const url = process.argv[1];

function resident() {
  const { rss } = process.memoryUsage();
  return rss - (existsSync('/proc/self/smaps') ? heapPages(readFileSync('/proc/self/smaps', 'utf8')) : 0);
}

/** Returns the resident size of V8's heap pages: anonymous mappings that are aligned to the size of such a page. */
function heapPages(smaps) {
  let bytes = 0;
  for (const [, from, to, path, kB] of smaps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) \\S+ \\S+ \\S+ \\S+ *(.*)\\n(?:.*\\n)*?Rss: *(\\d+)/gm)) {
    if (path === '' && [from, to].every((at) => parseInt(at, 16) % (256 * 1024) === 0)) bytes += kB * 1024;
  }
  return bytes;
}

const echo = (message) => new Promise((resolve) => {
  const channel = new WebSocketChannel();
  const take = () => channel.close();
  channel.asyncOpen(url, null, {
    onStart: () => (typeof message === 'string' ? channel.sendMsg(message) : channel.sendBinaryMsg(message)),
    onMessageAvailable: take,
    onBinaryMessageAvailable: take,
    onStop: resolve,
  }, null);
});
await echo('warm');
await collect();
const before = resident();
let peak = 0;
const watch = setInterval(() => { peak = Math.max(peak, resident()); }, 100);
for (const make of [() => 'a'.repeat(${SIZE}), () => 'é'.repeat(${SIZE / 2}), () => new Uint8Array(${SIZE}).fill(0x5a)]) await echo(make());
clearInterval(watch);
for (let at = 0; at < 40 && (at < 3 || resident() >= before + ${RESIDENT_SLACK}); at++) await collect();
const wasm = WebSocketChannel[Symbol.for('websocket-channel.exports')].memory.buffer.byteLength;
console.log(JSON.stringify({ before, peak, after: resident(), wasm }));
`;

/**
 * Messages live in the host's memory, and wasm holds only a window (ARCHITECTURE.md, “Memory”). The cases send 128 MiB of text and binary both ways.
 * They run only in Node, because they inspect wasm memory and the process. They use the channel itself, because Talk would keep the messages.
 */
export const memory = [
  {
    name: 'the tests can read the size of the package\'s wasm memory',
    async run(t) {
      // The first channel compiles the wasm.
      t.is(new t.api.WebSocketChannel().state, 'idle');
      t.ok(wasmMemory(t.api) > 0 && wasmMemory(t.api) <= limit(t), `wasm memory: ${wasmMemory(t.api)} bytes`);
    },
  },
  ...Object.entries(MESSAGES).map(([what, make]) => ({
    name: `128 MiB of ${what} are sent and come back, wasm memory stays under 8 MiB, and the process frees its memory`,
    async run(t) {
      const before = await live(Infinity);
      const seen = await echo(t, make());
      t.same(seen, { equal: true, acknowledged: SIZE, status: 0 });
      t.ok(wasmMemory(t.api) <= limit(t), `wasm memory after 128 MiB: ${wasmMemory(t.api)} bytes`);
      const after = await live(before + SLACK);
      t.ok(after < before + SLACK, `${before} bytes were alive before, and ${after} after it dropped the messages`);
    },
  })),
  {
    name: 'after 128 MiB of every kind both ways, wasm memory is under 8 MiB, and the process returns its memory to the system',
    async run(t) {
      const { code, stdout, stderr } = await program(RESIDENT, t.peer('ws', '/echo'), { limit: 50_000 });
      t.same([code, stderr], [0, '']);
      const { before, peak, after, wasm } = JSON.parse(stdout);
      t.ok(wasm < 8 * 1024 * 1024, `wasm memory: ${wasm} bytes`);
      t.ok(peak > before + 2 * RESIDENT_SLACK, `the process held ${before} bytes, and ${peak} when it was busy: too little to show anything`);
      t.ok(after < before + RESIDENT_SLACK, `the process held ${before} bytes before, ${peak} when it was busy, and ${after} at the end`);
    },
  },
  {
    name: 'two thousand channels opened and closed leave nothing behind',
    async run(t) {
      await openAndClose(t, 2);
      const before = await held(t);
      t.is(await openAndClose(t, 10), 0, 'the number of channels, listeners and contexts that are still referenced');
      const after = await held(t);
      t.is(after.wasm, before.wasm, 'wasm memory in bytes');
      t.is(after.table, before.table, 'the number of JavaScript values that wasm has room for');
      t.ok(after.heap < before.heap + 2000 * 200, `the heap held ${before.heap} bytes before, and ${after.heap} after 2000 channels`);
    },
  },
  {
    name: 'a stream that never answers is released when its channel has stopped',
    async run(t) {
      const refs = [];
      for (let at = 0; at < 20; at++) await cancelStream(t, at % 2 === 0 ? silentIterator() : silentGenerator(), refs);
      for (let at = 0; at < 4; at++) await collect();
      t.is(refs.filter((ref) => ref.deref()).length, 0);
    },
  },
  {
    name: 'a channel to which its own callbacks and load group refer is collected, whether it has stopped or was never opened',
    hosts: ['node'],
    async run(t) {
      const refs = [];
      for (let at = 0; at < 20; at++) await inCircle(t, refs);
      for (let at = 0; at < 4; at++) await collect();
      t.is(refs.length, 40);
      t.is(refs.filter((ref) => ref.deref()).length, 0);
    },
  },
  {
    name: 'a channel stays alive if only its signal and a ping\'s promise refer to it: the signal stops it, and the ping rejects',
    hosts: ['node'],
    async run(t) {
      const controller = new AbortController();
      const calls = {};
      const [started, stopped] = ['start', 'stop'].map((call) => new Promise((resolve) => { calls[call] = resolve; }));
      const channel = openUnheld(t, controller.signal, calls);
      await started;
      const pinged = channel.deref().sendPing().catch(({ name }) => name);
      for (let at = 0; at < 4; at++) await collect();
      t.is(channel.deref(), undefined, 'the channel\'s object');
      controller.abort();
      t.is(t.api.statusName(await stopped), 'NS_BINDING_ABORTED');
      t.is(await pinged, 'NS_BINDING_ABORTED', 'what the ping rejects with');
    },
  },
];

/** Sends the message, receives it back and closes. Holds nothing once its promise resolves. */
function echo(t, message) {
  return new Promise((resolve) => {
    const channel = new t.api.WebSocketChannel();
    const seen = { equal: false, acknowledged: 0 };
    const take = (context, came) => {
      seen.equal = typeof came === 'string' ? came === message : Buffer.compare(came, message) === 0;
      channel.close();
    };
    channel.asyncOpen(t.peer('ws', '/echo'), null, {
      onStart: () => (typeof message === 'string' ? channel.sendMsg(message) : channel.sendBinaryMsg(message)),
      onMessageAvailable: take,
      onBinaryMessageAvailable: take,
      onAcknowledge: (context, size) => { seen.acknowledged += size; },
      onStop: (context, status) => resolve({ ...seen, status }),
    }, null);
  });
}

/**
 * In each round, opens two hundred channels, twenty at a time, which send, receive and close. Then it collects garbage. Returns how many of the
 * channels, listeners and contexts are still there after that.
 */
async function openAndClose(t, rounds) {
  let left = 0;
  for (let round = 0; round < rounds; round++) {
    const refs = [];
    for (let at = 0; at < 10; at++) await Promise.all(Array.from({ length: 20 }, () => openOne(t, refs)));
    // All collections come before the first deref(), because deref() keeps its result alive until the next turn.
    for (let at = 0; at < 4; at++) await collect();
    left += refs.filter((ref) => ref.deref()).length;
  }
  return left;
}

/** Opens a channel whose listener does not refer to it, and returns a WeakRef to the channel. */
function openUnheld(t, signal, { start, stop }) {
  const channel = new t.api.WebSocketChannel({ signal });
  channel.asyncOpen(t.raw('', { then: 'silence' }), null, { onStart: start, onStop: (context, status) => stop(status) }, null);
  return new WeakRef(channel);
}

/** Makes two channels whose attributes refer to them: one that fails to open, and one that is never opened. */
function inCircle(t, refs) {
  return new Promise((resolve) => {
    const channels = [0, 1].map(() => new t.api.WebSocketChannel());
    for (const channel of channels) {
      refs.push(new WeakRef(channel));
      channel.notificationCallbacks = { onProgress: () => channel.state };
      channel.loadGroup = Object.assign(new t.api.LoadGroup(), { channel });
    }
    channels[0].asyncOpen(t.peer('ws', '/refuse', { status: 403 }), null, { onStop: () => resolve() }, null);
  });
}

const silentIterator = () => ({ [Symbol.asyncIterator]() { return this; }, next: () => new Promise(() => {}), return: async () => ({ done: true }) });
async function* silentGenerator() {
  await new Promise(() => {});
  yield new Uint8Array(1);
}

/** Sends a stream on a channel that is cancelled once it has asked the stream for data. */
function cancelStream(t, stream, refs) {
  refs.push(new WeakRef(stream));
  return new Promise((resolve) => {
    const channel = new t.api.WebSocketChannel();
    const group = new t.api.LoadGroup();
    channel.loadGroup = group;
    const onStart = () => {
      channel.sendBinaryStream(stream, 10);
      setTimeout(() => group.cancel(), 3);
    };
    channel.asyncOpen(t.peer('ws', '/echo'), null, { onStart, onStop: () => resolve() }, null);
  });
}

function openOne(t, refs) {
  return new Promise((resolve) => {
    const channel = new t.api.WebSocketChannel();
    const listener = { onMessageAvailable: () => channel.close(), onStop: () => resolve() };
    const context = {};
    channel.asyncOpen(t.peer('ws', '/echo'), null, listener, context);
    channel.sendMsg('x'.repeat(1000));
    refs.push(...[channel, listener, context].map((one) => new WeakRef(one)));
  });
}

/** Returns how much wasm and the heap hold. */
async function held(t) {
  for (let at = 0; at < 3; at++) await collect(); // one collection leaves what finalizers have freed since
  return { wasm: wasmMemory(t.api), table: wasmTableLength(t.api), heap: process.memoryUsage().heapUsed };
}

/** Returns the bytes on JavaScript's heap and outside it (buffers, wasm), as soon as they are under the limit, or after forty collections. */
async function live(limit) {
  const now = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  for (let at = 0; at < 40; at++) {
    await collect();
    if (at >= 2 && now() < limit) break;
  }
  return now();
}
