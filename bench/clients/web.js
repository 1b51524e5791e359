// The package's WebSocket.

import { createRequire } from 'node:module';
import { openerOf } from './opener.js';

export const open = openerOf(createRequire(new URL('../../build/installed/', import.meta.url))('websocket-channel').WebSocket);
