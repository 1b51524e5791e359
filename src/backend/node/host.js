// What Node can honour beyond what both hosts share.

import { ChannelError, invalid, malformed, notOpened } from '../../bindings/error.js';
import { bytesOf } from '../../bindings/source.js';
import { Pings } from './ping.js';
import { Proxies } from './proxy.js';
import { describeSecurity } from './security.js';
import { StreamPayload } from './stream.js';
import { fillBytes, fillText } from './windows.js';

const isObject = (value) => value !== null && typeof value === 'object';

/** A plain object: of a Map or a Headers nothing would be seen. */
function headers(value) {
  if (isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))) return;
  throw invalid('The option headers takes a plain object of names and values; of a Map, Object.fromEntries makes one.');
}

/** Handed on to Node, but for what is not the user's to set. */
function handedOn(name, owned) {
  return (value) => {
    if (!isObject(value)) throw invalid(`The option ${name} takes an object.`);
    const wrong = owned.find((key) => key in value);
    if (wrong) throw invalid(`The option ${name} cannot have ${wrong}: that is the URI's and the channel's to say.`);
  };
}

/** Options that are objects. */
const OBJECTS = ['headers', 'tls', 'socket', 'deflate'];
const within = (least, most) => (value) => Number.isInteger(value) && value >= least && value <= most;
const isBoolean = (value) => typeof value === 'boolean';
const DEFLATE = {
  threshold: [within(0, 2 ** 31 - 1), 'a number of bytes'],
  level: [within(0, 9), 'a number from 0 to 9'],
  clientMaxWindowBits: [(value) => value === false || within(8, 15)(value), 'a number from 8 to 15, or false'],
  serverMaxWindowBits: [within(8, 15), 'a number from 8 to 15'],
  clientNoContextTakeover: [isBoolean, 'true or false'],
  serverNoContextTakeover: [isBoolean, 'true or false'],
};

/** permessage-deflate: false, or an object of some of the above. */
function deflate(value) {
  if (value === false) return;
  if (!isObject(value)) throw invalid('The option deflate takes false or an object.');
  for (const [name, setting] of Object.entries(value)) {
    if (!Object.hasOwn(DEFLATE, name)) throw invalid(`The option deflate has no ${name}.`);
    const [accepts, what] = DEFLATE[name];
    if (setting !== undefined && !accepts(setting)) throw invalid(`The option deflate.${name} takes ${what}.`);
  }
}

function redirects(value) {
  if (!within(0, 1000)(value)) throw invalid('The option redirects takes a whole number from 0 to 1000.');
}

/** null, 'env', or where it is: read when the channel opens. */
function proxy(value) {
  if (value !== null && typeof value !== 'string' && !(value instanceof URL)) throw invalid('The option proxy takes a URI, \'env\' or null.');
}

const notSuspended = () => new ChannelError('NS_ERROR_UNEXPECTED', 0x8000ffff, 'resume: the channel is not suspended. Call it once for each suspend().');

export const host = {
  name: 'Node',
  options: {
    headers,
    tls: handedOn('tls', ['host', 'port', 'path', 'socket', 'onread']),
    socket: handedOn('socket', ['host', 'port', 'fd', 'onread', 'allowHalfOpen']),
    deflate,
    redirects,
    proxy,
  },
  /** The hot way, through the send window; `raw` knows the others. */
  sendText(raw, text) {
    const length = fillText(text);
    return length >= 0 && raw.sendFilled(true, length) ? 1 : raw.sendText(text);
  },
  sendBytes(raw, bytes) {
    const length = fillBytes(bytes);
    return length >= 0 && raw.sendFilled(false, length) ? 1 : raw.sendBytes(bytes);
  },
  sendStream(raw, source) {
    const payload = new StreamPayload(source);
    const answer = raw.sendStream(payload);
    if (answer === 1) payload.guard();
    return answer;
  },
  suspend(raw) {
    if (raw.state === 0) throw notOpened();
    raw.suspend();
  },
  resume(raw) {
    if (raw.state === 0) throw notOpened();
    if (!raw.resume() && raw.state < 4) throw notSuspended();
  },
  /** A channel is being opened; `link` is what both sides know of it. */
  opens(link) {
    if (link.pingInterval > 0) pingsOf(link);
    // Copies: a getter is asked once, and what the caller does to its objects later changes nothing.
    for (const name of OBJECTS) if (isObject(link[name])) link[name] = { ...link[name] };
    link.proxies = (link.proxy ?? null) === null ? null : new Proxies(link.proxy);
    if (link.proxies?.for(link.url) && link.socket?.path !== undefined) {
      throw invalid('The options proxy and socket.path: a unix socket is reached without a proxy.');
    }
    const { username, password } = link.url;
    const own = Object.keys(link.headers ?? {}).some((name) => name.toLowerCase() === 'authorization');
    if (own && username + password !== '') {
      throw invalid('The URI has a user name and password, and the option headers Authorization: leave one of them out.');
    }
    if (/%3a/i.test(username)) throw malformed('The user name in the URI has a colon, which Basic cannot carry (RFC 7617 §2).');
    if (/%[01][\da-f]|%7f/i.test(username + password)) throw malformed('The user name or password in the URI has a control character.');
  },
  /** It has stopped. */
  stops(link, status) {
    link.opening?.end();
    for (const name of [...OBJECTS, 'opening', 'proxy', 'proxies']) link[name] = undefined; // the channel may be kept, secrets not
    const [number, name] = status === 0 ? [0x804b000c, 'NS_ERROR_NOT_CONNECTED'] : [status, host.statusName(status)];
    link.pings?.end(new ChannelError(name ?? 'NS_ERROR_FAILURE', number, 'sendPing: the channel ended before the pong came.'));
  },
  checkPing(name, seconds) {
    const least = name === 'pingTimeout' ? 1 : 0;
    if (!within(least, 2_147_483)(seconds)) throw invalid(`${name}: pass a whole number of seconds, from ${least} to 2147483.`);
  },
  sendPing(raw, link, data) {
    if (raw.state === 0) throw notOpened();
    const payload = data === undefined ? undefined : typeof data === 'string' ? Buffer.from(data) : Buffer.from(bytesOf(data, 'sendPing'));
    if (payload?.length > 125) throw invalid('sendPing: a ping carries at most 125 bytes (RFC 6455 §5.5).');
    if (raw.state < 3) return pingsOf(link).send(payload);
    const promise = Promise.reject(closed());
    promise.catch(() => {});
    return promise;
  },
  checkCallbacks() {},
  securityInfo: (link) => describeSecurity(link.security),
  setRef(raw, link, isRef) {
    link.isUnref = !isRef;
    link.opening?.connection?.setRef(isRef);
    raw.setRef(isRef);
  },
  /** The name of a status; the entry knows them. */
  statusName: undefined,
  checkOrigin() {}, // what a header may hold, the engine knows
};

/** Made when somebody pings: few channels do. */
function pingsOf(link) {
  if (link.pings) return link.pings;
  link.pings = new Pings(link.pingInterval * 1000, link.pingTimeout * 1000);
  if (link.opening?.connection.reached === 'open') link.pings.start(link.opening.connection);
  return link.pings;
}

const closed = () => new ChannelError('NS_ERROR_NOT_CONNECTED', 0x804b000c, 'sendPing: the channel is closing or has stopped.');
