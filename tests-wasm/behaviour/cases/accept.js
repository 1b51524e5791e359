import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket as Ws } from 'ws';
import { clientFrame, rawTalk, startAcceptor, upgradeRequest, wsClient } from '../harness/acceptor.js';

/** The server end, asyncAccept: messages, attributes, agreements. The client is the npm package ws, or hand-made bytes. */
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
  {
    name: 'two requests accepted in one tick: each listener is called in the AsyncLocalStorage context of its own asyncAccept',
    async run(t) {
      const storage = new AsyncLocalStorage();
      const [arrived, seen] = [[], []];
      const { url } = await startAcceptor(t, (...upgrade) => {
        arrived.push(upgrade);
        if (arrived.length < 2) return false;
        for (const accept of arrived) {
          const [{ url: target }] = accept;
          storage.run(target, () => t.open(target, { accept, listener: { onStart: () => seen.push([target, storage.getStore()]) } }));
        }
        return false;
      });
      await Promise.all(['/one', '/other'].map((target) => wsClient(t, `${url}${target}`)));
      t.same(seen.sort(), [['/one', '/one'], ['/other', '/other']]);
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

const echoing = (options = {}) => ({ ...options, echo: true });
