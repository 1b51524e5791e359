import { expectedResponse, readDigest } from '../harness/digest.js';
import { startProxy, startSocks, withProxies } from '../harness/proxy.js';
import { reply, startScripted } from '../harness/scripted.js';

/** User and password for a proxy: with Apache (Basic and Digest), microsocks and hand-written answers. Also together with those for the server. */
export const proxyAuthorization = [
  ...[['Basic', 'proxyBasic'], ['Digest', 'proxyDigest'], ['Basic', 'proxyTlsBasic']].flatMap(([scheme, needs]) => [
    {
      name: `Apache's ${scheme} (${needs}): onAuthRequired supplies user and password, and wrong ones are counted`,
      needs,
      async run(t) {
        const asked = [];
        const answers = [{ username: 'user', password: 'wrong' }, { username: 'nobody', password: 'secret' }, RIGHT];
        const talk = await t.opened(t.peer('ws', '/echo'), { ...through(t, needs), attributes: asking(asked, ({ attempt }) => answers[attempt - 1]) });
        const origin = new URL(through(t, needs).options.proxy).origin;
        t.same(asked, [1, 2, 3].map((attempt) => ({ scheme, realm: `the ${scheme} realm of the proxy`, origin, isProxy: true, attempt })));
        t.is((await t.observed(talk)).remoteAddress, '127.0.0.2');
      },
    },
    {
      name: `Apache's ${scheme} (${needs}): onAuthRequired is called only if user and password in the proxy's URI are wrong`,
      needs,
      async run(t) {
        const asked = [];
        await t.opened(t.peer('ws', '/echo'), { ...through(t, needs, 'user:secret@'), attributes: asking(asked, null) });
        t.is(asked.length, 0, 'asks');
        await t.opened(t.peer('ws', '/echo'), { ...through(t, needs, 'user:wrong@'), attributes: asking(asked, RIGHT) });
        t.same(asked.map(({ attempt, isProxy }) => [attempt, isProxy]), [[1, true]]);
      },
    },
    {
      name: `Apache's ${scheme} (${needs}): no onAuthRequired, one that gives up, and one that throws`,
      needs,
      async run(t) {
        const talks = [{}, { notificationCallbacks: {} }, asking([], null), asking([], undefined), asking([], () => { throw WRONG; }), asking([], () => Promise.reject(WRONG))]
          .map((attributes) => t.open(t.peer('ws', '/echo'), { ...through(t, needs), attributes }));
        for (const [at, talk] of talks.entries()) {
          const { http, cause, message, wasClean } = await t.stops(talk, { node: REFUSED });
          t.same([http.status, wasClean, cause], [407, false, at < 4 ? null : WRONG]);
          t.ok(http.headers['proxy-authenticate'].startsWith(`${scheme} `), `${http.headers['proxy-authenticate']}`);
          t.ok(message.includes(`127.0.0.1:${t.addresses[needs]}`), `the message names the proxy: ${message}`);
          t.same(talk.names, ['onStart', 'onStop']);
        }
      },
    },
    {
      name: `Apache's ${scheme} (${needs}): a name and a password in UTF-8, in the proxy's URI and from onAuthRequired`,
      needs,
      async run(t) {
        const [username, password] = ['jäger', 'pä:ss@wörd/?#[]%'];
        const asked = [];
        await t.opened(t.peer('ws', '/echo'), { ...through(t, needs, `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`), attributes: asking(asked, null) });
        await t.opened(t.peer('ws', '/echo'), { ...through(t, needs), attributes: asking(asked, { username, password }) });
        t.is(asked.length, 1, 'asks');
      },
    },
  ]),
  {
    name: 'the proxy and nginx behind it both require a user: onAuthRequired is called for each, and nginx does not see the proxy\'s',
    needs: ['nginx', 'proxyDigest'],
    async run(t) {
      const asked = [];
      const talk = await t.opened(t.peer('nginxTls', '/basic/echo'), { ...through(t, 'proxyDigest'), attributes: asking(asked, RIGHT) });
      t.same(asked.map(({ isProxy, scheme, origin, attempt }) => [isProxy, scheme, origin, attempt]), [
        [true, 'Digest', `http://127.0.0.1:${t.addresses.proxyDigest}`, 1], [false, 'Basic', new URL(talk.url).origin, 1],
      ]);
      t.ok(!('proxy-authorization' in (await t.observed(talk)).request.headers), 'Proxy-Authorization at the server');
    },
  },
  {
    name: 'Apache\'s Digest over a chain of redirects: the proxy\'s user is asked for once, and the nonce is reused',
    needs: ['nginx', 'proxyDigest'],
    async run(t) {
      const asked = [];
      await t.opened(t.peer('nginx', '/chain/xxx'), { ...through(t, 'proxyDigest'), attributes: asking(asked, RIGHT) });
      t.is(asked.length, 1, 'asks');
    },
  },
  ...[['MD5', 'MD5'], ['SHA-256', 'SHA-256'], ['SHA-256-sess', 'SHA-256-sess'], ['MD5, without qop', 'MD5', '']].map(([what, algorithm, qop = ', qop="auth"']) => ({
    name: `Digest's answer is computed for the method CONNECT and its target: ${what}`,
    run: (t) => withProxies([startProxy({ answer: demanding(`Digest realm="r", nonce="n", algorithm=${algorithm}${qop}`) })], async (proxy) => {
      await t.opened(t.peer('ws', '/echo'), { options: { proxy: proxy.url('user:secret@') } });
      await t.opened(t.peer('ws', '/echo'), { options: { proxy: proxy.url() }, attributes: asking([], RIGHT) });
      const digests = proxy.requests.map(({ headers }) => headers['proxy-authorization']).filter((header) => header?.startsWith('Digest'));
      t.is(digests.length, 2, 'Digests');
      for (const header of digests) {
        const parameters = readDigest(header);
        t.same([parameters.username, parameters.uri], ['user', `127.0.0.1:${t.addresses.ws}`]);
        t.is(parameters.response, expectedResponse(parameters, { password: 'secret', method: 'CONNECT' }));
      }
    }),
  })),
  {
    name: 'a stale nonce of the proxy is renewed without asking again, and nc increases with each hop',
    async run(t) {
      const nonces = ['first', 'second'];
      const answer = ({ headers }) => {
        const sent = headers['proxy-authorization'] && readDigest(headers['proxy-authorization']);
        if (sent?.nonce === 'second') return null;
        return refusal(`Digest realm="r", nonce="${nonces[sent ? 1 : 0]}", qop="auth"${sent ? ', stale=true' : ''}`);
      };
      const server = await startScripted(({ target }) => (target === '/2' ? null : reply(302, { Location: `/${Number(target.slice(1)) + 1}` })));
      const asked = [];
      await withProxies([startProxy({ answer })], (proxy) => t.opened(server.url('/0'), { options: { proxy: proxy.url() }, attributes: asking(asked, RIGHT) }).then(() => {
        const sent = proxy.requests.map(({ headers }) => headers['proxy-authorization']).map((header) => header && readDigest(header)).map((one) => one && [one.nonce, parseInt(one.nc, 16)]);
        t.same([sent, asked.length], [[undefined, ['first', 1], ['second', 1], ['second', 2], ['second', 3]], 1]);
      })).finally(() => server.stop());
    },
  },
  {
    name: 'Basic from the proxy\'s URI is sent with the first CONNECT, percent-decoded, as UTF-8, and nowhere else',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      for (const [inUri, clear] of [['user:secret', 'user:secret'], ['user', 'user:'], [':secret', ':secret'], ['a%40b:c%2Fd%3Ae', 'a@b:c/d:e'], ['j%C3%A4ger:%F0%9F%94%91', 'jäger:🔑']]) {
        const talk = await t.opened(t.peer('ws', '/echo'), { options: { proxy: proxy.url(`${inUri}@`) } });
        const { headers, head } = proxy.requests.at(-1);
        t.is(headers['proxy-authorization'], `Basic ${Buffer.from(clear).toString('base64')}`);
        t.ok(!/^authorization:/im.test(head), head);
        const { request } = await t.observed(talk);
        t.ok(!('proxy-authorization' in request.headers) && !('authorization' in request.headers), 'nothing at the server');
      }
      t.is(proxy.requests.length, 5, 'requests');
    }),
  },
  {
    name: 'the proxy does not see the user and password in the URI, the option headers or cookies',
    needs: 'nginx',
    run: (t) => withProxies([startProxy()], async (proxy) => {
      const headers = { Cookie: 'taste=secret', 'X-Custom': 'secret', 'User-Agent': 'secret/1' };
      for (const peer of ['ws', 'nginxTls']) {
        for (const [url, more] of [[t.peer(peer, '/echo').replace('//', '//user:secret@'), {}], [t.peer(peer, '/echo'), { Authorization: 'Bearer secret' }]]) {
          const talk = await t.opened(url, { origin: 'https://secret.example', protocols: 'secret', options: { proxy: proxy.url(), headers: { ...headers, ...more }, tls: { ca: t.addresses.authority.root.cert } } });
          const { head, rest } = proxy.requests.at(-1);
          t.ok(!/secret|dXNlcjpzZWNyZXQ|authorization|sec-websocket|upgrade/i.test(head), head);
          t.is(rest.length, 0, 'bytes sent before the proxy has answered');
          const seen = (await t.observed(talk)).request.headers;
          t.same([seen.cookie, seen['x-custom'], seen['user-agent'], seen.authorization], [...Object.values(headers), more.Authorization ?? `Basic ${Buffer.from('user:secret').toString('base64')}`]);
        }
      }
    }),
  },
  {
    name: 'after ten wrong answers the channel gives up and reports the last 407, whether the proxy keeps or ends the connection',
    async run(t) {
      for (const keeps of [false, true]) {
        const answer = () => (keeps ? { text: refusal('Basic realm="r"').replace('Connection: close', 'Connection: keep-alive') } : refusal('Basic realm="r"'));
        await withProxies([startProxy({ answer })], async (proxy) => {
          const asked = [];
          const { http, cause } = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url() }, attributes: asking(asked, RIGHT) }), { node: REFUSED });
          t.same(asked, Array.from({ length: 10 }, (_, at) => ({ scheme: 'Basic', realm: 'r', origin: proxy.url(), isProxy: true, attempt: at + 1 })));
          t.same([http.status, cause, proxy.requests.length], [407, null, 11]);
        });
      }
    },
  },
  {
    name: 'a 407 with an unknown challenge, no challenge or a server\'s challenge: onAuthRequired is not called',
    run: (t) => withProxies([startProxy({ answer: (request, number) => refusal(...CHALLENGES[number - 1]) })], async (proxy) => {
      for (const _ of CHALLENGES) {
        const asked = [];
        const { http } = await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url() }, attributes: asking(asked, RIGHT) }), { node: REFUSED });
        t.same([http.status, asked], [407, []]);
      }
      t.is(proxy.requests.length, CHALLENGES.length, 'requests');
    }),
  },
  {
    name: 'a 401 from the proxy does not call onAuthRequired, and a 407 from the server behind it counts as the server\'s refusal',
    run: (t) => withProxies([startProxy({ answer: (request, number) => (number === 1 ? reply(401, { 'WWW-Authenticate': 'Basic realm="r"' }) : null) })], async (proxy) => {
      const asked = [];
      const given = { options: { proxy: proxy.url() }, attributes: asking(asked, RIGHT) };
      t.is((await t.stops(t.open(t.peer('ws', '/echo'), given), { node: REFUSED })).http.status, 401);
      t.is((await t.stops(t.open(t.peer('ws', '/refuse', { status: 407 }), given), { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' })).http.status, 407);
      t.same([asked, proxy.requests.length], [[], 2]);
    }),
  },
  ...['Basic realm="r"', 'Digest realm="rëalm 🔑", nonce="n", qop="auth"'].map((challenge) => ({
    name: `special characters in a name, password or realm add no header and cause no uncaught error: ${challenge.split(' ')[0]}`,
    run: (t) => withProxies([startProxy({ answer: demanding(challenge) })], async (proxy) => {
      const uncaught = t.uncaught();
      for (const evil of ['a\r\nX-Evil: 1', 'a", X-Evil="1', 'a\0b', 'a\\', '"', 'jäger', '🔑']) {
        // The proxy accepts anything well formed. Control characters are not sent: the channel gives up, or refuses the URI.
        const hasControls = /[\r\n\0]/.test(evil);
        const open = (user, attributes) => t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url(user), openTimeoutMs: 2000 }, attributes });
        const talks = [open('', asking([], { username: evil, password: evil }))];
        try {
          talks.push(open(`${encodeURIComponent(evil)}:${encodeURIComponent(evil)}@`, {}));
        } catch (error) {
          t.same([error.name, hasControls], ['NS_ERROR_INVALID_ARG', true]);
        }
        for (const talk of talks) t.is(t.api.statusName((await talk.until('onStart')).status), hasControls ? REFUSED : 'NS_OK', `with ${JSON.stringify(evil)}, uncaught: ${uncaught.errors}`);
        for (const { head } of proxy.requests.splice(0)) t.ok(!/^x-evil/im.test(head) && head.split('\r\n').every((line) => /^[\w-]+: [^\r\n\0]*$|^CONNECT /.test(line)), head);
      }
      uncaught.stop();
      t.same(uncaught.errors, []);
    }),
  })),
  {
    name: 'close() and openTimeoutMs while onAuthRequired is pending for the proxy',
    run: (t) => withProxies([startProxy({ answer: demanding('Basic realm="r"') })], async (proxy) => {
      const settle = [];
      const asks = [];
      const attributes = asking(asks, () => new Promise((resolve) => { settle.push(resolve); }));
      const talk = t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url() }, attributes: { notificationCallbacks: { onAuthRequired: (about) => { const answer = attributes.notificationCallbacks.onAuthRequired(about); talk.close(); return answer; } } } });
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      const late = t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url(), openTimeoutMs: 200 }, attributes });
      t.is((await t.stops(late, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' })).timeout, 'open');
      settle.forEach((answer) => answer(RIGHT));
      await t.roundTrip();
      t.same([asks.length, proxy.requests.length], [2, 2]);
    }),
  },
  {
    name: 'microsocks refuses a missing or wrong user, and onAuthRequired is not called',
    needs: ['socks', 'socksUser'],
    async run(t) {
      const asked = [];
      for (const user of ['', 'user:wrong@', 'nobody:secret@']) {
        const { message, http } = await t.stops(t.open(t.peer('ws', '/echo'), { ...through(t, 'socksUser', user), attributes: asking(asked, RIGHT) }), { node: REFUSED });
        t.ok(message.includes(`127.0.0.1:${t.addresses.socksUser}`), message);
        t.is(http, null);
      }
      t.same(asked, []);
      // A user that the proxy does not ask for does no harm.
      await t.opened(t.peer('ws', '/echo'), through(t, 'socks', 'user:secret@'));
    },
  },
  {
    name: 'SOCKS: user and password are percent-decoded and sent as UTF-8, up to 255 bytes each; longer ones are refused',
    async run(t) {
      for (const [user, password] of [['jäger', 'pä:ss@wörd/?#[]%'], ['u'.repeat(255), 'p'.repeat(255)], ['user', '']]) {
        await withProxies([startSocks({ wants: `${user}:${password}` })], async (proxy) => {
          await t.opened(t.peer('ws', '/echo'), { options: { proxy: proxy.url(`${encodeURIComponent(user)}:${encodeURIComponent(password)}@`) } });
          t.ok(proxy.requests[0].methods.includes(2) && proxy.requests[0].user === user && proxy.requests[0].password === password, 'user and password are unchanged');
        });
      }
      await withProxies([startSocks({ wants: 'nobody:nothing' })], async (proxy) => {
        for (const pair of [`${'u'.repeat(256)}:p`, `u:${'ü'.repeat(128)}`]) {
          try {
            await t.stops(t.open(t.peer('ws', '/echo'), { options: { proxy: proxy.url(`${pair}@`) } }), { node: REFUSED });
          } catch (error) {
            t.is(error.name, 'NS_ERROR_INVALID_ARG');
          }
        }
        t.ok(proxy.requests.every(({ user }) => user === undefined), 'nothing was cut off and sent');
      });
    },
  },
].map((one) => ({ ...one, hosts: ['node'] }));

function asking(asked, answer) {
  return { notificationCallbacks: { onAuthRequired(about) { asked.push(about); return typeof answer === 'function' ? answer(about) : answer; } } };
}

function refusal(challenge, header = 'Proxy-Authenticate') {
  return reply(407, challenge ? { [header]: challenge } : {}, 'who?');
}

/** Refuses with this challenge until the client answers with its scheme, whatever the answer says. */
function demanding(challenge) {
  return ({ headers }) => (headers['proxy-authorization']?.startsWith(challenge.split(' ')[0]) ? null : refusal(challenge));
}

function through(t, name, user = '') {
  const scheme = name.startsWith('socks') ? 'socks5' : name.includes('Tls') ? 'https' : 'http';
  return { options: { proxy: `${scheme}://${user}127.0.0.1:${t.addresses[name]}`, tls: { ca: t.addresses.authority.root.cert } } };
}

const CHALLENGES = [[''], ['Basic realm="r"', 'WWW-Authenticate'], ['Negotiate'], ['Bearer realm="r"'], ['Digest realm="r", nonce="n", algorithm=SHA-512-256'], ['"']];
const RIGHT = { username: 'user', password: 'secret' };
const WRONG = new RangeError('thrown by onAuthRequired');
const REFUSED = 'NS_ERROR_PROXY_CONNECTION_REFUSED';
