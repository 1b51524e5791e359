// `npm run lint`: formatting, and clippy for the host and both wasm builds, warnings being errors.

import { wasmTarget } from './tools.js';
import { main, run, say } from './run.js';

const BUILDS = {
  host: ['--all-targets'],
  'the browser': ['--target', 'wasm32-unknown-unknown', '--lib', '--test', 'channel'],
  'the browser without std': ['--target', 'wasm32-unknown-unknown', '--lib', '--no-default-features'],
  Node: ['--target', 'wasm32-unknown-unknown', '--lib', '--test', 'channel', '--features', 'node'],
};

/** Throws at the first that does not hold; answers how many checks there are. */
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
