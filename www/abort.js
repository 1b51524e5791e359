// The channel's AbortSignal and the button that aborts it.

import { ChannelError, WebSocketChannel } from 'websocket-channel';

/** True if the constructor knows the option: it refuses a signal that is none, and takes one that is. */
export function takesSignal() {
  return isRefused(1) && !isRefused(new AbortController().signal);
}

function isRefused(signal) {
  try {
    new WebSocketChannel({ signal });
    return false;
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return true;
  }
}

/** What the listener's onStop finds as `detail.cause`. */
export const abortReason = () => new DOMException('The Abort button was pressed.', 'AbortError');
