// Colors, and how bytes and sizes are shown to people.

import { styleText } from 'node:util';

/** A function (style, text) for what is written to this stream. It leaves the text alone if colors are not wanted. */
export function styles(stream, options) {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  const isForced = ['', '1', 'true', '2', '3'].includes(FORCE_COLOR); // as Node has it
  const canShow = FORCE_COLOR === undefined ? stream.isTTY && TERM !== 'dumb' : isForced;
  const wanted = canShow && !options['no-color'] && !NO_COLOR;
  return wanted ? (style, text) => styleText(style, text, { validateStream: false }) : (style, text) => text;
}

/** 12:34:56.789 */
export const clock = (date = new Date()) => date.toTimeString().slice(0, 8) + `.${String(date.getMilliseconds()).padStart(3, '0')}`;

/** "125 B", "1.2 kB" */
export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB'];
  let at = 0;
  for (; bytes >= 1000 && at < units.length - 1; at++) bytes /= 1000;
  return `${at === 0 ? bytes : bytes.toFixed(1)} ${units[at]}`;
}

/** Sixteen bytes per line: the offset, the bytes as numbers, and as ASCII. At most `limit` bytes. */
export function hex(bytes, limit = 512) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, limit); at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, limit))];
    const numbers = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(47);
    lines.push(`${at.toString(16).padStart(6, '0')}  ${numbers}  ${row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')}`);
  }
  if (bytes.length > limit) lines.push(`… ${size(bytes.length - limit)} more`);
  return lines.join('\n');
}

/**
 * Makes a text that cannot move the cursor, change the terminal, or show what follows it in another order. Control characters except line breaks and
 * tabs become symbols, and so do the directional formatting characters that would reverse the rest of a line (UAX #9, explicit ones).
 */
export const printable = (text) => text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (char) => (char < ' ' ? String.fromCharCode(0x2400 + char.charCodeAt(0)) : '\ufffd'));

/** The same in one line. */
export const printableLine = (text) => printable(text).replaceAll('\n', '␊');

/** JSON without control and directional characters: JSON.stringify leaves some as they are. */
export const safeJson = (value) => JSON.stringify(value).replace(/[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The longest JSON that is indented, and the deepest: others take too long, or too much space. */
const [MAX_JSON, MAX_DEPTH] = [4 << 20, 100];

/** A text that is a JSON object or array, indented; null for any other text. Names, numbers and strings stay as they were written. */
export function indented(text) {
  if (text.length > MAX_JSON || !/^\s*[[{]/.test(text)) return null;
  try {
    JSON.parse(text);
    return indent(text);
  } catch {
    return null;
  }
}

function indent(json) {
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  const write = {
    open(token) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new RangeError('too deep');
      return `${token}${line()}`;
    },
    close(token) {
      depth -= 1;
      return `${line()}${token}`;
    },
  };
  return json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|[[{]\s*[\]}]|[[\]{},:]|\s+/g, (token) => {
    if (token === '[' || token === '{') return write.open(token);
    if (token === ']' || token === '}') return write.close(token);
    if (token === ',') return `,${line()}`;
    if (token === ':') return ': ';
    return token.startsWith('"') ? token : token.replace(/\s+/g, ''); // an empty array or object, or white space
  });
}
