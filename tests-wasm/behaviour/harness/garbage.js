import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let gc = null;

/** A garbage collection, and time for what it has freed to be given back. */
export async function collect() {
  gc ??= globalThis.Bun ? () => globalThis.Bun.gc(true) : exposedGc();
  gc();
  await new Promise((resolve) => setTimeout(resolve, 25));
}

/** What --expose-gc on the command line would give. */
function exposedGc() {
  setFlagsFromString('--expose-gc');
  return globalThis.gc ?? runInNewContext('gc');
}
