// websocket-channel, from its tarball.

import { openerOf } from './package.js';

export const open = await openerOf(new URL('../../build/installed/', import.meta.url));
