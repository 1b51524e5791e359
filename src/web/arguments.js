// The constructors' arguments (WHATWG WebSockets, "get a URL record" and the constructor's steps).

import { MAX_REASON, PAGE_RANGES, TOKEN } from 'build:constants';
import { isObject, toClampedShort, toDictionary, toDOMString, toSequence, toUSVString } from './idl.js';

const syntaxError = (message) => new DOMException(message, 'SyntaxError');

/**
 * The URL record of a constructor's first argument.
 * @throws DOMException SyntaxError
 */
export function parseURL(url, base) {
  const text = toUSVString(url);
  const record = parsed(text, base);
  if (/^https?:$/.test(record.protocol)) record.protocol = record.protocol.replace('http', 'ws');
  if (!/^wss?:$/.test(record.protocol)) throw syntaxError(`${record.protocol} is not a WebSocket scheme. Use ws: or wss:.`);
  if (record.href.includes('#')) throw syntaxError('A WebSocket URL must not have a fragment (#…). Remove it.');
  return record;
}

function parsed(text, base) {
  try {
    return new URL(text, base);
  } catch {
    const shown = text.includes('@') ? 'The URL' : JSON.stringify(text.slice(0, 60)); // never show what may be a password
    throw syntaxError(`${shown} is not a URL. Pass one such as wss://example.org/chat.`);
  }
}

/**
 * Throws unless each subprotocol is a token (RFC 9110 §5.6.2) and appears only once. Case makes no difference, as in Node's own class and in
 * the browsers' test suite; browsers themselves distinguish "chat" from "Chat".
 * @throws DOMException SyntaxError
 */
export function checkProtocols(protocols) {
  const lower = protocols.map((protocol) => protocol.toLowerCase());
  for (const [index, protocol] of protocols.entries()) {
    if (!TOKEN.test(protocol)) throw syntaxError(`${JSON.stringify(protocol)} is not a subprotocol (RFC 6455 §4.1). Use letters, digits and hyphens.`);
    if (lower.indexOf(lower[index]) < index) throw syntaxError(`The subprotocol ${JSON.stringify(protocol)} appears twice. Case makes no difference.`);
  }
}

/**
 * The second argument of `WebSocket`: (DOMString or sequence<DOMString>), or this package's options.
 * An object counts as options if Object's own toString would convert it: "[object Object]" is not a valid subprotocol, so nothing
 * that the standard allows is lost.
 */
export function parseProtocols(value) {
  if (value === undefined) return { protocols: [] };
  const list = toProtocols(value);
  if (list !== null) return { protocols: list };
  const options = Object.assign(Object.create(null), value); // only own members: a prototype may have been polluted
  const { protocols = null, ...rest } = options;
  return { protocols: protocols === null ? [] : toProtocols(protocols) ?? [toDOMString(protocols)], options: rest };
}

/** (DOMString or sequence<DOMString>), as a list; null for what can only be options. */
function toProtocols(value) {
  if (!isObject(value)) return [toDOMString(value)];
  const iterator = value[Symbol.iterator];
  if (iterator !== undefined && iterator !== null) return toSequence(value, iterator);
  return hasText(value) ? [toDOMString(value)] : null;
}

/** Whether converting the object to a string gives anything but what Object's own toString makes of it (ECMA-262 §7.1.1.1). */
function hasText(object) {
  if (typeof object === 'function' || object[Symbol.toPrimitive] !== undefined) return true;
  const { toString, valueOf } = object;
  return typeof toString === 'function' ? toString !== Object.prototype.toString : typeof valueOf === 'function';
}

/** Whether a program may send this close code; null means none. */
export const isSendable = (code) => code === null || PAGE_RANGES.some(([first, last]) => code >= first && code <= last);

/**
 * Checks a close code and a reason; null means that it is absent. A reason without a code is sent with 1000.
 * @throws DOMException InvalidAccessError for the code, SyntaxError for the reason
 */
export function checkClose(code, reason) {
  if (!isSendable(code)) {
    throw new DOMException(`The close code must be 1000 or from 3000 to 4999, not ${code}.`, 'InvalidAccessError');
  }
  const size = reason === null ? 0 : new TextEncoder().encode(reason).length;
  if (size > MAX_REASON) throw syntaxError(`The reason has ${size} bytes in UTF-8. At most ${MAX_REASON} are allowed.`);
  return { code: code ?? (size > 0 ? 1000 : null), reason: reason ?? '' };
}

/** WebSocketCloseInfo, checked: each member is read and converted before the next. */
export function toCloseInfo(value, method, name) {
  const info = toDictionary(value, method, name);
  const { closeCode } = info;
  const code = closeCode === undefined ? null : toClampedShort(closeCode);
  const { reason = '' } = info;
  return checkClose(code, toUSVString(reason));
}
