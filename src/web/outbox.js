// Messages that wait for a Blob before them. A Blob's bytes arrive later, and messages keep their order.

import { read } from 'build:web-host';
import { bytesOf } from '../transport/value.js';

export class Outbox {
  /** Payload bytes that wait. */
  size = 0;
  #sink;
  #waiting = [];
  #next = 0;
  #end = null;
  #isDropped = false;

  /** `sink` has text(), bytes(), done() for when nothing waits any more, and failed() for a Blob that cannot be read. */
  constructor(sink) {
    this.#sink = sink;
  }

  /** Adds a message of `size` bytes. `kind` is 'text', 'bytes' or 'blob'. */
  add(kind, data, size) {
    const isFirst = this.#waiting.length === 0;
    // The caller may change the bytes before they are sent.
    this.#waiting.push({ kind, size, data: kind === 'bytes' ? bytesOf(data).slice() : data });
    this.size += size;
    if (isFirst) this.#run();
  }

  /** No more messages follow. Calls `end` after all of them. */
  end(end) {
    this.#end = end;
  }

  /** The connection is closed. Nothing that waits is sent, and `sink` is not called any more. */
  drop() {
    this.#isDropped = true;
  }

  async #run() {
    try {
      while (this.#next < this.#waiting.length) {
        const { kind, data, size } = this.#waiting[this.#next];
        this.#waiting[this.#next++] = undefined;
        const bytes = kind === 'blob' ? new Uint8Array(await read(data)) : data;
        if (this.#isDropped) return;
        this.size -= size;
        if (kind === 'text') this.#sink.text(data);
        else this.#sink.bytes(bytes);
      }
      this.#sink.done();
      this.#end?.();
    } catch (error) {
      if (!this.#isDropped) this.#sink.failed(error);
    }
  }
}
