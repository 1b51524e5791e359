// `npm run fuzz` runs every fuzz target for a given time, with nightly's cargo-fuzz. Keeps the inputs that matter, minimized, in corpus/.

import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { finish, main, root, run, say } from '../../scripts/run.js';
import { cargoFuzz, nightly } from '../../scripts/tools.js';

/** The targets, and the longest input of each in bytes. */
const TARGETS = {
  connection: 2048, frames: 1024, outgoing: 1024, extension: 512, channel: 1024, response: 2048, challenge: 512, socks5: 512, connect: 2048, upgrade: 512,
};

const HELP = `npm run fuzz [-- options]

  Runs every fuzz target with nightly's cargo-fuzz, starting from the inputs that earlier runs found. A failure prints its message, its input, and the
  command that runs that input again. At the end, writes the inputs that matter to tests-wasm/fuzz/corpus, and prints a table of all runs.

    --minutes N        for each target (default 1)
    --target NAME      only this one; may be repeated: ${Object.keys(TARGETS).join(', ')}
    --input FILE       runs this input alone, in the one target that --target names, and prints everything
    --sanitizer NAME   address (default) or none: several times as fast, for long runs
    --keep             leave tests-wasm/fuzz/corpus as it is
    --help             show this text`;

const OPTIONS = {
  minutes: { type: 'string', default: '1' }, target: { type: 'string', multiple: true }, sanitizer: { type: 'string', default: 'address' },
  input: { type: 'string' }, keep: { type: 'boolean' }, help: { type: 'boolean' },
};

const folder = join(root, 'tests-wasm', 'fuzz');
/** Keeps the inputs found, and the sums of all runs, from run to run. */
const found = join(root, 'build', 'fuzz');
const sums = join(found, 'runs.json');

await main(async () => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const { minutes, targets, sanitizer, input } = checked(values);
  const fuzz = [await nightly(), 'fuzz'];
  const env = { PATH: `${await cargoFuzz()}:${process.env.PATH}`, CARGO_TARGET_DIR: join(root, 'target', 'fuzz') };
  await mkdir(found, { recursive: true });
  say(`building the targets (sanitizer: ${sanitizer}; about 2 minutes the first time)`);
  await run('cargo', [...fuzz, 'build', '--fuzz-dir', folder, '--sanitizer', sanitizer], { env, quiet: true });
  if (input) return void await run('cargo', [...fuzz, 'run', '--fuzz-dir', folder, '--sanitizer', sanitizer, targets[0], input], { env });
  for (const target of targets) await fuzzOne({ target, minutes, sanitizer, fuzz, env, isKept: values.keep });
  console.log(`\n${await table()}`);
});

function checked({ minutes, target: targets = Object.keys(TARGETS), sanitizer, input }) {
  if (!(Number(minutes) > 0)) throw new Error(`--minutes: ${minutes} is not a number above 0. See --help.`);
  const unknown = targets.find((target) => !(target in TARGETS));
  if (unknown) throw new Error(`--target: there is no ${unknown}. See --help.`);
  if (!['address', 'none'].includes(sanitizer)) throw new Error(`--sanitizer: ${sanitizer} is neither address nor none. See --help.`);
  if (input && targets.length !== 1) throw new Error('--input: name its target with --target. See --help.');
  return { minutes: Number(minutes), targets, sanitizer, input: input && resolve(input) };
}

/** Runs one target, and merges what it found into its corpus. */
async function fuzzOne({ target, minutes, sanitizer, fuzz, env, isKept }) {
  const [corpus, working, failures] = [join(folder, 'corpus', target), join(found, target), join(found, `failures-${target}`)];
  await mkdir(working, { recursive: true });
  await mkdir(failures, { recursive: true });
  const cargo = (folders, args) => finish('cargo', [
    ...fuzz, 'run', '--fuzz-dir', folder, '--sanitizer', sanitizer, target, ...folders, '--', ...args,
  ], { env, quiet: true });
  say(`${target} (${minutes} min)`);
  const { code, output } = await cargo([working, corpus], [
    `-max_total_time=${Math.ceil(minutes * 60)}`, `-max_len=${TARGETS[target]}`, '-rss_limit_mb=2048', '-timeout=30', '-print_final_stats=1',
    `-artifact_prefix=${failures}/`,
  ]);
  if (code !== 0) throw new Error(failure(target, sanitizer, output));
  await add(target, sanitizer, read(output));
  if (isKept) return;
  // The fewest inputs that reach every edge.
  const merged = join(found, `merged-${target}`);
  await rm(merged, { recursive: true, force: true });
  await mkdir(merged);
  const merge = await cargo([merged, corpus, working], ['-set_cover_merge=1', '-use_counters=0', `-max_len=${TARGETS[target]}`]);
  if (merge.code !== 0) throw new Error(`the corpus of ${target} cannot be merged:\n${merge.output.slice(-2000)}`);
  await rm(corpus, { recursive: true });
  await cp(merged, corpus, { recursive: true });
}

/** Returns the message for a failed run: the panic or the sanitizer's finding, and the input, if the run got that far. */
function failure(target, sanitizer, output) {
  const [, input] = output.match(/Test unit written to (.+)/) ?? [];
  if (!input) return `${target} failed:\n${output.slice(-3000)}`;
  const said = output.match(/panicked at .*\n.*|ERROR: .*/)?.[0] ?? '';
  return `${target} failed: ${said}\n  again: npm run fuzz -- --target ${target} --sanitizer ${sanitizer} --input ${relative(root, input)}`;
}

/** Reads libFuzzer's final statistics: executions, and coverage in edges and features. */
function read(output) {
  const [, edges, features] = output.match(/DONE\s+cov: (\d+) ft: (\d+)/);
  const [, executions] = output.match(/stat::number_of_executed_units:\s+(\d+)/);
  const [, seconds] = output.match(/Done \d+ runs in (\d+) second/);
  return { edges: Number(edges), features: Number(features), executions: Number(executions), seconds: Number(seconds) };
}

/** Reads the sums of all runs so far. */
function known() {
  return readFile(sums, 'utf8').then(JSON.parse, () => ({}));
}

async function add(target, sanitizer, { edges, features, executions, seconds }) {
  const all = await known();
  const one = (all[target] ??= { seconds: 0, executions: 0, sanitized: 0, edges: 0, features: 0 });
  one.seconds += seconds;
  one.executions += executions;
  if (sanitizer === 'address') one.sanitized += executions;
  Object.assign(one, { edges, features }); // from the last run, which began with everything found before
  await writeFile(sums, JSON.stringify(all, null, 2));
  console.log(`  ${executions.toLocaleString('en')} executions in ${seconds} s, ${edges} edges, ${features} features`);
}

/** Returns a table of all runs in this clone, for CONFORMANCE.md. */
async function table() {
  const all = await known();
  const number = (value) => value.toLocaleString('en');
  const rows = await Promise.all(Object.entries(all).map(async ([target, { seconds, executions, sanitized, edges, features }]) => {
    const files = await readdir(join(folder, 'corpus', target));
    return `| \`${target}\` | ${number(seconds)} | ${number(executions)} | ${number(sanitized)} | ${number(edges)} | ${number(features)} | ${files.length} |`;
  }));
  const sum = Object.values(all).reduce((total, { executions }) => total + executions, 0);
  return ['| target | seconds | executions | of them with the address sanitizer | edges | features | inputs kept |', '|---|---|---|---|---|---|---|',
    ...rows, `| all | | ${number(sum)} | | | | |`].join('\n');
}
