import { startRaw } from '../harness/raw_server.js';
import { withRaw } from '../harness/raw_talk.js';
import { reply, withScripted } from '../harness/scripted.js';
import { ODD_THROWS } from '../harness/sources.js';

const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';
const SECURITY = 'NS_ERROR_NET_INADEQUATE_SECURITY';
const TIMEOUT = 'NS_ERROR_NET_TIMEOUT_EXTERNAL';

/**
 * onStop's detail when a channel fails in Node: a message that names the problem, and the system's error as the cause. The cases do not fix the
 * sentences, only the words that they must contain. `failure.js` has the statuses.
 */
export const diagnoses = [
  ...[
    ['nobody listens', REFUSED, (t) => [t.peer('refusing', '/'), {}], (t) => [`127.0.0.1:${t.addresses.refusing}`], 'ECONNREFUSED'],
    ['the name is not found', 'NS_ERROR_UNKNOWN_HOST', () => ['ws://nobody.invalid:81/', { socket: { lookup: failing('ENOTFOUND') } }], () => ['nobody.invalid'], 'ENOTFOUND'],
    ['the name server does not answer', 'NS_ERROR_UNKNOWN_HOST', () => ['ws://nobody.invalid/', { socket: { lookup: failing('EAI_AGAIN') } }], () => ['nobody.invalid'], 'EAI_AGAIN'],
    ['a reset before the response', 'NS_ERROR_NET_RESET', (t) => [answer(t, '', { then: 'reset' }), {}], (t) => [`127.0.0.1:${t.addresses.rude}`], 'ECONNRESET'],
    ['TLS is spoken to a plain port', SECURITY, (t) => [t.peer('ws', '/').replace('ws:', 'wss:'), {}], (t) => [`127.0.0.1:${t.addresses.ws}`, 'TLS'], /SSL|TLS|EPROTO/],
    ['a certificate that is not trusted', SECURITY, (t) => [t.peer('wss', '/'), {}], (t) => [`127.0.0.1:${t.addresses.wss}`, 'certificate'], 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['a certificate for another name', SECURITY, (t) => [t.peer('wss', '/'), { tls: { ca: t.addresses.cert, servername: 'other.example' } }], (t) => [`127.0.0.1:${t.addresses.wss}`, 'certificate'], 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['no such unix socket', REFUSED, () => ['ws://unix.example/', { socket: { path: '/nowhere/ws.sock' } }], () => ['socket'], 'ENOENT'],
  ].map(([what, status, where, words, code]) => ({
    name: `${what}: the message names it, and the cause is the system's error`,
    async run(t) {
      const [url, options] = where(t);
      const { cause, message, http, timeout, wasClean } = await t.stops(t.open(url, { options }), { node: status });
      names(t, message, words(t));
      t.ok(cause instanceof Error && (code instanceof RegExp ? code.test(cause.code) : code === cause.code), `the cause's code ${cause?.code} is ${code}: ${cause}`);
      t.same([http, timeout, wasClean], [null, null, false]);
    },
  })),
  {
    name: 'a reset of an open connection',
    async run(t) {
      await withRaw(t, { ends: 'NS_ERROR_NET_RESET' }, async (talk, { socket }) => {
        socket.resetAndDestroy();
        const { cause, message } = await t.stops(talk, { node: 'NS_ERROR_NET_RESET' });
        names(t, message, [new URL(talk.url).host]);
        t.is(cause?.code, 'ECONNRESET');
      });
    },
  },
  {
    name: 'a response that is not HTTP: the message says who sent it and what was missing',
    async run(t) {
      for (const text of ['SSH-2.0-OpenSSH_9.2\r\n\r\n', '220 mail.example ESMTP\r\n\r\n', '']) {
        const { message } = await t.stops(t.open(answer(t, text, { then: 'eof' })), { node: REFUSED });
        names(t, message, [`127.0.0.1:${t.addresses.rude}`]);
        if (text) names(t, message, ['HTTP']);
      }
    },
  },
  {
    name: 'an HTTP status: the message names the status and the server, and explains each status differently',
    async run(t) {
      const seen = new Map();
      for (const status of [401, 403, 404, 426, 500, 503, 418]) {
        const { message, http, cause } = await t.stops(t.open(t.peer('ws', '/refuse', { status, body: 'the reason' })), { node: REFUSED });
        names(t, message, [String(status), `127.0.0.1:${t.addresses.ws}`]);
        t.same([http.status, http.body, cause], [status, 'the reason', null]);
        const words = message.replaceAll(String(status), '').replaceAll(/id=\S*|status=\d*/g, '');
        if (![500, 503].includes(status)) t.ok(![...seen.values()].includes(words), `${status} is explained like another: ${message}`);
        seen.set(status, words);
      }
    },
  },
  {
    name: 'openTimeoutMs: the message names the option, the server, and how far the opening got',
    async run(t) {
      const never = { socket: { lookup: () => {} } };
      const places = [
        ['the lookup', 'ws://nobody.invalid:81/', never, 'nobody.invalid'],
        ['TLS', t.peer('rude', '/').replace('ws:', 'wss:'), {}, `127.0.0.1:${t.addresses.rude}`],
        ['the response', t.peer('rude', '/silence'), {}, `127.0.0.1:${t.addresses.rude}`],
      ];
      const seen = [];
      for (const [what, url, options, host] of places) {
        const { message, timeout } = await t.stops(t.open(url, { options: { openTimeoutMs: 200, ...options } }), { node: TIMEOUT });
        t.is(timeout, 'open');
        names(t, message, ['openTimeoutMs', host]);
        const words = message.replaceAll(host, '').replaceAll(/:\d+/g, '');
        t.ok(!seen.includes(words), `${what} is described like another: ${message}`);
        seen.push(words);
      }
    },
  },
  ...Object.entries({
    onAuthRequired: () => reply(401, { 'WWW-Authenticate': 'Basic realm="r"' }),
    onRedirect: () => reply(302, { Location: '/there' }),
  }).flatMap(([callback, answering]) => [
    {
      name: `openTimeoutMs while ${callback} is pending: the message names the callback`,
      run: (t) => withScripted([answering], async (server) => {
        const notificationCallbacks = { [callback]: () => new Promise(() => {}) };
        const { message, timeout } = await t.stops(t.open(server.url('/'), { options: { openTimeoutMs: 200 }, attributes: { notificationCallbacks } }), { node: TIMEOUT });
        t.is(timeout, 'open');
        names(t, message, ['openTimeoutMs', callback]);
      }),
    },
    {
      name: `an ${callback} that throws a non-Error, or an Error that cannot be printed: the channel ends, with an Error as the cause`,
      run: (t) => withScripted([answering], async (server) => {
        const uncaught = t.uncaught();
        for (const [what, make] of Object.entries(ODD_THROWS)) {
          for (const fail of [(thrown) => { throw thrown; }, (thrown) => Promise.reject(thrown)]) {
            const notificationCallbacks = { [callback]: () => fail(make()) };
            const { cause } = await t.stops(t.open(server.url('/'), { attributes: { notificationCallbacks } }), { node: callback === 'onRedirect' ? 'NS_ERROR_DOM_BAD_URI' : REFUSED });
            t.ok(cause instanceof Error, `the cause is an Error where it throws ${what}`);
          }
        }
        uncaught.stop();
        t.same(uncaught.errors, []);
      }),
    },
  ]),
  {
    name: 'a server that ends the connection during the TLS handshake: NS_ERROR_NET_INADEQUATE_SECURITY',
    async run(t) {
      const server = await startRaw();
      try {
        for (const how of ['end', 'destroy']) {
          const talk = t.open(`wss://127.0.0.1:${server.port}/`);
          (await server.next()).socket[how]();
          const { message, http } = await t.stops(talk, { node: SECURITY });
          names(t, message, [`127.0.0.1:${server.port}`]);
          t.is(http, null);
        }
      } finally {
        server.stop();
      }
    },
  },
  {
    name: 'closeTimeoutMs and pingTimeout: the message names the timeout',
    async run(t) {
      const closing = await t.opened(t.peer('rude', '/stubborn'), { options: { closeTimeoutMs: 200 } });
      closing.close();
      const { message, timeout } = await t.stops(closing, { node: TIMEOUT });
      t.is(timeout, 'close');
      names(t, message, ['closeTimeoutMs']);
      const silent = await t.opened(t.peer('rude', '/deaf'), { attributes: { pingInterval: 1, pingTimeout: 1 } });
      const pinged = await t.stops(silent, { node: TIMEOUT });
      t.is(pinged.timeout, 'ping');
      names(t, pinged.message, ['pingTimeout']);
    },
  },
  {
    name: 'no message contains the credentials of the URI',
    async run(t) {
      for (const url of [t.peer('refusing', '/'), t.peer('ws', '/refuse', { status: 403 }), t.peer('ws', '/refuse', { status: 401 })]) {
        const talk = t.open(url.replace('//', '//user:hunter2@'));
        const { detail } = await talk.end();
        t.ok(!/hunter2/.test(detail.message), detail.message);
      }
    },
  },
];

function answer(t, text, query = {}) {
  return t.peer('rude', '/answer', { text, ...query });
}

function failing(code) {
  return (hostname, options, done) => setImmediate(() => done(Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code, syscall: 'getaddrinfo', hostname })));
}

/** Checks that the message is one line that contains these words. */
function names(t, message, words) {
  t.ok(/^\S+ .*\S$/.test(message) && message.length > 20, `one line of words: ${JSON.stringify(message)}`);
  for (const word of words) t.ok(message.includes(word), `the message names ${word}: ${message}`);
}
