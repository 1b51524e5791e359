import { expectedResponse, hasher, readDigest } from '../harness/digest.js';
import { reply, withScripted } from '../harness/scripted.js';

/** Digest (RFC 7616) in cases that real servers do not cover. Each response is computed a second time by node:crypto. */
export const digests = [
  ...Object.entries({
    'Digest, though Basic comes first': ['Basic realm="b", Digest realm="d", nonce="n", qop="auth"', 'Digest', 'd'],
    'SHA-256, though MD5 comes first': [[digest('m', 'algorithm=MD5'), digest('s', 'algorithm=SHA-256')], 'Digest', 's'],
    'SHA-256 from several challenges in one header': [`Basic realm="b", ${digest('m', 'algorithm=MD5')}, ${digest('s', 'algorithm=SHA-256')}, Bearer x`, 'Digest', 's'],
    'MD5, if SHA-256 has only auth-int': [[digest('s', 'algorithm=SHA-256').replace('auth', 'auth-int'), digest('m', 'algorithm=MD5')], 'Digest', 'm'],
    'Basic, if Digest has only auth-int': [[digest('d').replace('auth', 'auth-int'), 'Basic realm="b"'], 'Basic', 'b'],
    'Basic, if Digest has an unknown algorithm': [[digest('d', 'algorithm=SHA-512-256'), 'Basic realm="b"'], 'Basic', 'b'],
    'Basic after a scheme with a token': ['Negotiate YWJj==, Basic realm="b"', 'Basic', 'b'],
    'a realm that looks like challenges': ['Digest realm="a, Basic realm=b", nonce="n", qop="auth"', 'Digest', 'a, Basic realm=b'],
    'names in any case, values without quotes, extra spaces': [' , dIGEST REALM = r , NoNCE=n,qop=auth ,, ALGORITHM=md5', 'Digest', 'r'],
    'Basic in any case': ['bASIC ReALM=r, charset="UTF-8"', 'Basic', 'r'],
  }).map(([what, [challenge, scheme, realm]]) => ({
    name: `chosen: ${what}`,
    run: (t) => withScripted([accepting(challenge)], async (server) => {
      const asked = [];
      await t.opened(server.url('/'), answering(asked));
      t.same(asked.map((one) => [one.scheme, one.realm]), [[scheme, realm]]);
      const { headers: { authorization } } = server.requests[1];
      if (scheme === 'Basic') t.is(authorization, `Basic ${Buffer.from('user:secret').toString('base64')}`);
      else verify(t, authorization, { realm });
    }),
  })),
  ...[undefined, 'MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'].flatMap((algorithm) => [undefined, '"auth"', 'auth', '"auth,auth-int"', '"auth-int , auth"'].map((qop) => ({
    name: `the response for algorithm ${algorithm ?? '(none)'} and qop ${qop ?? '(none)'}`,
    run: (t) => withScripted([accepting(['Digest realm="the realm", nonce="a/nonce+=="', algorithm && `algorithm=${algorithm}`, qop && `qop=${qop}`, 'opaque="o p"'].filter(Boolean).join(', '))], async (server) => {
      await t.opened(server.url('/a%20path?with=a&query=,"'), answering([]));
      const parameters = verify(t, server.requests[1].headers.authorization, { realm: 'the realm', nonce: 'a/nonce+==', opaque: 'o p', username: 'user', uri: server.requests[1].target });
      t.same([parameters.algorithm, parameters.qop, parameters.nc], [algorithm, qop && 'auth', qop && '00000001']);
      t.ok(!qop || parameters.cnonce.length >= 8, `a cnonce: ${parameters.cnonce}`);
      // RFC 7616 §3.4 says which parameters are quoted and which are not.
      for (const name of ['algorithm', 'qop', 'nc']) t.ok(!parameters.quoted.includes(name), `${name} has no quotes`);
      for (const name of ['username', 'realm', 'nonce', 'uri', 'response', 'opaque']) t.ok(parameters.quoted.includes(name), `${name} has quotes`);
    }),
  }))),
  {
    name: 'RFC 7616\'s own example',
    run: (t) => withScripted([accepting(['MD5', 'SHA-256'].map((algorithm) => `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, `
      + 'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'))], async (server) => {
      await t.opened(server.url('/dir/index.html'), answering([], { username: 'Mufasa', password: 'Circle of Life' }));
      const parameters = verify(t, server.requests[1].headers.authorization, {
        realm: 'http-auth@example.org', uri: '/dir/index.html', algorithm: 'SHA-256', nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
        opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS', username: 'Mufasa', qop: 'auth',
      }, { password: 'Circle of Life' });
      // The response that the RFC gives for its own cnonce, to check that the test computes correctly.
      t.is(expectedResponse({ ...parameters, cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', nc: '00000001' }, { password: 'Circle of Life' }), '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1');
    }),
  },
  ...['MD5', 'SHA-256'].map((algorithm) => ({
    name: `userhash with ${algorithm}: the hash of the user name is sent instead of the name`,
    run: (t) => withScripted([accepting(`${digest('r', `algorithm=${algorithm}`)}, userhash=true, charset=UTF-8`)], async (server) => {
      await t.opened(server.url('/'), answering([], { username: 'Jäsøn Doe', password: 'Secret, or not?' }));
      const { headers: { authorization }, connection } = server.requests[1];
      const parameters = verify(t, authorization, { username: hasher(algorithm)('Jäsøn Doe:r'), userhash: 'true' }, { user: 'Jäsøn Doe', password: 'Secret, or not?' });
      t.ok(!parameters.quoted.includes('userhash') && !connection.head.includes('Doe'), authorization);
    }),
  })),
  {
    name: 'a user name in UTF-8 without userhash',
    run: (t) => withScripted([accepting(`${digest('r', 'algorithm=SHA-256')}, userhash=false, charset=UTF-8`)], async (server) => {
      await t.opened(server.url('/'), answering([], { username: 'jäger', password: 'pä' }));
      const parameters = readDigest(server.requests[1].headers.authorization);
      // RFC 7616 requires username*; Apache understands only the raw bytes.
      const name = parameters['username*'] ?? Buffer.from(parameters.username, 'latin1').toString();
      t.oneOf(name, ['UTF-8\'\'j%C3%A4ger', 'jäger']);
      t.is(parameters.response, expectedResponse(parameters, { user: 'jäger', password: 'pä' }));
    }),
  },
  {
    name: 'an empty opaque is sent back; a missing one is not',
    run: (t) => withScripted([accepting(`${digest('r')}, opaque=""`), accepting(digest('r'))], async (empty, without) => {
      for (const server of [empty, without]) await t.opened(server.url('/'), answering([]));
      t.same([empty, without].map((server) => verify(t, server.requests[1].headers.authorization, {}).opaque), ['', undefined]);
    }),
  },
  {
    name: 'a realm with quotes and backslashes',
    run: (t) => withScripted([accepting('Digest realm="say \\"hi\\" \\\\o/", nonce="n", qop="auth"')], async (server) => {
      const asked = [];
      await t.opened(server.url('/'), answering(asked));
      t.is(asked[0].realm, 'say "hi" \\o/');
      verify(t, server.requests[1].headers.authorization, { realm: 'say "hi" \\o/' });
    }),
  },
  {
    name: 'user and password in the URI are sent first as Basic, then as Digest, and onAuthRequired is not called',
    run: (t) => withScripted([({ headers }) => (/^Digest/.test(headers.authorization) ? null : reply(401, { 'WWW-Authenticate': digest('r') }))], async (server) => {
      const asked = [];
      await t.opened(server.url('/').replace('//', '//us%20er:sec%3Aret@'), answering(asked, null));
      t.same([asked.length, server.requests.length, server.requests[0].headers.authorization], [0, 2, `Basic ${Buffer.from('us er:sec:ret').toString('base64')}`]);
      verify(t, server.requests[1].headers.authorization, { username: 'us er', nc: '00000001' }, { password: 'sec:ret' });
    }),
  },
  {
    name: 'a nonce is reused within its origin, and nc counts up',
    run: (t) => withScripted([({ headers, target }) => {
      if (!headers.authorization) return reply(401, { 'WWW-Authenticate': digest('r') });
      return target === '/2' ? null : reply(302, { Location: `/${Number(target.slice(1)) + 1}` });
    }], async (server) => {
      const asked = [];
      await t.opened(server.url('/0'), answering(asked));
      t.same([asked.length, server.requests.map(({ target }) => target)], [1, ['/0', '/0', '/1', '/2']]);
      server.requests.slice(1).forEach(({ headers, target }, at) => verify(t, headers.authorization, { uri: target, nonce: 'n', nc: `0000000${at + 1}` }));
    }),
  },
  ...[['apache', '/digest', 'MD5'], ['lighttpd', '/sha256', 'SHA-256']].map(([needs, path, algorithm]) => ({
    name: `a nonce of ${needs} is reused after a redirect`,
    needs,
    async run(t) {
      const asked = [];
      // lighttpd adds the path again that it has removed.
      const location = t.peer(needs, needs === 'lighttpd' ? '/echo' : `${path}/echo`);
      await t.opened(t.peer(needs, `${path}/refuse`, { status: 307, location }), answering(asked));
      t.is(asked.length, 1, 'calls of onAuthRequired');
      // The request that reached the peer behind the gateway.
      const { request: { headers: { authorization } } } = await t.observed(location);
      verify(t, authorization, { nc: '00000002', algorithm, uri: `${path}/echo${new URL(location).search}` });
    },
  })),
  ...['stale=true', 'stale="TRUE"'].map((stale) => ({
    name: `${stale}: the new nonce is used, and onAuthRequired is not called again`,
    run: (t) => withScripted([({ headers }, number) => (number > 2 && headers.authorization ? null : reply(401, { 'WWW-Authenticate': `${digest('r')}, ${stale}`.replace('"n"', `"n${number}"`) }))], async (server) => {
      const asked = [];
      await t.opened(server.url('/'), answering(asked));
      t.same([asked.length, server.requests.length], [1, 3]);
      verify(t, server.requests[1].headers.authorization, { nonce: 'n1', nc: '00000001' });
      verify(t, server.requests[2].headers.authorization, { nonce: 'n2', nc: '00000001' });
    }),
  })),
  {
    name: 'onAuthRequired is called again for stale=false, and for a 401 response without stale',
    run: (t) => withScripted([(request, number) => (number > 3 ? null : reply(401, { 'WWW-Authenticate': `${digest('r')}${number === 2 ? ', stale=false' : ''}` }))], async (server) => {
      const asked = [];
      await t.opened(server.url('/'), answering(asked));
      t.same(asked.map(({ attempt }) => attempt), [1, 2, 3]);
    }),
  },
  {
    name: 'the channel gives up on a server that calls every nonce stale',
    run: (t) => withScripted([(request, number) => reply(401, { 'WWW-Authenticate': `${digest('r').replace('"n"', `"n${number}"`)}, stale=true` }, 'stale')], async (server) => {
      const asked = [];
      const { http } = await t.stops(t.open(server.url('/'), answering(asked)), { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.same([http.status, http.body], [401, 'stale']);
      t.ok(asked.length <= 10 && server.requests.length <= 30, `${asked.length} calls of onAuthRequired, ${server.requests.length} requests`);
    }),
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** Checks the Authorization header, including these parameters. Returns all its parameters. */
function verify(t, authorization, expected, { user, password = 'secret' } = {}) {
  const parameters = readDigest(authorization);
  for (const [name, value] of Object.entries(expected)) t.is(parameters[name], value, `${name} in ${authorization}`);
  t.is(parameters.response, expectedResponse(parameters, { user, password }), `the response in ${authorization}`);
  return parameters;
}

function digest(realm, more) {
  return `Digest realm="${realm}", nonce="n", qop="auth"${more ? `, ${more}` : ''}`;
}

/** A server that demands this and then accepts any credentials. */
function accepting(challenge) {
  return ({ headers }) => (headers.authorization ? null : reply(401, { 'WWW-Authenticate': challenge }));
}

function answering(asked, answer = { username: 'user', password: 'secret' }) {
  return { attributes: { notificationCallbacks: { onAuthRequired(about) { asked.push(about); return answer; } } } };
}
