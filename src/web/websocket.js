// WebSocket of the WHATWG WebSockets Standard, over a channel. For Node: a browser has its own.

import { ChannelError, Status, TAKEN } from 'build:channel';
import { needDeepStack } from 'build:stack';
import { channelOf, isBlob, isBufferSource, isShared, sizeOf, toBufferSource } from 'build:web-host';
import { checkClose, checkProtocols, parseProtocols, parseURL } from './arguments.js';
import { fail, open, missingProtocol, startClosing, stopError } from './connection.js';
import { closeEvent, dispatchForeign, errorEvent, fire, messageEvent, openEvent } from './events.js';
import { finishInterface, isObject, requireArguments, toClampedShort, toDOMString, toUSVString } from './idl.js';
import { Listeners } from './listeners.js';
import { Outbox } from './outbox.js';
import { Tasks, afterMicrotasks } from './tasks.js';

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

/** One listener for all sockets: the context is the socket. */
let channelListener;

/** The sockets that have sent in this turn of the event loop. */
const sending = [];
let endTurn;

export class WebSocket extends EventTarget {
  #channel;
  /** MessageEvent's origin, which is the URL's. Set with the first message. */
  #origin = null;
  /** A URL whose port is blocked, or that cannot be used, or null. In these cases the channel has no URL. */
  #blockedURL = null;
  #hasProtocols;
  #readyState = CONNECTING;
  #binaryType = 'blob';
  #extensions = '';
  #protocol = '';
  #listeners = new Listeners();
  /** Messages behind a Blob that is still being read, or null. */
  #outbox = null;
  /** What the host had taken when this turn of the event loop began, in bytes, or null if nothing was sent in it. */
  #takenBefore = null;
  /** Bytes given to `send` that will not go out any more. */
  #unsent = 0;
  /** What arrives waits here while microtasks run, or null. */
  #tasks = null;
  /** Why the connection was made to fail by this class, or null. */
  #failure = null;

  constructor(url, protocols = undefined) {
    requireArguments('WebSocket', arguments.length, 1);
    needDeepStack(); // V8 ends the process if it has to compile a regular expression where the stack is used up
    super();
    if (isObject(arguments[2])) warn(); // as ws takes its options
    const text = toUSVString(url);
    const { protocols: names, options } = parseProtocols(protocols);
    const record = parseURL(text);
    checkProtocols(names);
    this.#hasProtocols = names.length > 0;
    const connection = channelOf(options);
    this.#channel = connection.channel;
    if (!open(connection, record, names, channelListener, this)) this.#blockedURL = record.href;
  }

  get url() { return this.#blockedURL ?? this.#channel.originalURI; }
  get readyState() { return this.#readyState; }
  get extensions() { return this.#extensions; }
  get protocol() { return this.#protocol; }

  /** The channel underneath. It is not part of the standard. */
  get channel() { return this.#channel; }

  /** It falls between two turns of the event loop only: it "includes any text sent during the execution of the current task". */
  get bufferedAmount() {
    const takenNow = this.#takenBefore === null || this.#readyState === CLOSED ? 0 : this.#channel[TAKEN] - this.#takenBefore;
    return this.#waitingAmount() + takenNow;
  }

  #waitingAmount() {
    const buffered = this.#readyState === CLOSED ? 0 : this.#channel.bufferedAmount;
    return this.#unsent + buffered + (this.#outbox?.size ?? 0);
  }

  get binaryType() { return this.#binaryType; }

  set binaryType(value) {
    this.#binaryType; // throws if this is not a WebSocket
    const type = toDOMString(value);
    if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type; // an enumeration: other values are ignored
  }

  get onopen() { return this.#listeners.handler('open'); }
  set onopen(value) { this.#listeners.setHandler('open', value); }
  get onerror() { return this.#listeners.handler('error'); }
  set onerror(value) { this.#listeners.setHandler('error', value); }
  get onclose() { return this.#listeners.handler('close'); }
  set onclose(value) { this.#listeners.setHandler('close', value); }
  get onmessage() { return this.#listeners.handler('message'); }
  set onmessage(value) { this.#listeners.setHandler('message', value); }

  send(data) {
    if (this.#readyState === OPEN && this.#outbox === null) {
      if (typeof data === 'string') return void this.#sendText(data);
      if (ArrayBuffer.isView(data)) return void this.#sendBytes(toBufferSource(data, 'send'));
    }
    requireArguments('send', arguments.length, 1);
    const [kind, message, size] = converted(data);
    if (this.#readyState === CONNECTING) throw new DOMException('send: the connection is not open yet. Wait for the event open.', 'InvalidStateError');
    if (this.#readyState !== OPEN) this.#unsent += size(); // converting it may have closed the connection
    else if (kind === 'blob' || this.#outbox !== null) this.#wait(kind, message, size());
    else if (kind === 'text') this.#sendText(message);
    else this.#sendBytes(message);
  }

  close(code = undefined, reason = undefined) {
    needDeepStack();
    const channel = this.#channel;
    const close = checkClose(code === undefined ? null : toClampedShort(code), reason === undefined ? null : toUSVString(reason));
    const readyState = this.#readyState;
    if (readyState === CLOSING || readyState === CLOSED) return;
    this.#readyState = CLOSING;
    if (readyState === CONNECTING) {
      if (channel.state !== 'idle') channel.close(); // it is idle if the port is blocked
    } else if (this.#outbox === null) startClosing(channel, close);
    else this.#outbox.end(() => startClosing(channel, close));
  }

  addEventListener(type, callback, options = undefined) {
    requireArguments('addEventListener', arguments.length, 2);
    this.#listeners.add(toDOMString(type), callback, options);
  }

  removeEventListener(type, callback, options = undefined) {
    requireArguments('removeEventListener', arguments.length, 2);
    this.#listeners.remove(toDOMString(type), callback, options);
  }

  dispatchEvent(event) {
    return dispatchForeign(event, this, this.#listeners, {
      addEventListener: (...args) => super.addEventListener(...args),
      removeEventListener: (...args) => super.removeEventListener(...args),
      dispatchEvent: (it) => super.dispatchEvent(it),
    });
  }

  #sendText(text) {
    if (this.#takenBefore === null) this.#beginTurn();
    try {
      if (!this.#channel.sendMsg(text)) this.#unsent += Buffer.byteLength(text); // the channel has stopped, and the event close is still to come
    } catch (error) {
      this.#fail(error);
    }
  }

  #sendBytes(bytes) {
    if (this.#takenBefore === null) this.#beginTurn();
    try {
      if (!this.#channel.sendBinaryMsg(bytes)) this.#unsent += bytes.byteLength;
    } catch (error) {
      this.#fail(error);
    }
  }

  #beginTurn() {
    this.#takenBefore = this.#channel[TAKEN];
    if (sending.push(this) === 1) setImmediate(endTurn);
  }

  /** Queues a message behind the Blobs that were sent before and are still to be read. */
  #wait(kind, message, size) {
    this.#outbox ??= new Outbox({
      text: (it) => this.#sendText(it),
      bytes: (it) => this.#sendBytes(it),
      done: () => { this.#outbox = null; },
      failed: (cause) => this.#fail(unreadableBlob(cause)),
    });
    this.#outbox.add(kind, message, size);
  }

  /** "Fail the WebSocket connection", for a reason that the channel does not know. */
  #fail(error) {
    if (!(error instanceof ChannelError)) throw error; // the stack is used up, and nothing was sent
    this.#failure ??= error;
    if (this.#readyState === OPEN) this.#readyState = CLOSING;
    fail(this.#channel, error);
  }

  #started() {
    const { state, protocol, extensions } = this.#channel;
    if (state !== 'open') return;
    const error = missingProtocol(this.#channel, this.#hasProtocols);
    if (error !== null) return this.#fail(error);
    this.#readyState = OPEN;
    this.#extensions = extensions;
    this.#protocol = protocol;
    this.#wakeLater();
    fire(openEvent(), 'open', this, this.#listeners);
  }

  /** Each message is a task of its own; the first of a chunk is delivered at once. */
  #received(message) {
    if (this.#tasks !== null) return this.#tasks.add(message);
    this.#wakeLater();
    this.#hear(message);
  }

  #hear(message) {
    if (this.#readyState !== OPEN) return;
    this.#origin ??= new URL(this.#channel.originalURI).origin; // a subclass may have its own url
    fire(messageEvent(typeof message === 'string' ? message : this.#binary(message), this.#origin), 'message', this, this.#listeners);
  }

  #binary(bytes) {
    if (this.#binaryType === 'blob') return new Blob([bytes]);
    // A small message is a view of a buffer that other messages share.
    const { buffer, byteOffset, byteLength } = bytes;
    return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  }

  #wakeLater() {
    this.#tasks = new Tasks(this.#channel, (message) => this.#hear(message), () => { this.#tasks = null; });
  }

  #closing() {
    const task = () => { if (this.#readyState === OPEN) this.#readyState = CLOSING; };
    if (this.#tasks === null) task();
    else this.#tasks.add(task);
  }

  #stopped(status, detail) {
    const error = stopError(status, detail, this.#failure);
    const { code, reason } = error?.detail ?? detail;
    if (this.#tasks === null) this.#wakeLater();
    this.#tasks.add(() => {
      this.#unsent = this.#waitingAmount(); // it does not fall any more
      this.#outbox?.drop();
      this.#outbox = null;
      this.#readyState = CLOSED;
      const close = () => {
        fire(closeEvent({ wasClean: error === null, code, reason }), 'close', this, this.#listeners);
        this.#listeners.end();
      };
      if (error === null) return close();
      fire(errorEvent(error), 'error', this, this.#listeners);
      afterMicrotasks(close); // in the same task
    });
  }

  /** What `console.log` shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](_, options, inspect) {
    if (!(#readyState in this)) return `${this.constructor?.name} {}`; // a Proxy, or an object that inherits from a socket
    const state = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'][this.#readyState];
    return `${this.constructor.name} ${inspect({ url: withoutCredentials(this.#blockedURL ?? this.#channel.originalURI), readyState: state, protocol: this.#protocol }, options)}`;
  }

  static {
    endTurn = () => { for (const socket of sending.splice(0)) socket.#takenBefore = null; };
    channelListener = {
      onStart: (socket) => socket.#started(),
      onMessageAvailable: (socket, text) => socket.#received(text),
      onBinaryMessageAvailable: (socket, bytes) => socket.#received(bytes),
      onServerClose: (socket) => socket.#closing(),
      onStop: (socket, status, detail) => socket.#stopped(status, detail),
    };
  }
}

let hasWarned = false;

/** The standard's constructor ignores a third argument. */
function warn() {
  if (!hasWarned) process.emitWarning('WebSocket: the third argument is ignored. Pass the options as the second: { protocols, headers, … }.');
  hasWarned = true;
}

function withoutCredentials(url) {
  const record = new URL(url);
  record.username = record.password = '';
  return record.href;
}

const unreadableBlob = (cause) =>
  new ChannelError('NS_ERROR_UNEXPECTED', Status.NS_ERROR_UNEXPECTED, 'A Blob that was sent could not be read. See the error\'s cause.', cause);

/** (BufferSource or Blob or USVString), as the kind, the data, and a function that counts its bytes. */
function converted(data) {
  if (typeof data === 'object' && data !== null) {
    if (isBlob(data)) return ['blob', data, () => sizeOf(data)];
    if (isBufferSource(data) || isShared(data)) {
      const bytes = toBufferSource(data, 'send');
      return ['bytes', bytes, () => bytes.byteLength];
    }
  }
  const text = toDOMString(data); // the engine writes U+FFFD for a lone surrogate
  return ['text', text, () => Buffer.byteLength(text)];
}

finishInterface(WebSocket, 'WebSocket', 1, [
  'url', 'readyState', 'bufferedAmount', 'onopen', 'onerror', 'onclose', 'onmessage', 'extensions', 'protocol', 'binaryType', 'send', 'close',
  'addEventListener', 'removeEventListener', 'dispatchEvent',
]);
for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  for (const holder of [WebSocket, WebSocket.prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
}
