// A stand-in for the native WebSocket. It follows the WHATWG WebSockets Standard as far as a channel uses it. It is used only for
// URLs with the host stand-in.test; all other URLs get the native class.

const peers = [];
const Native = globalThis.WebSocket;

class Peer {
  seen = [];
  #index = peers.push(this) - 1;

  constructor() {
    globalThis.WebSocket = StandIn;
  }

  url(path) {
    return `ws://stand-in.test:${1024 + this.#index}${path}`;
  }
}

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

class StandIn {
  readyState = CONNECTING;
  binaryType = 'blob';
  bufferedAmount = 0;
  extensions = '';
  protocol = '';
  onopen = null;
  onmessage = null;
  onclose = null;
  #peer;
  #path;

  constructor(url, protocols = []) {
    const { hostname, port, pathname } = new URL(url);
    if (hostname !== 'stand-in.test') return new Native(url, protocols);
    this.#peer = peers[Number(port) - 1024];
    this.#path = pathname;
    later(() => this.#answer(protocols));
  }

  send(data) {
    if (this.readyState === CONNECTING) throw new DOMException('still connecting', 'InvalidStateError');
    // This takes a copy, as the native class does. A lone surrogate becomes U+FFFD.
    const payload = typeof data === 'string' ? encoder.encode(data) : new Uint8Array(data).slice();
    this.bufferedAmount += payload.length;
    if (this.readyState !== OPEN) return;
    later(() => {
      this.bufferedAmount -= payload.length;
      this.#echo(typeof data === 'string' ? decoder.decode(payload) : payload);
    });
  }

  close(code, reason = '') {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException(`the code ${code}`, 'InvalidAccessError');
    if (encoder.encode(reason).length > 123) throw new DOMException('the reason is too long', 'SyntaxError');
    if (this.readyState >= CLOSING) return;
    const wasOpen = this.readyState === OPEN;
    this.readyState = CLOSING;
    later(() => {
      if (!wasOpen) return this.#end(1006, '', false);
      this.#peer.seen.push(code === undefined ? 'close' : `close ${code} ${reason}`.trim());
      this.#end(code ?? 1005, reason, true);
    });
  }

  /** Does what the path asks for (peer/mod.rs). */
  #answer(protocols) {
    if (this.readyState !== CONNECTING || this.#path === '/silent') return;
    if (this.#path === '/refuse') return this.#end(1006, '', false);
    this.readyState = OPEN;
    this.protocol = protocols[0] ?? '';
    this.onopen?.(new Event('open'));
    if (this.#path === '/drop') later(() => this.#end(1006, '', false));
    if (this.#path === '/bye') later(() => this.#end(4001, 'bye', true));
  }

  #echo(message) {
    this.#peer.seen.push(typeof message === 'string' ? `text ${message}` : `binary ${message.join()}`);
    if (this.readyState !== OPEN) return;
    const data = typeof message === 'string' ? message : this.binaryType === 'blob' ? new Blob([message]) : message.buffer;
    this.onmessage?.(new MessageEvent('message', { data }));
  }

  #end(code, reason, wasClean) {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onclose?.(new CloseEvent('close', { code, reason, wasClean }));
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Runs `work` in a separate task, after the tasks already queued. */
const later = (work) => setTimeout(work);

Peer;
