// The socket under one channel: node:net and node:tls, and the memory that messages live in.
//
// What comes in is read into `chunk`, copied into the engine's window in wasm, parsed there, and handed to the
// listener from `chunk` again: the engine only ever names offsets. What goes out is framed in wasm and copied out.

import net from 'node:net';
import tls from 'node:tls';

/** The size of the windows, and the most that is read at once. */
const WINDOW = 65536;
/** One buffer for all sockets: `onread` hands it over synchronously, and it is free again when the engine returns. */
const chunk = Buffer.allocUnsafeSlow(WINDOW);

let memory;
let receiveAt = 0;
let inflateAt = 0;
let sendAt = 0;
let view = Buffer.alloc(0);

/** Tells where in the wasm memory the three windows are. Called once, before anything else. */
export function provideWindows(wasmMemory, receive, inflate, send) {
  memory = wasmMemory;
  receiveAt = receive;
  inflateAt = inflate;
  sendAt = send;
}

/** The wasm memory; a view made earlier is detached when the memory has grown. */
function wasm() {
  if (view.byteLength === 0) view = Buffer.from(memory.buffer);
  return view;
}

/** Writes `text` into the send window: its size in bytes, or -1 if it might not fit. */
export function fillText(text) {
  if (text.length * 3 > WINDOW) return -1;
  return wasm().utf8Write(text, sendAt, WINDOW);
}

/** Copies `bytes` from `from` on into the send window, as many as fit: how many. */
export function fillBytes(bytes, from) {
  const piece = from === 0 && bytes.length <= WINDOW ? bytes : bytes.subarray(from, from + WINDOW);
  wasm().set(piece, sendAt);
  return piece.length;
}

/** A copy of a string's or a Uint8Array's bytes in the host's memory. */
export function hold(payload) {
  return Buffer.from(payload);
}

const decode = (bytes, start, end, ascii) => ascii ? bytes.latin1Slice(start, end) : bytes.utf8Slice(start, end);

/** `{ status, headers, body }`; headers that came twice are joined as RFC 9110 §5.3 says. */
export function httpAnswer(status, fields, body) {
  const headers = Object.create(null);
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i].toLowerCase();
    headers[name] = name in headers ? `${headers[name]}, ${fields[i + 1]}` : fields[i + 1];
  }
  return { status, headers: { ...headers }, body: Buffer.from(body).toString() };
}

export class Socket {
  /** `engine` is the Rust side; this object owns it and frees it when the socket is closed. */
  constructor(engine) {
    this.engine = engine;
    this.socket = null;
    this.error = null;
    /** How far the connection got: '' nowhere, 'tcp' (TLS is still to come), 'ready' for HTTP. */
    this.reached = '';
    this.received = 0;
    this.copy = null;
    this.gathered = null;
    this.gatheredLength = 0;
    this.writeTick = () => this.engine?.handleTick();
  }

  /** Starts connecting; throws if an option cannot be used. */
  open(url, socketOptions, tlsOptions) {
    const secure = url.protocol === 'wss:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const options = {
      noDelay: true,
      ...socketOptions,
      host,
      port: Number(url.port || (secure ? 443 : 80)),
      onread: { buffer: chunk, callback: (length) => { this.read(length); return true; } },
    };
    const socket = secure
      ? tls.connect({ servername: net.isIP(host) ? '' : host, ALPNProtocols: ['http/1.1'], ...tlsOptions, ...options })
      : net.connect(options);
    this.socket = socket;
    socket.on('connect', () => { this.reached ||= 'tcp'; });
    socket.on(secure ? 'secureConnect' : 'connect', () => this.connected());
    socket.on('end', () => this.engine?.handleEnd());
    socket.on('error', (error) => { this.error = error; });
    socket.on('close', () => this.closed());
  }

  connected() {
    this.reached = 'ready';
    this.engine?.handleConnected();
  }

  /** The first `length` bytes of `chunk` have just been received. */
  read(length) {
    if (this.engine === null) return;
    chunk.copy(wasm(), receiveAt, 0, length);
    this.received = length;
    this.engine.handleData(length);
    this.copy = null;
  }

  closed() {
    const { engine, error } = this;
    if (engine === null) return;
    this.engine = null;
    engine.handleClosed(this.reached, String(error?.code ?? ''), error);
    engine.free();
  }

  // What the engine calls to send.

  /** Has handleTick called when the JavaScript that runs now, and what it promised, is done. */
  tick() {
    process.nextTick(this.writeTick);
  }

  /** Has handleTurn called when other events have had their turn. */
  turn() {
    setImmediate(() => this.engine?.handleTurn());
  }

  /** Writes framed bytes; `messages` of them end here. */
  write(bytes, messages) {
    this.socket.write(Buffer.from(bytes), (error) => {
      if (!error) this.engine?.handleWritten(messages);
    });
  }

  /** Ends our side behind what is written; the socket is destroyed if the peer does not end its own in `ms`. */
  end(ms) {
    this.socket.end();
    this.linger(ms);
  }

  /** Waits for the peer to end the connection, but no longer than `ms`. */
  linger(ms) {
    const timer = setTimeout(() => this.socket.destroy(), ms);
    this.socket.once('close', () => clearTimeout(timer));
  }

  /** The channel is done with this socket: nothing is reported any more, and it no longer keeps the process alive. */
  detach() {
    const { engine, socket } = this;
    this.engine = null;
    socket?.unref();
    // Not at once: one of the engine's methods may be calling.
    queueMicrotask(() => engine?.free());
  }

  destroy() {
    this.socket.destroy();
  }

  // What the engine calls to deliver. Offsets are in `chunk`, or of what was inflated in the window for that.

  deliverText(listener, inflated, start, end, ascii) {
    if (inflated) listener.text(decode(wasm(), inflateAt + start, inflateAt + end, ascii));
    else listener.text(decode(chunk, start, end, ascii));
  }

  deliverBinary(listener, inflated, start, end) {
    if (inflated) {
      listener.binary(new Uint8Array(wasm().buffer.slice(inflateAt + start, inflateAt + end)));
      return;
    }
    // Views of one copy of the chunk: making a view costs a twentieth of making a buffer.
    this.copy ??= chunk.buffer.slice(0, this.received);
    listener.binary(new Uint8Array(this.copy, start, end - start));
  }

  /** A message begins that comes in pieces; its first frame has `length` bytes. */
  begin(length) {
    // What a header claims is not yet there: memory follows what has come, doubling.
    this.gathered = Buffer.allocUnsafeSlow(Math.min(length, 16 * WINDOW));
    this.gatheredLength = 0;
  }

  piece(inflated, start, end) {
    const length = this.gatheredLength + end - start;
    if (length > this.gathered.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.gathered.length));
      this.gathered.copy(larger, 0, 0, this.gatheredLength);
      this.gathered = larger;
    }
    if (inflated) wasm().copy(this.gathered, this.gatheredLength, inflateAt + start, inflateAt + end);
    else chunk.copy(this.gathered, this.gatheredLength, start, end);
    this.gatheredLength = length;
  }

  /** The gathered message, as a string or a Uint8Array of its own. */
  finish(text, ascii) {
    const { gathered, gatheredLength: length } = this;
    this.gathered = null;
    if (text) return decode(gathered, 0, length, ascii);
    const bytes = new Uint8Array(gathered.buffer, 0, length);
    return gathered.length - length > WINDOW ? bytes.slice() : bytes;
  }
}
