// The end of a tick, when what the tick has sent goes out in one write.

/** How many callers hold back the ends of ticks, and what waits for them. */
let holds = 0;
let held = [];

/** Calls `callback` with `owner` after the current code and its promise callbacks have run. */
export function atEnd(callback, owner) {
  if (holds === 0) process.nextTick(callback, owner);
  else held.push([callback, owner]);
}

/** While messages that arrived together are delivered one by one, the answers to them wait, so that they go out together. */
export function hold() { holds += 1; }

export function release() {
  holds -= 1;
  if (holds > 0) return;
  for (const [callback, owner] of held.splice(0)) process.nextTick(callback, owner);
}
