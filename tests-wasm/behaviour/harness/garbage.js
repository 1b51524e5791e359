import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let gc = null;

/** Collects garbage, and waits until the finalizers of the freed objects have run. */
export async function collect() {
  gc ??= globalThis.Bun ? () => globalThis.Bun.gc(true) : exposedGc();
  gc();
  await new Promise((resolve) => setTimeout(resolve, 25));
}

/** The function that --expose-gc on the command line would provide. */
function exposedGc() {
  setFlagsFromString('--expose-gc');
  return globalThis.gc ?? runInNewContext('gc');
}
