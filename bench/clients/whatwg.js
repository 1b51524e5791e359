// The host's own WebSocket: that of Bun, of Deno, or of undici in Node. Node 20 has none, so the package undici provides it there.

import { openerOf } from './opener.js';

const { WebSocket = globalThis.WebSocket } = globalThis.WebSocket === undefined ? await import('undici') : {};

export const open = openerOf(WebSocket);
