// The windows: what of wasm's memory JavaScript reads and writes. Rust has them in socket.rs.

/** The size of the windows, and the most that is read at once. */
export const WINDOW = 65536;
/** The room for a frame's header before what is to be sent. */
export const MAX_HEADER = 14;
/** Texts of up to so many characters are copied one by one if they are ASCII: the call of an encoder takes longer. */
const TINY = 20;

let memory;
export let receiveAt = 0;
export let inflateAt = 0;
export let sendAt = 0;
export let unitsAt = 0;
let view = Buffer.alloc(0);
let window = view;
const encoder = new TextEncoder();

/** Tells where in the wasm memory the windows are. Called once, when the first channel opens. */
export function provideWindows(wasmMemory, receive, inflate, send, units) {
  memory = wasmMemory;
  receiveAt = receive;
  inflateAt = inflate;
  sendAt = send + MAX_HEADER;
  unitsAt = units;
}

/** The wasm memory; a view made earlier is detached when the memory has grown. */
export function wasm() {
  if (view.byteLength === 0) view = Buffer.from(memory.buffer);
  return view;
}

/** The send window, without the room for a header. */
function sendWindow() {
  if (window.byteLength === 0) window = new Uint8Array(memory.buffer, sendAt, WINDOW);
  return window;
}

/** Writes `text` into the send window: its size in bytes, or -1 if it does not fit. */
export function fillText(text) {
  const { length } = text;
  if (memory === undefined || length > WINDOW) return -1;
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
  return read === length ? written : -1;
}

/** Copies `bytes` into the send window: their number, or -1 if they do not fit. */
export function fillBytes(bytes) {
  if (memory === undefined || bytes.length > WINDOW) return -1;
  sendWindow().set(bytes);
  return bytes.length;
}

/** A payload that waits, or goes through the window in pieces. A string is encoded piece by piece, too: at once, a large one would take too long. */
export class Payload {
  /** `copy` if the caller may write to its bytes before they are sent. */
  constructor(payload, copy) {
    // A Uint8Array of the plain kind: what a subclass makes of `subarray` is anybody's guess.
    if (typeof payload === 'string') this.payload = payload;
    else this.payload = copy ? Buffer.from(payload) : new Uint8Array(payload.buffer, payload.byteOffset, payload.length);
    this.at = 0;
    this.length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  }

  isDone() {
    return this.at >= this.payload.length;
  }

  /** Writes the next piece into the send window: its size in bytes. */
  fill() {
    const { payload, at, length } = this;
    if (typeof payload !== 'string') {
      const piece = payload.subarray(at, at + WINDOW);
      this.at += piece.length;
      return fillBytes(piece);
    }
    // A UTF-16 unit has up to three bytes in UTF-8, unless all have one.
    let end = at + (length <= WINDOW || length === payload.length ? WINDOW : Math.floor(WINDOW / 3));
    const splitsPair = end < payload.length && (payload.charCodeAt(end - 1) & 0xfc00) === 0xd800;
    if (splitsPair) end--;
    this.at = end;
    return wasm().utf8Write(payload.slice(at, end), sendAt, WINDOW);
  }

  /** Nobody wants any more of it: for a stream's sake. */
  release() {}
}
