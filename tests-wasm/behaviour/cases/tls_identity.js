import { startProxy, withProxies } from '../harness/proxy.js';

/**
 * tls.checkServerIdentity is the user's function. Unless it returns undefined, the channel stops and says why. The certificate itself is
 * trusted here. Only in Node.
 */
export const tlsIdentities = [
  {
    name: 'checkServerIdentity returns an Error without a code: the message includes the Error\'s text, and the Error is the cause',
    async run(t) {
      const error = new Error('the pin does not match');
      const talk = open(t, () => error);
      const { cause, message } = await t.stops(talk, { node: SECURITY });
      t.is(cause, error);
      t.ok(message.includes('the pin does not match'), message);
      const { trusted, untrustedReason } = talk.channel.securityInfo;
      t.same([trusted, untrustedReason], [false, 'the pin does not match']);
    },
  },
  {
    name: 'checkServerIdentity returns an Error with a code: the message includes the Error\'s text and code',
    async run(t) {
      const error = Object.assign(new Error('the pin does not match'), { code: 'ERR_PIN' });
      const { cause, message } = await t.stops(open(t, () => error), { node: SECURITY });
      t.is(cause, error);
      t.ok(message.includes('the pin does not match') && message.includes('ERR_PIN'), message);
    },
  },
  {
    name: 'checkServerIdentity returns undefined: the channel opens',
    async run(t) {
      const asked = [];
      const talk = open(t, (host, certificate) => void asked.push([host, certificate.subject.CN]));
      t.is((await talk.until('onStart')).state, 'open', 'the state in onStart');
      t.same(asked, [['127.0.0.1', 'localhost']]);
      t.is(talk.channel.securityInfo.trusted, true);
    },
  },
  ...[['on a direct connection', () => []], ['through a proxy', () => [startProxy()]]].map(([where, start]) => ({
    name: `checkServerIdentity throws, ${where}: the channel stops with the thrown error as the cause, and nothing is uncaught`,
    run: (t) => withProxies(start(), async (proxy) => {
      const error = new RangeError('thrown by checkServerIdentity');
      const uncaught = t.uncaught();
      try {
        const talk = open(t, () => { throw error; }, { proxy: proxy?.url() ?? null });
        const { cause, message } = await t.stops(talk, { node: SECURITY });
        t.is(cause, error);
        t.ok(message.includes('thrown by checkServerIdentity'), message);
        t.is(talk.channel.securityInfo.trusted, false);
      } finally {
        uncaught.stop();
        t.same(uncaught.errors, [], 'uncaught errors');
      }
    }),
  })),
  ...[
    ['throws a string', () => { throw 'not an Error'; }], ['throws null', () => { throw null; }], ['returns a string', () => 'not an Error'],
    ['returns true', () => true], ['returns a promise', () => Promise.resolve()],
    ['returns an Error whose message throws', () => Object.defineProperty(new Error(), 'message', { get() { throw new RangeError('no message'); } })],
    ['returns an Error whose code throws', () => Object.defineProperty(new Error(), 'code', { get() { throw new RangeError('no code'); } })],
    ['returns an Error whose code is a symbol', () => Object.assign(new Error(), { code: Symbol('code') })],
  ].map(([what, checkServerIdentity]) => ({
    name: `checkServerIdentity ${what}: the channel stops with an Error as the cause, and nothing is uncaught`,
    async run(t) {
      const uncaught = t.uncaught();
      try {
        const { cause } = await t.stops(open(t, checkServerIdentity), { node: SECURITY });
        t.ok(cause instanceof Error, `the cause is an Error: ${typeof cause}`);
        await t.roundTrip();
      } finally {
        uncaught.stop();
        t.same(uncaught.errors.length, 0, 'uncaught errors');
      }
    },
  })),
  {
    name: 'checkServerIdentity closes the channel: onStop is called once, with NS_BINDING_ABORTED',
    async run(t) {
      const talk = open(t, () => { talk.close(); });
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
    },
  },
];

/** Opens a channel to the peer, whose certificate `ca` makes trusted. A proxy of null means no proxy. */
function open(t, checkServerIdentity, { proxy = null } = {}) {
  return t.open(t.peer('wss', '/echo'), { options: { proxy, tls: { ca: t.addresses.cert, checkServerIdentity } } });
}

const SECURITY = 'NS_ERROR_NET_INADEQUATE_SECURITY';
