// What a page can honour, and the few things about strings that are cheaper to ask in JavaScript.

import { notImplemented } from '../bindings/error.js';

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

function cannotSuspend() {
  throw notImplemented('A browser cannot suspend reading.');
}

export const host = {
  name: 'a browser',
  options: {},
  sendText: (raw, text) => raw.sendText(text),
  sendBytes: (raw, bytes) => raw.sendBytes(bytes),
  suspend: cannotSuspend,
  resume: cannotSuspend,
  checkUri() {},
  checkOrigin(origin) {
    if (origin === globalThis.location?.origin) return;
    throw notImplemented('origin: a browser sends the page\'s own origin. Pass null, "" or that.');
  },
};
