// Runs one measurement in its own process: `node client.js '{"client":…,"case":…,"url":…}'` prints one line of JSON.

import { performance } from 'node:perf_hooks';
import { messages } from './peers/frames.js';

const task = JSON.parse(process.argv[2]);
const started = performance.now();
const { open } = await import(`./clients/${task.client}.js`);
const imported = performance.now() - started;

const { mode, kind, size, url, ca, deflate, warmMs, measureMs } = task;
const text = kind !== 'binary';
const options = { text, size, ca, deflate };
/** The most bytes that may be buffered: a client that only keeps its sends in memory is not fast. */
const HIGH_WATER = 4 << 20;

let count = 0;

/** Measures messages per second and CPU microseconds per message, from the end of the warm-up to the end of the measurement. */
async function rate() {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  await pause(warmMs);
  const before = [count, process.cpuUsage(), performance.now()];
  await pause(measureMs);
  const messages = count - before[0];
  const cpu = process.cpuUsage(before[1]);
  const seconds = (performance.now() - before[2]) / 1000;
  if (messages === 0) throw new Error('nothing was measured');
  finish({ value: messages / seconds, cpu: (cpu.user + cpu.system) / messages });
}

function finish(result) {
  process.stdout.write(`${JSON.stringify({ ...result, count })}\n`, () => process.exit());
}

function check(length) {
  const expected = text ? messages(task)[0].length : size;
  if (length !== expected && !(deflate && length > 0)) throw new Error(`a message of ${length} instead of ${expected}`);
}

const MODES = {
  receive() {
    open(url, {
      ...options,
      opened: rate,
      received(length, messages = 1) {
        if (count === 0) check(length);
        count += messages;
      },
    });
  },

  /** Sends `perTick` messages a tick, unless too many bytes are still buffered. */
  send() {
    const { perTick } = task;
    const payloads = messages(task);
    const bare = task.client === 'socket';
    const tick = () => {
      if (connection.buffered() < HIGH_WATER) {
        if (bare) connection.send(payloads[0], perTick);
        else for (let i = 0; i < perTick; i++) connection.send(payloads[i % payloads.length]);
        count += perTick;
      }
      setImmediate(tick);
    };
    const connection = open(url, { ...options, opened() { tick(); rate(); }, received() {} });
  },

  /** Keeps `inFlight` messages under way on each of the connections. When a message comes back, the next one is sent. */
  echo() {
    const { inFlight, connections = 1 } = task;
    const payloads = messages(task);
    let left = connections;
    const start = (connection) => {
      for (let i = 0; i < inFlight; i++) connection.send(payloads[i % payloads.length], 1);
      if (--left === 0) rate();
    };
    for (let i = 0; i < connections; i++) {
      const connection = open(url, {
        ...options,
        opened: () => start(connection),
        received(length, messages = 1) {
          if (count === 0) check(length);
          for (let i = 0; i < messages; i++) connection.send(payloads[++count % payloads.length], 1);
        },
      });
    }
  },

  /** Opens channels and keeps them: measures how fast they open, and how much memory each takes. */
  async channels() {
    const { channels, opening, before } = task;
    const kept = [];
    const openMore = (number) => new Promise((resolve) => {
      let [left, opened] = [number, 0];
      const next = () => {
        if (left-- > 0) kept.push(open(url, { ...options, opened() { if (++opened === number) resolve(); else next(); }, received() {} }));
      };
      for (let i = 0; i < opening; i++) next();
    });
    const memory = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      gc();
      gc();
      return process.memoryUsage().rss;
    };
    await openMore(before); // the first channels also load code and enlarge the heap, which does not count
    const empty = await memory();
    const since = performance.now();
    await openMore(channels);
    const seconds = (performance.now() - since) / 1000;
    finish({ value: channels / seconds, memory: (await memory() - empty) / channels });
  },

  /** Measures the import, the time from then to the first start, and the median time of the later starts. */
  async start() {
    const opening = async () => {
      const since = performance.now();
      await new Promise((opened) => open(url, { ...options, opened, received() {} }));
      return performance.now() - since;
    };
    const first = await opening();
    const later = [];
    for (let i = 0; i < task.repeats; i++) later.push(await opening());
    finish({ imported, first, value: later.toSorted((a, b) => a - b)[later.length >> 1] });
  },
};

await MODES[mode]();
