// What WebSocketStream needs of a browser.

import { WebSocketChannel } from 'build:channel';

export const isBufferSource = (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/** The channel and its native WebSocket read it by themselves. */
export const bytesOf = (source) => source;

/** A channel with these options; the browser sends the page's origin. */
export const channelOf = (options) => ({ channel: new WebSocketChannel(options) });

export const base = () => globalThis.document?.baseURI ?? globalThis.location?.href;

/** The browser blocks ports by itself. */
export const blockedPort = () => null;

/** Calls back when the signal is aborted. Returns a function that takes the callback off. */
export function whenAborted(signal, callback) {
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
