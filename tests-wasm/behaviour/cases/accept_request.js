import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { clientFrame, rawTalk, startAcceptor, upgradeRequest, wsClient } from '../harness/acceptor.js';
import { certificate } from '../harness/certificate.js';

/** Which requests asyncAccept accepts and refuse refuses, what it answers to others, and what TLS tells of the client. */
export const acceptedRequests = [
  ...[
    ['version 8', { 'Sec-WebSocket-Version': '8' }, {}, 426, /Sec-WebSocket-Version: 13/], ['no version', { 'Sec-WebSocket-Version': null }, {}, 400, /Sec-WebSocket-Version/],
    ['no key', { 'Sec-WebSocket-Key': null }, {}, 400, /Sec-WebSocket-Key/], ['two keys', { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] }, {}, 400, /one Sec-WebSocket-Key/],
    ['a key of 15 bytes', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAA' }, {}, 400, /16 bytes/], ['the method POST', {}, { method: 'POST' }, 405, /Allow: GET/],
    ['a different Upgrade', { Upgrade: 'h2c' }, {}, 426, /Upgrade: websocket/], ['a subprotocol that is not a token', { 'Sec-WebSocket-Protocol': 'a b' }, {}, 400, /tokens/],
    ['a repeated subprotocol', { 'Sec-WebSocket-Protocol': ['a', 'a'] }, {}, 400, /twice/], ['extensions that are not a list', { 'Sec-WebSocket-Extensions': 'a; b="' }, {}, 400, /Sec-WebSocket-Extensions/],
    ['an invalid host', { Host: 'a b' }, {}, 400, /Host/], ['the version 2.0 over HTTP/1', {}, { version: '2.0' }, 400, /HTTP\/1\.1/], ['a body', { 'Content-Length': '5' }, {}, 400, /without a body/], ['a user in its target', {}, { target: 'http://user:secret@host/' }, 400, /URI/],
  ].map(([what, changes, more, status, says]) => ({
    name: `a request with ${what} gets a ${status} response that says why, and the channel stops with the same explanation`,
    async run(t) {
      const { port, talk } = await startAcceptor(t);
      const said = await rawTalk(port, upgradeRequest(changes, more));
      t.ok(said.startsWith(`HTTP/1.1 ${status} `) && says.test(said), said);
      const [head, body] = said.split('\r\n\r\n');
      t.is(Number(head.match(/Content-Length: (\d+)/)[1]), body.length);
      const accepted = await talk();
      const detail = await t.stops(accepted, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.ok(detail.message.includes(`${status}`) && detail.message.includes(body), detail.message);
      t.same(accepted.names, ['onStart', 'onStop']);
    },
  })),
  {
    name: 'a client that leaves before the server accepts: the channel never opens, and the socket is closed',
    async run(t) {
      for (const leave of ['end', 'destroy', 'resetAndDestroy']) {
        let upgrade;
        const { server, port } = await startAcceptor(t, (...given) => { upgrade = given; return false; });
        const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => client.write(upgradeRequest()));
        client.on('error', () => {}).resume();
        while (upgrade === undefined) await new Promise(setImmediate);
        upgrade[1].on('error', () => {}); // as a server does while it decides
        client[leave]();
        await new Promise((resolve) => setTimeout(resolve, 50));
        const talk = t.open('/', { accept: upgrade });
        await t.stops(talk, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
        t.same(talk.calls.map(({ call }) => call), ['onStart', 'onStop']);
        while (await new Promise((resolve) => { server.getConnections((_, count) => resolve(count)); }) > 0) await new Promise(setImmediate);
        client.destroy();
      }
    },
  },
  {
    name: 'an upgrade request behind an unanswered request is not accepted, because the earlier response would come between frames',
    async run(t) {
      const { port, server, talk } = await startAcceptor(t);
      const pending = [];
      server.on('request', (request, response) => pending.push(response));
      const said = rawTalk(port, `GET / HTTP/1.1\r\nHost: example.org\r\n\r\n${upgradeRequest()}`);
      const { message } = await t.stops(await talk(), { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.ok(message.includes('earlier request'), message);
      t.is(await said, '');
    },
  },
  {
    name: 'refuse gives no answer to an upgrade request behind an unanswered request, because the client would take it for the earlier one\'s',
    async run(t) {
      const { port, server } = await startAcceptor(t, (...upgrade) => { new t.api.WebSocketChannel().refuse(...upgrade.slice(0, 2), 403, 'no'); return false; });
      server.on('request', () => {});
      t.is(await rawTalk(port, `GET / HTTP/1.1\r\nHost: example.org\r\n\r\n${upgradeRequest()}`), '');
    },
  },
  {
    name: 'a request that was accepted or refused cannot be accepted or refused again',
    async run(t) {
      const { WebSocketChannel } = t.api;
      for (const first of ['accept', 'refuse']) {
        let upgrade;
        const { port } = await startAcceptor(t, (...given) => {
          upgrade = given;
          if (first === 'accept') return {};
          new WebSocketChannel().refuse(...given.slice(0, 2), 404, 'first');
          return false;
        });
        const said = rawTalk(port, upgradeRequest(), { more: clientFrame(8) });
        while (upgrade === undefined) await new Promise(setImmediate);
        for (const again of [() => new WebSocketChannel().refuse(...upgrade.slice(0, 2), 404, 'again'), () => new WebSocketChannel().asyncAccept(...upgrade, {}, null)]) {
          t.ok(t.throws('NS_ERROR_INVALID_ARG', again).message.endsWith('this request was answered already. Answer each upgrade once.'));
        }
        t.ok(first === 'accept' ? /^HTTP\/1.1 101 [^]*\r\n\r\n\x88\x00$/.test(await said) : (await said).endsWith('\r\n\r\nfirst'), await said);
      }
    },
  },
  {
    name: 'refuse sends the status, the body and the headers of the options; the channel stays idle',
    async run(t) {
      let refused;
      const { port } = await startAcceptor(t, (request, socket) => {
        refused = new t.api.WebSocketChannel({ headers: { 'WWW-Authenticate': 'Basic realm="here"' } });
        refused.refuse(request, socket, 401, 'not you, äh');
        return false;
      });
      const said = await rawTalk(port, upgradeRequest());
      t.ok(said.startsWith('HTTP/1.1 401 Unauthorized\r\n') && said.includes('\r\nWWW-Authenticate: Basic realm="here"\r\n'), said);
      t.ok(Buffer.from(said, 'latin1').toString().endsWith('\r\n\r\nnot you, äh'), said);
      t.is(refused.state, 'idle');
      for (const status of [101, 200, 299, 600, 404.5, '404', null, undefined]) t.throws('NS_ERROR_INVALID_ARG', () => refused.refuse({ rawHeaders: [] }, fakeSocket(), status));
      t.throws('NS_ERROR_INVALID_ARG', () => refused.refuse({ rawHeaders: [] }, fakeSocket(), 404, 5));
    },
  },
  ...[['refused', {}, false], ['denied', { 'Sec-WebSocket-Key': null }, true]].map(([what, changes, isDenied]) => ({
    name: `a client that is ${what} and never ends its side is disconnected`,
    async run(t) {
      const { port } = await startAcceptor(t, (request, socket) => {
        if (isDenied) return {};
        new t.api.WebSocketChannel().refuse(request, socket, 404);
        return false;
      });
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => client.write(upgradeRequest(changes)));
      client.on('error', () => {}).resume();
      const poke = setInterval(() => client.write('x'), 100); // gets a reset once the client is disconnected
      await new Promise((resolve) => client.on('close', resolve)); // after an error, which `once` would throw
      clearInterval(poke);
    },
  })),
  {
    name: 'invalid requests, sockets, heads and listeners throw, as do a socket that has a channel and a channel that was opened',
    async run(t) {
      const { port, talk } = await startAcceptor(t);
      const { WebSocketChannel } = t.api;
      const request = { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [] };
      for (const wrong of [null, undefined, {}, 'request', { rawHeaders: 'none' }]) t.throws('NS_ERROR_INVALID_ARG', () => new WebSocketChannel().asyncAccept(wrong, fakeSocket(), null, {}, null));
      for (const wrong of [null, undefined, {}, 'socket', { write() {} }]) t.throws('NS_ERROR_INVALID_ARG', () => new WebSocketChannel().asyncAccept(request, wrong, null, {}, null));
      for (const wrong of ['head', 5, {}]) t.throws('NS_ERROR_INVALID_ARG', () => new WebSocketChannel().asyncAccept(request, fakeSocket(), wrong, {}, null));
      for (const wrong of [null, undefined, 5]) t.throws('NS_ERROR_INVALID_ARG', () => new WebSocketChannel().asyncAccept(request, fakeSocket(), null, wrong, null));
      const listed = new WebSocketChannel();
      listed.protocol = 'a b';
      t.throws('NS_ERROR_INVALID_ARG', () => listed.asyncAccept(request, fakeSocket(), null, {}, null));
      rawTalk(port, upgradeRequest(), { more: clientFrame(8) });
      const { channel } = await talk();
      t.throws('NS_ERROR_ALREADY_OPENED', () => channel.asyncAccept(request, fakeSocket(), null, {}, null));
      t.throws('NS_ERROR_ALREADY_OPENED', () => channel.asyncOpen('ws://127.0.0.1/', null, {}, null));
      let twice;
      const second = await startAcceptor(t, (...upgrade) => { twice = upgrade; return {}; });
      rawTalk(second.port, upgradeRequest(), { more: clientFrame(8) });
      await second.talk();
      t.throws('NS_ERROR_INVALID_ARG', () => new WebSocketChannel().asyncAccept(...twice, {}, null));
    },
  },
  {
    name: 'over TLS, securityInfo has the certificate of the client',
    async run(t) {
      const { cert, key } = certificate();
      const server = createTlsServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: false });
      const { port, talk } = await startAcceptor(t, () => echoing(), server);
      const client = await wsClient(t, `wss://127.0.0.1:${port}/`, [], { ca: cert, cert, key });
      client.socket.send('over TLS');
      t.is((await client.messages(1))[0].data.toString(), 'over TLS');
      const { channel } = await talk();
      t.ok(channel.URI.startsWith('wss://127.0.0.1:'), channel.URI);
      const { certificate: seen, trusted, protocol } = channel.securityInfo;
      t.same([seen.subject, trusted, protocol], ['CN=localhost', true, 'TLSv1.3']);
      await wsClient(t, `wss://127.0.0.1:${port}/`, [], { ca: cert });
      const without = (await talk(1)).channel.securityInfo;
      t.same([without.certificate, without.trusted], [null, false]);
      t.is(without.untrustedReason, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
    },
  },
  {
    name: 'over TLS, a client that is not asked for a certificate is not trusted',
    async run(t) {
      const { cert, key } = certificate();
      const { port, talk } = await startAcceptor(t, () => echoing(), createTlsServer({ cert, key }));
      await wsClient(t, `wss://127.0.0.1:${port}/`, [], { ca: cert, cert, key });
      const { certificate: seen, trusted, untrustedReason } = (await talk()).channel.securityInfo;
      t.same([seen, trusted, untrustedReason], [null, false, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE']);
    },
  },
];

const echoing = (options = {}) => ({ ...options, echo: true });

const fakeSocket = () => ({ on() { return this; }, write() {}, end() {}, pause() {}, resume() {} });
