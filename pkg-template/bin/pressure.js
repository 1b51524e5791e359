// Back-pressure between what is read and the clients that it is sent to.

/** What is read waits while more bytes than this wait to be sent on a connection. */
export const HIGH_WATER = 1 << 20;
/** And until no more than this do. */
const LOW_WATER = 1 << 16;
/** For how long others wait for a client that takes nothing, and how often that is looked at, in milliseconds. */
const [PATIENCE, LOOK] = [30_000, 1000];

export class Pressure {
  /** For each client that is slow: the sources that wait for it, and when it last took something. */
  #slow = new Map();
  #timer = null;
  #cutOff;

  /** `cutOff` is called with a client that takes nothing although others wait for it. */
  constructor(cutOff) { this.#cutOff = cutOff; }

  /**
   * Suspends `source`, which sends to these clients, once for each of them that is slow. A client may be its own source. `socketOf` returns a client's
   * socket.
   */
  hold(source, clients, socketOf) {
    for (const client of clients) {
      if (client.bufferedAmount <= HIGH_WATER) continue;
      if (!this.#slow.has(client)) this.#slow.set(client, { sources: new Set(), socket: socketOf(client), state: '', since: Date.now() });
      const { sources } = this.#slow.get(client);
      if (sources.has(source)) continue;
      sources.add(source);
      source.suspend();
    }
    if (this.#slow.size > 0) this.#timer ??= setInterval(() => this.#look(), LOOK);
  }

  /** A message may take long: each part of it that the system takes counts. */
  #look() {
    for (const [client, slow] of [...this.#slow]) {
      const { bytesWritten, writableLength } = slow.socket;
      const state = `${bytesWritten} ${writableLength} ${client.bufferedAmount}`;
      if (state !== slow.state) Object.assign(slow, { state, since: Date.now() });
      const isAwaited = [...slow.sources].some((source) => source !== client);
      if (isAwaited && Date.now() - slow.since >= PATIENCE) this.#cutOff(client);
    }
  }

  /** The system has taken a message of the client, or the client has left. */
  eased(client) {
    const slow = this.#slow.get(client);
    if (slow === undefined || (client.bufferedAmount > LOW_WATER && client.state === 'open')) return;
    this.#slow.delete(client);
    if (this.#slow.size === 0) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    for (const source of slow.sources) source.resume();
  }
}

/** Holds back what is read while stdout is full. */
export class StdoutPressure {
  #waiting = new Set();

  hold(source) {
    if (this.#waiting.has(source)) return;
    if (this.#waiting.size === 0) process.stdout.once('drain', () => this.#drained());
    this.#waiting.add(source);
    source.suspend();
  }

  #drained() {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const source of waiting) source.resume();
  }
}
