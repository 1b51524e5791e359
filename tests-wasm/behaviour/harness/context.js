import * as assert from './assert.js';
import { Talk } from './talk.js';
import { finishStream, Observed } from './web.js';

/**
 * What a case gets as `t`: the package, the peers and the assertions. `host` holds what differs between the hosts:
 * { name: 'node'|'browser', engine, uncaught(), memory() }.
 */
export class Context {
  is = assert.is;
  same = assert.same;
  ok = assert.ok;
  oneOf = assert.oneOf;
  fail = assert.fail;
  #talks = [];
  #sockets = [];
  #streams = [];
  #stops = [];
  #host;
  #memoryBefore;

  constructor(api, host, addresses) {
    this.api = api;
    this.#host = host;
    this.host = host.name;
    this.engine = host.engine;
    this.addresses = addresses;
    this.#memoryBefore = host.memory();
  }

  /** A peer's URL. `peer` is a name in the addresses, and `query` chooses how the path behaves. An id is added for `observed`. */
  peer(peer, path, query = {}) {
    const scheme = peer === 'wss' || peer.includes('Tls') ? 'wss' : 'ws';
    const host = peer === 'ipv6' ? '[::1]' : '127.0.0.1';
    const url = new URL(`${scheme}://${host}:${this.addresses[peer]}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    url.searchParams.set('id', `${this.#host.engine}-${performance.timeOrigin}-${ids++}`);
    return url.href;
  }

  /** The URL at which the rude peer sends these bytes after a valid handshake. */
  raw(hex, query = {}) {
    return this.peer('rude', '/raw', { hex: hex.replaceAll(' ', ''), ...query });
  }

  open(url, options) {
    const talk = new Talk(this.api, url, options);
    this.#talks.push(talk);
    return talk;
  }

  /** Opens a channel, and waits until it is open. */
  async opened(url, options) {
    const talk = this.open(url, options);
    const { state } = await talk.until('onStart');
    if (state !== 'open') assert.fail(`it did not open:\n${talk}`);
    return talk;
  }

  /** Registers `stop`, which is called when the case has ended. */
  onEnd(stop) {
    this.#stops.push(stop);
  }

  /** An observed WebSocket. It is closed when the case ends. */
  socket(url, ...more) {
    const observed = new Observed(this.api.WebSocket, url, more);
    this.#sockets.push(observed);
    return observed;
  }

  /** The same as `socket`, once it is open. */
  async openSocket(url, ...more) {
    const observed = this.socket(url, ...more);
    await observed.until('open');
    return observed;
  }

  /** A WebSocketStream. It is closed when the case ends. */
  stream(url, ...more) {
    const stream = new this.api.WebSocketStream(url, ...more);
    this.#streams.push(stream);
    return stream;
  }

  /** The same as `stream`, once it is open: what `opened` resolves to, with { stream, reader, writer }. */
  async openStream(url, ...more) {
    const stream = this.stream(url, ...more);
    const opened = await stream.opened;
    return { stream, ...opened, reader: opened.readable.getReader(), writer: opened.writable.getWriter() };
  }

  /** What the peer saw of the channel with this URL, or of this talk's channel, once `until` holds at the peer (record.js). */
  async observed(talk, until = 'opened') {
    const id = new URL(talk.url ?? talk).searchParams.get('id');
    const query = new URLSearchParams({ id, until, ms: '8000' });
    const response = await fetch(`http://127.0.0.1:${this.addresses.control}/observed?${query}`);
    const record = await response.json();
    if (!response.ok) assert.fail(`the peer waited for ${until}, and saw ${assert.show(record)} of\n${talk}`);
    return record;
  }

  /** What the peer saw at the end. In a browser this is the close frame: a browser may keep a connection long after the page's channel has stopped. */
  observedLast(talk) {
    return this.observed(talk, this.host === 'node' ? 'ended' : 'close');
  }

  /**
   * Opens, uses and closes another channel, which gives anything already under way the time to happen. For cases that check that something does not happen.
   */
  async roundTrip() {
    const talk = await this.opened(this.peer('ws', '/echo'));
    talk.send('there and back');
    await talk.untilMessages(1);
    talk.close();
    await talk.end();
  }

  /** The ChannelError that `run` throws. Checks that it has one of these names, the number of that name, and a sentence as its message. */
  throws(names, run, what = 'the call') {
    let thrown;
    try {
      run();
    } catch (error) {
      thrown = error;
    }
    if (thrown === undefined) assert.fail(`${what} threw nothing, expected ${names}`);
    assert.ok(thrown instanceof this.api.ChannelError && thrown instanceof Error, `${what} threw a ChannelError: ${assert.show(thrown)}`);
    assert.oneOf(thrown.name, [names].flat(), `${what}: the error's name (${thrown.message})`);
    assert.is(thrown.code, thrown.name, `${what}: the error's code`);
    assert.is(thrown.result, numbers[thrown.name], `${what}: the error's result`);
    assert.ok(FORM.test(thrown.message), `${what}: the message has the form "where: what is wrong. What to do.": ${thrown.message}`);
    return thrown;
  }

  /** Checks the name of the status in onStop. `browser` is the name that a browser gives instead. Returns onStop's detail. */
  async stops(talk, { node, browser = node }) {
    const expected = this.host === 'node' ? node : browser;
    const { status, detail } = await talk.end();
    assert.is(this.api.statusName(status), expected, `the status of\n${talk}\n  `);
    return detail;
  }

  /** Collects the uncaught errors from now on. Returns { errors, stop() }. */
  uncaught() {
    return this.#host.uncaught();
  }

  /** At the end of a case: stops every channel, and checks that every channel kept the laws. */
  async finish() {
    for (const talk of this.#talks) {
      if (!talk.stopped) talk.channel.close();
      await talk.end();
    }
    for (const observed of this.#sockets) await observed.finish();
    for (const stream of this.#streams) await finishStream(stream);
    while (this.#stops.length > 0) await this.#stops.shift()();
    // A call after onStop, or an event after close, would arrive now.
    await new Promise((resolve) => setTimeout(resolve));
    for (const { seen } of this.#sockets) assert.is(seen.at(-1).type, 'close', 'the last event');
    for (const talk of this.#talks) {
      const breach = talk.breach();
      if (breach) assert.fail(`a law is broken: ${breach}\n${talk}`);
    }
    const memory = this.#host.memory();
    const limit = MEMORY_LIMIT + this.api.WebSocketChannel.compressionMemory;
    if (memory > limit && memory > this.#memoryBefore) assert.fail(`wasm memory has grown from ${this.#memoryBefore} to ${memory} bytes`);
  }

  /** Called after a failure. Closes what is still open, so that it does not disturb the next case. */
  abandon() {
    for (const it of [...this.#talks.map(({ channel }) => channel), ...this.#sockets.map(({ socket }) => socket), ...this.#streams]) {
      try {
        it.close();
      } catch {
        // The case has failed already, with a better reason.
      }
    }
    while (this.#stops.length > 0) this.#stops.shift()();
  }
}

/** Runs one case, and checks the listener's laws. */
export async function runCase(one, api, host, addresses) {
  const context = new Context(api, host, addresses);
  try {
    await one.run(context);
    await context.finish();
  } catch (error) {
    context.abandon();
    throw error;
  }
}

/** The name and the number of every result. They are written here, and not read from the package, because the package is under test. */
export const numbers = {
  NS_OK: 0,
  NS_BINDING_ABORTED: 0x804b0002,
  NS_BASE_STREAM_CLOSED: 0x80470002,
  NS_ERROR_NET_RESET: 0x804b0014,
  NS_ERROR_UNKNOWN_HOST: 0x804b001e,
  NS_ERROR_WEBSOCKET_CONNECTION_REFUSED: 0x804b0057,
  NS_ERROR_NET_INADEQUATE_SECURITY: 0x804b0052,
  NS_ERROR_PROXY_CONNECTION_REFUSED: 0x804b0048,
  NS_ERROR_UNKNOWN_PROXY_HOST: 0x804b002a,
  NS_ERROR_REDIRECT_LOOP: 0x804b001f,
  NS_ERROR_DOM_BAD_URI: 0x805303f4,
  NS_ERROR_NET_TIMEOUT_EXTERNAL: 0x804b0055,
  NS_ERROR_ILLEGAL_VALUE: 0x80070057,
  NS_ERROR_INVALID_ARG: 0x80070057,
  NS_ERROR_CANNOT_CONVERT_DATA: 0x80460001,
  NS_ERROR_FILE_TOO_BIG: 0x8052000f,
  NS_ERROR_INVALID_CONTENT_ENCODING: 0x804b001b,
  NS_ERROR_OUT_OF_MEMORY: 0x8007000e,
  NS_ERROR_UNEXPECTED: 0x8000ffff,
  NS_ERROR_ALREADY_OPENED: 0x804b0049,
  NS_ERROR_NOT_CONNECTED: 0x804b000c,
  NS_ERROR_NOT_INITIALIZED: 0xc1f30001,
  NS_ERROR_MALFORMED_URI: 0x804b000a,
  NS_ERROR_NOT_IMPLEMENTED: 0x80004001,
};

let ids = 0;
/** The limit in bytes, not counting the compression contexts. */
/** The form of a message: `where: what is wrong. What to do.` */
const FORM = /^(?:Unknown (?:option|setting): |[\w.]+(?:, [\w.]+)*: ).+[.?]$/s;
const MEMORY_LIMIT = 8 * 1024 * 1024;
