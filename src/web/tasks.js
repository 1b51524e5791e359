// The tasks in which events are fired. Microtasks run between two tasks (HTML §8.1.7.3), so that a program that awaits each message misses none.

import { hold, nextTick, release } from '../transport/node/tick.js';
import { runMicrotasks } from '../transport/node/undocumented.js';

/** Calls back after all microtasks have run, without a turn of the event loop. */
export function afterMicrotasks(callback) {
  if (runMicrotasks === null) return void queueMicrotask(() => nextTick(callback)); // called in a microtask, nextTick waits for the others
  try {
    runMicrotasks(); // throws what the user's callbacks of process.nextTick throw
  } finally {
    callback();
  }
}

/** Whether tasks are running, and the connections whose turn comes behind them: microtasks must not run within microtasks. */
let isRunning = false;
const behind = [];

export class Tasks {
  #waiting = [];
  #next = 0;
  #channel;
  #isSuspended = false;
  #hear;
  #isOver;
  #run = () => {
    if (isRunning) return void behind.push(this);
    isRunning = true;
    hold();
    let at = 0;
    behind.push(this);
    try {
      for (; at < behind.length; at++) if (behind[at].#go()) behind[at].#schedule();
    } finally {
      isRunning = false;
      release();
      for (const waiting of behind.splice(0).slice(at)) waiting.#schedule(); // a user's callback has thrown
    }
  };

  /** The first task runs after microtasks have run. `hear` gets each of the channel's messages, and `isOver` is called when nothing waits any more. */
  constructor(channel, hear, isOver) {
    this.#channel = channel;
    this.#hear = hear;
    this.#isOver = isOver;
    this.#schedule();
  }

  /** Runs tasks. Returns whether more must follow later. */
  #go() {
    runMicrotasks?.();
    while (this.#next < this.#waiting.length) {
      const task = this.#waiting[this.#next];
      this.#waiting[this.#next++] = undefined;
      if (typeof task === 'function') task();
      else this.#hear(task);
      if (runMicrotasks === null) return this.#waitATurn();
      runMicrotasks();
    }
    if (this.#isSuspended && this.#channel.state !== 'stopped') this.#channel.resume();
    this.#isOver();
    return false;
  }

  /** Where microtasks cannot be run, each task takes a turn of the event loop. Meanwhile the channel must not read more and more. */
  #waitATurn() {
    if (!this.#isSuspended && this.#next < this.#waiting.length && this.#channel.state === 'open') {
      this.#isSuspended = true;
      this.#channel.suspend();
    }
    return true;
  }

  #schedule() {
    if (runMicrotasks === null) setImmediate(this.#run);
    else nextTick(this.#run);
  }

  /** Adds a message or a function behind those that wait. */
  add(task) {
    this.#waiting.push(task);
  }
}
