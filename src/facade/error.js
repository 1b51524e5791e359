/** What this package throws: `name` and `code` are the NS_ERROR name, `result` its number, `message` says what to do. */
export class ChannelError extends Error {
  constructor(name, result, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.code = name;
    this.result = result;
    // V8's stack lines for wasm code tell the reader nothing.
    const stack = this.stack?.replace(/\n +at .*(wasm:\/\/|__wbg_).*/g, '');
    Object.defineProperty(this, 'stack', { value: stack, writable: true, configurable: true });
  }
}

/** The longest value that a message quotes, in UTF-16 units. */
const MAX_QUOTED = 60;

/** A value as an error message quotes it; never the content of an object. */
export function quote(value) {
  if (typeof value === 'string') {
    const start = value.slice(0, MAX_QUOTED).replace(/\p{Cc}/gu, '\uFFFD');
    return `"${start}${value.length > MAX_QUOTED ? '…' : ''}"`;
  }
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
