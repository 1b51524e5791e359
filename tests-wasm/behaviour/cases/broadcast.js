import { once } from 'node:events';
import { connect } from 'node:net';
import { startAcceptor, upgradeRequest, wsClient } from '../harness/acceptor.js';

/** LoadGroup.sendMsg and sendBinaryMsg, to clients of the npm package ws and hand-made ones. */
export const broadcasts = [
  {
    name: 'every open member gets the message, a slow member delays nobody, and the number of open members is returned',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const { url, port, talk, talks } = await startAcceptor(t, () => ({ loadGroup, options: { deflate: false } }));
      const clients = [];
      for (let at = 0; at < 5; at++) clients.push(await wsClient(t, url));
      const slow = connect(port, '127.0.0.1', () => slow.write(upgradeRequest()));
      await once(slow, 'data');
      slow.pause();
      await (await talk(5)).until('onStart');
      t.is(broadcast(loadGroup, talks, 'to all'), 6);
      t.is(broadcast(loadGroup, talks, new Uint8Array([1, 2, 3])), 6);
      for (let at = 0; at < 32; at++) broadcast(loadGroup, talks, new Uint8Array(1 << 20).fill(at));
      for (const client of clients) {
        const messages = await client.messages(34);
        t.same([messages[0].data.toString(), [...messages[1].data], messages[33].data[5]], ['to all', [1, 2, 3], 31]);
      }
      const buffered = (await talk(5)).channel.bufferedAmount;
      t.ok(buffered > 1 << 20, `the slow one has ${buffered} bytes to send`);
      t.is((await talk(0)).channel.bufferedAmount, 0);
      (await talk(1)).close();
      t.is(broadcast(loadGroup, talks, 'to the others'), 5);
      t.throws('NS_ERROR_INVALID_ARG', () => loadGroup.sendMsg(5));
      t.throws('NS_ERROR_INVALID_ARG', () => new t.api.LoadGroup().sendBinaryMsg('text'));
      t.is(new t.api.LoadGroup().sendMsg('to nobody'), 0);
      loadGroup.cancel();
      slow.destroy();
    },
  },
  {
    name: 'members that do not read share the memory of their queued messages',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const { port, talk, talks } = await startAcceptor(t, () => ({ loadGroup, options: { deflate: false } }));
      const members = 20;
      const sockets = Array.from({ length: members }, () => connect(port, '127.0.0.1', function greet() { this.write(upgradeRequest()); }));
      t.onEnd(() => sockets.forEach((socket) => socket.destroy()));
      for (const socket of sockets) {
        await once(socket, 'data');
        socket.pause();
      }
      await (await talk(members - 1)).until('onStart');
      const reserved = () => globalThis.process.memoryUsage().arrayBuffers;
      const before = reserved();
      const size = 32_768;
      const count = 600;
      for (let at = 0; at < count; at++) {
        t.is(broadcast(loadGroup, talks, new Uint8Array(size).fill(at)), members);
        await new Promise(setImmediate);
      }
      const waiting = talks.reduce((sum, { channel }) => sum + channel.bufferedAmount, 0);
      t.ok(waiting > 3 * size * count, `${waiting} bytes wait for all of them together`);
      t.ok(reserved() - before < 2 * size * count, `${reserved() - before} bytes of memory`);
      loadGroup.cancel();
    },
  },
  {
    name: 'between individual messages, to members with different compression: each client inflates every message in order',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const { url, talk, talks } = await startAcceptor(t, ({ url: path }) => ({ loadGroup, echo: true, options: { deflate: path === '/off' ? false : { threshold: 0, level: path === '/fast' ? 1 : 6 } } }));
      const kinds = [
        ['/', {}], ['/', {}], ['/fast', {}], ['/off', {}], ['/', { perMessageDeflate: false }], ['/', { perMessageDeflate: { threshold: 0, serverNoContextTakeover: true } }],
        ['/', { perMessageDeflate: { threshold: 0, serverMaxWindowBits: 9 } }],
      ];
      const clients = [];
      for (const [path, options] of kinds) clients.push(await wsClient(t, url + path, [], { perMessageDeflate: { threshold: 0 }, ...options }));
      const over1 = await t.opened(url, { loadGroup }); // a client channel, which masks; its server end echoes
      for (let at = 0; at < kinds.length + 1; at++) await (await talk(at)).until('onStart');
      const text = (at) => `{"number":${at},"text":"${'some text that repeats itself, '.repeat(at % 5)}"}`;
      const MANY = 20;
      for (let at = 0; at < MANY; at++) {
        for (const client of clients) client.socket.send(`own ${text(at)}`);
        for (const client of clients) await client.messages(3 * at + 1); // the echo, compressed by the member's own compressor
        const open = [...talks, over1];
        for (const it of open) it.sent.push(Buffer.byteLength(text(at)), 3);
        t.is(loadGroup.sendMsg(text(at)), open.length);
        t.is(loadGroup.sendBinaryMsg(new Uint8Array([at, 1, 2])), open.length);
        for (const client of clients) await client.messages(3 * at + 3);
      }
      const expected = Array.from({ length: MANY }, (_, at) => [`own ${text(at)}`, text(at), Buffer.from([at, 1, 2]).toString()]).flat();
      for (const [at, client] of clients.entries()) t.same((await client.messages(3 * MANY)).map(({ data }) => data.toString()), expected, `client ${at}`);
      over1.close();
      loadGroup.cancel();
    },
  },
  {
    name: 'text in several scripts, empty text, and text too large to frame at once; a closed member gets nothing',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const { url, talk, talks } = await startAcceptor(t, () => ({ loadGroup }));
      const client = await wsClient(t, url, [], { perMessageDeflate: true });
      const closing = await wsClient(t, url);
      (await talk(1)).close();
      await closing.closed;
      await (await talk(0)).until('onStart');
      const texts = ['', 'ascii', 'äöü 日本 💧', '\ud800 alone', 'x'.repeat(40_000), 'ä'.repeat(200_000)];
      for (const text of texts) {
        talks[0].sent.push(Buffer.byteLength(text));
        t.is(loadGroup.sendMsg(text), 1);
      }
      t.same((await client.messages(texts.length)).map(({ data }) => data.toString()), texts.map((text) => text.toWellFormed?.() ?? text.replace('\ud800', '\ufffd')));
    },
  },
  {
    name: 'large messages, whether they are framed once for all members or by each, arrive whole and in order',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const { url, talk, talks } = await startAcceptor(t, () => ({ loadGroup }));
      const clients = [];
      for (let at = 0; at < 3; at++) clients.push(await wsClient(t, url, [], { perMessageDeflate: true }));
      await (await talk(2)).until('onStart');
      const misleading = Object.defineProperties(new Uint8Array(100_000).fill(5), {
        length: { get: () => 5 }, subarray: { value: () => new Uint8Array(3) }, constructor: { value: { [Symbol.species]: class extends Uint8Array { constructor() { super(10); } } } },
      });
      const sent = [misleading, 'ä'.repeat(40_000), 'x'.repeat(1 << 18), new Uint8Array(1 << 18).fill(7), 'behind it', new Uint8Array((1 << 18) + 1).fill(8), '日本'.repeat(40_000), '日本'.repeat(100_000), 'the end'];
      for (const message of sent) {
        for (const { sent: all } of talks) all.push(typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength);
        t.is(typeof message === 'string' ? loadGroup.sendMsg(message) : loadGroup.sendBinaryMsg(message), 3);
      }
      for (const client of clients) {
        const messages = await client.messages(sent.length);
        for (const [at, message] of sent.entries()) t.ok(messages[at].data.equals(typeof message === 'string' ? Buffer.from(message) : Buffer.from(message.buffer)), `message ${at}`);
      }
      loadGroup.cancel();
    },
  },
];

/** Sends to a group, and records in each open talk what its channel has sent. */
function broadcast(group, talks, data) {
  for (const talk of talks) if (talk.channel.state === 'open') talk.sent.push(data.length);
  return typeof data === 'string' ? group.sendMsg(data) : group.sendBinaryMsg(data);
}
