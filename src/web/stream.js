// WebSocketStream of the WHATWG proposal, over a channel.

import { acceptedBy, base, channelOf, isBufferSource, toBufferSource, whenAborted } from 'build:web-host';
import { requireGlobals } from '../facade/load.js';
import { checkClose, checkProtocols, isSendable, parseURL, toCloseInfo } from './arguments.js';
import { fail, open, missingProtocol, startClosing, stopError } from './connection.js';
import { closeOf, connectionError } from './error.js';
import { finishInterface, illegal, isObject, requireArguments, toDictionary, toSequence, toSignal, toUSVString } from './idl.js';

/** This many bytes of messages may wait for the reader before the channel stops reading. Stopping for each message would cost more than the message. */
const HIGH_WATER = 131_072;
/** What each message counts besides its own bytes, because even an empty one takes memory. */
const OVERHEAD = 16;

const invalidState = (message) => new DOMException(message, 'InvalidStateError');
const CLOSED = 'The connection is closed, or closing.';
const nothing = () => {};

export const WebSocketStream = /* @__PURE__ */ (() => {
  /** One listener for all streams: the context is the stream. */
  let channelListener;

  class WebSocketStream {
    #url;
    #opened = deferred();
    #closed = deferred();
    #channel;
    #hasProtocols;
    #readable = null;
    #writable = null;
    /** Bytes that wait for the reader. */
    #waiting = 0;
    #isSuspended = false;
    /** One for each message that the host has not taken, in order. `end` is how many bytes the host has taken by then. */
    #writes = [];
    /** Bytes that the host has taken, also of messages that a load group has sent. */
    #taken = 0;
    /** Resolves `close` of the writable, if it was called. */
    #ending = null;
    #failure = null;
    #forgetSignal = nothing;

    constructor(url, options = undefined) {
      requireArguments('WebSocketStream', arguments.length, 1);
      requireGlobals('WebSocketStream', ['ReadableStream', 'WritableStream'], 'stream/web');
      const text = toUSVString(url);
      const { protocols, signal, rest } = parseOptions(options);
      const record = parseURL(text, base());
      checkProtocols(protocols);
      this.#url = record.href;
      this.#hasProtocols = protocols.length > 0;
      if (signal?.aborted) return void this.#reject(signal.reason);
      const connection = channelOf(rest);
      this.#channel = connection.channel;
      open(connection, record, protocols, channelListener, this);
      if (signal !== undefined) this.#abortWith(signal);
    }

    get url() { return this.#url; }
    get opened() { return isObject(this) && #opened in this ? this.#opened.promise : rejection('opened'); }
    get closed() { return isObject(this) && #closed in this ? this.#closed.promise : rejection('closed'); }

    close(closeInfo = undefined) {
      const channel = this.#channel;
      const close = toCloseInfo(closeInfo, 'close', 'closeInfo');
      if (channel !== undefined) this.#close(close);
    }

    /** The signal applies only to the handshake. */
    #abortWith(signal) {
      this.#forgetSignal = whenAborted(signal, () => {
        this.#reject(signal.reason);
        if (this.#channel.state === 'connecting') this.#channel.close();
      });
    }

    #reject(error) {
      this.#opened.reject(error);
      this.#closed.reject(error);
    }

    /** "Close the WebSocket": does nothing if that has begun. */
    #close(close) {
      const { state } = this.#channel;
      if (state === 'idle' || state === 'closing' || state === 'stopped') return;
      startClosing(this.#channel, close);
    }

    /** The readable was cancelled, or the writable aborted. The error may say with which code to close; one that cannot be sent is left out. */
    #closeBecause(error) {
      const close = closeOf(error);
      this.#close(close !== null && isSendable(close.code) ? checkClose(close.code, close.reason) : { code: null, reason: '' });
    }

    #started() {
      const { state, protocol, extensions } = this.#channel;
      this.#forgetSignal();
      if (state !== 'open') return;
      this.#failure = missingProtocol(this.#channel, this.#hasProtocols);
      if (this.#failure !== null) return fail(this.#channel, this.#failure);
      const readable = new ReadableStream({
        start: (controller) => { this.#readable = controller; },
        pull: () => this.#pulled(),
        cancel: (reason) => this.#closeBecause(reason),
      });
      const writable = new WritableStream({
        start: (controller) => { this.#writable = controller; },
        write: (chunk) => this.#write(chunk),
        close: () => this.#end(),
        abort: (reason) => this.#closeBecause(reason),
      });
      this.#opened.resolve({ extensions, protocol, readable, writable });
    }

    #received(message, size) {
      try {
        this.#readable.enqueue(message);
      } catch {
        return; // it was cancelled
      }
      this.#waiting += size + OVERHEAD;
      if (this.#isSuspended || this.#waiting < HIGH_WATER || this.#readable.desiredSize > 0) return;
      try {
        this.#channel.suspend();
        this.#isSuspended = true;
      } catch { /* a page cannot make its browser wait */ }
    }

    /** The reader has taken all that waited. */
    #pulled() {
      this.#waiting = 0;
      if (!this.#isSuspended) return;
      this.#isSuspended = false;
      if (this.#channel.state !== 'stopped') this.#channel.resume();
    }

    /** Settles when the host has taken the message. If the closing handshake has begun, which no message follows, it settles when the connection ends. */
    #write(chunk) {
      const accepted = isBufferSource(chunk) ? this.#channel.sendBinaryMsg(toBufferSource(chunk, 'write')) : this.#channel.sendMsg(`${chunk}`);
      const write = deferred();
      write.end = accepted ? acceptedBy(this.#channel) : Infinity;
      this.#writes.push(write);
      return write.promise;
    }

    /** Closing the writable closes the connection, and succeeds when the connection has closed. */
    #end() {
      this.#ending = deferred();
      this.#close({ code: null, reason: '' });
      return this.#ending.promise;
    }

    #stopped(status, detail) {
      this.#forgetSignal();
      const failure = stopError(status, detail, this.#failure);
      if (failure === null) return this.#stoppedCleanly(detail);
      const { message, detail: { code, reason } } = failure;
      const error = connectionError({ message, code, reason }, failure);
      this.#opened.reject(connectionError({ message, code: null, reason: '' }, failure));
      this.#readable?.error(error);
      this.#writable?.error(error);
      this.#ending?.reject(error);
      for (const write of this.#writes.splice(0)) write.reject(error);
      this.#closed.reject(error);
    }

    #stoppedCleanly({ code, reason }) {
      try {
        this.#readable.close();
      } catch { /* it was cancelled */ }
      const error = invalidState(CLOSED);
      if (this.#ending !== null) this.#ending.resolve();
      else this.#writable.error(error);
      for (const write of this.#writes.splice(0)) {
        if (write.end === Infinity) write.resolve();
        else write.reject(error); // the host has not taken all of its bytes
      }
      this.#closed.resolve({ closeCode: code, reason });
    }

    static {
      channelListener = {
        onStart: (stream) => stream.#started(),
        onMessageAvailable: (stream, text) => stream.#received(text, text.length),
        onBinaryMessageAvailable: (stream, bytes) => stream.#received(owned(bytes), bytes.byteLength),
        onAcknowledge(stream, size) {
          stream.#taken += size;
          if (stream.#writes[0]?.end <= stream.#taken) stream.#writes.shift().resolve();
        },
        onStop: (stream, status, detail) => stream.#stopped(status, detail),
      };
    }
  }

  finishInterface(WebSocketStream, 'WebSocketStream', 1, ['url', 'opened', 'closed', 'close']);
  return WebSocketStream;
})();

/** A message's bytes in an ArrayBuffer of their own, which the reader may transfer: a channel's small messages share one. */
const owned = (bytes) => bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();

/** A promise whose rejection nobody has to handle. */
function deferred() {
  const it = {};
  it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }));
  it.promise.catch(nothing);
  return it;
}

/** The attribute of a wrong object: a rejected promise, as Web IDL requires. */
const rejection = (name) => Promise.reject(illegal(name, 'this is not a WebSocketStream.'));

/** Reads the members in Web IDL's order, each once. Those that the package adds are the channel's options. */
function parseOptions(value) {
  const options = toDictionary(value, 'WebSocketStream', 'options');
  const names = options.protocols;
  const protocols = names === undefined ? [] : sequenceOf(names);
  const signal = toSignal(options.signal, 'WebSocketStream');
  const rest = Object.create(null);
  for (const name of Object.keys(options)) if (name !== 'protocols' && name !== 'signal') rest[name] = options[name];
  return { protocols, signal, rest };
}

function sequenceOf(value) {
  const iterator = isObject(value) ? value[Symbol.iterator] : undefined;
  if (typeof iterator !== 'function') throw illegal('WebSocketStream', 'protocols is not a sequence of strings.');
  return toSequence(value, iterator);
}
