// `npm run lint` checks formatting and runs clippy for the host and both wasm builds. Warnings are errors.

import { wasmTarget } from './tools.js';
import { main, run, say } from './run.js';

const BUILDS = {
  host: ['--all-targets'],
  'the browser': ['--target', 'wasm32-unknown-unknown', '--lib', '--test', 'channel'],
  'the browser without std': ['--target', 'wasm32-unknown-unknown', '--lib', '--no-default-features'],
  Node: ['--target', 'wasm32-unknown-unknown', '--lib', '--test', 'channel', '--features', 'node'],
};

/** Throws at the first check that fails. Returns the number of checks. */
export async function lint() {
  await wasmTarget();
  await run('cargo', ['fmt', '--check']);
  for (const [name, args] of Object.entries(BUILDS)) {
    say(`clippy for ${name}`);
    await run('cargo', ['clippy', '--quiet', ...args, '--', '-D', 'warnings']);
  }
  return 1 + Object.keys(BUILDS).length;
}

if (import.meta.filename === process.argv[1]) await main(lint);
