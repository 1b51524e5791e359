import { reply, withScripted } from '../harness/scripted.js';

/** The option `headers` as an object with getters: only the constructor runs them, once each. */
export const headers = [
  {
    name: 'a header\'s getter that throws: the constructor throws NS_ERROR_INVALID_ARG, whose cause is what the getter threw',
    async run(t) {
      const thrown = new RangeError('thrown by the getter');
      let reads = 0;
      const given = { 'X-First': 'first', get 'X-Got'() { reads += 1; throw thrown; } };
      const error = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ headers: given }));
      t.is(error.cause, thrown, 'the cause');
      t.ok(error.message.startsWith('headers: ') && error.message.includes('cause'), error.message);
      t.is(reads, 1, 'reads');
    },
  },
  {
    name: 'a getter that throws in the options themselves: the constructor throws NS_ERROR_INVALID_ARG, whose cause is what the getter threw',
    async run(t) {
      for (const name of ['headers', 'tls', 'maxMessageSize', 'unknown']) {
        const thrown = new RangeError('thrown by the getter');
        const given = { get [name]() { throw thrown; } };
        t.is(t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel(given), name).cause, thrown, `the cause for ${name}`);
      }
    },
  },
  {
    name: 'a header\'s getter runs once, in the constructor, even if there is a redirect and a 401 response',
    run: (t) => withScripted([answers], async (server) => {
      let reads = 0;
      const given = { get 'X-Got'() { return `read ${++reads}`; } };
      const notificationCallbacks = { onAuthRequired: () => ({ username: 'user', password: 'secret' }) };
      new t.api.WebSocketChannel({ headers: given });
      t.is(reads, 1, 'reads of a channel that is not opened');
      await t.opened(server.url('/'), { options: { headers: given }, attributes: { notificationCallbacks } });
      t.is(reads, 2, 'reads');
      t.same(server.requests.map(({ target, headers: { 'x-got': got } }) => [target, got]), [['/', 'read 2'], ['/there', 'read 2'], ['/there', 'read 2']]);
    }),
  },
  {
    name: 'changes to the headers object after the constructor, or by a getter, do not affect any request',
    run: (t) => withScripted([answers], async (server) => {
      const given = { 'X-Kept': 'kept', get 'X-Changing'() { given['X-Added'] = 'added'; return 'changing'; }, Cookie: 'a=1' };
      const notificationCallbacks = {
        onRedirect() { given['X-Kept'] = 'other\r\nX-Evil: 1'; delete given.Cookie; },
        onAuthRequired: () => ({ username: 'user', password: 'secret' }),
      };
      await t.opened(server.url('/'), { options: { headers: given }, attributes: { notificationCallbacks } });
      t.same(server.requests.map(({ headers: h }) => [h['x-kept'], h['x-changing'], h.cookie, h['x-evil']]), Array(3).fill(['kept', 'changing', 'a=1', undefined]));
    }),
  },
];

/** Responds with a redirect, then a 401, then a valid handshake. */
function answers(request, number) {
  if (number === 1) return reply(302, { Location: '/there' });
  return number === 2 ? reply(401, { 'WWW-Authenticate': 'Basic realm="r"' }) : null;
}
