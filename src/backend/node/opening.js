// From asyncOpen to the open connection: redirects (RFC 9110 §15.4) and authorization (§11), and what the user is asked and told meanwhile.

import { randomBytes } from 'node:crypto';
import { asError, report } from '../listener.js';
import { explainAnswer, explainProxy, hostAndPort, hostOf } from './explain.js';

const FOLLOWED = [301, 302, 303, 307, 308];
/** So often the user is asked for a name and password of one origin: who always answers the same must not ask a server without end. */
const MAX_ASKS = 10;
/** So often a server may say that its own nonce is too old. */
const MAX_STALE = 3;
/** What is for the first origin alone. */
const PRIVATE_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];
const PRIVATE_SOCKET = ['path'];
/** What of the option tls is for every origin: nothing that says who we are. */
const PUBLIC_TLS = ['ca', 'crl', 'rejectUnauthorized', 'checkServerIdentity', 'minVersion', 'maxVersion', 'secureProtocol', 'secureOptions', 'ciphers',
  'ecdhCurve', 'sigalgs', 'minDHSize', 'ALPNProtocols'];

/** How a refusal is reported; opening.rs has the same numbers. */
const [STATUS, LOOP, BAD_URI, PROXY] = [0, 1, 2, 3];

const STAGES = {
  NS_NET_STATUS_RESOLVING_HOST: 'while the name was looked up',
  NS_NET_STATUS_CONNECTING_TO: 'while connecting: a firewall may swallow what is sent',
  NS_NET_STATUS_TLS_HANDSHAKE_STARTING: 'during the TLS handshake',
  NS_NET_STATUS_WAITING_FOR: 'while waiting for the answer to the request',
  onAuthRequired: 'before onAuthRequired answered',
  onRedirect: 'before onRedirect answered',
};

/** `{ status, headers, body }`; headers that came twice are joined as RFC 9110 §5.3 says. */
export function httpAnswer(status, fields, body) {
  const headers = Object.create(null);
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i].toLowerCase();
    headers[name] = name in headers ? `${headers[name]}, ${fields[i + 1]}` : fields[i + 1];
  }
  return { status, headers: { ...headers }, body: Buffer.from(body).toString() };
}

/** What onProgress is told of the proxy, if there is one. */
const OF_PROXY = ['NS_NET_STATUS_RESOLVING_HOST', 'NS_NET_STATUS_RESOLVED_HOST', 'NS_NET_STATUS_CONNECTING_TO', 'NS_NET_STATUS_CONNECTED_TO'];

export class Opening {
  /** `options` are the host's, as host.js has checked them; in them this object leaves what the channel's attributes show. */
  constructor(url, options) {
    this.options = options;
    this.url = url;
    this.first = url.origin;
    /** Where it has been, to notice circles. */
    this.visited = new Set([bare(url)]);
    this.accounts = new Map();
    /** What the header Authorization has to be; null for the user's own. */
    this.authorization = null;
    this.proxyAuthorization = null;
    /** The last thing that onProgress was told, or would have been. */
    this.stage = null;
    options.opening = this;
    this.enter(url);
    this.prepare(null);
  }

  // What socket.js and request.rs ask for the next connection.

  get headers() {
    const headers = Object.entries(this.option('headers', (name) => !PRIVATE_HEADERS.includes(name.toLowerCase())));
    if (this.authorization === null) return headers;
    return [...headers.filter(([name]) => name.toLowerCase() !== 'authorization'), ['Authorization', this.authorization]];
  }

  get socket() { return this.option('socket', (name) => !PRIVATE_SOCKET.includes(name)); }

  get tls() { return this.option('tls', (name) => PUBLIC_TLS.includes(name)); }

  get origin() { return this.options.origin; }

  get deflate() { return this.options.deflate; }

  /** The option; for another origin than the first, what of it `isPublic`. */
  option(name, isPublic) {
    const option = this.options[name] ?? {};
    return this.url.origin === this.first ? option : Object.fromEntries(Object.entries(option).filter(([key]) => isPublic(key)));
  }

  // What happens.

  /** Tells onProgress. */
  progress(stage) {
    if (this.accounts === null) return;
    this.stage = stage;
    try {
      const isServer = this.proxy === null || !OF_PROXY.includes(stage);
      this.options.callbacks?.onProgress?.(stage, isServer ? hostOf(this.url) : this.proxy.host);
    } catch (error) {
      report(error);
    }
  }

  /** The connection is open, or the channel stopped: secrets are kept no longer. */
  end() {
    const { href, hostname, port, protocol } = this.url;
    this.url = { href, hostname, port, protocol }; // a URL is many times as large
    this.options.url = this.url;
    this.accounts = null;
    this.authorization = null;
    this.proxyAuthorization = null;
    this.visited = null;
  }

  /** How far it got until openTimeoutMs ran out. */
  explainTimeout() {
    const stage = this.stage === 'NS_NET_STATUS_CONNECTED_TO' ? `while waiting for ${this.proxy?.name}` : STAGES[this.stage];
    return `The connection to ${hostAndPort(this.url)} did not open within openTimeoutMs${stage ? `; it ran out ${stage}` : ''}.`;
  }

  /** An answer came that is no upgrade: tells `engine`, now or later, how to go on. `last` if it must be the last; `isProxy` if it is the proxy's. */
  judge(engine, http, last, isProxy) {
    const words = isProxy ? explainProxy(this.proxy, http) : explainAnswer(this.url, http);
    const refuse = ({ kind = isProxy ? PROXY : STATUS, why, cause }) => {
      engine.handleRefused(kind, kind === LOOP || kind === BAD_URI ? why : `${words} ${why ?? ''}`.trimEnd(), http, cause ?? null);
    };
    const next = last ? null : this.next(engine, http, isProxy);
    if (next === null) {
      refuse({});
      engine.free();
      return;
    }
    next.then((refusal) => (refusal ? refuse(refusal) : engine.handleRetry()))
      .catch((cause) => refuse({ cause: asError(cause) })).finally(() => engine.free());
  }

  /** null if there is nothing to go on with; otherwise a promise of a refusal, or of undefined to try again. */
  next(engine, http, isProxy) {
    const { status, headers } = http;
    if (isProxy) return status === 407 ? this.authorize(engine, headers['proxy-authenticate'] ?? '', this.proxy) : null;
    if (FOLLOWED.includes(status) && headers.location !== undefined && this.redirects > 0) return this.redirect(engine, http);
    return status === 401 ? this.authorize(engine, headers['www-authenticate'] ?? '', null) : null;
  }

  get redirects() { return this.options.redirects ?? 10; }

  async redirect(engine, { status, headers: { location } }) {
    const from = this.url;
    const at = hostAndPort(from);
    const wrong = (why, cause) => ({ kind: BAD_URI, why: `${at} redirects to "${location}", which ${why}`, cause });
    let to;
    try {
      to = new URL(location, from);
    } catch (cause) {
      return wrong('is no URI.', cause);
    }
    to.protocol = to.protocol.replace('http', 'ws');
    to.hash = '';
    if (to.protocol !== 'ws:' && to.protocol !== 'wss:') return wrong('is none of ws, wss, http and https.');
    if (from.protocol === 'wss:' && to.protocol === 'ws:') return wrong('is not encrypted: from wss to ws is not followed.');
    if (this.visited.has(bare(to))) return { kind: LOOP, why: `${at} redirects in a circle: back to ${bare(to)}.` };
    if (this.visited.size > this.redirects) {
      return { kind: LOOP, why: `${at} redirects to ${bare(to)}, which would be more than the ${this.redirects} that the option redirects allows.` };
    }
    this.stage = 'onRedirect';
    try {
      if (await this.options.callbacks?.onRedirect?.(from.href, to.href, status) === false) return wrong('onRedirect does not allow.');
    } catch (cause) {
      return wrong('was not followed, because onRedirect threw.', asError(cause));
    }
    if (this.accounts === null) return undefined; // the channel has stopped meanwhile
    this.visited.add(bare(to));
    this.url = to;
    this.options.url = to;
    try {
      this.enter(to);
    } catch (cause) {
      return wrong('was not followed, because its proxy cannot be used.', cause);
    }
    this.prepare(engine);
    return undefined;
  }

  /** The headers with which the next requests are authorized, as far as that can be known before they are refused. */
  prepare(engine) {
    const { url, proxy } = this;
    this.authorization = this.account(url.origin).authorization(engine, 'GET', url.pathname + url.search);
    if (proxy !== null) this.proxyAuthorization = this.account(proxy.origin).authorization(engine, 'CONNECT', hostAndPort(url));
  }

  /** Goes to `url`, through its proxy; the user name and password in a URL are its origin's. */
  enter(url) {
    this.proxy = this.options.proxies?.for(url) ?? null;
    this.know(url.origin, unescape(url.username), unescape(url.password));
    if (this.proxy !== null) this.know(this.proxy.origin, this.proxy.username, this.proxy.password);
  }

  know(origin, username, password) {
    if (username === '' && password === '') return;
    const account = this.account(origin);
    // A relative redirect has them too, and what was agreed on for them goes on.
    if (account.username !== username || account.password !== password) account.set(username, password);
  }

  account(origin) {
    if (!this.accounts.has(origin)) this.accounts.set(origin, new Account());
    return this.accounts.get(origin);
  }

  /** The server, or `proxy`, wants to know who asks. */
  async authorize(engine, challenge, proxy) {
    const { origin } = proxy ?? this.url;
    const account = this.account(origin);
    const [scheme, realm, stale] = engine.readChallenge(challenge);
    if (scheme === undefined) return { why: `It asks for authorization in a way that is not known here: "${challenge}".` };
    if (!account.answers(scheme, stale === 'stale')) {
      const { callbacks } = this.options;
      if (typeof callbacks?.onAuthRequired !== 'function') {
        return { why: account.isKnown() ? 'It does not accept the user name and password.'
          : `It asks for a user name and password (${scheme}, "${realm}"): put them into the ${proxy ? "proxy's " : ''}URI, or answer notificationCallbacks.onAuthRequired.` };
      }
      if (account.asks === MAX_ASKS) return { why: `onAuthRequired was asked ${MAX_ASKS} times.` };
      account.asks++;
      this.stage = 'onAuthRequired';
      let answer;
      try {
        answer = await callbacks.onAuthRequired({ scheme, realm, origin, isProxy: proxy !== null, attempt: account.asks }) ?? null;
        if (answer === null) return { why: 'onAuthRequired gave up.' };
        checkAnswer(answer, scheme);
      } catch (cause) {
        return { why: 'onAuthRequired gave no answer.', cause: asError(cause) };
      }
      if (this.accounts === null) return undefined;
      account.set(answer.username, answer.password);
    }
    account.challenged(scheme, challenge);
    this.prepare(engine);
    return undefined;
  }
}

/** A user name and password for one origin, and how they are shown there. */
class Account {
  username = null;
  password = null;
  asks = 0;
  /** The scheme that the last request used, and for Digest its challenge, how often its nonce was used, and our own. */
  scheme = null;
  challenge = '';
  count = 0;
  cnonce = '';
  stale = 0;

  isKnown() { return this.username !== null; }

  set(username, password) {
    this.username = username;
    this.password = password;
    this.scheme = 'Basic'; // until a challenge says otherwise
  }

  /** Whether a challenge can be answered without asking: another scheme than was refused, or just a new nonce. */
  answers(scheme, stale) {
    if (!this.isKnown()) return false;
    if (scheme === 'Digest' && this.scheme === 'Digest') return stale && this.stale++ < MAX_STALE;
    return scheme === 'Digest';
  }

  challenged(scheme, challenge) {
    this.scheme = scheme;
    this.challenge = challenge;
    this.count = 0;
    this.cnonce = randomBytes(16).toString('hex');
  }

  /** The header's value for the next request there; null if there is none to give. */
  authorization(engine, method, resource) {
    const { scheme, username, password } = this;
    if (!this.isKnown()) return null;
    if (scheme === 'Basic') return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return engine.answerChallenge(this.challenge, username, password, method, resource, ++this.count, this.cnonce);
  }
}

function checkAnswer({ username, password }, scheme) {
  if (typeof username !== 'string' || typeof password !== 'string') throw new TypeError('onAuthRequired: answer { username, password }, two strings, or null.');
  if (/[\0-\x1f\x7f]/.test(username + password)) throw new TypeError('onAuthRequired: a user name or password has a control character.');
  if (scheme === 'Basic' && username.includes(':')) throw new TypeError('onAuthRequired: with Basic, a user name cannot have a colon (RFC 7617 §2).');
}

/** The URI without user name and password. */
function bare(url) {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}

/** Percent-decoded, if it can be. */
function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
