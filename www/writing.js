// Formats values for the page.

import { statusName } from 'websocket-channel';

const MAX_TEXT = 200;
const MAX_BYTES = 24;

const number = new Intl.NumberFormat('en');
const encoder = new TextEncoder();
const hex = (value, digits) => value.toString(16).padStart(digits, '0');

/** Returns a URI without its user name and password. */
export function withoutPassword(uri) {
  const url = new URL(uri);
  url.username = url.password = '';
  return url.href;
}

export const utf8Length = (text) => encoder.encode(text).length;

/** Returns the beginning of a text, and how much is left out. */
export function excerptOfText(text) {
  if (text.length <= MAX_TEXT) return text;
  const start = text.slice(0, MAX_TEXT).replace(/[\uD800-\uDBFF]$/, ''); // does not end with half a character
  return `${start} … and ${number.format(text.length - start.length)} more`;
}

/** Returns the first bytes in hex, and how many are left out. */
export function excerptOfBytes(bytes) {
  const beginning = Array.from(bytes.subarray(0, MAX_BYTES), (byte) => hex(byte, 2)).join(' ');
  return bytes.length <= MAX_BYTES ? beginning : `${beginning} … and ${number.format(bytes.length - MAX_BYTES)} more`;
}

/** Returns lines of eight bytes, which fit on a phone: the offset, the bytes in hex, and as ASCII. `length` is the total length, if `bytes` is only the beginning. */
export function hexDump(bytes, length = bytes.length) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const line = [...bytes.subarray(at, at + 8)];
    const ascii = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${hex(at, 6)}  ${line.map((byte) => hex(byte, 2)).join(' ').padEnd(23)}  ${ascii}`);
  }
  if (length > bytes.length) lines.push(`… and ${number.format(length - bytes.length)} more`);
  return lines.join('\n');
}

export const exactSize = (bytes) => `${number.format(bytes)} B`;

/** Formats a size briefly, for a narrow column. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Formats the local time, from hours to milliseconds. */
export function time(date) {
  const two = (value) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Returns the name of onStop's status. */
export const stopName = (status, detail) => detail.name ?? statusName(status);

/** Returns the known fields of onStop's `detail`, one per line, without its name and message. `http` is always null in a page. */
export function detailText({ wasClean, code, reason, closedBy, timeout, cause }) {
  const known = [`wasClean: ${wasClean}`, `code: ${code}`];
  if (reason) known.push(`reason: ${JSON.stringify(reason)}`);
  if (closedBy) known.push(`closedBy: '${closedBy}'`);
  if (timeout) known.push(`timeout: '${timeout}'`);
  if (cause) known.push(`cause: ${cause}`);
  return known.join('\n');
}

export function statusText(status) {
  return `${statusName(status) ?? 'unnamed'} (0x${status.toString(16).toUpperCase().padStart(8, '0')})`;
}
