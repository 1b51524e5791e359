// The class that users hold: RawChannel with what wasm-bindgen has no words for. The rules are in Rust.

import { Listener } from '../backend/listener.js';
import { parseOptions, parseOrigin, parseProtocols, parseUri } from './arguments.js';
import { invalid, notImplemented, notOpened, refused } from './error.js';
import { LoadGroup, cancel, join, leave } from './load_group.js';

const STATES = ['idle', 'connecting', 'open', 'closing', 'stopped'];

let load;
let host;
let lastSerial = 0;

/** Tells where the wasm is (`compile` answers RawChannel; called when the first channel is made) and what the host can do. */
export function provide(compile, itsHost) {
  let RawChannel;
  load = () => (RawChannel ??= compile());
  host = itsHost;
}

const alreadyOpened = (advice) => refused(0x804b0049, `This channel was opened before. ${advice}`);
const notYet = (name) => notImplemented(`${name} is not implemented yet: leave it as it is.`);

export class WebSocketChannel {
  #serial = ++lastSerial;
  #raw;
  #options;
  #uri;
  #protocols = '';
  #loadGroup = null;

  constructor(options) {
    const RawChannel = load();
    this.#raw = new RawChannel();
    // A copy: what the caller does to its object later changes nothing. What is no object is refused by asyncOpen.
    this.#options = tag(options) === '[object Object]' ? { ...options } : options;
  }

  asyncOpen(uri, origin, listener, context) {
    if (this.#raw.state !== 0) throw alreadyOpened('A channel opens once: make a new WebSocketChannel.');
    const url = parseUri(uri, host);
    const options = parseOptions(this.#options, host);
    options.host.origin = parseOrigin(origin, host);
    if (listener === null || (typeof listener !== 'object' && typeof listener !== 'function')) {
      throw invalid('asyncOpen: the listener is no object.');
    }
    const stopped = () => { this.#loadGroup?.[leave](this); };
    this.#raw.asyncOpen(url, parseProtocols(this.#protocols), options.openTimeoutMs, options.closeTimeoutMs,
      options.maxMessageSize, options.host, new Listener(listener, context, stopped));
    this.#uri = url.href;
    this.#options = undefined;
    this.#loadGroup?.[join](this);
  }

  sendMsg(text) {
    if (typeof text !== 'string') throw invalid('sendMsg: the message is no string. Bytes are sent with sendBinaryMsg.');
    return accepted(host.sendText(this.#raw, text));
  }

  sendBinaryMsg(data) {
    return accepted(host.sendBytes(this.#raw, bytesOf(data)));
  }

  close(code, reason) {
    this.#raw.close(code, reason);
  }

  suspend() { host.suspend(this.#raw); }

  resume() { host.resume(this.#raw); }

  get originalURI() { return this.URI; }

  get URI() {
    if (this.#uri === undefined) throw refused(0xc1f30001, 'There is no URI before asyncOpen.');
    return this.#uri;
  }

  get protocol() { return this.#raw.state < 2 ? this.#protocols : this.#raw.protocol ?? ''; }

  set protocol(list) {
    if (typeof list !== 'string') throw invalid('protocol: pass a comma-separated list of subprotocols, or "".');
    if (this.#raw.state !== 0) throw alreadyOpened('protocol is read-only from then on: set it before asyncOpen.');
    this.#protocols = list;
  }

  get extensions() { return this.#raw.extensions ?? ''; }

  get loadGroup() { return this.#loadGroup; }

  set loadGroup(group) {
    if (group !== null && !(group instanceof LoadGroup)) throw invalid('loadGroup: pass a LoadGroup or null.');
    const active = this.#isActive();
    if (active) this.#loadGroup?.[leave](this);
    this.#loadGroup = group;
    if (active) group?.[join](this);
  }

  get state() { return STATES[this.#raw.state]; }

  get status() { return this.#raw.status; }

  get bufferedAmount() { return this.#raw.bufferedAmount; }

  get serial() { return this.#serial; }

  get pingInterval() { return 0; }

  set pingInterval(seconds) { if (seconds !== 0) throw notYet('pingInterval'); }

  get pingTimeout() { return 10; }

  set pingTimeout(seconds) { if (seconds !== 10) throw notYet('pingTimeout'); }

  get notificationCallbacks() { return null; }

  set notificationCallbacks(callbacks) { if (callbacks !== null) throw notYet('notificationCallbacks'); }

  /** LoadGroup.cancel, for one member. */
  [cancel](status) { this.#raw.cancel(status); }

  #isActive() {
    return this.#raw.state > 0 && this.#raw.state < 4;
  }
}

/** What the engine answers to a send: 0 not accepted, 1 accepted, 2 not opened yet. */
function accepted(answer) {
  if (answer === 2) throw notOpened();
  return answer === 1;
}

/** The bytes of an ArrayBuffer or a view, in memory that nobody else writes to while they are sent. */
function bytesOf(data) {
  if (data instanceof Uint8Array && data.buffer instanceof ArrayBuffer && data.length > 0) return data;
  try {
    if (ArrayBuffer.isView(data)) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return tag(data.buffer) === '[object SharedArrayBuffer]' ? bytes.slice() : bytes;
    }
    // By its tag, so that one of another realm (a frame, a vm context) is taken too.
    if (tag(data) === '[object ArrayBuffer]') return new Uint8Array(data);
  } catch (cause) {
    throw invalid('sendBinaryMsg: the buffer is detached; it was transferred elsewhere.', cause);
  }
  throw invalid('sendBinaryMsg: the message is no ArrayBuffer and no view of one. A string is sent with sendMsg.');
}

const tag = (value) => Object.prototype.toString.call(value);
