// --load: many connections to a server that echoes, messages at a rate, and how long each took to come back.

import { createHistogram, performance } from 'node:perf_hooks';
import { onInterrupt } from './interrupt.js';
import { newChannel } from './new_channel.js';
import { INTERRUPTED, closing, exitCode, inFlags } from './outcome.js';
import { HIGH_WATER } from './pressure.js';
import { printable, safeJson, styles } from './style.js';

/** How many connections may be opening at a time. */
const OPENING = 100;
/** How long to send before other events get a turn, in milliseconds. */
const SENDING = 10;

/** Opens, sends, and sums up. Returns the exit code of the worst connection. */
export async function load(options) {
  const { load: count, rate = 1, size = 125, seconds = 10 } = options;
  const run = { options, size, latencies: createHistogram(), opening: createHistogram(), sent: 0, received: 0, lastAt: 0, sentUntil: 0, ids: 0, opened: 0, open: 0, failures: new Map(), worst: 0, isOver: false, connecting: new Set(), leave: null };
  onInterrupt(() => interrupt(run));
  newChannel(options); // throws for an option that is wrong, before anything is shown
  const progress = showProgress(run);
  const channels = await openAll(run, count).catch((error) => {
    progress.stop();
    throw error; // about the URI
  });
  const began = performance.now();
  const cpu = process.cpuUsage();
  await send(run, channels, rate, seconds);
  run.isOver = true;
  const ended = run.sent > 0 && run.received === run.sent ? Math.max(run.lastAt, run.sentUntil) : performance.now();
  const elapsed = Math.max(ended - began, 1) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  progress.stop();
  await Promise.race([Promise.all(channels.map(({ close }) => close())), new Promise((resolve) => { run.leave = resolve; })]);
  if (run.sent > 0 && run.received === 0) {
    run.failures.set('nothing came back. --load measures echoes: the server must send each message back, unchanged, to the client that sent it.', 1);
    run.worst ||= 1;
  } else if (run.received < run.sent) {
    run.failures.set(`${run.sent - run.received} messages did not come back in time.`, 1);
    run.worst ||= 1;
  }
  summarize(run, count, elapsed, (user + system) / 1e6);
  if (channels.some(({ channel }) => channel.state !== 'stopped')) process.exit(run.worst); // Ctrl-C, while servers had not closed
  return run.worst;
}

/** Ctrl-C ends the run, and what is connecting. Once the connections are being closed, it goes on to the summary. */
function interrupt(run) {
  run.leave?.();
  run.isOver = true;
  for (const channel of run.connecting) channel.close();
}

/** Opens a channel. Resolves with { channel, times, close } once it is open, or with null if it has failed. Its echoes are timed. */
function open(run) {
  const { options } = run;
  const began = performance.now();
  const times = new Times(run.ids += 1);
  let ended;
  const end = new Promise((resolve) => { ended = resolve; });
  return new Promise((resolve) => {
    const channel = newChannel(options);
    let wasOpen = false;
    run.connecting.add(channel);
    channel.asyncOpen(options.uri, options.origin ?? null, {
      onStart() {
        run.connecting.delete(channel);
        if (channel.state !== 'open') return resolve(null);
        wasOpen = true;
        run.open += 1;
        run.opened += 1;
        run.opening.record(micros(performance.now() - began));
        resolve({ channel, times, close() { channel.close(); return end; } });
      },
      onMessageAvailable: (_, text) => heard(run, times, text, text.length),
      onBinaryMessageAvailable: (_, bytes) => heard(run, times, Buffer.from(bytes.subarray(0, 40)).toString('latin1'), bytes.length),
      onStop(_, status, detail) {
        ended();
        if (wasOpen) run.open -= 1;
        if (['NS_OK', 'NS_BINDING_ABORTED'].includes(detail.name) && run.isOver) {
          if (!wasOpen) run.worst ||= INTERRUPTED; // Ctrl-C, while it was connecting
          return;
        }
        const message = detail.name === 'NS_OK' ? `the server closed: ${closing(detail.code, detail.reason)}` : inFlags(detail.message);
        run.failures.set(message, (run.failures.get(message) ?? 0) + 1);
        run.worst = Math.max(run.worst, exitCode(detail, wasOpen) || 1);
      },
    }, null);
  });
}

/** A message of this length has arrived, which begins with `text`. What is not an echo of the connection's own messages does not count. */
function heard(run, times, text, length) {
  const now = performance.now();
  const [, id, number] = /^(\d+):(\d+) /.exec(text) ?? [];
  const isOwn = id === undefined ? /^x*$/.test(text) : Number(id) === times.id;
  const time = isOwn && length === run.size ? times.take(Number(number)) : undefined;
  if (time === undefined) return;
  run.received += 1;
  run.lastAt = now;
  run.latencies.record(micros(now - time));
}

async function openAll(run, count) {
  const channels = [];
  let left = count;
  const next = async () => {
    while (left > 0 && !run.isOver) {
      left -= 1;
      const channel = await open(run);
      if (channel) channels.push(channel);
    }
  };
  await Promise.all(Array.from({ length: Math.min(OPENING, count) }, next));
  return channels;
}

/**
 * Sends `rate` messages a second on each channel, evenly over the time, which ends a while after the last message. If the machine or the server cannot
 * keep up, fewer are sent. At a rate of 0, the channels stay open for that time.
 */
async function send(run, channels, rate, seconds) {
  const began = performance.now();
  const all = rate * seconds * channels.length;
  let next = 0;
  while (run.open > 0 && !run.isOver) {
    const elapsed = (performance.now() - began) / 1000;
    const due = Math.min(all, elapsed * rate * channels.length);
    const until = performance.now() + SENDING;
    for (; next < due && performance.now() < until; next++) {
      const { channel, times } = channels[next % channels.length];
      if (channel.bufferedAmount > HIGH_WATER || !channel.sendMsg(times.message(run.size))) continue; // its server does not read, or it is closed
      times.add(performance.now());
      run.sent += 1;
    }
    if (elapsed > seconds) break;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  run.sentUntil = performance.now();
  // The last echoes are still on their way.
  for (let waited = 0; run.received < run.sent && waited < 1000 && channels.some(({ channel }) => channel.state === 'open'); waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Shows a line each second. On a terminal, it is always the same line. */
function showProgress(run) {
  const isTTY = process.stderr.isTTY && process.env.TERM !== 'dumb';
  let before = 0;
  const show = () => {
    const line = `${run.open} open, ${run.sent} sent, ${run.received} back, ${run.received - before} a second, round trip ${run.latencies.count > 0 ? `50 % ${ms(run.latencies.percentile(50))}, 99 % ${ms(run.latencies.percentile(99))}` : '–'}`;
    before = run.received;
    process.stderr.write(isTTY ? `\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}` : `${line}\n`);
  };
  if (run.options.quiet) return { stop() {} };
  const timer = setInterval(show, 1000);
  return {
    stop() {
      clearInterval(timer);
      if (isTTY) process.stderr.write('\r\x1b[2K');
    },
  };
}

/** A channel's messages, and when each was sent. */
class Times {
  /** Undefined for those that came back. */
  #times = [];
  /** The number of the first of these, and how many of them at the beginning came back. */
  #first = 0;
  #taken = 0;

  /** `id` is the channel's number. */
  constructor(id) { this.id = id; }

  /** The next message, of this size. It begins with the channel's number and its own, if they fit. */
  message(size) {
    const head = `${this.id}:${this.#next} `;
    return head.length > size ? 'x'.repeat(size) : head.padEnd(size, 'x');
  }

  get #next() { return this.#first + this.#times.length; }

  add(time) { this.#times.push(time); }

  /** The time of the message with this number; undefined if it came back before. Without a number: of the first that has not come back. */
  take(number) {
    const at = number >= 0 && number < this.#next ? number - this.#first : this.#taken;
    const time = this.#times[at];
    if (time !== undefined) this.#times[at] = undefined;
    while (this.#taken < this.#times.length && this.#times[this.#taken] === undefined) this.#taken += 1;
    if (this.#taken >= 4096) {
      this.#times.splice(0, this.#taken);
      this.#first += this.#taken;
      this.#taken = 0;
    }
    return time;
  }
}

function summarize(run, count, elapsed, cpu) {
  const style = styles(process.stdout, run.options);
  const { latencies, opening } = run;
  const percentiles = (histogram) => [50, 90, 99, 99.9].map((it) => `${it} % ${ms(histogram.percentile(it))}`).join('   ') + `   max ${ms(histogram.max)}`;
  if (run.options.json) {
    const all = (histogram) => (histogram.count === 0 ? null : Object.fromEntries([50, 90, 99, 99.9].map((it) => [`p${it}`, histogram.percentile(it) / 1000])));
    return console.log(safeJson({
      connections: run.opened, wanted: count, sent: run.sent, received: run.received, seconds: elapsed, perSecond: run.received / elapsed,
      latencyMs: all(latencies), openingMs: all(opening), failures: [...run.failures].map(([message, count]) => ({ message, count })),
    }));
  }
  const lines = [
    ['connections', `${run.opened} of ${count}`],
    ['opened in', opening.count > 0 ? percentiles(opening) : '–'],
    ['messages', `${run.sent} sent, ${run.received} came back, ${Math.round(run.received / elapsed)} a second over ${elapsed.toFixed(1)} s`],
    ['round trip', latencies.count > 0 ? percentiles(latencies) : '–'],
    ['this process', `${Math.round((cpu / elapsed) * 100)} % of a core`],
  ];
  for (const [name, value] of lines) console.log(`${style('bold', name.padEnd(15))} ${value}`);
  for (const [message, times] of run.failures) console.log(style('red', printable(`${times} × ${message}`)));
}

const micros = (milliseconds) => Math.max(1, Math.round(milliseconds * 1000));
const ms = (micros) => `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 1)} ms`;
