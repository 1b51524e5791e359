// What a person at the page can do about an onStop that is not NS_OK.

import { Status } from 'websocket-channel';

const ADVICE = new Map([
  [Status.NS_ERROR_WEBSOCKET_CONNECTION_REFUSED, 'Check the address, and that a WebSocket server listens there; the browser’s console may say more.'],
  [Status.NS_BASE_STREAM_CLOSED, 'The peer or the network went away without a close frame. Connect again.'],
  [Status.NS_ERROR_NET_TIMEOUT_EXTERNAL, 'The peer did not answer in time. Check that it is running, then connect again.'],
  [Status.NS_ERROR_FILE_TOO_BIG, 'The peer’s message was over the limit. Ask it for smaller ones.'],
]);

/** A sentence, or "" where nothing is to be done: a clean close, a channel that was cancelled. */
export function adviceOn(status) {
  return ADVICE.get(status) ?? '';
}
