// The few things about strings and the page that are cheaper to ask in JavaScript.

const encoder = /* @__PURE__ */ new TextEncoder();
const scratch = /* @__PURE__ */ new Uint8Array(3 * 256);

/** How many bytes `text` has in UTF-8. */
export function utf8Length(text) {
  return text.length <= 256 ? encoder.encodeInto(text, scratch).written : encoder.encode(text).length;
}

export function stringLength(text) {
  return text.length;
}

/** The origin of the page or worker; null where there is none. */
export function pageOrigin() {
  return globalThis.location?.origin ?? null;
}

export function send(socket, payload) {
  socket.send(payload);
}
