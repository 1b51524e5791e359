// The event abort of an AbortSignal.

import events from 'node:events';

/** Node 20 warns of a leak from the eleventh listener on, but a signal may be meant for any number of channels. */
function allowAnyNumber(signal) {
  try {
    if (events.getMaxListeners(signal) === events.defaultMaxListeners) events.setMaxListeners(0, signal);
  } catch { /* it is not one of Node's own, and nobody counts */ }
}

/**
 * Calls back when the signal is aborted, even if another of its listeners stops the event, because DOM runs abort algorithms first. Returns a
 * function that removes the callback.
 */
export function whenAborted(signal, callback) {
  allowAnyNumber(signal);
  events.addAbortListener(signal, callback);
  return () => signal.removeEventListener('abort', callback); // what addAbortListener returns has no method where Symbol.dispose is missing
}
