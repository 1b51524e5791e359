// The package's entry, for every host: scripts/build.js bundles it with one of the two wasm builds.

import { ChannelError } from '../src/bindings/error.js';
import { LoadGroup } from '../src/bindings/load_group.js';
import { WebSocketChannel, provide } from '../src/bindings/channel.js';
import { host } from 'build:host';
import { initSync, RawChannel } from 'build:glue';
import wasm from 'build:wasm';
import { CloseCodes, Status } from 'build:constants';

/** The name of an nsresult of this package, or undefined. 0x80070057 has two names; this is onStop's. */
function statusName(status) {
  return names.get(status);
}

const names = new Map(Object.entries(Status).map(([name, number]) => [number, name]));

host.statusName = statusName;

let memory;

/** Compiles the wasm: when the first channel is made, so that importing never throws and costs nothing. */
provide(() => {
  try {
    memory = initSync({ module: fromPrintable(wasm) }).memory;
  } catch (cause) {
    const message = "WebAssembly cannot be used here; if a Content-Security-Policy forbids it, add 'wasm-unsafe-eval' to its script-src.";
    throw new ChannelError('NS_ERROR_NOT_AVAILABLE', Status.NS_ERROR_NOT_AVAILABLE, message, cause);
  }
  return RawChannel;
}, host);

const [TILDE, DOLLAR] = [126, 36];

/** The bytes that scripts/build.js wrote as printable characters. */
function fromPrintable(text) {
  const [places, rare, common] = [[], [], []];
  for (let byte = 0; byte < 256; byte++) {
    (parseInt(text[byte >> 2], 16) >> (byte & 3) & 1 ? common : rare).push(byte);
  }
  for (let code = 32, place = 0; code < 127; code++) {
    if (!'"\'`\\<{~$'.includes(String.fromCharCode(code))) places[code] = place++;
  }
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 64; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === TILDE || code === DOLLAR) bytes[length++] = rare[places[text.charCodeAt(++i)] + (code === TILDE ? 0 : common.length)];
    else bytes[length++] = common[places[code]];
  }
  return bytes.subarray(0, length);
}

for (const [name, value] of Object.entries(CloseCodes)) {
  Object.defineProperty(WebSocketChannel, name, { value, enumerable: true });
}

// For tests of the memory bound; no part of the API.
Object.defineProperty(WebSocketChannel, Symbol.for('websocket-channel.memory'), { get: () => memory });

export { ChannelError, LoadGroup, Status, WebSocketChannel, statusName };
