/**
 * What the peers saw, kept by the id that the client put into its URL's query.
 *
 * A record: { id, peer, opened, request, remoteAddress, chunks, frames, frameCount, messages, close, ended }.
 * `close` is the close frame the client sent, `ended` how its side of the TCP connection ended: 'fin', 'reset' or 'error'.
 */
export class Records {
  #records = new Map();
  #waiting = new Set();

  /** The record of this id, made when it is first asked for: a test may ask before the connection has come. */
  of(id) {
    if (!this.#records.has(id)) {
      this.#records.set(id, {
        id, peer: null, opened: false, request: null, remoteAddress: null,
        chunks: 0, frames: [], frameCount: 0, messages: [], close: null, ended: null,
      });
    }
    return this.#records.get(id);
  }

  /** Changes a record and wakes those whose condition it now meets. */
  update(id, change) {
    const record = this.of(id);
    change(record);
    for (const wait of [...this.#waiting]) if (wait.id === id) wait.look();
  }

  /** Answers { met, record } when `until` holds, or when `ms` have passed. */
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

/** `until` is a field that must be there (`close`), or a field and a least number (`frames:3`). */
function holds(record, until) {
  const [field, least] = until.split(':');
  if (field === 'frames') return record.frameCount >= Number(least ?? 1);
  if (least) return record[field].length >= Number(least);
  return Boolean(record[field]);
}
