/** The assertions. They are the same in a page and in Node, because node:assert does not exist in a page. */

export class Failure extends Error {
  name = 'Failure';
}

export function fail(message) {
  throw new Failure(message);
}

export function ok(value, what) {
  if (!value) fail(`not true: ${what}`);
}

export function is(actual, expected, what = 'value') {
  if (!Object.is(actual, expected)) fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

/** Deep equality of plain objects, arrays, byte arrays and primitives. */
export function same(actual, expected, what = 'value') {
  if (!alike(actual, expected)) fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

export function oneOf(actual, allowed, what = 'value') {
  if (!allowed.includes(actual)) fail(`${what}: expected one of ${show(allowed)}, got ${show(actual)}`);
}

/** A value as text. Large numbers are also shown in hexadecimal, as nsresults are usually written. */
export function show(value) {
  const text = typeof value === 'bigint' ? `${value}n` : value instanceof Error ? `${value.name}: ${value.message}`
    : value instanceof Uint8Array ? `${value.length} bytes [${value.length > 0 ? [...value.subarray(0, 24)] : ''}]`
    : typeof value === 'number' && value > 0xffff ? `${value} (0x${value.toString(16)})` : JSON.stringify(value, readable) ?? String(value);
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
}

/** A replacer for JSON.stringify. It shortens errors and byte arrays, and avoids the circular references of an error. */
function readable(key, value) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return value instanceof Uint8Array ? `${value.length} bytes` : typeof value === 'bigint' ? `${value}n` : value;
}

function alike(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length && a.every((byte, at) => byte === b[at]);
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && alike(a[key], b[key]));
}
