import { Talk } from '../behaviour/harness/talk.js';
import { BY_ITSELF, FAULTS, contentOf } from './plan.js';

/** A busy machine answers late, so a timeout is short only where the peer never answers. */
const optionsFor = ({ fault }) => ({ openTimeoutMs: fault === 'silence' ? 1500 : 20_000, closeTimeoutMs: fault === 'pause for ever' ? 1500 : 20_000 });
/** How long a channel waits for its echoes and acknowledgements before it closes. This is longer if they must arrive. */
const patienceFor = ({ fault }) => (MUST_COME.includes(fault) ? 8000 : 3000);
/** The faults with which nothing may be lost. */
const MUST_COME = ['none', 'a late 101', 'pause'];

/**
 * Runs one channel as planned. Resolves to { status, problem, talk }. `problem` is null, or describes what is wrong with the channel: a breach of the
 * listener's laws, or wrong acknowledgements, contents, deadlines or status.
 */
export async function live(plan, { api, addresses, host }) {
  const life = new Life(plan, api, addresses, host);
  let problem = null;
  try {
    await life.run();
    problem = life.judge();
  } catch (error) {
    problem = error.stack;
  }
  return { status: life.status, problem, talk: life.talk };
}

class Life {
  /** [number, kind, size] of each accepted message, in order. */
  #sent = [];
  /** What the channel has done to end itself. */
  #ended = new Set();
  /** Whether it did nothing to end itself until its patience was over. */
  #waited = false;
  #number = 0;

  constructor(plan, api, addresses, host) {
    this.plan = plan;
    this.api = api;
    this.host = host;
    this.controller = new AbortController();
    this.group = new api.LoadGroup();
    const listener = plan.closeIn ? { [plan.closeIn]: () => this.#close() } : {};
    const attributes = plan.keepAlive ? { pingInterval: 1, pingTimeout: 3 } : {};
    this.talk = new Talk(api, urlOf(plan, addresses), { options: this.#options(addresses), loadGroup: this.group, listener, attributes });
  }

  get status() {
    const stop = this.talk.calls.at(-1);
    return stop?.call === 'onStop' ? stop.args[1].name : null;
  }

  async run() {
    for (const action of this.plan.actions) {
      if (action.wait > 0) await pause(action.wait);
      if (this.talk.stopped) break;
      this.#act(action);
    }
    const patience = patienceFor(this.plan);
    for (let waited = 0; this.#ended.size === 0 && waited < patience && !this.talk.stopped && !this.#isDone(); waited += 20) await pause(20);
    this.#waited = this.#ended.size === 0;
    if (this.#waited && !this.talk.stopped) this.#close();
    await this.talk.end();
    await pause(0); // a call after onStop would arrive now
  }

  judge() {
    const breach = this.talk.breach();
    if (breach) return `a law is broken: ${breach}`;
    const came = this.talk.messages.filter((message) => message !== 'flood');
    if (came.length > this.#sent.length) return `${came.length} echoes of ${this.#sent.length} messages`;
    const wrong = came.findIndex((message, at) => !isSame(message, this.#content(at)));
    if (wrong >= 0) return `echo ${wrong} differs from what was sent`;
    const taken = this.talk.acknowledged.length;
    const isWhole = came.length === this.#sent.length && taken === this.#sent.length;
    if (this.#waited && MUST_COME.includes(this.plan.fault) && !isWhole) return `of ${this.#sent.length} messages ${taken} were acknowledged, ${came.length} came back`;
    const allowed = [...FAULTS[this.plan.fault], ...[...this.#ended].flatMap((way) => BY_ITSELF[way])];
    if (!allowed.includes(this.host === 'node' ? this.status : this.#asInABrowser())) return `it ended with ${this.status}: ${this.#detail.message}`;
    return null;
  }

  /** A page does not learn the cause of a failure. Its status is right if it is one that any failure may give. */
  #asInABrowser() {
    const { fault } = this.plan;
    return ['NS_ERROR_WEBSOCKET_CONNECTION_REFUSED', 'NS_BASE_STREAM_CLOSED'].includes(this.status) ? FAULTS[fault][0] : this.status;
  }

  get #detail() { return this.talk.calls.at(-1).args[1]; }

  #options(addresses) {
    const common = { ...optionsFor(this.plan), signal: this.controller.signal };
    if (this.host !== 'node') return common;
    const proxy = { connect: `http://127.0.0.1:${addresses.connectProxy}`, socks: `socks5://127.0.0.1:${addresses.socksProxy}` }[this.plan.route];
    return { ...common, proxy, tls: { ca: addresses.cert }, deflate: this.plan.deflate ? { threshold: 0 } : false };
  }

  #act({ kind, size }) {
    switch (kind) {
      case 'ping': return void this.talk.channel.sendPing().catch(() => {});
      case 'suspend': {
        this.talk.channel.suspend();
        return void setTimeout(() => this.talk.channel.resume(), 60);
      }
      case 'close': return this.#close();
      case 'cancel': return this.#end(kind, () => this.group.cancel());
      case 'abort': return this.#end(kind, () => this.controller.abort());
      case 'failing stream': return this.#end(kind, () => this.talk.sendStream(failing(), 1000));
      default: return this.#send(kind, size);
    }
  }

  #send(kind, size) {
    const content = contentOf(this.plan.seed, this.#number, kind, size);
    const accepted = kind === 'stream' ? this.talk.sendStream(chunksOf(content), content.length) : this.talk.send(content);
    if (accepted) this.#sent.push([this.#number, kind, size]);
    this.#number += 1;
  }

  #content(at) {
    return contentOf(this.plan.seed, ...this.#sent[at]);
  }

  #isDone() {
    const { channel, acknowledged, messages } = this.talk;
    if (channel.state === 'connecting' || acknowledged.length < this.#sent.length) return false;
    return messages.filter((message) => message !== 'flood').length === this.#sent.length;
  }

  #close() {
    this.#end('close', () => this.talk.channel.close());
  }

  #end(way, act) {
    this.#ended.add(way);
    this.talk.quietly(act);
  }
}

function urlOf({ fault, at, deflate, isSecure, route }, addresses) {
  const query = new URLSearchParams({ fault, at, ...deflate ? { deflate: 1 } : {} });
  // With a proxy, the proxy looks up the name.
  const host = route === 'direct' ? '127.0.0.1' : 'localhost';
  return `${isSecure ? 'wss' : 'ws'}://${host}:${isSecure ? addresses.faultyTls : addresses.faulty}/?${query}`;
}

/** The bytes in at most twenty chunks. Each chunk waits for a timer, and with many channels timers are late. */
async function* chunksOf(bytes) {
  const step = Math.max(3000, Math.ceil(bytes.length / 20));
  for (let at = 0; at < bytes.length; at += step) {
    yield bytes.slice(at, at + step);
    await pause(1);
  }
}

async function* failing() {
  yield new Uint8Array(100);
  throw new Error('the stream fails, as planned');
}

function isSame(came, sent) {
  if (typeof came === 'string' || typeof sent === 'string') return came === sent;
  return came.length === sent.length && came.every((byte, at) => byte === sent[at]);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
