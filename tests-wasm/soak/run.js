// `npm run soak`: opens hundreds of channels to a peer that fails in every way, for as long as you like.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { main } from '../../scripts/run.js';
import { RUNTIMES, runtime } from '../../scripts/tools.js';
import { installedFolder } from '../behaviour/harness/installed.js';
import { startPeers } from '../behaviour/harness/peers.js';
import { crowd } from './crowd.js';
import { live } from './life.js';
import { planOf } from './plan.js';
import { Watch, openSockets } from './watch.js';

const HELP = `npm run soak [-- options]
  opens channels to a server that kills, resets, half-closes, pauses, delays, truncates, corrupts and floods, directly, over TLS and through proxies.
  Checks each channel's listener calls, deadlines, acknowledgements and contents. Needs the built package (npm run build).
    --minutes N    how long to run (default 10)
    --channels N   how many channels at a time (default 200)
    --seed N       the seed of all random numbers (default: the time); printed at the start
    --plan N       run only one channel, twenty times: N is the plan that a failure has printed
    --node N       run in Node 24 or 26 instead of this Node
    --help         print this text`;

const MIB = 2 ** 20;
/** When the progress was last printed, in half minutes. */
let printed = 0;
const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;
const NUMBERS = ['minutes', 'channels', 'seed', 'plan'];
const OPTIONS = { ...Object.fromEntries([...NUMBERS, 'node'].map((name) => [name, { type: 'string' }])), help: { type: 'boolean' } };

await main(async () => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  for (const name of NUMBERS) if (name in values) values[name] = numberOf(name, values[name]);
  process.exitCode = values.node ? await inOtherNode(values.node) : await soak(values);
});

function numberOf(name, text) {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new Error(`--${name}: ${text} is not a number. See --help.`);
}

async function inOtherNode(version) {
  if (!(`node ${version}` in RUNTIMES)) throw new Error(`--node: ${version} is neither 24 nor 26. See --help.`);
  const args = process.argv.slice(2).filter((arg, at, all) => arg !== '--node' && all[at - 1] !== '--node' && !arg.startsWith('--node='));
  return spawnSync(await runtime(`node ${version}`), [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' }).status;
}

async function soak(values) {
  const api = createRequire(`${installedFolder()}/`)('websocket-channel');
  const { addresses, stop } = await startPeers();
  const world = { api, addresses, host: 'node' };
  try {
    return 'plan' in values ? await one(values.plan, world) : await all(values, world);
  } finally {
    await stop();
  }
}

/** Runs one plan repeatedly, to investigate a failure. */
async function one(seed, world) {
  const plan = planOf(seed, world.host);
  console.log(JSON.stringify(plan, null, 2));
  for (let at = 0; at < 20; at++) {
    const { status, problem, talk } = await live(plan, world);
    console.log(`${at + 1}: ${status}${problem ? `, and ${problem}\n${talk}` : ''}`);
    if (problem) return 1;
  }
  return 0;
}

async function all({ minutes = 10, channels: size = 200, seed = Date.now() % 2 ** 32 }, world) {
  console.log(`soak: ${size} channels at a time for ${minutes} minutes, Node ${process.versions.node}, seed ${seed}`);
  world.api.WebSocketChannel.compressionMemory = 8 << 20; // small, so that compression contexts are given up
  const watch = new Watch(world.api);
  const [since, statuses, wrong] = [performance.now(), new Map(), []];
  let count = 0;
  const ticking = setInterval(() => progress(watch.sample(), { since, minutes, count, wrong }), 1000);
  await crowd({
    ...world, seed, size,
    isOver: () => performance.now() - since > minutes * 60_000 || wrong.length >= 5,
    lived({ plan, status, problem, talk }) {
      count += 1;
      const key = `${plan.fault.padEnd(18)} ${status}`;
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
      watch.ended(talk.channel, plan.seed);
      if (!problem) return;
      wrong.push({ plan, problem, record: String(talk).slice(0, 4000) });
      console.error(`\n✗ ${problem} (plan ${plan.seed}; more at the end)`);
    },
  });
  clearInterval(ticking);
  await live({ ...planOf(0, world.host), fault: 'none' }, world); // the last channel that ended may still be on the stack
  return summary({ seconds: (performance.now() - since) / 1000, minutes, count, statuses, wrong, watch, left: await watch.left() });
}

/** Prints the progress: on a terminal one line that is overwritten, elsewhere a line every half minute. */
function progress({ rss, wasm, table }, { since, minutes, count, wrong }) {
  const seconds = Math.round((performance.now() - since) / 1000);
  const line = `${seconds} of ${minutes * 60} s  ${count} channels, ${wrong.length} wrong  resident ${mib(rss)}, wasm ${mib(wasm)}, ${table} values held`;
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}`);
  else if (seconds >= (printed + 1) * 30) { // on a busy machine a second may pass without a tick
    console.log(line);
    printed = Math.floor(seconds / 30);
  }
}

/** Prints the results, and returns the exit code. */
function summary({ seconds, minutes, count, statuses, wrong, watch, left }) {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  console.log('\nfault of the peer  how the channels ended');
  for (const [key, number] of [...statuses].sort()) console.log(`${key}  ${number}`);
  const last = watch.sample();
  const growth = watch.growth('rss');
  console.log(`\n${count} channels in ${seconds.toFixed(0)} s; resident ${mib(last.rss)}, ${(growth * 100).toFixed(1)} % more in the last third of the run than in the third before; `
    + `wasm ${mib(last.wasm)}; ${last.table} values held; ${left.length} ended channels still in memory; ${openSockets()} sockets still open`);
  const problems = wrong.map(({ plan, problem, record }) => `${problem}\n  again: npm run soak -- --plan ${plan.seed}\n  ${JSON.stringify(plan)}\n  ${record}`);
  if (left.length > 0) problems.push(`${left.length} channels that have ended are still in memory; their plans: ${left.join(', ')}`);
  if (openSockets() > 0) problems.push(`${openSockets()} sockets are still open`);
  // The first minutes are a warm-up: code is compiled, and the heap finds its size.
  if (minutes >= 5 && growth > 0.05) problems.push(`resident memory has grown by ${(growth * 100).toFixed(1)} % over the last two thirds`);
  for (const problem of problems) console.error(`\n✗ ${problem}`);
  return problems.length > 0 ? 1 : 0;
}
