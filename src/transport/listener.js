// Calls the user's listener. What it throws is reported the way the host reports uncaught errors, and the channel goes on.

/** Never throws, whatever the host's reportError or the error does. */
export function report(error) {
  try {
    if (typeof reportError === 'function') return reportError(error);
  } catch { /* a reportError that throws has not reported */ }
  queueMicrotask(() => { throw error; });
}

/** Wraps the result of a user's function in a promise of our own. Does not call the result's methods while Rust runs. */
export const settled = async (value) => await value;

/** A listener, and the context that each of its methods gets. */
export class Listener {
  constructor(listener, context) {
    this.listener = listener;
    this.context = context;
  }

  text(text) {
    try { this.listener.onMessageAvailable?.(this.context, text); } catch (error) { report(error); }
  }

  binary(bytes) {
    try { this.listener.onBinaryMessageAvailable?.(this.context, bytes); } catch (error) { report(error); }
  }

  /** Whether the listener has onAcknowledge. Asked once for all messages that the host takes at a time. */
  acknowledges() {
    try { return (this.listener.onAcknowledge ?? null) !== null; } catch (error) { report(error); }
    return false;
  }

  start() { this.call('onStart'); }
  acknowledge(size) { this.call('onAcknowledge', size); }
  serverClose(code, reason) { this.call('onServerClose', code, reason); }
  stop(status, name, message, wasClean, code, reason, closedBy, http, cause, timeout) {
    this.call('onStop', status, { name, message, wasClean, code, reason, closedBy, http, cause, timeout });
  }

  call(method, ...args) {
    try { this.listener[method]?.(this.context, ...args); } catch (error) { report(error); }
  }
}
