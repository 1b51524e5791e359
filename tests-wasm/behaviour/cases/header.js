import { reply, withScripted } from '../harness/scripted.js';
import { promised } from '../harness/sources.js';

/** options.headers, an object of the caller's with getters: whose code it is when asyncOpen reads it. */
export const headers = [
  {
    name: 'a header\'s getter that throws: asyncOpen throws just that, and the channel is as it was before and can be opened',
    run: (t) => withScripted([() => null], async (server) => {
      const thrown = new RangeError('thrown by the getter');
      let reads = 0;
      const given = {
        'X-First': 'first',
        get 'X-Got'() {
          reads += 1;
          if (reads < 3) throw thrown;
          return 'got';
        },
      };
      const loadGroup = new t.api.LoadGroup();
      const channel = new t.api.WebSocketChannel({ headers: given });
      channel.loadGroup = loadGroup;
      const calls = [];
      const stopped = promised();
      const listener = { onStart: () => { calls.push('onStart'); channel.close(); }, onStop: () => { calls.push('onStop'); stopped.resolve(); } };
      for (const time of ['first', 'second']) {
        let came = null;
        try {
          channel.asyncOpen(server.url('/'), null, listener, null);
        } catch (error) {
          came = error;
        }
        t.is(came, thrown, `what asyncOpen threw the ${time} time`);
        t.same([channel.state, channel.bufferedAmount, loadGroup.activeCount], ['idle', 0, 0]);
      }
      await t.roundTrip();
      t.same([calls, server.requests.length], [[], 0], 'calls and requests');
      channel.asyncOpen(server.url('/'), null, listener, null);
      await stopped.promise;
      t.same([calls, reads, server.requests.length], [['onStart', 'onStop'], 3, 1]);
      t.same([server.requests[0].headers['x-first'], server.requests[0].headers['x-got']], ['first', 'got']);
    }),
  },
  {
    name: 'a header\'s getter is read once, whatever a redirect, a 401 and another address need',
    run: (t) => withScripted([answers], async (server) => {
      let reads = 0;
      const given = { get 'X-Got'() { return `read ${++reads}`; } };
      const notificationCallbacks = { onAuthRequired: () => ({ username: 'user', password: 'secret' }) };
      await t.opened(server.url('/'), { options: { headers: given }, attributes: { notificationCallbacks } });
      t.is(reads, 1, 'reads');
      t.same(server.requests.map(({ target, headers: { 'x-got': got } }) => [target, got]), [['/', 'read 1'], ['/there', 'read 1'], ['/there', 'read 1']]);
    }),
  },
  {
    name: 'what is done to the headers after asyncOpen, and what a getter does to them, changes no later request',
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

/** A redirect, a 401, the right handshake. */
function answers(request, number) {
  if (number === 1) return reply(302, { Location: '/there' });
  return number === 2 ? reply(401, { 'WWW-Authenticate': 'Basic realm="r"' }) : null;
}
