// The package's entry in a browser. scripts/build.js bundles it with the wasm build for browsers.

import { WebSocketError as OurError } from '../src/web/error.js';
import { WebSocketStream as OurStream } from '../src/web/stream.js';

export { ChannelError, LoadGroup, Status, WebSocketChannel, eventService, statusName } from '../src/facade/channel.js';

/** The browser's own class; undefined if it has none. */
export const { WebSocket } = globalThis;

const isNative = /* @__PURE__ */ (() => typeof globalThis.WebSocketStream === 'function' && typeof globalThis.WebSocketError === 'function')();
export const WebSocketStream = /* @__PURE__ */ (() => isNative ? globalThis.WebSocketStream : OurStream)();
export const WebSocketError = /* @__PURE__ */ (() => isNative ? globalThis.WebSocketError : OurError)();
