import { Duplex } from 'node:stream';
import { constants, deflateRawSync } from 'node:zlib';
import { collect } from '../harness/garbage.js';
import { secondCopy } from '../harness/installed.js';
import { BINARY, frame, PING, TEXT } from '../peers/frame.js';
import { startRaw } from '../harness/raw_server.js';
import { withRaw } from '../harness/raw_talk.js';

/** Data of one channel never reaches another, however calls are nested, and no mask key is used twice. All channels share one receive window and one pool of keys. */
export const isolations = [
  {
    name: 'a stream that pushes data inside another channel\'s listener: each channel receives its own messages, in order',
    async run(t) {
      const heard = [];
      const second = await accepted(t, 'B', heard);
      const first = await accepted(t, 'A', heard, () => {
        if (heard.length === 1) second.push(Buffer.concat([masked(TEXT, 'of B, and longer'), masked(TEXT, 'b2'), masked(BINARY, 'b3')]));
      });
      first.push(Buffer.concat([masked(TEXT, 'a1'), masked(BINARY, 'a2'), masked(PING, ''), masked(TEXT, 'a3')]));
      while (heard.length < 6) await turn();
      t.same(heard, ['A a1', 'A a2', 'A a3', 'B of B, and longer', 'B b2', 'B b3']);
    },
  },
  {
    name: 'a stream that pushes more than the window holds, and more bytes inside its own listener: messages stay in order',
    async run(t) {
      const heard = [];
      const stream = await accepted(t, 'A', heard, () => { if (heard.length === 1) stream.push(masked(TEXT, 'last')); });
      stream.push(Buffer.concat(Array.from({ length: 3000 }, (_, at) => masked(TEXT, `message ${at} ${'x'.repeat(30)}`))));
      while (heard.length < 3001) await turn();
      t.ok(heard.slice(0, -1).every((it, at) => it.startsWith(`A message ${at} `)), 'in order');
      t.is(heard.at(-1), 'A last');
    },
  },
  {
    name: 'a stream that pushes inside its own listener, among messages that take longer than a turn to inflate: messages stay in order',
    async run(t) {
      const heard = [];
      const { stream } = await acceptedWith(t, 'A', heard, {
        deflate: true,
        onMessage() { if (heard.length === 1) stream.push(Buffer.concat([masked(TEXT, 'last'), masked(TEXT, 'but one')])); },
      });
      const large = [1, 2, 3, 4].map((at) => Buffer.alloc((3 << 20) + at));
      stream.push(Buffer.concat(large.map((bytes) => masked(BINARY | RSV1, deflated(bytes)))));
      while (heard.length < 6) await turn();
      t.same(heard.map((it) => it.length), [...large.map((bytes) => bytes.length + 2), 'A last'.length, 'A but one'.length]);
    },
  },
  ...Object.entries({
    'then resume()': (stream, channel) => { stream.destroy(); channel.resume(); },
    'and a turn later resume()': async (stream, channel) => {
      stream.destroy();
      await turn();
      channel.resume();
    },
    'right after resume()': (stream, channel) => {
      channel.resume();
      stream.destroy();
    },
  }).map(([when, destroy]) => ({
    name: `a suspended channel whose stream has pushed several messages and is destroyed, ${when}: all of them are delivered`,
    async run(t) {
      const heard = [];
      let isStopped = false;
      const { stream, channel } = await acceptedWith(t, 'A', heard, { onStop: () => { isStopped = true; } });
      channel.suspend();
      for (const text of ['one', 'two', 'three']) {
        stream.push(masked(TEXT, text));
        await turn();
      }
      await destroy(stream, channel);
      while (!isStopped) await turn();
      t.same(heard, ['A one', 'A two', 'A three']);
    },
  })),
  {
    name: 'EPIPE: from the system, the connection was reset; from Node itself, which refuses to write behind the peer\'s end, it has ended',
    async run(t) {
      for (const [fields, status] of [[{ errno: -32, syscall: 'write' }, 'NS_ERROR_NET_RESET'], [{}, 'NS_BASE_STREAM_CLOSED']]) {
        let name = null;
        const { stream } = await acceptedWith(t, 'A', [], { onStop: (_, number, detail) => { ({ name } = detail); } });
        stream.destroy(Object.assign(new Error('EPIPE'), { code: 'EPIPE', ...fields }));
        while (name === null) await turn();
        t.is(name, status);
      }
    },
  },
  {
    name: 'a stream that pushes inside its own listener, and is destroyed by the listener of what it pushed: what it pushed is delivered',
    async run(t) {
      const heard = [];
      let isStopped = false;
      const { stream } = await acceptedWith(t, 'A', heard, {
        onMessage() {
          if (heard.length === 1) for (const text of ['two', 'three', 'four']) stream.push(masked(TEXT, text));
          if (heard.length === 2) stream.destroy();
        },
        onStop: () => { isStopped = true; },
      });
      stream.push(masked(TEXT, 'one'));
      while (!isStopped) await turn();
      t.same(heard, ['A one', 'A two', 'A three', 'A four']);
    },
  },
  {
    name: 'a stream that pushes frames one by one inside its own onAcknowledge: each message is its own',
    async run(t) {
      const heard = [];
      let pushes = true;
      const onAcknowledge = () => {
        if (!pushes) return;
        pushes = false;
        for (const text of ['first message', 'SECOND MESSAGE', 'third', 'x'.repeat(100)]) stream.push(masked(TEXT, text));
      };
      const { stream, channel } = await acceptedWith(t, 'A', heard, { onAcknowledge });
      channel.sendMsg('go');
      while (heard.length < 4) await turn();
      t.same(heard, ['A first message', 'A SECOND MESSAGE', 'A third', `A ${'x'.repeat(100)}`]);
    },
  },
  {
    name: 'streams that push into each other inside their listeners: each message is its own',
    async run(t) {
      const heard = [];
      let pushes = true;
      const onAcknowledge = () => {
        if (pushes) one.push(masked(TEXT, 'go'));
        pushes = false;
      };
      const one = await accepted(t, 'one', heard, () => { for (const text of ['first', 'SECOND', 'third']) other.stream.push(masked(TEXT, text)); });
      const other = await acceptedWith(t, 'other', heard, { onAcknowledge });
      other.channel.sendMsg('x');
      while (heard.length < 4) await turn();
      t.same(heard, ['one go', 'other first', 'other SECOND', 'other third']);
    },
  },
  {
    name: 'a stream whose write sends on another channel: a large message behind a small one is unchanged',
    async run(t) {
      const written = [];
      const other = await acceptedWith(t, 'other', []);
      const { channel } = await acceptedWith(t, 'A', [], { write(bytes) {
        written.push(Buffer.from(bytes));
        if (bytes.includes('small')) other.channel.sendMsg('Z'.repeat(100));
      } });
      channel.sendMsg('small');
      const large = Buffer.alloc(40_000, 'a');
      channel.sendBinaryMsg(large);
      await turn();
      t.ok(Buffer.concat(written).subarray(-large.length).equals(large));
    },
  },
  {
    name: 'a stream on which `encrypted` is set, as behind a TLS terminator, is accepted; one whose members throw leaves the channel idle',
    async run(t) {
      const behind = await acceptedWith(t, 'A', [], { change: (stream) => { stream.encrypted = true; } });
      t.same([behind.channel.state, behind.channel.securityInfo, behind.channel.URI], ['open', null, 'wss://h/']);
      for (const name of ['on', 'write', 'setTimeout', 'setNoDelay']) {
        const channel = new t.api.WebSocketChannel();
        const stream = streamOf(() => {});
        stream[name] = () => { throw new Error(`${name} failed`); };
        const error = t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncAccept(REQUEST, stream, null, {}, null));
        t.same([error.cause.message, channel.state], [`${name} failed`, 'idle']);
        delete stream[name];
        const next = new t.api.WebSocketChannel();
        next.asyncAccept(REQUEST, stream, null, {}, null);
        t.is(next.state, 'open', 'another channel may have the stream');
        stream.destroy();
        channel.asyncOpen(t.raw('', { then: 'silence' }), null, {}, null);
        channel.close();
      }
    },
  },
  {
    name: 'a stream that pushes data inside the listener of a TCP channel: the TCP channel goes on',
    async run(t) {
      const heard = [];
      const stream = await accepted(t, 'B', heard);
      const listener = { onMessageAvailable: () => stream.push(masked(TEXT, 'x'.repeat(40))) };
      await withRaw(t, { listener }, async (talk, connection) => {
        connection.socket.write(Buffer.concat(['one', 'two', 'three'].map((text) => frame(TEXT, Buffer.from(text)))));
        t.same(await talk.untilMessages(3), ['one', 'two', 'three']);
      });
      t.same(heard, Array(3).fill(`B ${'x'.repeat(40)}`));
    },
  },
  {
    name: 'a broadcast that starts another broadcast: each group sends its own message',
    async run(t) {
      const [chat, admin] = [new t.api.LoadGroup(), new t.api.LoadGroup()];
      const written = { chat1: [], chat2: [], admin: [] };
      let isArmed = false;
      await accepted(t, 'chat1', [], () => {}, { loadGroup: chat, write(bytes) {
        written.chat1.push(bytes.toString('latin1').at(-1));
        if (isArmed) admin.sendMsg('admin only!');
        isArmed = false;
      } });
      await accepted(t, 'chat2', [], () => {}, { loadGroup: chat, write: (bytes) => written.chat2.push(bytes.toString('latin1').at(-1)) });
      await accepted(t, 'admin', [], () => {}, { loadGroup: admin, write: (bytes) => written.admin.push(bytes.toString('latin1').at(-1)) });
      for (const name of Object.keys(written)) written[name].length = 0; // the responses
      isArmed = true;
      chat.sendMsg('a'.repeat(60_000));
      chat.sendMsg('b'.repeat(60_000));
      await turn();
      t.same([written.chat1.at(-1), written.chat2.at(-1), written.admin], ['b', 'b', ['!']]);
    },
  },
  {
    name: 'the last broadcast is forgotten when the members have ended',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      for (const name of ['one', 'other']) await accepted(t, name, [], () => {}, { loadGroup });
      const size = 250_000;
      for (let at = 0; at < 5; at++) await collect(); // so that nothing older is freed later
      const before = process.memoryUsage().arrayBuffers;
      t.is(loadGroup.sendBinaryMsg(new Uint8Array(size)), 2);
      await turn();
      loadGroup.cancel();
      await turn();
      for (let at = 0; at < 20 && process.memoryUsage().arrayBuffers > before + size / 2; at++) await collect();
      const grown = process.memoryUsage().arrayBuffers - before;
      t.ok(grown < size / 2, `${grown} bytes are left`);
    },
  },
  {
    name: 'two copies of the package: a member from the other copy sends its own group\'s message, not that copy\'s last broadcast',
    async run(t) {
      const copy = secondCopy(t);
      const [theirs, ours] = [new copy.LoadGroup(), new t.api.LoadGroup()];
      const sent = [[], []];
      await accepted(t, 'theirs', [], () => {}, { api: copy, loadGroup: theirs, write: (bytes) => sent[0].push(bytes.toString('latin1')) });
      await accepted(t, 'ours', [], () => {}, { api: copy, loadGroup: ours, write: (bytes) => sent[1].push(bytes.toString('latin1')) });
      t.is(theirs.sendMsg('of their group'), 1);
      t.is(ours.sendMsg('of ours'), 1);
      await turn();
      t.same(sent.map((it) => it.at(-1).slice(2)), ['of their group', 'of ours']);
    },
  },
  {
    name: 'hundreds of channels opened at once, then a thousand pings in one tick: no nonce or mask key is used twice',
    async run(t) {
      const server = await startRaw();
      try {
        const nonces = [...await openAtOnce(t, server, 300), ...await openAtOnce(t, server, 300)];
        t.is(new Set(nonces).size, 600, 'number of distinct nonces');
        const open = t.open(`ws://127.0.0.1:${server.port}/`);
        const connection = await server.next();
        connection.accept();
        await open.until('onStart');
        for (let at = 0; at < 1000; at++) open.channel.sendPing().catch(() => {});
        for (let at = 0; at < 1000; at++) open.send('x');
        await connection.until(({ frames }) => frames.length >= 2000, 'all frames');
        // No nonce or mask key may be used twice (RFC 6455 §4.1, §5.3). With this many 32-bit keys, two are equal by chance in one run in a thousand.
        // Three such pairs occur in less than one run in a billion.
        const byChance = 2;
        const keys = new Set(connection.frames.map(({ key }) => key));
        t.ok(keys.size >= connection.frames.length - byChance, `${keys.size} of ${connection.frames.length} mask keys are different`);
        const ofNonces = nonces.flatMap((nonce) => Buffer.from(nonce, 'base64').toString('hex').match(/.{8}/g)).filter((it) => keys.has(it));
        t.ok(ofNonces.length <= byChance, `${ofNonces.length} keys were part of a nonce`);
        connection.socket.destroy();
        await open.end();
      } finally {
        server.stop();
      }
    },
  },
  {
    name: 'a random number generator that throws: the channel that needs it fails with NS_ERROR_UNEXPECTED, and asyncOpen throws it',
    run: (t) => withRaw(t, { ends: 'NS_ERROR_UNEXPECTED' }, async (talk) => {
      const { getRandomValues } = crypto;
      crypto.getRandomValues = () => { throw new Error('no entropy'); };
      try {
        for (let at = 0; at < 3000; at++) talk.send('x');
        t.throws('NS_ERROR_UNEXPECTED', () => new t.api.WebSocketChannel().asyncOpen(t.peer('ws', '/echo'), null, {}, null));
      } finally {
        crypto.getRandomValues = getRandomValues;
      }
      const { detail } = await talk.end();
      t.ok(detail.message.includes('no entropy'), detail.message);
    }),
  },
];

/** Opens channels that never get a response. Returns the nonces of their requests. */
async function openAtOnce(t, server, count) {
  const talks = Array.from({ length: count }, () => t.open(`ws://127.0.0.1:${server.port}/`));
  const nonces = [];
  for (const _ of talks) nonces.push(/^Sec-WebSocket-Key: (.*)$/im.exec((await server.next()).head)[1]);
  talks.forEach((talk) => talk.close());
  await Promise.all(talks.map((talk) => talk.end()));
  return nonces;
}

const REQUEST = {
  method: 'GET', httpVersion: '1.1', url: '/',
  rawHeaders: [
    'Host', 'h', 'Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Extensions', 'permessage-deflate',
  ],
};

/** Returns a JavaScript stream. `write` is called with what is written to it. */
function streamOf(write) {
  return new Duplex({
    read() {},
    write(bytes, _, done) {
      write(bytes);
      done();
    },
  });
}

/** Returns a JavaScript stream that a channel has accepted, as `acceptedWith` does. */
async function accepted(t, name, heard, onMessage = () => {}, options = {}) {
  return (await acceptedWith(t, name, heard, { ...options, onMessage })).stream;
}

/**
 * Returns a JavaScript stream, and the channel that has accepted it. Each message is added to `heard`, after `name`, before `onMessage` is called.
 * `change` is called with the stream before.
 */
async function acceptedWith(t, name, heard, { api = t.api, loadGroup = null, write = () => {}, change = () => {}, deflate = false, onMessage = () => {}, ...listener } = {}) {
  const stream = streamOf(write);
  change(stream);
  const channel = new api.WebSocketChannel(deflate ? {} : { deflate });
  channel.loadGroup = loadGroup;
  const note = (_, data) => {
    heard.push(`${name} ${Buffer.from(data)}`);
    onMessage();
  };
  channel.asyncAccept(REQUEST, stream, null, { onMessageAvailable: note, onBinaryMessageAvailable: note, ...listener }, null);
  t.onEnd(() => stream.destroy());
  await turn(); // The stream flows now.
  return { stream, channel };
}

const turn = () => new Promise((resolve) => { setImmediate(resolve); });

/** Returns a client's frame, masked with zeros. */
function masked(opcode, payload) {
  const whole = frame(opcode, payload);
  const header = whole.subarray(0, whole.length - payload.length);
  header[1] |= 0x80;
  return Buffer.concat([header, Buffer.alloc(4), whole.subarray(header.length)]);
}

const RSV1 = 0x40;
const deflated = (bytes) => deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, level: 9 }).subarray(0, -4);
