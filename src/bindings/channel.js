// The class that users hold: RawChannel with what wasm-bindgen has no words for. The rules are in Rust.

import { Listener } from '../backend/listener.js';
import { parseOptions, parseOrigin, parseProtocols, parseUri } from './arguments.js';
import { invalid, notOpened, refused } from './error.js';
import { LoadGroup, cancel, join, leave } from './load_group.js';
import { Source, bytesOf } from './source.js';

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

export class WebSocketChannel {
  #serial = ++lastSerial;
  #raw;
  #options;
  #uri;
  #protocols = '';
  #loadGroup = null;
  /** What the host's side is told of the channel, and shows of itself. */
  #link = { callbacks: null, pingInterval: 0, pingTimeout: 10 };
  /** From asyncOpen to onStop. */
  #isActive = false;

  constructor(options) {
    const RawChannel = load();
    this.#raw = new RawChannel();
    // A copy: what the caller does to its object later changes nothing. What is no object is refused by asyncOpen.
    this.#options = tag(options) === '[object Object]' ? { ...options } : options;
  }

  asyncOpen(uri, origin, listener, context) {
    if (this.#raw.state !== 0) throw alreadyOpened('A channel opens once: make a new WebSocketChannel.');
    const url = parseUri(uri);
    const options = parseOptions(this.#options, host);
    const link = Object.assign(this.#link, options.host, { url, origin: parseOrigin(origin, host) });
    if (listener === null || (typeof listener !== 'object' && typeof listener !== 'function')) {
      throw invalid('asyncOpen: the listener is no object.');
    }
    const stopped = () => {
      host.stops?.(link, this.#raw.status);
      this.#isActive = false;
      this.#loadGroup?.[leave](this);
    };
    host.opens?.(link);
    this.#raw.asyncOpen(url, parseProtocols(this.#protocols), options.openTimeoutMs, options.closeTimeoutMs,
      options.maxMessageSize, link, new Listener(listener, context, stopped));
    this.#uri = url.href;
    this.#options = undefined;
    this.#isActive = true;
    this.#loadGroup?.[join](this);
  }

  sendMsg(text) {
    if (typeof text !== 'string') throw invalid('sendMsg: the message is no string. Bytes are sent with sendBinaryMsg.');
    return accepted(host.sendText(this.#raw, text));
  }

  sendBinaryMsg(data) {
    return accepted(host.sendBytes(this.#raw, bytesOf(data, 'sendBinaryMsg')));
  }

  sendBinaryStream(stream, length) {
    return accepted(host.sendStream(this.#raw, new Source(stream, length)));
  }

  sendPing(data) { return host.sendPing(this.#raw, this.#link, data); }

  close(code, reason) {
    this.#raw.close(code, reason);
  }

  suspend() { host.suspend(this.#raw); }

  resume() { host.resume(this.#raw); }

  ref() {
    host.setRef?.(this.#raw, this.#link, true);
    return this;
  }

  unref() {
    host.setRef?.(this.#raw, this.#link, false);
    return this;
  }

  get originalURI() {
    if (this.#uri === undefined) throw refused(0xc1f30001, 'There is no URI before asyncOpen.');
    return this.#uri;
  }

  get URI() { return this.originalURI && this.#link.url.href; }

  get protocol() { return this.#raw.state < 2 ? this.#protocols : this.#raw.protocol ?? ''; }

  set protocol(list) {
    if (typeof list !== 'string') throw invalid('protocol: pass a comma-separated list of subprotocols, or "".');
    this.#mustBeIdle('protocol');
    this.#protocols = list;
  }

  get extensions() { return this.#raw.extensions ?? ''; }

  get loadGroup() { return this.#loadGroup; }

  set loadGroup(group) {
    if (group !== null && !(group instanceof LoadGroup)) throw invalid('loadGroup: pass a LoadGroup or null.');
    this.#loadGroup?.[leave](this);
    this.#loadGroup = group;
    if (this.#isActive) group?.[join](this);
  }

  get state() { return STATES[this.#raw.state]; }

  get status() { return this.#raw.status; }

  get bufferedAmount() { return this.#raw.bufferedAmount; }

  get serial() { return this.#serial; }

  get securityInfo() { return host.securityInfo(this.#link); }

  get pingInterval() { return this.#link.pingInterval; }

  set pingInterval(seconds) { this.#setPing('pingInterval', seconds); }

  get pingTimeout() { return this.#link.pingTimeout; }

  set pingTimeout(seconds) { this.#setPing('pingTimeout', seconds); }

  get notificationCallbacks() { return this.#link.callbacks; }

  set notificationCallbacks(callbacks) {
    if (typeof callbacks !== 'object') throw invalid('notificationCallbacks: pass an object of functions, or null.');
    if (callbacks !== null) host.checkCallbacks();
    this.#link.callbacks = callbacks;
  }

  /** LoadGroup.cancel, for one member. */
  [cancel](status) { this.#raw.cancel(status); }

  #mustBeIdle(name) {
    if (this.#raw.state !== 0) throw alreadyOpened(`${name} is read-only from then on: set it before asyncOpen.`);
  }

  #setPing(name, seconds) {
    host.checkPing(name, seconds);
    this.#mustBeIdle(name);
    this.#link[name] = seconds;
  }
}

/** What the engine answers to a send: 0 not accepted, 1 accepted, 2 not opened yet. */
function accepted(answer) {
  if (answer === 2) throw notOpened();
  return answer === 1;
}

const tag = (value) => Object.prototype.toString.call(value);
