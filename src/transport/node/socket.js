// A TCP or TLS socket: node:net and node:tls, and nothing else. Rust decides; this carries. What goes out is framed in wasm and copied out.
// What arrives is read in reading.js.

import net from 'node:net';
import { OWNER, destroyAfter, isClosed } from './answer.js';
import { forgetLast } from './assembly.js';
import { http2, tls } from './builtin.js';
import { certificatesOf } from './certificate.js';
import { Reading } from './reading.js';
import { atEnd } from './tick.js';
import { backlogOf, whenSecure } from './undocumented.js';
import { MAX_HEADER, sendAt, wasm } from './windows.js';

/** The memory of long writes, kept for the next ones, because fresh memory takes longer than the copy into it: 4.5 MiB at most. */
const blocks = [];
const BLOCK = 96 * 1024 + MAX_HEADER;
const MAX_BLOCKS = 48;
/** How many blocks go to the system together: as many as a message sends in a turn. With half as many, a message of 1 MiB took a quarter more CPU time. */
const MAX_CORKED = 16;

// All sockets share these functions. A closure of each for each socket would take a seventh of a channel's memory.
function onLookup(error) { if (!error) this[OWNER].handler?.handleResolved(); }
function onAttempt() { if (!this[OWNER].isRef) this.unref(); } // each attempt has a handle of its own
function onConnect() { this[OWNER].handler?.handleConnected(); }
function onData(data) { this[OWNER].replay(data); }
function onSecure() { this[OWNER].certificates = certificatesOf(this); }
function onSecureConnect() {
  this.off('secure', onSecure);
  this[OWNER].certificates ??= certificatesOf(this); // in Bun, `secure` comes later
  this[OWNER].checked(reasonOf(this));
  this[OWNER].handler?.handleSecured();
}
/** Why the peer's certificate is not trusted; null if it is. Node has no reason if it was not asked to check. */
const reasonOf = (socket) => (socket.authorized ? null : socket.authorizationError ?? '');
function onResponse(fields) { this[OWNER].handler?.handleResponse(fields); }
function onEnd() { this[OWNER].ended(); }
function onError(error) {
  this[OWNER].error = error;
  this.destroy(); // a TLS error after the handshake leaves the socket open (RFC 8446 §6.2: "MUST immediately close the connection")
}
function onClose() { this[OWNER].closed(); }
function handleTick(owner) { owner.handler?.handleTick(); }
function uncork(owner) { owner.uncork(); }

export const copied = (bytes) => Buffer.from(bytes);

/** Whether a write calls back after the peer has ended its side. On Deno's TLS sockets it never does. */
const writesAfterEnd = (socket) => !(process.versions.deno && socket.encrypted);

/** What Node has read from a closed socket and not reported; undefined if there is nothing. `read` returns all of it, or one of several parts. */
function readAhead(socket) {
  const parts = [];
  for (let part; socket.readableLength > 0 && (part = socket.read()) !== null;) parts.push(part);
  return parts.length > 0 ? Buffer.concat(parts) : undefined;
}

/** Destroys the socket of a channel. The peer of a stream is told that it is not needed any more (RFC 8441 §5); by itself, Node would report no error. */
function giveUp(socket) {
  if ('rstCode' in socket) socket.close(http2().constants.NGHTTP2_CANCEL);
  socket.destroy();
}

export class Socket extends Reading {
  /** `handler` belongs to Rust. It is told what happens, and freed when the socket is detached. */
  constructor(handler, isRef) {
    super(handler);
    this.isRef = isRef; // whether it keeps the process alive
    this.session = null; // the socket is one of its streams
    this.isStream = false;
    this.error = null;
    this.certificates = null; // what certificatesOf returned, until they are checked
    this.corked = 0; // how many blocks wait for the tick's end
  }

  /** Starts to connect; throws if Node refuses an option. */
  connect(options) { this.watchConnecting(net.connect({ ...options, onread: this.onread() })); }

  /** The same for TLS that will run over the connection: Deno's TLS cannot wrap a socket that has an `onread`. */
  connectForTls(options) { this.watchConnecting(net.connect(options).on('data', onData)); }

  /** The same with TLS from the first byte on. With `readsLater` nothing is read before `listen` or `handOver`. */
  connectSecure(options, readsLater) {
    const socket = tls().connect(readsLater ? options : { ...options, onread: this.onread() });
    this.watchConnecting(socket);
    this.watchSecuring(socket);
  }

  /** Starts TLS over this connection; throws if Node refuses an option. (Node's `onread` is for sockets that connect by themselves.) */
  secure(options, readsLater) {
    const plain = this.socket.off('data', onData).pause();
    const socket = tls().connect({ ...options, socket: plain });
    plain.off('error', onError).off('close', onClose).off('end', onEnd);
    this.watch(socket);
    this.watchSecuring(socket);
    if (!readsLater) socket.on('data', onData);
  }

  /** The protocol that TLS has agreed on by ALPN, or undefined. */
  get alpn() { return this.socket.alpnProtocol || undefined; }

  /** Lets go of the socket, which has not been read from, and returns it for another owner. */
  handOver() {
    const { socket } = this;
    this.detach();
    socket.off('end', onEnd).off('error', onError).off('close', onClose);
    delete socket[OWNER];
    return socket;
  }

  /** Opens a stream of an HTTP/2 session (session.js), and takes it over; throws if Node refuses a field. */
  request(session, fields) { this.adopt(session.request(fields).on('response', onResponse)); }

  /** Takes over a socket that an HTTP server has accepted, or an HTTP/2 stream. Returns false if another channel has it, or if it was answered. */
  adopt(socket) {
    if (socket[OWNER] !== undefined) return false;
    socket.setTimeout?.(0);
    socket.setNoDelay?.(true);
    this.watch(socket);
    if (this.isStream) this.session = socket.session;
    return true;
  }

  /** Reports what is known about the client's certificate, if the socket uses TLS. */
  checkCertificates() {
    const socket = this.isStream ? this.session?.socket : this.socket;
    if (typeof socket?.getProtocol !== 'function') return; // `encrypted` may be set behind a TLS terminator
    this.certificates = certificatesOf(socket);
    this.checked(reasonOf(socket));
  }

  /** Writes an HTTP response, or its body, which completes no message. A response to HEAD on a stream has ended it. */
  respond(bytes) { if (!this.socket.writableEnded) this.socket.write(Buffer.from(bytes)); }

  /** Sends the fields of a response on an HTTP/2 stream; throws if Node refuses one. */
  respondOnStream(fields) { this.socket.respond(fields); }

  /** Gets what arrives, once `resume` is called. */
  listen() { this.socket.on('data', onData); }

  /**
   * Whether no response can reach the client: it has at least ended its side, which is not reported again, or the caller has ended this one. Node
   * itself ends this one for HEAD.
   */
  isGone(isHead) { return isClosed(this.socket) || this.socket.readableEnded || (!isHead && this.socket.writableEnded); }

  watchConnecting(socket) {
    this.watch(socket.on('lookup', onLookup).on('connectionAttempt', onAttempt).on('connect', onConnect));
  }

  watchSecuring(socket) { whenSecure(socket.on('secureConnect', onSecureConnect), onSecure); }

  watch(socket) {
    this.socket = socket;
    this.isStream = 'rstCode' in socket;
    this.buffer = null;
    socket[OWNER] = this;
    socket.on('end', onEnd).on('error', onError).on('close', onClose);
    if (!this.isRef) socket.unref?.();
  }

  /** Node has checked the certificate: `reason` is why it is not trusted, or null. */
  checked(reason) {
    const { certificates } = this;
    this.certificates = null;
    if (certificates !== null) this.handler?.handleCertificates(certificates, reason);
  }

  /**
   * The peer ends its side, or has reset the connection right behind its last bytes. In that case, writing nothing fails. A stream that was reset is
   * closed once what arrived with its end has been read.
   */
  ended() {
    if (this.handler === null || this.error !== null) return; // not needed; or the error says more, in closed
    if (this.isStream) setImmediate(() => this.streamEnded());
    else if (this.socket.writableLength > 0 || !writesAfterEnd(this.socket)) this.handler?.handleEnd();
    else this.socket.write('', (error) => error || this.handler?.handleEnd());
  }

  streamEnded() {
    if (!isClosed(this.socket)) this.handler?.handleEnd();
    else if (this.socket.rstCode === 0) this.socket.destroy(); // otherwise Node waits until everything is written, which never happens
  }

  /** What Node has read ahead is still delivered, and then the end. */
  closed() {
    const { handler, error, socket, session } = this;
    if (handler === null) return;
    if (error !== null) this.checked(error);
    handler.handleClosed(error, socket.rstCode ?? 0, session?.destroyed === true, readAhead(socket));
  }

  /** Gives bytes back: TLS, which starts next, reads them first. (A socket that flows would report them again.) */
  unread(bytes) { this.socket.off('data', onData).pause().unshift(bytes.slice()); }

  pause() { this.socket.pause(); }
  resume() { this.socket.resume(); }
  setRef(isRef) {
    this.isRef = isRef;
    this.socket?.[isRef ? 'ref' : 'unref']?.();
  }

  /** Calls handleTick after the current code and its promise callbacks have run. */
  tick() { atEnd(handleTick, this); }
  /** Calls handleTurn after other events have had a turn. */
  turn() { setImmediate(() => this.handler?.handleTurn()); }

  /** Writes bytes; `messages` and `part` are what they complete. A write behind a long backlog takes no more memory than it needs. */
  write(bytes, messages, part) {
    const fits = bytes.length >= BLOCK / 2 && bytes.length <= BLOCK && this.socket.writableLength < MAX_BLOCKS * BLOCK;
    if (fits) this.writeBlock(bytes, messages, part);
    else this.hand(Buffer.from(bytes), null, messages, part);
  }

  /** Writes a Buffer that other sockets write too. */
  writeShared(bytes, messages, part) { this.hand(bytes, null, messages, part); }

  /** Writes the send window from `start` on, which is in the room for the header or behind it. */
  writeWindow(start, length, messages, part) {
    const from = sendAt - MAX_HEADER + start;
    this.write(wasm().subarray(from, from + length), messages, part);
  }

  /** Long writes of a tick go to the system together, because each by itself would wake the peer. */
  writeBlock(bytes, messages, part) {
    const block = blocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK);
    block.set(bytes);
    if (this.corked === 0) {
      this.socket.cork();
      atEnd(uncork, this);
    }
    this.corked++;
    this.hand(block.subarray(0, bytes.length), block, messages, part);
    if (this.corked === MAX_CORKED) this.uncork();
  }

  uncork() {
    if (this.corked > 0) this.socket.uncork();
    this.corked = 0;
  }

  /** The peer may have reset the connection or the stream. Then Node may report no error for what is written, although it does not go out. */
  hand(bytes, block, messages, part) {
    if (isClosed(this.socket)) return this.handler?.handleWriteFailed();
    this.socket.write(bytes, (error) => {
      if (error || isClosed(this.socket)) return this.handler?.handleWriteFailed(); // and do not reuse the block, which the system may still read
      if (block !== null && blocks.length < MAX_BLOCKS) blocks.push(block);
      this.handler?.handleWritten(messages, part);
    });
  }

  /** The bytes that the system has not taken. */
  get backlog() { return backlogOf(this.socket); }
  end() { this.socket.end(); }
  /** A stream is destroyed in a turn of its own: Node 20 never returns if the stream's request has not gone out yet. */
  destroy() {
    if (this.socket === null) return;
    if (this.isStream) setImmediate(() => giveUp(this.socket));
    else this.socket.destroy();
  }
  /** Destroys the socket if the peer does not end the connection within `ms`. */
  linger(ms) { destroyAfter(this.socket, ms, giveUp); }

  /** Stops reporting. */
  detach() {
    const { handler } = this;
    this.handler = null;
    this.message = null;
    forgetLast();
    queueMicrotask(() => handler?.free()); // not at once: one of its methods may be running
  }
}
