// The undocumented parts of Node that this package uses. Each is used only if it is there, and has a documented substitute.

const has = (name) => typeof Buffer.prototype[name] === 'function';

/** The Latin-1 text from `start` to `end`. Without it: Buffer.toString, which takes twice as long for short texts. */
export const latin1Slice = has('latin1Slice')
  ? (bytes, start, end) => bytes.latin1Slice(start, end)
  : (bytes, start, end) => bytes.toString('latin1', start, end);

/** The UTF-16 text from `start` to `end`. Without it: Buffer.toString. */
export const ucs2Slice = has('ucs2Slice')
  ? (bytes, start, end) => bytes.ucs2Slice(start, end)
  : (bytes, start, end) => bytes.toString('utf16le', start, end);

/** The UTF-8 text from `start` to `end`. Without it: Buffer.toString. */
export const utf8Slice = has('utf8Slice')
  ? (bytes, start, end) => bytes.utf8Slice(start, end)
  : (bytes, start, end) => bytes.toString('utf8', start, end);

/** Writes `text` as UTF-8 at `at`, at most `length` bytes. Returns how many. Without it: Buffer.write. */
export const utf8Write = has('utf8Write')
  ? (bytes, text, at, length) => bytes.utf8Write(text, at, length)
  : (bytes, text, at, length) => bytes.write(text, at, length, 'utf8');

/**
 * The bytes of `socket` that the system has not taken. Node's own count, `writableLength`, falls by whole writes; the handle's count knows how much
 * of a write is gone. Without it: a large write counts as not taken until all of it is.
 */
export const backlogOf = (socket) => socket.writableLength + (socket._handle?.writeQueueSize ?? 0);

/** Calls `look` before Node checks the certificate and destroys a socket that is not trusted. Without the event, securityInfo is null for such a one. */
export const whenSecure = (socket, look) => socket.prependListener('secure', look);

/** Whether a use of `process._tickCallback` would be reported, or throw (DEP0134). */
const isReported = () => process.env.NODE_PENDING_DEPRECATION === '1'
  || [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((flags) => /--pending[-_]deprecation/.test(flags));

/**
 * Runs the waiting callbacks of promises and process.nextTick, as Node does after each callback. Null if not available, or with
 * --pending-deprecation: then let the event loop turn.
 */
export const runMicrotasks = typeof process._tickCallback === 'function' && !process.versions.bun && !process.versions.deno && !isReported()
  ? () => process._tickCallback()
  : null;

/** Whether an HTTP server still has to answer an earlier request on the socket. Without it: never. */
export const hasResponse = (socket) => (socket._httpMessage ?? null) !== null;
