// `node bench/native/run.js [--quick]` compares the engine, compiled natively, with fastwebsockets and tungstenite.

import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { main, root, run } from '../../scripts/run.js';

const target = join(root, 'target', 'bench-native');
const quickly = ['--warm-up-time', '0.2', '--measurement-time', '0.5', '--nresamples', '1000'];
const fully = ['--warm-up-time', '0.5', '--measurement-time', '1.5'];

const cargoBench = (...args) => run('cargo', ['bench', '--quiet', '--manifest-path', join(root, 'bench', 'native', 'Cargo.toml'), ...args],
  { env: { CARGO_TARGET_DIR: target }, quiet: true });

/** Compiles the benchmark. */
export const buildNative = () => cargoBench('--no-run');

/** Measures MiB of payload per second. Returns a row for each size and direction, with a value for each library. */
export async function measureNative({ quick = false } = {}) {
  const results = join(target, 'criterion');
  await rm(results, { recursive: true, force: true }); // otherwise results of benchmarks that no longer exist would be read
  await cargoBench('--', '--noplot', ...(quick ? quickly : fully));
  const rows = new Map();
  for (const { name, library, speed } of await readResults(results)) {
    if (!rows.has(name)) rows.set(name, { section: 'Engine, natively', name, unit: 'MiB/s', results: {} });
    rows.get(name).results[library] = [speed];
  }
  return [...rows.values()];
}

/** Reads what criterion wrote, in the order in which it was measured. */
async function readResults(folder) {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(join('new', 'estimates.json')));
  const results = await Promise.all(files.map(async (file) => {
    const path = join(folder, file);
    const { median } = JSON.parse(await readFile(path, 'utf8'));
    const { group_id: name, function_id: library, throughput } = JSON.parse(await readFile(join(dirname(path), 'benchmark.json'), 'utf8'));
    const seconds = median.point_estimate / 1e9;
    return { name, library, speed: throughput.Bytes / 2 ** 20 / seconds, time: (await stat(path)).mtimeMs };
  }));
  return results.sort((a, b) => a.time - b.time);
}

function print(rows) {
  const libraries = Object.keys(rows[0].results);
  console.log(`${'MiB/s'.padEnd(26)}${libraries.map((library) => library.padStart(20)).join('')}`);
  for (const { name, results } of rows) {
    console.log(`${name.padEnd(26)}${libraries.map((library) => results[library][0].toFixed(0).padStart(20)).join('')}`);
  }
}

if (import.meta.filename === process.argv[1]) {
  await main(async () => print(await measureNative({ quick: process.argv.includes('--quick') })));
}
