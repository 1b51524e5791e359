// The end of a tick: what it has sent goes out then, in one write.

/** How many hold the ends of ticks back; what waits for them. */
let holds = 0;
let held = [];

/** Calls `callback` with `owner` when the code that runs now, and what it promised, is done. */
export function atEnd(callback, owner) {
  if (holds === 0) process.nextTick(callback, owner);
  else held.push([callback, owner]);
}

/** While messages that came together are told one by one, what answers them waits, to go out together. */
export function hold() { holds += 1; }

export function release() {
  holds -= 1;
  if (holds > 0) return;
  for (const [callback, owner] of held.splice(0)) process.nextTick(callback, owner);
}
