import assert from 'node:assert/strict';

/** What a consumer printed: one JSON array per line. */
export const lines = (printed) => printed.trim().split('\n').filter((line) => line.startsWith('["')).map((line) => JSON.parse(line));

/** Compares what consumers/talk.mjs printed with the listener calls of an echo round trip, in order. */
export function assertRoundTrip(printed) {
  const calls = lines(printed);
  // An acknowledgement comes when the host has taken the bytes. This may be before or after the echo, but in the order of the sends, and before the close.
  const isAcknowledgement = ([call]) => call === 'onAcknowledge';
  assert.deepEqual(calls.filter((call) => !isAcknowledgement(call)), ROUND_TRIP);
  assert.deepEqual(calls.filter(isAcknowledgement), [['onAcknowledge', true, Buffer.byteLength(TEXT)], ['onAcknowledge', true, 256]]);
  assert.ok(calls.findLastIndex(isAcknowledgement) < calls.findIndex(([call]) => call === 'onServerClose'), 'acknowledged before the close');
  assert.equal(calls[0][0], 'onStart');
}

const TEXT = 'Grüße, 世界 🌍 \0!';

/** `true` means that the context is the same object that was passed to asyncOpen. */
const ROUND_TRIP = [
  ['onStart', true, 'open', 'echo'],
  ['onMessageAvailable', true, TEXT],
  ['onBinaryMessageAvailable', true, 'Uint8Array', Array.from({ length: 256 }, (_, i) => i)],
  ['onServerClose', true, 3001, 'schön war’s'],
  ['onStop', true, 'NS_OK', 'stopped'],
  ['end'],
];
