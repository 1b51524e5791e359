// What WebSocketStream needs from a browser.

import { WebSocketChannel } from 'build:channel';

export { baseUri as base, whenAborted } from '../transport/browser.js';

/** Whether the value is an ArrayBuffer or a view, of any realm. */
export const isBufferSource = (value) => ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object ArrayBuffer]';

/** The channel reads the source by itself, unless it is detached. Then it has no bytes. Throws for memory that is shared or resizable (Web IDL). */
export function toBufferSource(source) {
  const { resizable, growable } = source.buffer ?? source;
  if (resizable || growable !== undefined) throw new TypeError('write: the memory is shared or resizable. Pass a copy.');
  try {
    if (source.byteLength > 0) return source;
  } catch { /* a DataView's getter throws then */ }
  return new Uint8Array();
}

/** A channel. Other members of the dictionary are ignored, as in a browser's own class. The browser sends the page's origin. */
export const channelOf = () => ({ channel: new WebSocketChannel() });

/** 0, because nobody else sends on the channel: each acknowledgement is for the oldest write. */
export const acceptedBy = () => 0;
