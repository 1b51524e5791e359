// A message that arrives in pieces, assembled in the host's memory.

import { StringDecoder } from 'node:string_decoder';
import { latin1Slice } from './undocumented.js';
import { WINDOW } from './windows.js';

/** Pieces of a text under this size are decoded together. */
const SMALL = 4096;

export const assembleText = () => new TextAssembly();
/** A binary message of about `length` bytes. */
export const assembleBinary = (length) => new BinaryAssembly(length);

/** The memory for small pieces, kept from the last text that had some for the next. */
let spareSmall = null;

/** A text is decoded as it arrives, because decoding a large text at once would hold up everything else. */
class TextAssembly {
  constructor() {
    this.text = '';
    this.decoder = null;
    /** Pieces too small to be decoded one by one: a string for each would be many times their size. */
    this.small = null;
    this.smallLength = 0;
    this.smallAscii = true;
  }

  add(bytes, start, end, ascii) {
    if (end - start >= SMALL) {
      this.decodeSmall();
      return this.decode(bytes, start, end, ascii);
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
    if (ascii) this.text += latin1Slice(bytes, start, end);
    else this.text += (this.decoder ??= new StringDecoder('utf8')).write(bytes.subarray(start, end));
  }
}

/**
 * The buffer of the last message. While it lives, malloc does not give the memory below it back to the system. Otherwise malloc would
 * ask for it again for the next messages, page fault by page fault.
 */
let last = null;
const MAX_LAST = 1 << 22;

/** Called when a channel ends, so that it keeps nothing. */
export function forgetLast() { last = null; }

/** Its memory doubles as bytes arrive, because the length that a header claims has not arrived yet. */
class BinaryAssembly {
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

  /** Adds bytes from wasm's memory. */
  append({ buffer, byteOffset, length }) { this.add(Buffer.from(buffer, byteOffset, length), 0, length); }

  /** Where the next bytes go, at most `limit` of them. */
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
    this.bytes.fill(0, this.length); // the user gets the buffer, which must not show older data
    return bytes;
  }
}
