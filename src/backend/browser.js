// What a page can honour, and the few things about strings that are cheaper to ask in JavaScript.

import { notImplemented } from '../bindings/error.js';
import { asError } from './listener.js';

const encoder = /* @__PURE__ */ new TextEncoder();
const scratch = /* @__PURE__ */ new Uint8Array(3 * 256);

/** How many bytes `text` has in UTF-8. */
export function utf8Length(text) {
  const { length } = text;
  if (length > 256) return encoder.encode(text).length;
  let seen = 0;
  for (let i = 0; i < length; i++) seen |= text.charCodeAt(i);
  return seen < 128 ? length : encoder.encodeInto(text, scratch).written; // the call takes longer than the loop
}

/** The size of what a MessageEvent carries in payload bytes; exact only where it is near `limit`. */
export function sizeOf(data, limit) {
  if (typeof data !== 'string') return data.byteLength;
  // A UTF-16 unit is at most three bytes of UTF-8.
  return data.length * 3 <= limit ? 0 : utf8Length(data);
}

const cannot = (what) => () => {
  throw notImplemented(`A browser cannot ${what}.`);
};
const cannotSuspend = cannot('suspend reading');
const cannotPing = cannot('send pings');
const cannotAsk = cannot('call notificationCallbacks');

export const length = (source) => source.length;
export const cancel = (source) => source.cancel();

/** What goes to one WebSocket, in order: behind a stream that is being collected everything waits. */
export class Sender {
  constructor(socket) {
    this.socket = socket;
    /** Is called with what went wrong with a stream. */
    this.failed = null;
    /** [what, its size in bytes]: a string, bytes, a Source, or a function that closes. */
    this.queue = [];
  }

  get bufferedAmount() { return this.queue.reduce((sum, [, size]) => sum + size, this.socket.bufferedAmount); }

  send(payload, size) {
    if (payload.next) {
      if (this.queue.push([payload, size]) === 1) this.drain();
    } else if (this.queue.length > 0) {
      this.queue.push([payload.slice(), size]);
    } else {
      this.socket.send(payload);
    }
  }

  close(code, reason) {
    const close = () => (code ? this.socket.close(code, reason) : this.socket.close());
    if (this.queue.length > 0) this.queue.push([close, 0]);
    else close();
  }

  /** Nothing more is sent. */
  release() {
    for (const [payload] of this.queue.splice(0)) payload.cancel?.();
  }

  async drain() {
    const { queue, socket } = this;
    try {
      while (queue.length > 0) {
        const [payload, size] = queue[0];
        if (payload.next) {
          const bytes = new Uint8Array(size);
          for (let at = 0, piece; (piece = await payload.next()); at += piece.length) bytes.set(piece, at);
          if (queue.length > 0) socket.send(bytes);
        } else if (payload.call) payload();
        else socket.send(payload);
        queue.shift();
      }
    } catch (error) {
      if (queue.length > 0) this.failed(asError(error));
    }
  }
}

export const host = {
  name: 'a browser',
  options: {},
  sendText: (raw, text) => raw.sendText(text),
  sendBytes: (raw, bytes) => raw.sendBytes(bytes),
  sendStream: (raw, source) => raw.sendStream(source),
  sendPing: cannotPing,
  checkPing(name, seconds) {
    if (seconds !== (name === 'pingInterval' ? 0 : 10)) cannotPing();
  },
  checkCallbacks: cannotAsk,
  securityInfo: () => null,
  suspend: cannotSuspend,
  resume: cannotSuspend,
  checkOrigin(origin) {
    if (origin === globalThis.location?.origin) return;
    throw notImplemented('origin: a browser sends the page\'s own origin. Pass null, "" or that.');
  },
};
