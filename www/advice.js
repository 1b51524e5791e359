// What the user can do when a channel stops with a failure.

import { Status } from 'websocket-channel';

const ADVICE = new Map([
  [Status.NS_ERROR_WEBSOCKET_CONNECTION_REFUSED, 'Check the address, and check that a WebSocket server listens there. The browser’s console may say more.'],
  [Status.NS_BASE_STREAM_CLOSED, 'Connect again.'],
  [Status.NS_ERROR_NET_TIMEOUT_EXTERNAL, 'Check that the peer is running, then connect again.'],
  [Status.NS_ERROR_FILE_TOO_BIG, 'Ask the peer for smaller messages, or raise maxMessageSize.'],
]);

/** Returns advice, or "" if there is nothing to do: after a clean close, or if the channel was cancelled. */
export function adviceOn(status) {
  return ADVICE.get(status) ?? '';
}
