// Calls the user's listener. Whatever it throws is reported as the host reports uncaught errors, and the channel goes on.

export function report(error) {
  if (typeof reportError === 'function') reportError(error);
  else queueMicrotask(() => { throw error; });
}

/** What was thrown, as an Error with a message. */
export function asError(thrown) {
  try {
    return thrown instanceof Error && typeof thrown.message === 'string' ? thrown : new Error(String(thrown));
  } catch {
    return new Error('what was thrown is no Error');
  }
}

/** A listener with the context that every one of its methods is handed. */
export class Listener {
  /** `stopped` is called right before `onStop`. */
  constructor(listener, context, stopped) {
    this.listener = listener;
    this.context = context;
    this.stopped = stopped;
  }

  start() {
    try { this.listener.onStart?.(this.context); } catch (error) { report(error); }
  }

  text(text) {
    try { this.listener.onMessageAvailable?.(this.context, text); } catch (error) { report(error); }
  }

  binary(bytes) {
    try { this.listener.onBinaryMessageAvailable?.(this.context, bytes); } catch (error) { report(error); }
  }

  /** Whether anybody wants to know; asked once for all that the host took at once. */
  acknowledges() {
    try { return (this.listener.onAcknowledge ?? null) !== null; } catch (error) { report(error); }
    return false;
  }

  acknowledge(size) {
    try { this.listener.onAcknowledge?.(this.context, size); } catch (error) { report(error); }
  }

  serverClose(code, reason) {
    try { this.listener.onServerClose?.(this.context, code, reason); } catch (error) { report(error); }
  }

  stop(status, message, wasClean, code, reason, closedBy, timeout, http, cause, words) {
    this.stopped?.();
    // What the host knows makes the sentence precise.
    message = words ?? (cause === null ? message : `${message} ${cause.message}`);
    const detail = { message, wasClean, code, reason, closedBy, http, cause, timeout };
    try { this.listener.onStop?.(this.context, status, detail); } catch (error) { report(error); }
  }
}
