// The tasks that events come in: between two of them microtasks run (HTML §8.1.7.3), so that a program that awaits each message misses none.

import { hold, release } from '../transport/node/tick.js';
import { runMicrotasks } from '../transport/node/undocumented.js';

export class Tasks {
  #waiting = [];
  #next = 0;
  #isOver;
  #run = () => {
    let mustGoOn = true; // also behind a callback of the program's that throws
    hold();
    try {
      mustGoOn = this.#go();
    } finally {
      release();
      if (mustGoOn) this.#schedule();
    }
  };

  /** The first runs when microtasks have run. `isOver` is called when none waits any more. */
  constructor(isOver) {
    this.#isOver = isOver;
    this.#schedule();
  }

  /** Returns whether more have to follow later. */
  #go() {
    runMicrotasks?.();
    while (this.#next < this.#waiting.length) {
      const task = this.#waiting[this.#next];
      this.#waiting[this.#next++] = undefined;
      task();
      if (runMicrotasks === null) return true;
      runMicrotasks();
    }
    this.#isOver();
    return false;
  }

  #schedule() {
    if (runMicrotasks === null) setImmediate(this.#run);
    else process.nextTick(this.#run);
  }

  /** Behind those that wait. */
  add(task) {
    this.#waiting.push(task);
  }
}
