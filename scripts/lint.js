// `npm run lint` checks the layers of src/ and the formatting, runs clippy for the host and both wasm builds, and compiles the benchmarks' crates. Warnings are errors.

import { join } from 'node:path';
import { checkLayers } from './layers.js';
import { main, root, run, say } from './run.js';
import { wasmTarget } from './tools.js';

const BUILDS = {
  host: ['--all-targets'],
  'the browser': ['--target', 'wasm32-unknown-unknown', '--lib', '--test', 'channel'],
  'the browser without std': ['--target', 'wasm32-unknown-unknown', '--lib', '--no-default-features'],
  Node: ['--target', 'wasm32-unknown-unknown', '--lib', '--test', 'channel', '--features', 'node'],
};

/** Crates of their own, which no other test compiles. */
const BENCHES = ['native', 'peer'];

/** Throws at the first check that fails. Returns the number of checks. */
export async function lint() {
  await checkLayers();
  await wasmTarget();
  await run('cargo', ['fmt', '--check']);
  for (const [name, args] of Object.entries(BUILDS)) {
    say(`clippy for ${name}`);
    await run('cargo', ['clippy', '--quiet', ...args, '--', '-D', 'warnings']);
  }
  for (const name of BENCHES) {
    say(`clippy for bench/${name}`);
    await run('cargo', ['clippy', '--quiet', '--all-targets', '--locked', '--manifest-path', join(root, 'bench', name, 'Cargo.toml'),
      '--target-dir', join(root, 'target', `lint-${name}`), '--', '-D', 'warnings']);
  }
  return 2 + Object.keys(BUILDS).length + BENCHES.length;
}

if (import.meta.filename === process.argv[1]) await main(lint);
