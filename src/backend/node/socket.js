// The socket under one channel: node:net and node:tls.
//
// What comes in is read into `chunk`, copied into the engine's window in wasm, parsed there, and handed to the
// listener from `chunk` again: the engine only ever names offsets. Large binary payload passes it by. What goes out is
// framed in wasm and copied out.

import net from 'node:net';
import tls from 'node:tls';
import { hostOf, portOf } from './explain.js';
import { forgetLast } from './gathered.js';
import { MAX_HEADER, WINDOW, inflateAt, receiveAt, sendAt, unitsAt, wasm } from './windows.js';

/** From so many bytes on, payload that may pass by the engine is read right into its message. */
const DIRECT = 16384;
/** How much of a chunk the engine is shown first where a large message is likely to begin. */
const HEAD = 1024;
/** Texts up to this size, when several lie in a chunk, are cut out of one string of `RUN` bytes, which costs a seventh. */
const SHORT = 1024;
/** A text that is kept keeps no more than so many bytes beside its own. */
const RUN = 4096;
/** One buffer for all sockets: `onread` hands it over synchronously, and it is free again when the engine returns. */
const chunk = Buffer.allocUnsafeSlow(WINDOW);

/** What long writes were made from, for the next ones: fresh memory costs more than the copy into it. */
const blocks = [];
const BLOCK = 96 * 1024 + MAX_HEADER;
const MAX_BLOCKS = 8;

/** A piece of the chunk as a string, headers and all, and where it lies. */
let run = '';
let runStart = 0;
let runEnd = 0;

/** The ASCII text from `start` to `end` in a chunk of `length` bytes. */
function decodeAscii(start, end, length) {
  if (end - start > SHORT || end === length) return chunk.latin1Slice(start, end);
  if (end > runEnd) {
    runStart = start;
    runEnd = Math.min(start + RUN, length);
    run = chunk.latin1Slice(start, runEnd);
  }
  return run.slice(start - runStart, end - runStart);
}

// One function for all sockets each: a closure of each for each would be a seventh of a channel's memory.
const OWNER = Symbol('websocket-channel');
function onLookup(error) { if (!error) this[OWNER].resolved(); }
function onConnect() { this[OWNER].reachedPeer(this.encrypted); }
function onSecure() { this[OWNER].secured(this); }
function onSecureConnect() { this[OWNER].connected(); }
function onData(data) { this[OWNER].readCopies(data); }
function onEnd() {
  const { engine, error, reached } = this[OWNER];
  if (error === null && reached !== 'tcp') engine?.handleEnd(); // what comes before says more, in onClose
}
function onError(error) { this[OWNER].error = error; }
function onClose() { this[OWNER].closed(); }
function tellStart(owner) {
  const isName = owner.socket.listenerCount('lookup') > 0;
  owner.progress(isName ? 'NS_NET_STATUS_RESOLVING_HOST' : 'NS_NET_STATUS_CONNECTING_TO');
}
function tellSecured(owner) { owner.tellSecured(); }
function onAttempt() { if (this[OWNER].opening.options.isUnref) this.unref(); }
function onProxyConnect() {
  if (this.encrypted) this[OWNER].reached = 'proxyTls';
  this[OWNER].progress('NS_NET_STATUS_CONNECTED_TO');
}
function onProxyReady() { this[OWNER].askProxy(); }
function startPings(owner) { owner.opening.options.pings?.start(owner); }
function handleTick(owner) { owner.engine?.handleTick(); }
function uncork(owner) { owner.uncork(); }

export class Socket {
  /** `engine` is the Rust side; this object owns it and frees it when the socket is closed. */
  constructor(engine) {
    this.engine = engine;
    this.socket = null;
    this.error = null;
    this.opening = null;
    /** What is known of TLS until the certificate is judged. */
    this.security = null;
    this.host = '';
    this.port = 0;
    /** How far the connection got: '' nowhere, 'proxyTls' (TLS with the proxy is to come), 'proxy', 'tcp' (TLS is still to come), 'ready' for HTTP, 'open' for messages. */
    this.reached = '';
    /** How much of `chunk` was received, and from where on the engine looks at it. */
    this.received = 0;
    this.base = 0;
    this.copy = null;
    /** Where the next bytes are read to. */
    this.buffer = null;
    /** How many of the next bytes are payload that the engine need not see. */
    this.passing = 0;
    /** The last message was a large one of binary payload. */
    this.large = false;
    /** The message that comes in pieces. */
    this.gathering = null;
    /** So many blocks wait for the tick's end. */
    this.corked = 0;
    /** The keep-alive, if there is one: it wants to know of every byte. */
    this.pings = null;
    /** The timer that keeps the process alive while nothing is read. */
    this.paused = null;
  }

  /** Starts connecting to where `opening` (opening.js) says; throws if an option cannot be used. */
  open(opening) {
    const { url, proxy } = opening;
    const isSecure = url.protocol === 'wss:';
    this.opening = opening;
    this.host = hostOf(url);
    this.port = portOf(url);
    opening.connection = this;
    opening.options.security = null; // that of an earlier hop says nothing of this one
    if (proxy !== null) {
      if (isSecure) tls.createSecureContext(opening.tls); // throws now if it ever will
      const { socket, ready } = proxy.connect(opening.socket, opening.options.tls);
      this.watch(socket, proxy.host);
      socket.on('connect', onProxyConnect);
      socket.on(ready, onProxyReady);
      return;
    }
    const { host, port } = this;
    const onread = {
      buffer: () => this.nextBuffer(),
      callback: (length, buffer) => {
        if (buffer === chunk) this.read(length);
        else this.readDirectly(length);
        return true;
      },
    };
    const options = { noDelay: true, ...opening.socket, host, port, onread };
    const socket = isSecure ? this.secure(options) : net.connect(options);
    this.watch(socket, options.path === undefined ? host : '127.0.0.1');
    socket.on('connect', onConnect);
    socket.on('end', onEnd);
  }

  /** TLS to the server, over what `options` say. */
  secure(options) {
    const { host, opening } = this;
    const socket = tls.connect({ servername: net.isIP(host) ? '' : host, ALPNProtocols: ['http/1.1'], ...opening.tls, ...options });
    // Before Node's own look at the certificate, which destroys the socket if it does not like it.
    socket.prependListener('secure', onSecure);
    socket.on('secureConnect', onSecureConnect);
    return socket;
  }

  /** From here on `socket` is the connection, and this is told what happens to it. It goes to `host`, if that is still to be reached. */
  watch(socket, host) {
    this.socket = socket;
    socket[OWNER] = this;
    socket.on('error', onError);
    socket.on('close', onClose);
    if (this.opening.options.isUnref) socket.unref();
    if (host === null) return;
    socket.on('connectionAttempt', onAttempt); // each has a handle of its own
    if (net.isIP(host) === 0) socket.on('lookup', onLookup);
    process.nextTick(tellStart, this);
  }

  /** The proxy can be talked to. */
  askProxy() {
    const { opening, socket } = this;
    this.reached = 'proxy';
    opening.proxy.tunnel(socket, opening.url, opening.proxyAuthorization, (refusal) => {
      if (this.engine === null) return;
      if (refusal) this.engine.handleProxyRefusal(...refusal);
      else this.tunnelled();
    });
  }

  /** The proxy passes on what is written. Node's `onread` is for sockets that it connects itself. */
  tunnelled() {
    let { socket } = this;
    if (this.opening.url.protocol === 'wss:') {
      this.reached = 'tcp';
      socket.off('error', onError);
      socket.off('close', onClose);
      this.progress('NS_NET_STATUS_TLS_HANDSHAKE_STARTING');
      socket = this.secure({ socket, host: this.host, port: this.port });
      this.watch(socket, null);
    }
    socket.on('end', onEnd);
    socket.on('data', onData).resume();
    if (this.reached === 'proxy') this.connected();
  }

  resolved() {
    // Each attempt of several looks at an address of its own.
    if (this.opening.stage !== 'NS_NET_STATUS_RESOLVING_HOST') return;
    this.progress('NS_NET_STATUS_RESOLVED_HOST');
    this.progress('NS_NET_STATUS_CONNECTING_TO');
  }

  reachedPeer(encrypted) {
    this.progress('NS_NET_STATUS_CONNECTED_TO');
    if (!encrypted) return this.connected();
    this.reached ||= 'tcp';
    this.progress('NS_NET_STATUS_TLS_HANDSHAKE_STARTING');
  }

  /** TLS is up; whether the certificate is trusted is decided next. What security.js makes securityInfo of is kept. */
  secured(socket) {
    const chain = [];
    // (getPeerX509Certificate, asked here, would have Node find no names in the certificate.) A root is its own issuer.
    for (let it = socket.getPeerCertificate(true); it?.raw && !chain.includes(it); it = it.issuerCertificate) chain.push(it);
    this.security = {
      protocol: socket.getProtocol(),
      cipher: socket.getCipher(),
      alpn: socket.alpnProtocol,
      serverName: socket.servername,
      sessionReused: socket.isSessionReused(),
      chain: chain.map(({ raw }) => raw),
    };
    if (this.reached === 'ready') this.judged(socket.authorized ? null : socket.authorizationError); // Bun tells it late
    // Node is not done with the socket, which a callback may have destroyed.
    process.nextTick(tellSecured, this);
  }

  tellSecured() {
    if (this.opening.stage === 'NS_NET_STATUS_TLS_HANDSHAKE_STARTING') this.progress('NS_NET_STATUS_TLS_HANDSHAKE_ENDED');
  }

  /** Node has judged the certificate. */
  judged(reason) {
    if (this.security !== null) this.opening.options.security = { ...this.security, untrustedReason: reason };
    this.security = null;
  }

  connected() {
    const { socket } = this;
    this.judged(socket.authorized ? null : socket.authorizationError);
    this.reached = 'ready';
    this.tellSecured();
    this.progress('NS_NET_STATUS_SENDING_TO');
    this.engine?.handleConnected();
    this.progress('NS_NET_STATUS_WAITING_FOR');
  }

  /** The handshake is done. */
  opened() {
    this.reached = 'open';
    this.opening.end();
    process.nextTick(startPings, this); // the channel is about to be open
  }

  pong(payload) {
    this.opening.options.pings?.handlePong(payload);
  }

  progress(stage) {
    if (this.engine !== null) this.opening.progress(stage);
  }

  /** What is to be read into next; undefined for the same again. A large message's payload goes right where it stays. */
  nextBuffer() {
    const next = this.engine !== null && this.passing >= DIRECT ? this.gathering.room(this.passing) : chunk;
    // Each attempt to connect (autoSelectFamily) has a handle of its own, which must be given its buffer.
    if (next === chunk && this.buffer === chunk && this.reached !== '') return undefined;
    this.buffer = next;
    return next;
  }

  /** The first `length` bytes of `chunk` have just been received. */
  read(length) {
    this.received = length;
    this.copy = null;
    runEnd = 0;
    this.pings?.heard();
    for (let at = 0; at < length && this.engine !== null;) {
      if (this.passing > 0) {
        const end = Math.min(at + this.passing, length);
        this.gathering.add(chunk, at, end);
        this.passing = this.engine.handlePassed(end - at);
        at = end;
        continue;
      }
      // Large messages as a rule come after large messages: of those the engine need not see more than the header.
      const end = this.large ? Math.min(at + HEAD, length) : length;
      chunk.copy(wasm(), receiveAt, at, end);
      this.base = at;
      this.passing = this.engine.handleData(end - at);
      if (this.passing === 0) this.large = false;
      at = end;
    }
    this.copy = null;
  }

  /** What a stream delivers, as if it had been read into `chunk`. */
  readCopies(data) {
    for (let at = 0; at < data.length && this.engine !== null; at += WINDOW) this.read(data.copy(chunk, 0, at, at + WINDOW));
  }

  /** The next `length` bytes of the message that is being gathered have just been received, where they belong. */
  readDirectly(length) {
    if (this.engine === null) return;
    this.pings?.heard();
    this.gathering.length += length;
    this.passing = this.engine.handlePassed(length);
  }

  closed() {
    const { engine, error } = this;
    this.endPause();
    if (engine === null) return;
    this.engine = null;
    forgetLast();
    if (error !== null) this.judged(error.code ?? error.message);
    engine.handleClosed(this.reached, error);
    engine.free();
  }

  /** Reads no more. A socket that does not read keeps no process alive; its channel, which is open, does. */
  pause() {
    this.socket.pause();
    this.paused ??= setInterval(() => {}, 2 ** 30);
    if (this.opening.options.isUnref) this.paused.unref();
  }

  resume() {
    this.socket.resume();
    this.endPause();
  }

  /** Whether an open channel keeps the process alive. */
  setRef(isRef) {
    for (const it of [this.socket, this.paused]) it?.[isRef ? 'ref' : 'unref']();
  }

  endPause() {
    clearInterval(this.paused);
    this.paused = null;
  }

  // What the engine calls to send.

  /** Has handleTick called when the JavaScript that runs now, and what it promised, is done. */
  tick() {
    process.nextTick(handleTick, this);
  }

  /** Has handleTurn called when other events have had their turn. */
  turn() {
    setImmediate(() => this.engine?.handleTurn());
  }

  /** Writes framed bytes; `messages` end here. */
  write(bytes, messages) {
    if (bytes.length < BLOCK / 2 || bytes.length > BLOCK) this.hand(Buffer.from(bytes), null, messages);
    else this.writeBlock(bytes, messages);
  }

  /** Writes the frame that lies in the send window, from `start` in the room for its header on. */
  writeWindow(start, length, messages) {
    const from = sendAt - MAX_HEADER + start;
    this.writeBlock(wasm().subarray(from, from + length), messages);
  }

  /** Long writes of a tick go to the system together: each by itself would wake the peer. */
  writeBlock(bytes, messages) {
    const block = blocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK);
    block.set(bytes);
    if (this.corked === 0) {
      this.socket.cork();
      process.nextTick(uncork, this);
    }
    this.corked++;
    this.hand(block.subarray(0, bytes.length), block, messages);
    if (this.corked === MAX_BLOCKS) this.uncork();
  }

  uncork() {
    if (this.corked > 0) this.socket.uncork();
    this.corked = 0;
  }

  hand(bytes, block, messages) {
    this.socket.write(bytes, (error) => {
      if (error) return; // and the system may still look at the block
      if (block !== null && blocks.length < MAX_BLOCKS) blocks.push(block);
      this.engine?.handleWritten(messages);
    });
  }

  /** Ends our side behind what is written; the socket is destroyed if the peer does not end its own in `ms`. */
  end(ms) {
    this.socket.end();
    this.linger(ms);
  }

  /** Waits for the peer to end the connection, but no longer than `ms`. */
  linger(ms) {
    const timer = setTimeout(() => this.socket.destroy(), ms).unref();
    this.socket.once('close', () => clearTimeout(timer));
  }

  /** The channel is done with this socket: nothing is reported any more, and it no longer keeps the process alive. */
  detach() {
    const { engine, socket } = this;
    this.engine = null;
    this.gathering = null;
    this.copy = null;
    forgetLast();
    this.endPause();
    socket?.unref();
    // Not at once: one of the engine's methods may be calling.
    queueMicrotask(() => engine?.free());
  }

  destroy() {
    this.socket.destroy();
  }

  // What the engine calls to deliver. Offsets are in `chunk`, or of what was inflated in the window for that.

  deliverAscii(listener, inflated, start, end) {
    const { base } = this;
    if (inflated) listener.text(wasm().latin1Slice(inflateAt + start, inflateAt + end));
    else listener.text(decodeAscii(base + start, base + end, this.received));
  }

  /** A text of `count` UTF-16 units, or bytes if all are `narrow`, in the window for them. */
  deliverUnits(listener, count, narrow) {
    if (narrow) listener.text(wasm().latin1Slice(unitsAt, unitsAt + count));
    else listener.text(wasm().ucs2Slice(unitsAt, unitsAt + 2 * count));
  }

  deliverBinary(listener, inflated, start, end) {
    this.large = false;
    if (inflated) {
      listener.binary(new Uint8Array(wasm().buffer.slice(inflateAt + start, inflateAt + end)));
      return;
    }
    // Views of one copy of the chunk: making a view costs a twentieth of making a buffer.
    // (A view's owner may have transferred the copy elsewhere.)
    if (this.copy === null || this.copy.byteLength === 0) this.copy = chunk.buffer.slice(0, this.received);
    listener.binary(new Uint8Array(this.copy, this.base + start, end - start));
  }

  /** A message begins that comes in pieces, into `gathering` (gathered.js); so much of its first frame may pass by. */
  begin(gathering, mayPass) {
    this.gathering = gathering;
    this.large = mayPass >= DIRECT;
  }

  piece(inflated, start, end, ascii) {
    if (inflated) this.gathering.add(wasm(), inflateAt + start, inflateAt + end, ascii);
    else this.gathering.add(chunk, this.base + start, this.base + end, ascii);
  }

  /** The message, a string or a Uint8Array of its own. */
  finish() {
    const { gathering } = this;
    this.gathering = null;
    return gathering.finish();
  }
}
