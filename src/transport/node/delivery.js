// Delivers what was received, as the strings and views that the listener gets.
//
// Rust passes offsets: in `chunk`, or in the window that a message was inflated into. Strings and views are made here,
// because a string is made fastest where its bytes are.

import { latin1Slice, ucs2Slice, utf8Slice } from './undocumented.js';
import { WINDOW, inflateAt, receiveAt, unitsAt, wasm } from './windows.js';

/** One buffer for all sockets: `onread` passes it on at once, and the next chunk is read after this one (`isReading` in reading.js). */
export const chunk = Buffer.allocUnsafeSlow(WINDOW);

/** If a chunk has several texts up to this size, they are cut out of one string of `RUN` bytes, which takes a seventh of the time. */
const SHORT = 1024;
/** If the user keeps a text, that keeps at most this many other bytes in memory. */
const RUN = 4096;

/** How much of `chunk` is to be read, and where the part that Rust looks at begins. */
export let received = 0;
let base = 0;
/** A copy of the chunk. Binary messages are views of its buffer, because a view takes a twentieth of the time that a buffer does. */
let copy = null;
/** `copy.buffer`, which V8 does not compile inline. */
let copyBuffer = null;
const chunkBuffer = chunk.buffer;
/** A piece of the chunk as a string, headers included, and its position. */
let run = '';
let runStart = 0;
let runEnd = 0;

/** The first `length` bytes of `chunk` were received. */
export function begin(length) {
  received = length;
  copy = null;
  runEnd = 0;
}

/** Rust looks at what was received from `start` on. */
export function lookFrom(start) { base = start; }

/** Nothing more of the chunk is delivered. */
export function end() {
  received = 0;
  copy = copyBuffer = null;
}

/** Takes the rest of the chunk, from `start` of what Rust looks at. It is not read now. */
export function takeRest(start) {
  const rest = Buffer.from(chunk.subarray(base + start, received));
  received = Math.min(received, base + start);
  return rest;
}

/** Rust has unmasked what was received from `start` to `end`. */
export function unmasked(start, end) {
  const view = wasm();
  view.copy(chunk, base + start, receiveAt + start, receiveAt + end);
  // Update the copy, so that a chunk needs only one, however many frames are between its messages.
  if (copy !== null && copy.byteLength > 0) view.copy(copy, base + start, receiveAt + start, receiveAt + end);
  runEnd = 0;
}

/** Delivers an ASCII text. */
export function deliverAscii(listener, inflated, start, end) {
  if (inflated) listener.text(latin1Slice(wasm(), inflateAt + start, inflateAt + end));
  else listener.text(decodeAscii(base + start, base + end));
}

function decodeAscii(start, end) {
  if (end - start > SHORT || end === received) return latin1Slice(chunk, start, end);
  if (end > runEnd) {
    runStart = start;
    runEnd = Math.min(start + RUN, received);
    run = latin1Slice(chunk, runStart, runEnd);
  }
  return run.slice(start - runStart, end - runStart);
}

/** Delivers a text of `count` UTF-16 units in the window for them, or of as many Latin-1 bytes if all are `narrow`. */
export function deliverUnits(listener, count, narrow) {
  if (narrow) listener.text(latin1Slice(wasm(), unitsAt, unitsAt + count));
  else listener.text(ucs2Slice(wasm(), unitsAt, unitsAt + 2 * count));
}

/** Delivers a UTF-8 text. */
export function deliverUtf8(listener, inflated, start, end) {
  if (inflated) listener.text(utf8Slice(wasm(), inflateAt + start, inflateAt + end));
  else listener.text(utf8Slice(chunk, base + start, base + end));
}

/** Delivers a binary message. */
export function deliverBinary(listener, inflated, start, end) {
  if (inflated) return listener.binary(new Uint8Array(wasm().buffer.slice(inflateAt + start, inflateAt + end)));
  if (start === end) return listener.binary(new Uint8Array());
  // A listener may have transferred the copy.
  if (copy === null || copy.byteLength === 0) copy = new Uint8Array(copyBuffer = chunkBuffer.slice(0, received));
  listener.binary(new Uint8Array(copyBuffer, base + start, end - start));
}

/** Adds the next piece of a message that arrives in pieces. */
export function deliverPiece(message, inflated, start, end, ascii) {
  if (inflated) message.add(wasm(), inflateAt + start, inflateAt + end, ascii);
  else message.add(chunk, base + start, base + end, ascii);
}
