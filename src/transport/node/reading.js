// What arrives at a socket. It is read into `chunk`, copied into the receive window in wasm, and parsed there. Uncompressed binary payload
// bypasses wasm: Rust says how many of the next bytes may.

import { begin, chunk, end, lookFrom } from './delivery.js';
import { WINDOW, receiveAt, wasm } from './windows.js';

/** Payload that bypasses wasm is read directly into its message if it has at least this many bytes. */
const DIRECT = 16384;
/** How much of a chunk Rust sees first if a large message is likely to begin there. */
const HEAD = 1024;

/** Whether `chunk` is in use, and what streams made in JavaScript pushed meanwhile. */
let isReading = false;
const later = [];

const NOTHING = [];

/** The half of a socket that reads. */
export class Reading {
  constructor(handler) {
    this.handler = handler;
    this.socket = null;
    this.buffer = null; // where the next bytes are read to
    this.passing = 0; // how many of the next bytes Rust need not see
    this.large = false; // the last message was a large one of binary payload
    this.message = null; // the message that arrives in pieces (assembly.js)
    this.held = NOTHING; // what was received and is read in a later turn
    this.afterwards = NOTHING; // what happened while something was held back
  }

  onread() {
    return {
      buffer: () => this.nextBuffer(),
      callback: (length, buffer) => {
        if (buffer === chunk) this.read(length);
        else this.readDirectly(length);
        return true;
      },
    };
  }

  /** Where to read next; undefined for the same buffer again. A large message's payload is read directly into the message. */
  nextBuffer() {
    const next = this.handler !== null && this.held === NOTHING && this.passing >= DIRECT ? this.message.room(this.passing) : chunk;
    // Each attempt to connect has a handle of its own, which must get its buffer.
    if (next === chunk && this.buffer === chunk && !this.socket.connecting) return undefined;
    this.buffer = next;
    return next;
  }

  /** The first `length` bytes of `chunk` were received. */
  read(length) {
    isReading = true;
    try {
      this.readChunk(length);
      for (let at = 0; at < later.length; at++) { // it may grow meanwhile
        const [socket, bytes] = later[at];
        socket.readLater(bytes);
      }
    } finally {
      later.length = 0;
      isReading = false;
    }
  }

  /** Reads what was pushed while `chunk` was in use. While a method of the channel's listener runs, it must wait: `chunk` would change before the delivery. */
  readLater(bytes) {
    if (this.held === NOTHING && this.handler?.isDelivering()) return this.holdBack(bytes);
    chunk.set(bytes);
    this.readChunk(bytes.length);
  }

  readChunk(length) {
    begin(length);
    for (let at = 0; at < length && this.handler !== null;) {
      if (this.held !== NOTHING) {
        this.held.push(Buffer.from(chunk.subarray(at, length)));
        break;
      }
      if (this.passing > 0) {
        const upTo = Math.min(at + this.passing, length);
        this.message.add(chunk, at, upTo);
        this.passing = this.handler.handlePassed(upTo - at);
        at = upTo;
        continue;
      }
      // Large messages usually follow large messages, and Rust needs to see only their headers.
      const upTo = this.large ? Math.min(at + HEAD, length) : length;
      chunk.copy(wasm(), receiveAt, at, upTo);
      lookFrom(at);
      this.passing = this.handler.handleData(upTo - at);
      if (this.passing === 0) this.large = false;
      at = upTo;
    }
    end();
  }

  /** The next `length` bytes of the message were received, directly in the message. */
  readDirectly(length) {
    if (this.handler === null) return;
    this.message.length += length;
    this.passing = this.handler.handlePassed(length);
  }

  /** Reads these bytes as if they had just been received, behind what is being read. */
  replay(bytes) {
    if (this.held !== NOTHING) return void this.held.push(Buffer.from(bytes));
    if (!isReading && this.handler?.isDelivering()) return this.holdBack(bytes); // a stream made in JavaScript may push from within a listener
    const readsNow = isReading ? 0 : Math.min(bytes.length, WINDOW);
    if (readsNow < bytes.length) {
      const own = Buffer.from(bytes.subarray(readsNow)); // Rust's are gone when this returns
      for (let at = 0; at < own.length; at += WINDOW) later.push([this, own.subarray(at, at + WINDOW)]);
    }
    if (readsNow === 0) return;
    chunk.set(bytes.subarray(0, readsNow));
    this.read(readsNow);
  }

  /** Reads nothing more, not even `unread`, and calls handleHeld after other events have had a turn. */
  holdBack(unread) {
    this.socket.pause();
    this.held = [Buffer.from(unread), ...this.held];
    setImmediate(() => this.readHeld());
  }

  /** Reads on: first, in a turn of its own, what was held back. */
  resume() {
    if (this.held === NOTHING) this.socket.resume();
    else setImmediate(() => this.readHeld());
  }

  /** Reads what was held back, unless it must wait longer; some of it may be held back again. A socket without a handler waits for the peer's end. */
  readHeld() {
    if (this.handler !== null && !this.handler.handleHeld()) return;
    const { held } = this;
    this.held = NOTHING;
    this.replay(Buffer.concat(held));
    if (this.held !== NOTHING) return;
    const { afterwards } = this;
    this.afterwards = NOTHING;
    for (const method of afterwards) method.call(this);
    if (this.handler === null || this.handler.mayRead()) this.socket.resume();
  }

  /** Calls one of the socket's methods once what is held has been read. */
  afterHeld(method) {
    if (this.held === NOTHING) method.call(this);
    else this.afterwards = [...this.afterwards, method];
  }

  /** The connection has ended while it was not read. What Node has read ahead is still delivered, and then the end. */
  holdUnread() {
    if (this.handler === null || !(this.socket.readableLength > 0)) return;
    const wasHeld = this.held !== NOTHING;
    this.held = [...this.held, this.socket.read()];
    if (!wasHeld && this.handler.mayRead()) setImmediate(() => this.readHeld());
  }

  /** A write has failed, so nothing more is acknowledged. Who waits for that before `resume` must get the end instead. */
  writeFailed() {
    if (this.handler === null || !this.handler.handleWriteFailed()) return;
    if (this.held !== NOTHING) setImmediate(() => this.readHeld());
  }

  forgetHeld() { this.held = this.afterwards = NOTHING; }

  /** The next message arrives in pieces, which go into `message`; `mayPass` bytes of its first frame may bypass wasm. */
  beginMessage(message, mayPass) {
    this.message = message;
    this.large = mayPass >= DIRECT;
  }

  /** The message is complete. Returns it, a string or a Uint8Array. */
  endMessage() { return this.message.finish(); }
}
