import { Failure } from './assert.js';

/** What sendBinaryStream reads from, in a page and in Node: streams that end, that wait, that tell whether they were touched. */

/** Bytes that repeat only after 64 KiB. */
export function filled(size, seed = 0) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) + seed) & 0xff;
  return bytes;
}

/** The bytes in pieces of these sizes, the last of what is left. */
export function cut(bytes, sizes) {
  const pieces = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  if (at < bytes.length) pieces.push(bytes.subarray(at));
  return pieces;
}

/** A stream of each kind that gives these pieces: every host has these. */
export const KINDS = {
  'a ReadableStream': readable,
  // It transfers its chunks' buffers, and takes no empty ones.
  'a ReadableStream of bytes': (pieces) => readable(pieces.filter(({ length }) => length > 0).map((piece) => piece.slice()), { type: 'bytes' }),
  'an async generator': generator,
  'an async iterable with nothing but next()': (pieces) => {
    let at = 0;
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(at < pieces.length ? { done: false, value: pieces[at++] } : { done: true, value: undefined }) }) };
  },
  'a Blob': (pieces) => new Blob(pieces),
};

/** Asked for a piece only when it is read. */
export function readable(pieces, more = {}) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < pieces.length) return controller.enqueue(pieces[at++]);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    ...more,
  }, { highWaterMark: 0 });
}

export async function* generator(pieces) {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield piece;
  }
}

/**
 * Streams that give one piece of a hundred bytes and then wait: { stream, asked, cancelled, touched() }. `asked` is a promise of the second time
 * that they are asked, `cancelled` of the word that nobody wants the rest; `touched` says whether anybody has read.
 */
export const WAITING = {
  'a ReadableStream'() {
    const [asked, cancelled] = [promised(), promised()];
    let pulls = 0;
    const stream = new ReadableStream({
      pull(controller) {
        pulls += 1;
        if (pulls === 1) return controller.enqueue(filled(100));
        asked.resolve();
        return new Promise(() => {});
      },
      cancel: cancelled.resolve,
    }, { highWaterMark: 0 });
    return { stream, asked: asked.promise, cancelled: cancelled.promise, touched: () => pulls > 0 || stream.locked };
  },
  'an async iterable'() {
    const [asked, cancelled] = [promised(), promised()];
    let iterators = 0;
    let pulls = 0;
    const stream = {
      [Symbol.asyncIterator]() {
        iterators += 1;
        return {
          next() {
            pulls += 1;
            if (pulls === 1) return Promise.resolve({ done: false, value: filled(100) });
            asked.resolve();
            return new Promise(() => {});
          },
          return(value) {
            cancelled.resolve();
            return Promise.resolve({ done: true, value });
          },
        };
      },
    };
    return { stream, asked: asked.promise, cancelled: cancelled.promise, touched: () => iterators > 0 };
  },
};

/** An object that nothing can be asked of. */
export function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** What may be thrown, and is no Error or none that can be put into words; made anew each time. */
export const ODD_THROWS = {
  'an object of no prototype': () => Object.create(null),
  'a symbol': () => Symbol('thrown'),
  'an Error whose message is a symbol': () => Object.defineProperty(new Error('replaced'), 'message', { value: Symbol('message') }),
  'an Error whose message throws': () => Object.defineProperty(new Error('replaced'), 'message', { get() { throw new RangeError('no message'); } }),
  'a Proxy that was revoked': () => revoked(),
  'an object whose Symbol.toStringTag throws': () => ({ get [Symbol.toStringTag]() { throw new RangeError('no tag'); } }),
  'an object whose toString throws': () => ({ toString() { throw new RangeError('no words'); } }),
};

/** A promise and what settles it. */
export function promised() {
  let settle;
  const promise = new Promise((resolve, reject) => { settle = { resolve, reject }; });
  return { promise, ...settle };
}

/** The promise, but not for ever. */
export function soon(promise, what) {
  let timer;
  const late = new Promise((resolve, reject) => { timer = setTimeout(() => reject(new Failure(`waited ${DEADLINE} ms for ${what}`)), DEADLINE); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The SHA-256 of the bytes as the ws peer's /digest writes it. */
export async function digest(bytes) {
  return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const DEADLINE = 10_000;
