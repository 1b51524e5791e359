// The host's own WebSocket: undici's in Node, Bun's and Deno's. On Node 20 undici is the package.

import { openerOf } from './opener.js';

const { WebSocket = globalThis.WebSocket } = globalThis.WebSocket === undefined ? await import('undici') : {};

export const open = openerOf(WebSocket);
