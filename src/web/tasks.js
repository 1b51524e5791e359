// The tasks that events come in: between two of them microtasks run (HTML §8.1.7.3), so that a program that awaits each message misses none.

import { hold, release } from '../transport/node/tick.js';
import { runMicrotasks } from '../transport/node/undocumented.js';

export class Tasks {
  #waiting = [];
  #next = 0;
  #hear;
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

  /** The first runs when microtasks have run. `hear` has each message, `isOver` is called when nothing waits any more. */
  constructor(hear, isOver) {
    this.#hear = hear;
    this.#isOver = isOver;
    this.#schedule();
  }

  /** Returns whether more have to follow later. */
  #go() {
    runMicrotasks?.();
    while (this.#next < this.#waiting.length) {
      const task = this.#waiting[this.#next];
      this.#waiting[this.#next++] = undefined;
      if (typeof task === 'function') task();
      else this.#hear(task);
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

  /** A message or a function, behind those that wait. */
  add(task) {
    this.#waiting.push(task);
  }
}
