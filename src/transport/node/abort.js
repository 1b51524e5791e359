// The event abort of an AbortSignal.

import events from 'node:events';

/**
 * Calls back when the signal is aborted, even if another of its listeners stops the event, because DOM runs abort algorithms first. Returns a
 * function that removes the callback.
 */
export function whenAborted(signal, callback) {
  events.addAbortListener(signal, callback);
  return () => signal.removeEventListener('abort', callback); // what addAbortListener returns has no method where Symbol.dispose is missing
}
