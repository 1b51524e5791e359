// What WebSocketStream needs of a browser.

import { WebSocketChannel } from 'build:channel';

/** Also of another realm. */
export const isBufferSource = (value) => ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object ArrayBuffer]';

/** The channel reads it by itself, but for what is detached, which has no bytes. */
export function bytesOf(source) {
  try {
    if (source.byteLength > 0) return source;
  } catch { /* a DataView's getter throws then */ }
  return new Uint8Array();
}

/** A channel. What else there is in the dictionary is ignored, as by a browser's own class; the browser sends the page's origin. */
export const channelOf = () => ({ channel: new WebSocketChannel() });

export const base = () => globalThis.document?.baseURI ?? globalThis.location?.href;

/** The browser blocks ports by itself. */
export const blockedPort = () => null;

/** Calls back when the signal is aborted. Returns a function that takes the callback off. */
export function whenAborted(signal, callback) {
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
