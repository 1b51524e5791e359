import { wasmMemory, wasmTableLength } from '../behaviour/harness/node_host.js';
import { collect } from '../behaviour/harness/garbage.js';

/** What a process holds over time: resident memory, wasm's, JavaScript values that wasm holds, and channels that have ended and are still there. */
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
    this.#forget(); // or what is watched would grow itself
    const { rss, heapUsed } = process.memoryUsage();
    const sample = { at: performance.now(), rss, heapUsed, wasm: wasmMemory(this.api), table: wasmTableLength(this.api) };
    this.samples.push(sample);
    return sample;
  }

  /** Collects garbage until nothing more goes. Answers the plans of the channels that have ended and are still there. */
  async left() {
    for (let at = 0; at < 20; at++) {
      await collect();
      this.#forget();
      if (this.#ended.size === 0) break;
    }
    return [...this.#ended.values()];
  }

  /** The channels that are gone. */
  #forget() {
    for (const ref of this.#ended.keys()) if (ref.deref() === undefined) this.#ended.delete(ref);
  }

  /** How much the median of the last third of the samples is above that of the third before it: 0.05 is 5 %. */
  growth(what) {
    const third = Math.floor(this.samples.length / 3);
    const median = (samples) => samples.map((sample) => sample[what]).sort((a, b) => a - b)[samples.length >> 1];
    return median(this.samples.slice(-third)) / median(this.samples.slice(-2 * third, -third)) - 1;
  }
}

/** What keeps a Node process alive beside timers and pipes: sockets and servers. */
export const openSockets = () => process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name)).length;
