// The size of a text in UTF-8, which is cheaper to ask in JavaScript, and where a page stands.

let encoder;
let scratch;

/** How many bytes `text` has in UTF-8. */
export function utf8Length(text) {
  const { length } = text;
  encoder ??= new TextEncoder();
  if (length > 256) return encoder.encode(text).length;
  let seen = 0;
  for (let i = 0; i < length; i++) seen |= text.charCodeAt(i);
  return seen < 128 ? length : encoder.encodeInto(text, scratch ??= new Uint8Array(3 * 256)).written; // the call takes longer than the loop
}

/** The payload bytes of what a MessageEvent carries; exact only near `limit`. */
export function sizeOf(data, limit) {
  if (typeof data !== 'string') return data.byteLength;
  // A UTF-16 unit has at most three bytes in UTF-8.
  return data.length * 3 <= limit ? 0 : utf8Length(data);
}

/** What a relative URI is resolved against: the document's base, in a worker the script's URL. */
export const baseUri = () => globalThis.document?.baseURI ?? globalThis.location?.href;
export const pageOrigin = () => globalThis.origin;
