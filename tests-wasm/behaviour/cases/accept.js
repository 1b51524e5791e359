import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { constants, deflateRawSync } from 'node:zlib';
import { WebSocket as Ws } from 'ws';
import { clientFrame, rawTalk, startAcceptor, upgradeRequest, wsClient } from '../harness/acceptor.js';
import { certificate } from '../harness/certificate.js';
import { secondCopy } from '../harness/installed.js';
import { program } from '../harness/own_process.js';

/** A child program runs here, so that Node finds the npm package ws. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The server end, asyncAccept. The client is the npm package ws, or hand-made bytes. */
export const acceptances = [
  {
    name: 'text and binary messages of all sizes arrive and are echoed',
    async run(t) {
      const { url, talk } = await startAcceptor(t, () => echoing());
      const client = await wsClient(t, url);
      const sent = [];
      for (const size of [0, 1, 125, 126, 127, 1000, 65_535, 65_536, 65_537, 200_000, 3_000_000]) {
        for (const message of ['x'.repeat(size), 'é'.repeat(size / 2), Buffer.alloc(size, 7)]) sent.push(message);
      }
      for (const message of sent) client.socket.send(message);
      const back = await client.messages(sent.length);
      for (const [at, message] of sent.entries()) {
        t.ok(Buffer.from(message).equals(back[at].data) && back[at].isBinary === (typeof message !== 'string'), `message ${at}, of ${message.length}`);
      }
      t.is((await talk()).messages.length, sent.length);
      client.socket.close(4000, 'enough');
      t.same(await client.closed, [4000, '']);
    },
  },
  {
    name: 'many small messages of every kind in one chunk arrive in order',
    async run(t) {
      const { url, talk } = await startAcceptor(t);
      const client = await wsClient(t, url);
      const sent = [];
      for (let at = 0; at < 5000; at++) sent.push(at % 7 === 0 ? Buffer.from([at & 255, 1]) : at % 5 === 0 ? `ü ${at}` : `message ${at}`);
      client.socket._socket.cork();
      for (const [at, message] of sent.entries()) {
        client.socket.send(message);
        if (at % 1000 === 500) client.socket.ping('between');
      }
      client.socket._socket.uncork();
      const received = await (await talk()).untilMessages(sent.length);
      t.same(received.map((it) => (typeof it === 'string' ? it : `bytes ${it}`)), sent.map((it) => (typeof it === 'string' ? it : `bytes ${new Uint8Array(it)}`)));
    },
  },
  {
    name: 'the channel is open when asyncAccept returns: it sends messages and a close at once, and the listener is called later',
    async run(t) {
      for (const deflate of [false, true]) {
        const seen = [];
        let accepted;
        const { url } = await startAcceptor(t, (request, ...more) => {
          accepted = t.open(request.url, { options: deflate ? {} : { deflate }, accept: [request, ...more] });
          t.same([accepted.channel.state, accepted.channel.httpResponse.status], ['open', 101]);
          accepted.send('first');
          accepted.send('second '.repeat(5000));
          accepted.close(4001, 'too many');
          t.same([accepted.channel.state, accepted.calls.length, accepted.channel.sendMsg('late')], ['closing', 0, false]);
          return false;
        });
        const socket = new Ws(url, [], { perMessageDeflate: deflate });
        socket.on('message', (data) => seen.push(data.toString()));
        const [code, reason] = await once(socket, 'close');
        t.same([code, reason.toString(), seen.map((it) => it.length)], [4001, 'too many', [5, 35_000]]);
        await t.stops(accepted, { node: 'NS_OK' });
        t.same(accepted.calls.map(({ call }) => call), ['onStart', 'onAcknowledge', 'onAcknowledge', 'onServerClose', 'onStop']);
      }
    },
  },
  {
    name: 'the bytes of a message do not change when later messages arrive',
    async run(t) {
      const { url, talk } = await startAcceptor(t);
      const client = await wsClient(t, url);
      for (let at = 0; at < 300; at++) client.socket.send(Buffer.alloc(1000, at));
      const received = await (await talk()).untilMessages(300);
      t.ok(received.every((bytes, at) => bytes.length === 1000 && bytes.every((byte) => byte === (at & 255))), 'the bytes of each');
    },
  },
  {
    name: 'fragments, including an empty one, with a ping between them make one message',
    async run(t) {
      const { port, talk } = await startAcceptor(t);
      const frames = [clientFrame(1, 'frag', { fin: false }), clientFrame(9, 'ping'), clientFrame(0, '', { fin: false }), clientFrame(0, 'ments ä', { fin: true }), clientFrame(8, Buffer.from([0x03, 0xe8]))];
      const said = await rawTalk(port, upgradeRequest(), { more: Buffer.concat(frames) });
      t.same((await talk()).messages, ['fragments ä']);
      t.ok(said.endsWith('\x8a\x04ping\x88\x02\x03\xe8'), 'the pong and the close frame, unmasked');
    },
  },
  {
    name: 'binary messages share buffers, even with control frames and empty messages between them',
    async run(t) {
      const kept = [];
      const { port, talk } = await startAcceptor(t, () => ({ options: { deflate: false }, listener: { onBinaryMessageAvailable: (_, bytes) => kept.push(bytes) } }));
      const pair = (at) => [clientFrame(2, Buffer.from([at & 255, at >> 8])), clientFrame(10), clientFrame(2)];
      const said = rawTalk(port, upgradeRequest(), { more: Buffer.concat([...Array.from({ length: 4000 }, (_, at) => pair(at)).flat(), clientFrame(8)]) });
      await t.stops(await talk(), { node: 'NS_OK' });
      await said;
      const full = kept.filter(({ length }) => length > 0);
      t.same([full.length, kept.length, full.every((bytes, at) => bytes[0] + 256 * bytes[1] === at)], [4000, 8000, true]);
      const buffers = new Set(full.map(({ buffer }) => buffer));
      t.ok(buffers.size < 40, `${buffers.size} buffers for ${full.length} messages`);
    },
  },
  {
    name: 'a request and frames can arrive one byte at a time',
    async run(t) {
      const { port, talk } = await startAcceptor(t, () => echoing());
      const bytes = Buffer.concat([Buffer.from(upgradeRequest()), clientFrame(1, 'slowly'), clientFrame(2, 'b'), clientFrame(8)]);
      const { connect } = await import('node:net');
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let said = '';
      socket.on('data', (data) => { said += data.toString('latin1'); });
      await once(socket, 'connect');
      for (const byte of bytes) {
        socket.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      await once(socket, 'close');
      t.ok(said.endsWith('\x81\x06slowly\x82\x01b\x88\x00'), said);
      t.is((await talk()).messages.length, 2);
    },
  },
  {
    name: 'frames that arrive together with the request, in head, are read',
    async run(t) {
      const { port, talk } = await startAcceptor(t);
      const bytes = Buffer.concat([Buffer.from(upgradeRequest()), clientFrame(1, 'at once'), clientFrame(8, Buffer.from([0x0f, 0xa0, 0x62]))]);
      await rawTalk(port, bytes);
      const accepted = await talk();
      t.same(accepted.messages, ['at once']);
      t.same(accepted.names, ['onStart', 'onMessageAvailable', 'onServerClose', 'onStop']);
      t.same((await accepted.until('onServerClose')).args, [4000, 'b']);
    },
  },
  {
    name: 'the attributes: originalURI, URI, protocol, extensions, httpResponse and securityInfo',
    async run(t) {
      let early;
      const { url, port, talk } = await startAcceptor(t, () => ({ protocols: 'b, a', options: { headers: { 'X-Own': 'über ÿ', 'Set-Cookie': 'a=1' } } }));
      const client = await wsClient(t, `${url}/path?query=é`, ['a', 'b']);
      const { channel } = await talk();
      early = channel.protocol;
      t.same([channel.originalURI, channel.URI], [`${url}/path?query=%C3%A9`, `${url}/path?query=%C3%A9`]);
      t.same([early, client.socket.protocol], ['b', 'b']);
      t.is(channel.extensions, '');
      t.same([channel.httpResponse.status, channel.httpResponse.headers['x-own'], channel.httpResponse.headers['sec-websocket-protocol']], [101, 'über ÿ', 'b']);
      t.same([client.response.headers['x-own'], client.response.headers['set-cookie']], ['über ÿ', ['a=1']]);
      t.is(channel.securityInfo, null);
      t.ok(port > 0);
    },
  },
  ...[
    ['the one that both support', 'chat', ['chat'], 'chat'], ["the server's preference", 'one, two', ['two', 'one'], 'one'], ['none, if they have none in common', 'other', ['chat'], ''], ['none, if the client asks for none', 'chat', [], ''],
  ].map(([what, protocols, asked, selected]) => ({
    name: `the subprotocol: ${what}`,
    async run(t) {
      const { port, talk } = await startAcceptor(t, () => ({ protocols }));
      const said = await rawTalk(port, upgradeRequest({ 'Sec-WebSocket-Protocol': asked.length > 0 ? asked : null }), { more: clientFrame(8) });
      t.is(said.match(/Sec-WebSocket-Protocol: (.*)\r/)?.[1] ?? '', selected);
      t.is((await talk()).channel.protocol, selected);
    },
  })),
  ...[
    ['as the client offers', {}, true], ['no takeover by the server', { serverNoContextTakeover: true }, true], ['no takeover by the client', { clientNoContextTakeover: true }, true],
    ['small windows', { serverMaxWindowBits: 9, clientMaxWindowBits: 10 }, true], ['a window of eight bits', { serverMaxWindowBits: 8 }, true],
  ].map(([what, settings, isCompressed]) => ({
    name: `permessage-deflate with ws: ${what}`,
    async run(t) {
      const { url, talk } = await startAcceptor(t, () => echoing({ options: { deflate: { threshold: 0 } } }));
      const client = await wsClient(t, url, [], { perMessageDeflate: { threshold: 0, ...settings } });
      const { channel } = await talk();
      t.is(channel.extensions !== '', isCompressed, channel.extensions);
      const sent = ['', 'a', 'JSON '.repeat(100), 'JSON '.repeat(100), 'é'.repeat(100_000), Buffer.alloc(300_000, 'b'), Buffer.from(Array.from({ length: 70_000 }, (_, at) => at * at & 255))];
      for (const message of sent) client.socket.send(message);
      const back = await client.messages(sent.length);
      t.ok(sent.every((message, at) => Buffer.from(message).equals(back[at].data)), 'what came back');
    },
  })),
  {
    name: 'deflate: the options of the channel limit both ends; false declines the extension',
    async run(t) {
      const settings = [
        [{ serverMaxWindowBits: 10, clientMaxWindowBits: 11, serverNoContextTakeover: true, clientNoContextTakeover: true },
          'permessage-deflate; client_max_window_bits=11; server_max_window_bits=10; client_no_context_takeover; server_no_context_takeover'],
        [false, ''],
      ];
      const { url, talk } = await startAcceptor(t, ({ url: target }) => echoing({ options: { deflate: settings[Number(target.slice(1))][0] } }));
      for (const [at, [, extensions]] of settings.entries()) {
        const client = await wsClient(t, `${url}/${at}`, [], { perMessageDeflate: { threshold: 0 } });
        t.is((await talk(at)).channel.extensions, extensions);
        for (let message = 0; message < 3; message++) client.socket.send('again and again '.repeat(50));
        t.ok((await client.messages(3)).every(({ data }) => data.toString() === 'again and again '.repeat(50)), extensions);
      }
    },
  },
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
  ...[
    ['an unmasked frame', clientFrame(1, 'x', { mask: false }), 'NS_ERROR_ILLEGAL_VALUE', 1002], ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 'NS_ERROR_ILLEGAL_VALUE', 1002],
    ['text that is not UTF-8', clientFrame(1, Buffer.from([0xff])), 'NS_ERROR_CANNOT_CONVERT_DATA', 1007], ['a fragmented ping', clientFrame(9, '', { fin: false }), 'NS_ERROR_ILLEGAL_VALUE', 1002],
    ['a close frame of one byte', clientFrame(8, 'x'), 'NS_ERROR_ILLEGAL_VALUE', 1002], ['a message over the limit', clientFrame(2, 'x'.repeat(101)), 'NS_ERROR_FILE_TOO_BIG', 1009],
  ].map(([what, frame, status, code]) => ({
    name: `${what} fails the connection: ${status}, and a close frame with ${code}`,
    async run(t) {
      const { port, talk } = await startAcceptor(t, () => ({ options: { maxMessageSize: 100 } }));
      const said = await rawTalk(port, upgradeRequest(), { more: frame });
      const close = Buffer.from(said.slice(said.indexOf('\r\n\r\n') + 4), 'latin1');
      t.same([close[0], close.readUInt16BE(2)], [0x88, code]);
      await t.stops(await talk(), { node: status });
    },
  })),
  {
    name: 'the server closes: its close frame is unmasked, and the server ends the TCP connection first (RFC 6455 §7.1.1)',
    async run(t) {
      const { url, talk } = await startAcceptor(t);
      const client = await wsClient(t, url);
      const accepted = await talk();
      await accepted.until('onStart');
      accepted.close(4001, 'bye');
      t.same(await client.closed, [4001, 'bye']);
      const detail = await t.stops(accepted, { node: 'NS_OK' });
      t.same([detail.closedBy, detail.wasClean], ['local', true]);
      const { port } = await startAcceptor(t, (request, ...more) => {
        t.open(request.url, { accept: [request, ...more] }).close(4001, 'bye');
        return false;
      });
      const said = await rawTalk(port, upgradeRequest(), { more: clientFrame(8, [4001 >> 8, 4001 & 255]) }); // it never ends TCP by itself
      t.ok(said.endsWith('\x88\x05\x0f\xa1bye'), JSON.stringify(said));
    },
  },
  {
    name: 'cancel() of the load group right after asyncAccept: the client gets close code 1001, and nothing leaks',
    async run(t) {
      let accepted;
      const { port } = await startAcceptor(t, (request, ...more) => {
        const loadGroup = new t.api.LoadGroup();
        accepted = t.open(request.url, { loadGroup, accept: [request, ...more] });
        loadGroup.cancel();
        return false;
      });
      t.ok((await rawTalk(port, upgradeRequest())).endsWith('\x88\x02\x03\xe9'), 'the close frame');
      await t.stops(accepted, { node: 'NS_BINDING_ABORTED' });
    },
  },
  {
    name: 'the channel stops if the connection is reset, ended, or already gone when it is accepted',
    async run(t) {
      let late;
      const { port, talk } = await startAcceptor(t, (request, socket, head) => {
        if (request.url !== '/late') return {};
        late = [request, socket, head];
        return false;
      });
      await rawTalk(port, upgradeRequest(), { reset: true });
      await t.stops(await talk(), { node: 'NS_ERROR_NET_RESET' });
      const { connect } = await import('node:net');
      const ending = connect(port, '127.0.0.1', () => ending.write(upgradeRequest()));
      ending.once('data', () => ending.end());
      await t.stops(await talk(1), { node: 'NS_BASE_STREAM_CLOSED' });
      const gone = connect(port, '127.0.0.1', () => gone.write(upgradeRequest({}, { target: '/late' })));
      while (late === undefined) await new Promise(setImmediate);
      late[1].destroy();
      await once(gone, 'close');
      const talkOfGone = t.open('/late', { accept: late });
      const detail = await t.stops(talkOfGone, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.ok(detail.message.length > 20, detail.message);
    },
  },
  {
    name: 'a client that leaves before the server accepts: the channel never opens, and the socket is closed',
    async run(t) {
      const { connect } = await import('node:net');
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
    name: 'small messages that inflate to large ones: other events get a turn after each few of them',
    async run(t) {
      const COUNT = 64;
      const { port } = await startAcceptor(t, () => ({ listener: { onBinaryMessageAvailable: () => { seen.push(turn); } } }));
      const seen = [];
      let turn = 0;
      const count = () => { turn += 1; if (seen.length < COUNT) setImmediate(count); };
      setImmediate(count);
      const bomb = deflateRawSync(Buffer.alloc(8 * 2 ** 20), { finishFlush: constants.Z_SYNC_FLUSH, level: 9 }).subarray(0, -4);
      const frame = Buffer.concat([Buffer.from([0xc2, 0xfe, bomb.length >> 8, bomb.length & 255, 0, 0, 0, 0]), bomb]); // masked with zeros
      const client = connect(port, '127.0.0.1', () => client.write(upgradeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_no_context_takeover' })));
      client.once('data', () => client.write(Buffer.concat(Array.from({ length: COUNT }, () => frame)))).on('error', () => {});
      while (seen.length < COUNT) await new Promise((resolve) => setTimeout(resolve, 5));
      const most = Math.max(...seen.map((it) => seen.filter((other) => other === it).length));
      t.ok(most <= 1, `${most} messages in one turn`);
      client.destroy();
    },
  },
  {
    name: 'closeTimeoutMs expires while a stream does not go on, although the client pings',
    async run(t) {
      const { url, talk } = await startAcceptor(t, () => ({ options: { closeTimeoutMs: 300 } }));
      const client = await wsClient(t, url);
      const pings = setInterval(() => client.socket.ping(), 50);
      const accepted = await talk();
      accepted.sendStream(new ReadableStream({ pull: () => new Promise(() => {}) }), 1000);
      accepted.close();
      const { timeout } = await t.stops(accepted, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      clearInterval(pings);
      t.is(timeout, 'close');
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
      const { connect } = await import('node:net');
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
    name: 'pings work in both directions, and a client that does not answer them times out',
    async run(t) {
      const { url, port, talk } = await startAcceptor(t, () => ({ attributes: { pingInterval: 1, pingTimeout: 1 } }));
      const client = await wsClient(t, url);
      const accepted = await talk();
      await accepted.until('onStart');
      t.ok(await accepted.channel.sendPing('hello') >= 0, 'the milliseconds');
      client.socket.ping('there');
      t.is((await once(client.socket, 'pong'))[0].toString(), 'there');
      const silent = rawTalk(port, upgradeRequest());
      await t.stops(await talk(1), { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      await silent;
      t.is(accepted.stopped, false, 'the client that answers stays');
    },
  },
  {
    name: 'pings from right after asyncAccept and from onStart are sent once each',
    async run(t) {
      const { url, talk } = await startAcceptor(t, () => ({ listener: { onStart() { accepted.sendPing('second'); } } }));
      let accepted;
      const { asyncAccept } = t.api.WebSocketChannel.prototype;
      t.api.WebSocketChannel.prototype.asyncAccept = function accept(...args) {
        accepted = this;
        asyncAccept.apply(this, args);
        this.sendPing('first');
      };
      t.onEnd(() => { t.api.WebSocketChannel.prototype.asyncAccept = asyncAccept; });
      const client = new Ws(url);
      const heard = [];
      client.on('ping', (data) => heard.push(data.toString()));
      await once(client, 'open');
      await (await talk()).channel.sendPing('third');
      t.same(heard, ['first', 'second', 'third']);
      client.close();
    },
  },
  {
    name: 'the process of a server does not end before its last connection: close() of the HTTP server calls back',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { code, stdout } = await program(`
        import { createServer } from 'node:http';
        import { spawn } from 'node:child_process';
        const server = createServer().listen(0, '127.0.0.1', () => {
          const client = \`new (await import('ws')).WebSocket('ws://127.0.0.1:\${server.address().port}')\`;
          spawn(process.execPath, ['--input-type=module', '-e', client], { cwd: ${JSON.stringify(HERE)}, stdio: 'ignore' }).unref();
        });
        server.on('upgrade', (...upgrade) => {
          const channel = new WebSocketChannel();
          channel.asyncAccept(...upgrade, { onStart() {
            server.close(() => console.log('closed'));
            channel.close(1001, 'bye');
          } });
        });`, url);
      t.same([code, stdout.trim()], [0, 'closed']);
    },
  },
  {
    name: 'a load group reaches a channel of another copy of the package; only one of the copies can accept a request',
    async run(t) {
      const { WebSocketChannel } = secondCopy(t);
      const loadGroup = new t.api.LoadGroup();
      let twice;
      const { url } = await startAcceptor(t, (request, socket, head) => {
        const channel = new WebSocketChannel();
        channel.loadGroup = loadGroup;
        channel.asyncAccept(request, socket, head, { onStart() { loadGroup.sendMsg('hello'); } }, null);
        twice = () => new t.api.WebSocketChannel().asyncAccept(request, socket, head, {}, null);
        return false;
      });
      const client = await wsClient(t, url);
      t.is((await client.messages(1))[0].data.toString(), 'hello');
      t.throws('NS_ERROR_INVALID_ARG', twice);
      loadGroup.cancel();
    },
  },
  {
    name: 'suspend() makes the client wait, and resume() lets it continue',
    async run(t) {
      const { url, talk } = await startAcceptor(t);
      const client = await wsClient(t, url);
      const accepted = await talk();
      await accepted.until('onStart');
      accepted.channel.suspend();
      for (let at = 0; at < 64; at++) client.socket.send(Buffer.alloc(1 << 20, at));
      await new Promise((resolve) => setTimeout(resolve, 300));
      t.ok(client.socket.bufferedAmount > 1 << 20, `the client has ${client.socket.bufferedAmount} bytes left`);
      t.ok(accepted.messages.length < 32, `${accepted.messages.length} messages arrived`);
      accepted.channel.resume();
      t.is((await accepted.untilMessages(64)).length, 64);
    },
  },
  {
    name: 'a message that came before a reset, while the channel was suspended, is delivered after resume()',
    async run(t) {
      const { url, talk } = await startAcceptor(t);
      const client = await wsClient(t, url);
      const { channel, messages } = await talk();
      await (await talk()).until('onStart');
      channel.suspend();
      client.socket.send('before the reset');
      await new Promise((resolve) => setTimeout(resolve, 50));
      client.socket._socket.resetAndDestroy();
      await new Promise((resolve) => setTimeout(resolve, 50));
      t.same([messages, channel.state], [[], 'open']);
      channel.resume();
      await t.stops(await talk(), { node: 'NS_ERROR_NET_RESET' });
      t.same(messages, ['before the reset']);
    },
  },
  {
    name: 'a reset ends a channel that resumes only when the client has taken what was sent',
    async run(t) {
      const { url, talk } = await startAcceptor(t, () => ({
        listener: {
          onBinaryMessageAvailable: (_, bytes) => {
            accepted.send(bytes);
            if (accepted.channel.bufferedAmount > 1 << 20) accepted.channel.suspend();
          },
        },
      }));
      const client = await wsClient(t, url);
      const accepted = await talk();
      client.socket._socket.pause();
      for (let at = 0; at < 400; at++) client.socket.send(Buffer.alloc(65_536));
      while (accepted.channel.bufferedAmount <= 1 << 20) await new Promise((resolve) => setTimeout(resolve, 10));
      client.socket._socket.resetAndDestroy();
      await t.stops(accepted, { node: 'NS_ERROR_NET_RESET' });
    },
  },
  {
    name: 'an upgrade accepted late and closed, or suspended and closed, at once: no byte of the client is lost, and both close frames are exchanged',
    async run(t) {
      for (const suspends of [false, true]) {
        const { port, server } = await startAcceptor(t, () => false);
        const accepted = new Promise((resolve) => server.on('upgrade', (...upgrade) => setTimeout(() => {
          const talk = t.open(upgrade[0].url, { accept: upgrade });
          if (suspends) talk.channel.suspend();
          talk.close(4001);
          resolve(talk);
        }, 100)));
        const begun = clientFrame(2, Buffer.alloc(100, 0xFF));
        const client = connect(port, '127.0.0.1', () => {
          client.write(upgradeRequest());
          setTimeout(() => client.write(begun.subarray(0, 50)), 50);
        });
        t.onEnd(() => client.destroy());
        client.on('data', (data) => { // the response, with the close frame or before it
          if (data.includes(Buffer.from([0x88, 2, 0x0F, 0xA1]))) client.write(Buffer.concat([begun.subarray(50), clientFrame(8, [0x0F, 0xA1])]));
        });
        await t.stops(await accepted, { node: 'NS_OK' });
      }
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
  {
    name: 'a socket whose writable side was ended: onStop says that the connection ended',
    async run(t) {
      const { port, talk } = await startAcceptor(t, (request, socket) => {
        socket.end();
        return {};
      });
      t.is(await rawTalk(port, upgradeRequest()), '');
      await t.stops(await talk(), { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
    },
  },
  {
    name: 'a socket that the server ends itself while the channel is open: onStop says so, and blames no one else',
    async run(t) {
      let own;
      const { url, talk } = await startAcceptor(t, (request, socket) => {
        own = socket;
        return {};
      });
      await wsClient(t, url);
      const accepted = await talk();
      await accepted.until('onStart');
      own.end();
      t.is(accepted.send('too late'), true);
      const { message } = await t.stops(accepted, { node: 'NS_BASE_STREAM_CLOSED' });
      t.ok(message.includes('other code of this process ended the socket'), message);
    },
  },
  {
    name: 'this package at both ends: compression, a subprotocol, and a close by the server',
    async run(t) {
      const { url, talk } = await startAcceptor(t, () => echoing({ protocols: 'chat' }));
      const client = await t.opened(url, { protocols: 'other, chat' });
      t.same([client.channel.protocol, client.channel.extensions], ['chat', 'permessage-deflate']);
      const sent = ['', 'text', 'äöü 日本 💧'.repeat(1000), new Uint8Array(300_000).fill(7)];
      for (const message of sent) client.send(message);
      t.same(await client.untilMessages(sent.length), sent);
      (await talk()).close(4002, 'from the server');
      t.same((await client.until('onServerClose')).args, [4002, 'from the server']);
      await t.stops(client, { node: 'NS_OK' });
      await t.stops(await talk(), { node: 'NS_OK' });
    },
  },
];

/** The options of a talk that echoes every message. */
const echoing = (options = {}) => ({ ...options, echo: true });

const fakeSocket = () => ({ on() { return this; }, write() {}, end() {}, pause() {}, resume() {} });
