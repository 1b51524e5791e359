// Shows how much is received and sent per second.

import { size } from './writing.js';

export class Throughput {
  #place;
  #counts = { in: 0, inBytes: 0, out: 0, outBytes: 0 };

  constructor(place) {
    this.#place = place;
    setInterval(() => { this.#show(); }, 1000);
  }

  received(bytes) {
    this.#counts.in += 1;
    this.#counts.inBytes += bytes;
  }

  sent(bytes) {
    this.#counts.out += 1;
    this.#counts.outBytes += bytes;
  }

  #show() {
    const { in: received, inBytes, out: sent, outBytes } = this.#counts;
    this.#counts = { in: 0, inBytes: 0, out: 0, outBytes: 0 };
    const each = (count, bytes) => `${count.toLocaleString('en')} (${size(bytes)})`;
    const text = received + sent === 0 ? '' : `A second: ${each(received, inBytes)} received, ${each(sent, outBytes)} sent`;
    if (this.#place.textContent !== text) this.#place.textContent = text;
  }
}
