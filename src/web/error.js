// WebSocketError of the WebSocketStream proposal: a DOMException that may carry a close code and a reason.

import { toCloseInfo } from './arguments.js';
import { finishInterface, isObject } from './idl.js';

/** Set while this package makes an error, so that a code from the peer, or 1006, is not checked. */
let received = null;

/** The close code and the reason of a WebSocketError, whatever its prototype or a getter says; null for any other value. */
export let closeOf;

export const WebSocketError = /* @__PURE__ */ (() => {
  class WebSocketError extends DOMException {
    #closeCode;
    #reason;

    constructor(message = '', init = undefined) {
      const text = `${message}`;
      const close = received ?? toCloseInfo(init, 'WebSocketError', 'init');
      super(text, 'WebSocketError');
      this.#closeCode = close.code;
      this.#reason = close.reason;
    }

    static { closeOf = (value) => (isObject(value) && #closeCode in value ? { code: value.#closeCode, reason: value.#reason } : null); }

    get closeCode() { return this.#closeCode; }
    get reason() { return this.#reason; }
  }
  finishInterface(WebSocketError, 'WebSocketError', 0, ['closeCode', 'reason']);
  return WebSocketError;
})();

/** The error of a connection that failed, with the code and reason of the peer's close frame. */
export function connectionError({ message, code, reason }, cause) {
  received = { code, reason };
  try {
    return Object.defineProperty(new WebSocketError(message), 'cause', { value: cause, configurable: true, writable: true });
  } finally {
    received = null;
  }
}
