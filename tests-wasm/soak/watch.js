import { wasmMemory, wasmTableLength } from '../behaviour/harness/node_host.js';
import { collect } from '../behaviour/harness/garbage.js';

/** Watches what a process holds over time: resident memory, wasm memory, JavaScript values that wasm holds, and channels that have ended but are still in memory. */
export class Watch {
  samples = [];
  /** Channels that have ended, each with the seed of its plan. */
  #ended = new Map();

  constructor(api) {
    this.api = api;
  }

  ended(channel, seed) {
    this.#ended.set(new WeakRef(channel), seed);
  }

  sample() {
    this.#forget(); // otherwise the record itself would grow
    const { rss, heapUsed } = process.memoryUsage();
    const sample = { at: performance.now(), rss, heapUsed, wasm: wasmMemory(this.api), table: wasmTableLength(this.api) };
    this.samples.push(sample);
    return sample;
  }

  /** Collects garbage, up to twenty times, until no ended channel is left. Resolves to the plans of the ended channels that are still in memory. */
  async left() {
    for (let at = 0; at < 20; at++) {
      await collect();
      this.#forget();
      if (this.#ended.size === 0) break;
    }
    return [...this.#ended.values()];
  }

  /** Forgets the channels that have been collected. */
  #forget() {
    for (const ref of this.#ended.keys()) if (ref.deref() === undefined) this.#ended.delete(ref);
  }

  /** By how much the median of the last third of the samples exceeds that of the third before it. 0.05 means 5 %. */
  growth(what) {
    const third = Math.floor(this.samples.length / 3);
    const median = (samples) => samples.map((sample) => sample[what]).sort((a, b) => a - b)[samples.length >> 1];
    return median(this.samples.slice(-third)) / median(this.samples.slice(-2 * third, -third)) - 1;
  }
}

/** The number of sockets and servers that keep the Node process alive. */
export const openSockets = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name)).length;
