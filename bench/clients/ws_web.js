// ws, used like the web's class: `onmessage` and its events.

import { WebSocket } from 'ws';
import { openerOf } from './opener.js';

export const open = openerOf(class extends WebSocket {
  constructor(url) {
    super(url, { perMessageDeflate: false });
  }
});
