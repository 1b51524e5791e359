// asyncOpen's arguments and the constructor's options, held to the page's rules. What each host can honour its own
// `host` says: src/backend/browser.js and src/backend/node/host.js.

import { invalid, malformed, notImplemented } from './error.js';

/** RFC 9110 §5.6.2 */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** The longest delay of setTimeout. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** The longest string of V8 on 64-bit machines: a longer text could arrive but not be delivered. */
const MAX_MESSAGE_SIZE = 536_870_888;
/** Options that only some hosts honour. */
const HOST_OPTIONS = ['deflate', 'headers', 'redirects', 'proxy', 'tls', 'socket'];

/** The URI as a URL: ws or wss (http and https are taken as those), absolute, no fragment (RFC 6455 §3). */
export function parseUri(uri) {
  let url;
  try {
    url = new URL(uri);
  } catch (cause) {
    throw malformed('The URI does not parse, or is not absolute.', cause);
  }
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw malformed('The URI is none of ws, wss, http and https.');
  if (url.href.includes('#')) throw malformed('The URI has a fragment (#…), which a WebSocket URI must not have.');
  return url;
}

/** The origin to send, or null. */
export function parseOrigin(origin, host) {
  if (origin === null || origin === undefined || origin === '') return null;
  if (typeof origin !== 'string') throw invalid('origin: pass a string, or null to send none.');
  host.checkOrigin(origin);
  return origin;
}

/** The subprotocols of a comma-separated list (RFC 6455 §4.1, item 10). */
export function parseProtocols(list) {
  if (list.trim() === '') return [];
  const protocols = list.split(',').map((item) => item.trim());
  const wrong = protocols.find((item, index) => !TOKEN.test(item) || protocols.indexOf(item) !== index);
  if (wrong !== undefined) throw invalid(`protocol: "${wrong}" is no token (RFC 6455 §4.1), or stands twice.`);
  return protocols;
}

/** The options with their defaults; `host` has those that only this host honours. */
export function parseOptions(options = {}, host) {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) throw invalid('The options are no object.');
  const parsed = { openTimeoutMs: 20_000, closeTimeoutMs: 20_000, maxMessageSize: 128 * 2 ** 20, host: {} };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (name === 'openTimeoutMs' || name === 'closeTimeoutMs') parsed[name] = whole(name, value, MAX_TIMEOUT_MS);
    else if (name === 'maxMessageSize') parsed[name] = whole(name, value, MAX_MESSAGE_SIZE);
    else if (HOST_OPTIONS.includes(name)) parsed.host[name] = hostOption(name, value, host);
    else throw invalid(`There is no option ${name}.`);
  }
  return parsed;
}

function whole(name, value, max) {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw invalid(`The option ${name} takes a whole number from 1 to ${max}.`);
}

function hostOption(name, value, host) {
  const check = host.options[name];
  if (!check) throw notImplemented(`The option ${name} cannot be honoured in ${host.name}: leave it out there.`);
  check(value);
  return value;
}
