import { Failure } from './assert.js';

/** Sources for sendBinaryStream, in a page and in Node: streams that end, streams that wait, and streams that say whether they were touched. */

/** Bytes in a pattern that repeats only after 64 KiB. */
export function filled(size, seed = 0) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) + seed) & 0xff;
  return bytes;
}

/** The bytes cut into pieces of these sizes. The last piece holds what is left. */
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

/** One function for each kind of stream that every host has. It makes a stream of these pieces. */
export const KINDS = {
  'a ReadableStream': readable,
  // It transfers the buffers of its chunks, and does not accept empty chunks.
  'a ReadableStream of bytes': (pieces) => readable(pieces.filter(({ length }) => length > 0).map((piece) => piece.slice()), { type: 'bytes' }),
  'an async generator': generator,
  'an async iterable with nothing but next()': (pieces) => {
    let at = 0;
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(at < pieces.length ? { done: false, value: pieces[at++] } : { done: true, value: undefined }) }) };
  },
  'a Blob': (pieces) => new Blob(pieces),
};

/** A ReadableStream of these pieces. It is asked for a piece only when it is read. */
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
 * Streams that give one piece of a hundred bytes and then wait: { stream, asked, cancelled, touched() }. The promise `asked` resolves when the stream
 * is asked for a second piece, and `cancelled` when the stream is cancelled. `touched` says whether anything has read from the stream.
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

/** A revoked Proxy: every operation on it throws. */
export function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Values to throw that are not an Error, or that cannot be turned into text. Each call makes a new one. */
export const ODD_THROWS = {
  'an object of no prototype': () => Object.create(null),
  'a symbol': () => Symbol('thrown'),
  'an Error whose message is a symbol': () => Object.defineProperty(new Error('replaced'), 'message', { value: Symbol('message') }),
  'an Error whose message throws': () => Object.defineProperty(new Error('replaced'), 'message', { get() { throw new RangeError('no message'); } }),
  'a Proxy that was revoked': () => revoked(),
  'an object whose Symbol.toStringTag throws': () => ({ get [Symbol.toStringTag]() { throw new RangeError('no tag'); } }),
  'an object whose toString throws': () => ({ toString() { throw new RangeError('no words'); } }),
};

/** A promise and the functions that settle it. */
export function promised() {
  let settle;
  const promise = new Promise((resolve, reject) => { settle = { resolve, reject }; });
  return { promise, ...settle };
}

/** The promise, or a rejection if it is not settled before the deadline. */
export function soon(promise, what) {
  let timer;
  const late = new Promise((resolve, reject) => { timer = setTimeout(() => reject(new Failure(`waited ${DEADLINE} ms for ${what}`)), DEADLINE); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The SHA-256 of the bytes, in the form that the ws peer's /digest sends. */
export async function digest(bytes) {
  return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const DEADLINE = 10_000;
