// The package's WebSocketStream.

import { createRequire } from 'node:module';
import { streamOpenerOf } from './opener.js';

export const open = streamOpenerOf(createRequire(new URL('../../build/installed/', import.meta.url))('websocket-channel').WebSocketStream);
