// The end of a tick, when what the tick has sent goes out in one write.

import { report } from '../listener.js';
import { runMicrotasks } from './undocumented.js';

// Node's own, even if a fake stands for it: pkg-template/schedulers.js says why.
const { nextTick: given } = process;
export const nextTick = given.clock?._nextTick ?? given;

/** How many callers hold back the ends of ticks, and what waits for them. */
let holds = 0;
let held = [];

/** Calls `callback` with `owner` after the current code and its promise callbacks have run. */
export function atEnd(callback, owner) {
  if (holds === 0) nextTick(callback, owner);
  else held.push([callback, owner]);
}

/** While messages that arrived together are delivered one by one, the answers to them wait, so that they go out together. */
export function hold() { holds += 1; }

export function release() {
  holds -= 1;
  if (holds > 0) return;
  for (const [callback, owner] of held.splice(0)) nextTick(callback, owner);
}

/** Whether the ends of ticks do no harm to what Node's callbacks return: `finish` can be called first, or the runtime is not Node itself. */
export const canFinish = runMicrotasks !== null || 'bun' in process.versions || 'deno' in process.versions;

/** Runs what waits for the end of the tick now. What it throws is reported. */
export function finish() {
  for (;;) {
    try {
      return runMicrotasks?.();
    } catch (error) {
      report(error);
    }
  }
}
