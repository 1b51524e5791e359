// The windows: the parts of wasm's memory that JavaScript reads and writes. Rust has them in windows.rs.

import { byteLength, kind } from '../value.js';
import { utf8Write } from './undocumented.js';

/** The size of each window, and the most that is read at once. */
export const WINDOW = 65536;
/** The room for a frame's header before what is sent. */
export const MAX_HEADER = 14;
/** Texts of up to this many characters are copied one by one if they are ASCII: calling an encoder takes longer. */
const TINY = 20;
/** What fillText and fillBytes return if the argument does not fit the window, and if it is of another type. */
const NOT_FILLED = -1;

let memory;
export let receiveAt = 0;
export let inflateAt = 0;
export let sendAt = 0;
export let unitsAt = 0;
let view = Buffer.alloc(0);
let window = view;
const encoder = new TextEncoder();

/** Sets where in wasm's memory the windows are. Called once, when the first channel opens, with Rust's sizes: others would overwrite what lies behind. */
export function provideWindows(wasmMemory, receive, inflate, send, units, window, header) {
  if (window !== WINDOW || header !== MAX_HEADER) throw new Error('windows.js and windows.rs have different sizes.');
  memory = wasmMemory;
  receiveAt = receive;
  inflateAt = inflate;
  sendAt = send + MAX_HEADER;
  unitsAt = units;
}

/** A view of wasm's memory. When the memory grows, earlier views are detached. */
export function wasm() {
  if (view.byteLength === 0) view = Buffer.from(memory.buffer);
  return view;
}

/** The send window, without the room for a header. */
function sendWindow() {
  if (window.byteLength === 0) window = new Uint8Array(memory.buffer, sendAt, WINDOW);
  return window;
}

/** Writes `text` into the send window. Returns its size in bytes, or NOT_FILLED if it does not fit or is not a string. */
export function fillText(text) {
  if (typeof text !== 'string') return NOT_FILLED;
  const { length } = text;
  if (memory === undefined || length > WINDOW) return NOT_FILLED;
  const window = sendWindow();
  if (length <= TINY) {
    let seen = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      window[i] = unit;
      seen |= unit;
    }
    if (seen < 0x80) return length;
  }
  const { read, written } = encoder.encodeInto(text, window);
  return read === length ? written : NOT_FILLED;
}

/** Copies `bytes` into the send window. Returns their number, or NOT_FILLED if they do not fit, or if `bytes` is empty or no Uint8Array. */
export function fillBytes(bytes) {
  if (kind.call(bytes) !== 'Uint8Array') return NOT_FILLED;
  const length = byteLength.call(bytes);
  if (length === 0) return NOT_FILLED; // it may be detached
  if (memory === undefined || length > WINDOW) return NOT_FILLED;
  sendWindow().set(bytes);
  return length;
}

/** Writes a piece of a text into the send window as UTF-8. Returns its size in bytes. */
export const fillPiece = (text, start, end) => utf8Write(wasm(), text.slice(start, end), sendAt, WINDOW);

/** A text's size in UTF-8. */
export const utf8Length = (text) => Buffer.byteLength(text);
