// What a page can honour, and the few things about strings that are cheaper to ask in JavaScript.

import { notImplemented } from '../bindings/error.js';

const encoder = /* @__PURE__ */ new TextEncoder();
const scratch = /* @__PURE__ */ new Uint8Array(3 * 256);

/** How many bytes `text` has in UTF-8. */
export function utf8Length(text) {
  return text.length <= 256 ? encoder.encodeInto(text, scratch).written : encoder.encode(text).length;
}

/** The size of what a MessageEvent carries in payload bytes; exact only where it is near `limit`. */
export function sizeOf(data, limit) {
  if (typeof data !== 'string') return data.byteLength;
  // A UTF-16 unit is at most three bytes of UTF-8.
  return data.length * 3 <= limit ? 0 : utf8Length(data);
}

export const host = {
  name: 'a browser',
  options: {},
  checkUri() {},
  checkOrigin(origin) {
    if (origin === globalThis.location?.origin) return;
    throw notImplemented('origin: a browser sends the page\'s own origin. Pass null, "" or that.');
  },
};
