// The tasks that events come in: between two of them microtasks run (HTML §8.1.7.3).
//
// What one chunk brings comes in one go, which is many times as fast. A task of its own has only what a program would miss without: the
// first message behind open, close behind the last message, and a message that nobody listens to any more, because it is awaited.

/** A task that lets microtasks run before the next one. */
export const afterMicrotasks = () => true;

export class Tasks {
  #waiting = [];
  #isOver;

  /** `isOver` is called when none waits any more. */
  constructor(isOver) {
    this.#isOver = isOver;
    setImmediate(() => this.#run());
  }

  /** Behind those that wait. `task` returns true if microtasks have to run behind it. */
  add(task) {
    this.#waiting.push(task);
  }

  #run() {
    for (let task; (task = this.#waiting.shift()) !== undefined;) {
      if (task()) return void setImmediate(() => this.#run());
    }
    this.#isOver();
  }
}
