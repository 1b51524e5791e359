import { WINDOW, fillBytes } from './windows.js';

const NOTHING = new Uint8Array(0);

/** The payload of sendBinaryStream: what Payload in windows.js is for one that is all there. `source` is of bindings/source.js. */
export class StreamPayload {
  constructor(source) {
    this.source = source;
    this.length = source.length;
    this.socket = null;
    /** The source was asked for more, and has not answered. */
    this.reading = true;
    this.chunk = NOTHING;
    this.at = 0;
    this.ended = false;
    this.done = false;
    this.error = null;
  }

  /** Its turn has come. */
  start(socket) {
    this.socket = socket;
    this.read();
  }

  isDone() { return this.done; }

  get words() { return `sendBinaryStream failed: ${this.error.message}.`; }

  /** Writes the next piece into the send window: its size; -1 to be asked again after handleReady, -2 if the stream has failed. */
  fill() {
    if (this.error !== null) return -2;
    if (this.reading) return -1;
    const piece = this.chunk.subarray(this.at, this.at + WINDOW);
    this.at += piece.length;
    if (this.ended) {
      this.done = true;
      return fillBytes(piece);
    }
    const isExhausted = this.at === this.chunk.length;
    if (isExhausted && this.source.left === 0) {
      // The last piece, unless the stream is too long: it goes when that is certain. Its memory may be the stream's own again.
      this.chunk = piece.slice();
      this.at = 0;
      this.read();
      return -1;
    }
    const filled = fillBytes(piece);
    if (isExhausted) this.read();
    return filled;
  }

  async read() {
    this.reading = true;
    try {
      const chunk = await this.source.next();
      if (chunk === null) {
        this.ended = true;
      } else {
        this.chunk = chunk;
        this.at = 0;
      }
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error));
    }
    this.reading = false;
    this.socket.engine?.handleReady();
  }

  /** Nobody wants any more of it. */
  release() { this.source.cancel(); }
}
