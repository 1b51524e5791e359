// The size of a text in UTF-8, which is cheaper to compute in JavaScript, the page's base URI and origin, and its signals.

/** No message skips the channel's queues in a page: what they cost is negligible next to what the native WebSocket does. */
export const fillText = () => -1;
export const fillBytes = fillText;

let encoder;
let scratch;

/** The number of bytes of `text` in UTF-8. */
export function utf8Length(text) {
  const { length } = text;
  encoder ??= new TextEncoder();
  if (length > 256) return encoder.encode(text).length;
  let seen = 0;
  for (let i = 0; i < length; i++) seen |= text.charCodeAt(i);
  return seen < 128 ? length : encoder.encodeInto(text, scratch ??= new Uint8Array(3 * 256)).written; // encodeInto takes longer than the loop
}

/** The size of a MessageEvent's data in payload bytes; 0 for a text that cannot exceed `limit`. */
export function sizeOf(data, limit) {
  if (typeof data !== 'string') return data?.byteLength ?? 0;
  // A UTF-16 unit has at most three bytes in UTF-8.
  return data.length * 3 <= limit ? 0 : utf8Length(data);
}

/** The base of relative URIs: the document's base URI, or in a worker the script's URL. An element of the page may be named baseURI. */
export function baseUri() {
  const { document: { baseURI } = {}, location } = globalThis;
  return typeof baseURI === 'string' ? baseURI : location?.href;
}

/** The page's origin, "null" if it is opaque. A variable of the page may hide `origin`, so `location` is asked, except where only `origin` knows, as in about:blank. */
export function pageOrigin() {
  const { origin, location } = globalThis;
  return origin === 'null' || !location || location.origin === 'null' ? origin : location.origin;
}

/** Calls back when the signal is aborted. Returns a function that removes the callback. */
export function whenAborted(signal, callback) {
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
