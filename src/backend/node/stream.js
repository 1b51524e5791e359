import { asError } from '../listener.js';
import { WINDOW, fillBytes } from './windows.js';

const NOTHING = new Uint8Array(0);

/**
 * The payload of sendBinaryStream: what Payload in windows.js is for one that is all there. `source` is of bindings/source.js. What comes in small
 * chunks is collected: a peer may refuse a message of too many frames.
 */
export class StreamPayload {
  constructor(source) {
    this.source = source;
    this.length = source.length;
    this.socket = null;
    /** The source was asked for more, and has not answered. */
    this.reading = true;
    this.chunk = NOTHING;
    this.at = 0;
    /** The next frame, as far as it is there. */
    this.frame = null;
    this.used = 0;
    this.ended = false;
    this.done = false;
    this.error = null;
  }

  /** It was accepted: whatever becomes of the stream meanwhile is its reader's business, who is yet to come. */
  guard() { this.source.stream.on?.('error', () => {}); }

  /** Its turn has come. */
  start(socket) {
    this.socket = socket;
    this.frame = new Uint8Array(Math.min(WINDOW, this.length));
    this.read();
  }

  isDone() { return this.done; }

  get words() { return `sendBinaryStream failed: ${this.error.message.replace(/\.$/, '')}.`; }

  /** Writes the next frame's payload into the send window: its size; -1 to be asked again after handleReady, -2 if the stream has failed. */
  fill() {
    if (this.error !== null) return -2;
    if (this.reading) return -1;
    try {
      return this.fillFrame();
    } catch (error) {
      this.error = asError(error); // the chunk was transferred elsewhere
      return -2;
    }
  }

  fillFrame() {
    const { chunk, frame } = this;
    const piece = chunk.subarray(this.at, this.at + frame.length - this.used);
    frame.set(piece, this.used);
    this.at += piece.length;
    this.used += piece.length;
    const isExhausted = this.at === chunk.length;
    this.done = this.ended && isExhausted;
    // The last frame waits until it is certain that the stream is not too long.
    if (this.done || (this.used === frame.length && (!isExhausted || this.source.left > 0))) {
      const { used } = this;
      this.used = 0;
      return fillBytes(frame.subarray(0, used));
    }
    this.read();
    return -1;
  }

  async read() {
    this.reading = true;
    await null; // what the stream's owner does runs when the engine does not
    try {
      const bytes = await this.source.next();
      this.ended = bytes === null;
      // Of the plain kind: what a subclass makes of `subarray` is anybody's guess.
      this.chunk = bytes === null ? NOTHING : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      this.at = 0;
    } catch (error) {
      this.error = asError(error);
    }
    this.reading = false;
    this.socket.engine?.handleReady();
  }

  /** Nobody wants any more of it. */
  release() { this.source.cancel(); }
}
