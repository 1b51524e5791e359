// The WebSocketStream of the package undici. No version of Node has its own.

import undici from 'undici';
import { streamOpenerOf } from './opener.js';

export const open = streamOpenerOf(undici.WebSocketStream);
