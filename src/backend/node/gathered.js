// A message that comes in pieces, gathered in the host's memory.

import { StringDecoder } from 'node:string_decoder';
import { WINDOW } from './windows.js';

/** Pieces of a text under this size are decoded together. */
const SMALL = 4096;

/** For a message whose first frame has `length` bytes. */
export function gathered(text, length) {
  return text ? new GatheredText() : new GatheredBytes(length);
}

/** The memory for small pieces of the last text that had some, for the next. */
let spareSmall = null;

/** Decoded as it comes: decoding a large text at once would hold up everything else. */
class GatheredText {
  constructor() {
    this.text = '';
    this.decoder = null;
    /** Pieces too small to be decoded by themselves: a string of its own for each would be many times their size. */
    this.small = null;
    this.smallLength = 0;
    this.smallAscii = true;
  }

  add(bytes, start, end, ascii) {
    if (end - start >= SMALL) {
      this.decodeSmall();
      this.decode(bytes, start, end, ascii);
      return;
    }
    if (this.small === null) {
      this.small = spareSmall ?? Buffer.allocUnsafeSlow(2 * SMALL);
      spareSmall = null;
    }
    this.smallLength += bytes.copy(this.small, this.smallLength, start, end);
    this.smallAscii &&= ascii;
    if (this.smallLength >= SMALL) this.decodeSmall();
  }

  finish() {
    this.decodeSmall();
    spareSmall ??= this.small;
    return this.text;
  }

  decodeSmall() {
    if (this.smallLength === 0) return;
    this.decode(this.small, 0, this.smallLength, this.smallAscii);
    this.smallLength = 0;
    this.smallAscii = true;
  }

  decode(bytes, start, end, ascii) {
    if (ascii) this.text += bytes.latin1Slice(start, end);
    else this.text += (this.decoder ??= new StringDecoder('utf8')).write(bytes.subarray(start, end));
  }
}

/**
 * The buffer that the last message was gathered in: while it lives, malloc does not hand back to the system what is freed
 * below it, only to ask for it again for the next messages, page fault by page fault.
 */
let last = null;
const MAX_LAST = 1 << 22;

/** A channel that ends keeps nothing. */
export function forgetLast() {
  last = null;
}

/** Memory follows what has come, doubling: what a header claims is not yet there. */
class GatheredBytes {
  constructor(length) {
    this.bytes = Buffer.allocUnsafeSlow(Math.min(length, 16 * WINDOW));
    this.length = 0;
  }

  add(bytes, start, end) {
    const length = this.length + end - start;
    this.grow(length);
    bytes.copy(this.bytes, this.length, start, end);
    this.length = length;
  }

  /** Where the next bytes go, up to `limit`. */
  room(limit) {
    if (this.length === this.bytes.length) this.grow(this.length + 1);
    return this.bytes.subarray(this.length, this.length + limit);
  }

  grow(length) {
    if (length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  finish() {
    const bytes = new Uint8Array(this.bytes.buffer, 0, this.length);
    if (this.bytes.length <= MAX_LAST) last = this.bytes;
    if (this.bytes.length - this.length > WINDOW) return bytes.slice();
    this.bytes.fill(0, this.length); // nobody's business, though the buffer is the user's now
    return bytes;
  }
}
