// The undocumented part of Node that the command uses.

/**
 * Makes readline forget how many rows the draft took, because the screen below it was cleared. Otherwise it moves up by these rows once more, and erases
 * what was printed. Without it: a draft of several rows may be erased when a message arrives.
 */
export function forgetRows(lines) {
  if ('prevRows' in lines) lines.prevRows = 0;
}
