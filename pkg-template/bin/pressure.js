// Back-pressure between what is read and the clients that it is sent to.

/** What is read waits while more bytes than the first wait for a client, until no more than the second do. */
const [HIGH_WATER, LOW_WATER] = [1 << 20, 1 << 16];
/** For how long others wait for a client that takes nothing, in milliseconds. */
const PATIENCE = 10_000;

export class Pressure {
  /** For each client that is slow: the sources that wait for it, and the timer of their patience. */
  #slow = new Map();
  #cutOff;

  /** `cutOff` is called with a client that does not read although others wait for it. */
  constructor(cutOff) { this.#cutOff = cutOff; }

  /** Suspends `source`, which sends to these clients, once for each of them that is slow. A client may be its own source. */
  hold(source, clients) {
    for (const client of clients) {
      if (client.bufferedAmount <= HIGH_WATER) continue;
      const { sources } = this.#slow.get(client) ?? this.#watch(client);
      if (sources.has(source)) continue;
      sources.add(source);
      source.suspend();
    }
  }

  #watch(client) {
    const sources = new Set();
    const timer = setTimeout(() => { if ([...sources].some((source) => source !== client)) this.#cutOff(client); }, PATIENCE);
    const slow = { sources, timer };
    this.#slow.set(client, slow);
    return slow;
  }

  /** The system has taken some of what waits for the client, or it has left. */
  eased(client) {
    const slow = this.#slow.get(client);
    if (slow === undefined) return;
    slow.timer.refresh();
    if (client.bufferedAmount > LOW_WATER && client.state === 'open') return;
    clearTimeout(slow.timer);
    this.#slow.delete(client);
    for (const source of slow.sources) source.resume();
  }
}

/** Holds clients back while stdout is full. */
export class StdoutPressure {
  #waiting = new Set();

  hold(client) {
    if (this.#waiting.has(client)) return;
    if (this.#waiting.size === 0) process.stdout.once('drain', () => this.#drained());
    this.#waiting.add(client);
    client.suspend();
  }

  #drained() {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const client of waiting) client.resume();
  }
}
