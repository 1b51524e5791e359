// How values are written on the page.

import { statusName } from 'websocket-channel';

const MAX_TEXT = 200;
const MAX_BYTES = 24;

const number = new Intl.NumberFormat('en');
const encoder = new TextEncoder();

export const utf8Length = (text) => encoder.encode(text).length;

/** The beginning of a text, and how much is left out. */
export function excerptOfText(text) {
  if (text.length <= MAX_TEXT) return text;
  const start = text.slice(0, MAX_TEXT).replace(/[\uD800-\uDBFF]$/, ''); // not half a character
  return `${start} … and ${number.format(text.length - start.length)} more`;
}

/** The first bytes in hex, and how many are left out. */
export function excerptOfBytes(bytes) {
  const hex = Array.from(bytes.subarray(0, MAX_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length <= MAX_BYTES ? hex : `${hex} … and ${number.format(bytes.length - MAX_BYTES)} more`;
}

export const exactSize = (bytes) => `${number.format(bytes)} B`;

/** Short, for a narrow column. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Hours to milliseconds, local time. */
export function time(date) {
  const two = (value) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The name of onStop's status. */
export const stopName = (status, detail) => detail.name ?? statusName(status);

/** The fields of onStop's `detail` that are known, without its name and message. `http` is always null in a page. */
export function detailText({ wasClean, code, reason, closedBy, timeout, cause }) {
  const known = [`wasClean: ${wasClean}`, `code: ${code}`];
  if (reason) known.push(`reason: ${JSON.stringify(reason)}`);
  if (closedBy) known.push(`closedBy: '${closedBy}'`);
  if (timeout) known.push(`timeout: '${timeout}'`);
  if (cause) known.push(`cause: ${cause}`);
  return known.join(', ');
}

export function statusText(status) {
  return `${statusName(status) ?? 'unnamed'} (0x${status.toString(16).toUpperCase().padStart(8, '0')})`;
}
