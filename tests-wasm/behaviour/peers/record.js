/**
 * What the peers saw, kept by the id that the client put in the query of its URL.
 *
 * A record: { id, peer, opened, request, remoteAddress, chunks, frames, frameCount, messages, close, ended }.
 * `close` is the close frame the client sent, `ended` how its side of the TCP connection ended: 'fin', 'reset' or 'error'.
 */
export class Records {
  #records = new Map();
  #waiting = new Set();

  /** The record of this id. It is created on first use, because a test may ask for it before the connection arrives. */
  of(id) {
    if (!this.#records.has(id)) {
      this.#records.set(id, {
        id, peer: null, opened: false, request: null, remoteAddress: null,
        chunks: 0, frames: [], frameCount: 0, messages: [], close: null, ended: null,
      });
    }
    return this.#records.get(id);
  }

  /** Changes a record, and wakes the waits whose condition it now meets. */
  update(id, change) {
    const record = this.of(id);
    change(record);
    for (const wait of [...this.#waiting]) if (wait.id === id) wait.look();
  }

  /** Resolves to { met, record } when `until` holds, or when `ms` milliseconds have passed. */
  wait(id, until, ms) {
    const record = this.of(id);
    return new Promise((resolve) => {
      const wait = { id, look: () => holds(record, until) && done(true) };
      const timer = setTimeout(() => done(false), ms);
      const done = (met) => {
        clearTimeout(timer);
        this.#waiting.delete(wait);
        resolve({ met, record });
      };
      this.#waiting.add(wait);
      wait.look();
    });
  }
}

/** `until` is a field that must be set (`close`), or a field and a minimum count (`frames:3`). */
function holds(record, until) {
  const [field, least] = until.split(':');
  if (field === 'frames') return record.frameCount >= Number(least ?? 1);
  if (least) return record[field].length >= Number(least);
  return Boolean(record[field]);
}
