import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { constants, deflateRawSync } from 'node:zlib';
import { WebSocket as Ws } from 'ws';
import { clientFrame, rawTalk, startAcceptor, upgradeRequest, wsClient } from '../harness/acceptor.js';
import { secondCopy } from '../harness/installed.js';
import { program } from '../harness/own_process.js';

/** A child program runs here, so that Node finds the npm package ws. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** How accepted channels pause, fail, close and end. */
export const acceptedEnds = [
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
];
