/** Plans what happens to one channel. The whole plan follows from one number. */

/** Returns a function that gives random numbers below one. The same seed gives the same numbers (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const CLEAN = ['NS_OK'];
const LOST = ['NS_BASE_STREAM_CLOSED', 'NS_ERROR_NET_RESET'];
const REFUSED = ['NS_ERROR_WEBSOCKET_CONNECTION_REFUSED', 'NS_ERROR_NET_RESET', 'NS_BASE_STREAM_CLOSED'];
const LATE = ['NS_ERROR_NET_TIMEOUT_EXTERNAL'];

/** Each fault of the peer, with the statuses that are allowed for a channel that does not end itself. */
export const FAULTS = {
  none: CLEAN,
  'kill before 101': REFUSED,
  'reset before 101': REFUSED,
  'half of the 101': REFUSED,
  'a wrong 101': ['NS_ERROR_ILLEGAL_VALUE'],
  'no HTTP': REFUSED,
  refused: REFUSED,
  silence: LATE,
  'a late 101': CLEAN,
  kill: LOST,
  reset: LOST,
  'half close': LOST,
  pause: CLEAN,
  'pause for ever': [...CLEAN, ...LATE],
  truncate: LOST,
  corrupt: ['NS_ERROR_ILLEGAL_VALUE', ...LOST],
  'not UTF-8': ['NS_ERROR_CANNOT_CONVERT_DATA', ...LOST],
  // Our pongs reach a peer that has already closed. It answers with a reset, which overtakes its close frame.
  flood: [...CLEAN, ...LOST],
  close: CLEAN,
};

/** The statuses that are also allowed for a channel that ends itself, which may be faster than the fault. */
export const BY_ITSELF = { close: [...CLEAN, ...LATE, 'NS_BINDING_ABORTED'], cancel: ['NS_BINDING_ABORTED'], abort: ['NS_BINDING_ABORTED'], 'failing stream': ['NS_ERROR_UNEXPECTED'] };

const CALLS = ['onStart', 'onMessageAvailable', 'onBinaryMessageAvailable', 'onAcknowledge', 'onServerClose'];
const ROUTES = ['direct', 'direct', 'connect', 'socks'];
/** The actions that only Node supports. */
const IN_NODE = ['ping', 'suspend'];

/** The plan for a seed. `host` is 'node' or 'browser': a page has no proxies, cannot trust a certificate, and has no pings. */
export function planOf(seed, host) {
  const random = randomOf(seed);
  const one = (list) => list[Math.floor(random() * list.length)];
  const isNode = host === 'node';
  const plan = {
    seed,
    route: isNode ? one(ROUTES) : 'direct',
    isSecure: isNode && random() < 0.3,
    fault: random() < 0.3 ? 'none' : one(Object.keys(FAULTS)),
    at: Math.floor(random() ** 2 * 600),
    deflate: random() < 0.5,
    keepAlive: isNode && random() < 0.3,
    /** The listener call in which the channel is closed, or null. */
    closeIn: random() < 0.15 ? one(CALLS) : null,
    actions: [],
  };
  const kinds = ['text', 'text', 'binary', 'binary', 'stream', ...isNode ? IN_NODE : []];
  const count = Math.floor(random() * 12);
  for (let at = 0; at < count; at++) plan.actions.push({ wait: random() < 0.5 ? 0 : Math.floor(random() * 80), kind: one(kinds), size: sizeOf(random) });
  const end = random();
  if (end < 0.2) plan.actions.push({ wait: Math.floor(random() * 300), kind: one(['close', 'cancel', 'abort', 'failing stream']), size: 0 });
  return plan;
}

/** Mostly small sizes; one in fifty may be up to a mebibyte. */
function sizeOf(random) {
  const most = random() < 0.02 ? 2 ** 20 : random() < 0.2 ? 70_000 : 500;
  return Math.floor(random() * most);
}

/** The bytes or the text of a message. They follow from the seed and the number of the message, so they need not be stored. */
export function contentOf(seed, number, kind, size) {
  const random = randomOf(seed * 31 + number);
  if (kind !== 'text') return Uint8Array.from({ length: size }, () => random() * 256);
  const letters = ['plain ASCII, ', 'naïve, ', 'Ελληνικά ', '日本語', '💧', '{"number":1}'];
  let text = `${number}:`;
  while (text.length < size) text += letters[Math.floor(random() * letters.length)];
  return text;
}
