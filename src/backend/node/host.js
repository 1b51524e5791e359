// What Node can honour beyond what both hosts share.

import { ChannelError, invalid, notImplemented, notOpened } from '../../bindings/error.js';
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

/** What is not there yet may be switched off. */
function only(name, off) {
  return (value) => {
    if (value !== off) throw notImplemented(`The option ${name} is not implemented yet: leave it out, or pass ${off}.`);
  };
}

const notSuspended = () => new ChannelError('NS_ERROR_UNEXPECTED', 0x8000ffff, 'resume: the channel is not suspended. Call it once for each suspend().');

export const host = {
  name: 'Node',
  options: {
    headers,
    tls: handedOn('tls', ['host', 'port', 'path', 'socket', 'onread']),
    socket: handedOn('socket', ['host', 'port', 'fd', 'onread', 'allowHalfOpen']),
    deflate,
    redirects: only('redirects', 0),
    proxy: only('proxy', null),
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
  suspend(raw) {
    if (raw.state === 0) throw notOpened();
    raw.suspend();
  },
  resume(raw) {
    if (raw.state === 0) throw notOpened();
    if (!raw.resume() && raw.state < 4) throw notSuspended();
  },
  checkUri({ username, password }) {
    if (username === '' && password === '') return;
    throw notImplemented('The URI has a user name or password, which are not sent yet: use the option headers, with Authorization.');
  },
  checkOrigin() {}, // what a header may hold, the engine knows
};
