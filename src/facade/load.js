// Compiles the wasm with the first channel: importing the package costs nothing and never throws.

import { initSync } from 'build:glue';
import { wasmModule } from 'build:module';
import { Status } from 'build:constants';
import { ChannelError } from './error.js';

let exports;

/**
 * The exports of the wasm.
 * @throws ChannelError NS_ERROR_NOT_AVAILABLE if it cannot be compiled or run; the next call tries again
 */
export function load() {
  if (exports) return exports;
  const missing = ['TextDecoder', 'TextEncoder'].filter((name) => globalThis[name] === undefined);
  if (missing.length > 0) throw unavailable(`${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing here. ${JSDOM}`);
  try {
    return exports = initSync({ module: wasmModule() });
  } catch (cause) {
    throw unavailable(`WebAssembly cannot be used here. ${POLICY}`, cause);
  }
}

const unavailable = (sentences, cause) =>
  new ChannelError('NS_ERROR_NOT_AVAILABLE', Status.NS_ERROR_NOT_AVAILABLE, `WebSocketChannel: ${sentences}`, cause);

const JSDOM = 'Under Jest with jsdom, set them on globalThis from Node\'s util module, in a file that setupFiles names.';
const POLICY = 'If a Content-Security-Policy forbids it, add \'wasm-unsafe-eval\' to its script-src. '
  + 'In Cloudflare Workers, bundle with the export condition "workerd".';
