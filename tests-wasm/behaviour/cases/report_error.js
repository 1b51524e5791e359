import { throwsInEveryCall } from '../harness/talk.js';

/**
 * Law 8 with hostile hosts and errors: reporting an exception from a listener must not hold the channel up, even if the report itself
 * throws, or the error cannot be read.
 */
export const reportErrors = [
  {
    name: 'the host\'s reportError throws: the channel carries on to its onStop, and so does every other channel',
    async run(t) {
      const uncaught = t.uncaught();
      const restore = replaceReportError(() => { throw new Error('thrown by reportError'); });
      try {
        await throwsInEveryCall(t, () => new Error('thrown by the listener'));
        await t.roundTrip();
      } finally {
        restore();
        uncaught.stop();
      }
    },
  },
  ...Object.entries({
    'an Error whose message getter throws': () => Object.defineProperty(new Error('replaced'), 'message', { get() { throw new RangeError('no message'); } }),
    'an Error whose name and stack getters throw': () => Object.defineProperties(new Error('replaced'), {
      name: { get() { throw new RangeError('no name'); } }, stack: { get() { throw new RangeError('no stack'); } },
    }),
    'a revoked Proxy': revoked,
    'an object whose toString throws': () => ({ toString() { throw new RangeError('no text'); } }),
    undefined: () => undefined,
  }).map(([what, make]) => ({
    name: `every call throws ${what}: the channel carries on to its onStop, and each throw is reported`,
    async run(t) {
      const uncaught = t.uncaught();
      try {
        const talk = await throwsInEveryCall(t, make);
        await t.roundTrip();
        t.is(uncaught.errors.length, talk.names.length, 'errors reported');
      } finally {
        uncaught.stop();
      }
    },
  })),
  {
    name: 'a lookup fails with an Error whose message getter throws: the channel stops, with an Error as the cause',
    hosts: ['node'],
    async run(t) {
      const uncaught = t.uncaught();
      try {
        const error = new Error('replaced');
        // V8 builds the stack from the message when the stack is first read. Node reads the stack, and would fail at the getter.
        t.ok(error.stack.includes('replaced'), 'the stack is built');
        Object.defineProperty(error, 'message', { get() { throw new RangeError('no message'); } });
        const lookup = (host, given, done) => setTimeout(() => done(error));
        const talk = t.open('ws://nobody.invalid/?id=none', { options: { socket: { lookup } } });
        const { detail: { cause } } = await talk.end();
        t.ok(cause instanceof Error, 'the cause is an Error');
        await t.roundTrip();
      } finally {
        uncaught.stop();
        t.is(uncaught.errors.length, 0, 'uncaught errors');
      }
    },
  },
];

/** Replaces the host's reportError, or adds one if the host has none. Returns a function that restores it. */
function replaceReportError(replacement) {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'reportError');
  Object.defineProperty(globalThis, 'reportError', { value: replacement, configurable: true, writable: true });
  return () => {
    if (descriptor) Object.defineProperty(globalThis, 'reportError', descriptor);
    else delete globalThis.reportError;
  };
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
