// undici's WebSocketStream, of the package: no Node has one of its own.

import undici from 'undici';
import { streamOpenerOf } from './opener.js';

export const open = streamOpenerOf(undici.WebSocketStream);
