// What arrives at a socket. It is read into `chunk`, copied into the receive window in wasm, and parsed there. Uncompressed binary payload
// bypasses wasm: Rust says how many of the next bytes may. Rust also says what must wait (held.rs).

import { begin, chunk, end, lookFrom, received } from './delivery.js';
import { canFinish, finish } from './tick.js';
import { WINDOW, receiveAt, wasm } from './windows.js';

/** Payload that bypasses wasm is read directly into its message if it has at least this many bytes. */
const DIRECT = 16384;
/** How much of a chunk Rust sees first if a large message is likely to begin there. */
const HEAD = 1024;

/** Whether `chunk` is in use. */
let isReading = false;

/** The half of a socket that reads. */
export class Reading {
  constructor(handler) {
    this.handler = handler;
    this.socket = null;
    this.buffer = null; // where the next bytes are read to
    this.passing = 0; // how many of the next bytes Rust need not see
    this.large = false; // the last message was a large one of binary payload
    this.message = null; // the message that arrives in pieces (assembly.js)
  }

  onread() {
    return {
      buffer: () => this.nextBuffer(),
      callback: (length, buffer) => {
        if (buffer === chunk) this.read(length);
        else this.readDirectly(length);
        // Node takes the next buffer from what this returns. If a callback of process.nextTick throws right behind it, Node goes on with the old buffer.
        if (this.readsDirectly || buffer !== chunk) finish();
        return true;
      },
    };
  }

  /** Whether the next bytes are a large message's payload, and are read directly into the message. */
  get readsDirectly() { return canFinish && this.handler !== null && this.passing >= DIRECT; }

  /** Where to read next; undefined for the same buffer again. */
  nextBuffer() {
    const next = this.readsDirectly ? this.message.room(this.passing) : chunk;
    // Each attempt to connect has a handle of its own, which must get its buffer.
    if (next === chunk && this.buffer === chunk && !this.socket.connecting) return undefined;
    this.buffer = next;
    return next;
  }

  /** The first `length` bytes of `chunk` were received. */
  read(length) {
    isReading = true;
    begin(length);
    try {
      for (let at = 0; at < received && this.handler !== null;) at = this.passing > 0 ? this.pass(at) : this.parse(at);
    } finally {
      end();
      isReading = false;
    }
  }

  /** Passes what may bypass wasm from `at` on. Returns where it ends. */
  pass(at) {
    const upTo = Math.min(at + this.passing, received);
    this.message.add(chunk, at, upTo);
    lookFrom(upTo);
    this.passing = this.handler.handlePassed(upTo - at);
    return upTo;
  }

  /** Lets Rust read from `at` on. Returns where that ends. */
  parse(at) {
    // Large messages usually follow large messages, and Rust needs to see only their headers.
    const upTo = this.large ? Math.min(at + HEAD, received) : received;
    chunk.copy(wasm(), receiveAt, at, upTo);
    lookFrom(at);
    this.passing = this.handler.handleData(upTo - at);
    if (this.passing === 0) this.large = false;
    return upTo;
  }

  /** The first `length` bytes of the room in the message were received. */
  readDirectly(length) {
    if (this.handler === null) return;
    this.message.length += length;
    this.passing = this.handler.handlePassed(length);
  }

  /** Reads these bytes as if they had just been received. They must wait while `chunk` is in use: a stream made in JavaScript may push at any time. */
  replay(bytes) {
    if (isReading || this.handler?.mustWait()) return this.handler?.handleEarly(Buffer.from(bytes));
    for (let at = 0; at < bytes.length; at += WINDOW) {
      const part = bytes.subarray(at, at + WINDOW);
      chunk.set(part);
      this.read(part.length);
    }
  }

  /** Calls handleLater after other events have had a turn. */
  readLater() { setImmediate(() => this.handler?.handleLater()); }

  /** The next message arrives in pieces, which go into `message`; `mayPass` bytes of its first frame may bypass wasm. */
  beginMessage(message, mayPass) {
    this.message = message;
    this.large = mayPass >= DIRECT;
  }

  /** The message is complete. Returns it, a string or a Uint8Array. */
  endMessage() { return this.message.finish(); }
}
