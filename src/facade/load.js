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
  requireGlobals('WebSocketChannel', ['TextDecoder', 'TextEncoder'], 'util');
  try {
    return exports = initSync({ module: wasmModule() });
  } catch (cause) {
    throw unavailable(`WebSocketChannel: WebAssembly cannot be used here. ${POLICY}`, cause);
  }
}

/** @throws ChannelError NS_ERROR_NOT_AVAILABLE if one of these classes is missing, as under Jest with jsdom. `module` is Node's that has them. */
export function requireGlobals(where, names, module) {
  const missing = names.filter((name) => globalThis[name] === undefined);
  if (missing.length === 0) return;
  throw unavailable(`${where}: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing here. `
    + `Under Jest with jsdom, set them on globalThis from Node's ${module} module, in a file that setupFiles names.`);
}

const unavailable = (message, cause) => new ChannelError('NS_ERROR_NOT_AVAILABLE', Status.NS_ERROR_NOT_AVAILABLE, message, cause);

const POLICY = 'If a Content-Security-Policy forbids it, add \'wasm-unsafe-eval\' to its script-src. '
  + 'In Cloudflare Workers, bundle with the export condition "workerd".';
