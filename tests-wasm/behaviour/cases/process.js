import { program } from '../harness/own_process.js';
import { reply, withScripted } from '../harness/scripted.js';

/** What an unref'd channel is doing when nothing else keeps the program alive: [when, program, url]. Each program prints one line. */
const unreferenced = [
  ['connecting, unref() before asyncOpen', `
    const channel = new WebSocketChannel();
    if (channel.unref() !== channel) throw new Error('unref() must return the channel');
    channel.asyncOpen(process.argv[1], null, { onStop() { console.log('onStop'); } }, null);
    console.log('so far');
  `, (t) => t.peer('rude', '/silence')],
  ['connecting, unref() after the request was sent', `
    const channel = new WebSocketChannel({ openTimeoutMs: 60_000 });
    channel.asyncOpen(process.argv[1], null, { onStop() { console.log('onStop'); } }, null);
    setTimeout(() => { channel.unref(); console.log('so far'); }, 300);
  `, (t) => t.peer('rude', '/silence')],
  ...['unref() before asyncOpen', 'unref() after the request was sent'].map((when) => [`connecting to the second address after the first refused, ${when}`, `
    const lookup = (host, given, done) => {
      const addresses = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
      setImmediate(() => (given.all ? done(null, addresses) : done(null, addresses[0].address, 4)));
    };
    const channel = new WebSocketChannel({ openTimeoutMs: 60_000, socket: { lookup, autoSelectFamily: true } });
    // Keeps the program alive until the channel has connected.
    setTimeout(() => {}, 300);
    if (${when.includes('before')}) channel.unref();
    else setTimeout(() => channel.unref(), 200);
    channel.asyncOpen(process.argv[1], null, { onStop() { console.log('onStop'); } }, null);
    console.log('so far');
  `, (t) => t.peer('rude', '/silence').replace('127.0.0.1', 'two.example')]),
  ['connecting over TLS', `
    const channel = new WebSocketChannel({ openTimeoutMs: 60_000 });
    channel.asyncOpen(process.argv[1], null, { onStop() { console.log('onStop'); } }, null);
    setTimeout(() => { channel.unref(); console.log('so far'); }, 300);
  `, (t) => t.peer('rude', '/silence').replace('ws:', 'wss:')],
  ...['ws', 'wss'].map((peer) => [`open, ${peer}`, `
    const channel = new WebSocketChannel({ tls: { rejectUnauthorized: false } });
    channel.asyncOpen(process.argv[1], null, { onStart() { channel.unref(); console.log('so far'); }, onStop() { console.log('onStop'); } }, null);
  `, (t) => t.peer(peer, '/echo')]),
  ['open, unref() before asyncOpen', `
    const channel = new WebSocketChannel();
    channel.unref();
    const starting = setTimeout(() => {}, 60_000);
    channel.asyncOpen(process.argv[1], null, { onStart() { clearTimeout(starting); console.log('so far'); }, onStop() { console.log('onStop'); } }, null);
  `, (t) => t.peer('ws', '/echo')],
  ['open with keep-alive, suspended, with an unanswered ping and a stream that waits', `
    const channel = new WebSocketChannel();
    channel.pingInterval = 600;
    channel.asyncOpen(process.argv[1], null, {
      onStart() {
        channel.unref();
        channel.sendPing('no answer comes');
        channel.sendBinaryStream(new ReadableStream({ pull: () => new Promise(() => {}) }), 100);
        channel.suspend();
        console.log('so far');
      },
      onStop() { console.log('onStop'); },
    }, null);
  `, (t) => t.peer('rude', '/deaf')],
  ['waiting for the answer to a ping', `
    const channel = new WebSocketChannel();
    channel.pingInterval = 1;
    channel.pingTimeout = 600;
    channel.asyncOpen(process.argv[1], null, { onStop() { console.log('onStop'); } }, null);
    setTimeout(() => { channel.unref(); console.log('so far'); }, 1500);
  `, (t) => t.peer('rude', '/deaf')],
  ['waiting for the answer to close()', `
    const channel = new WebSocketChannel({ closeTimeoutMs: 60_000 });
    channel.asyncOpen(process.argv[1], null, { onStart() { channel.close(); channel.unref(); console.log('so far'); }, onStop() { console.log('onStop'); } }, null);
  `, (t) => t.peer('rude', '/stubborn')],
  ['waiting for the answer to close(), unref\'d before close()', `
    const channel = new WebSocketChannel({ closeTimeoutMs: 60_000 });
    const starting = setTimeout(() => {}, 60_000);
    channel.asyncOpen(process.argv[1], null, { onStart() { channel.unref(); channel.close(); clearTimeout(starting); console.log('so far'); }, onStop() { console.log('onStop'); } }, null);
  `, (t) => t.peer('rude', '/stubborn')],
];

/** The Node process around a channel: separate programs, run in the folder where the package is installed. */
export const processes = [
  {
    name: 'a program ends by itself when its channels have stopped',
    async run(t) {
      const { code, stdout } = await program(`
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, {
          onStart() { channel.sendMsg('hello'); },
          onMessageAvailable(context, text) { console.log(text); channel.close(); },
          onStop(context, status) { console.log(statusName(status)); },
        }, null);
      `, t.peer('ws', '/echo'));
      t.same([code, stdout.trim().split('\n')], [0, ['hello', 'NS_OK']]);
    },
  },
  {
    name: 'a program stays alive as long as one of its channels has not stopped',
    async run(t) {
      const { code, stdout } = await program(`
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, { onStop(context, status) { console.log(statusName(status)); } }, null);
      `, t.peer('rude', '/silence'), { untilOpened: t });
      t.same([code, stdout], [null, ''], 'killed, since it did not end');
    },
  },
  {
    name: 'an uncaught exception from a listener ends the program and is printed with its own message',
    async run(t) {
      const { code, stderr } = await program(`
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, { onStart() { throw new RangeError('thrown by the listener'); } }, null);
      `, t.peer('ws', '/echo'));
      t.is(code, 1);
      t.ok(stderr.includes('RangeError: thrown by the listener'), stderr);
    },
  },
  {
    name: 'creating a channel does not keep the program alive',
    async run(t) {
      t.is((await program('globalThis.kept = new WebSocketChannel();', '')).code, 0);
    },
  },
  {
    name: 'a program ends by itself after pings and streams, when its channels have stopped',
    async run(t) {
      const { code, stdout, stderr } = await program(`
        const channel = new WebSocketChannel();
        channel.pingInterval = 600;
        channel.pingTimeout = 600;
        channel.asyncOpen(process.argv[1], null, {
          async onStart() {
            channel.sendBinaryStream((async function* bytes() { yield new Uint8Array(10); yield new Uint8Array(90); })(), 100);
            await channel.sendPing('still there?');
            console.log('pong');
          },
          onBinaryMessageAvailable(context, bytes) { console.log(bytes.length); channel.sendPing('on the way out'); channel.close(); },
          onStop(context, status) { console.log(statusName(status)); },
        }, null);
      `, t.peer('ws', '/echo'));
      t.same([code, stderr, stdout.trim().split('\n').sort()], [0, '', ['100', 'NS_OK', 'pong']]);
    },
  },
  {
    name: 'a stream that waits forever does not keep the program alive when its channel has stopped',
    async run(t) {
      const { code, stdout } = await program(`
        import { Readable } from 'node:stream';
        const channel = new WebSocketChannel({ closeTimeoutMs: 100 });
        channel.asyncOpen(process.argv[1], null, {
          onStart() {
            channel.sendBinaryStream(new Readable({ read() { this.timer ??= setInterval(() => {}, 1000); }, destroy(error, done) { clearInterval(this.timer); done(error); } }), 100);
            channel.sendBinaryStream(new ReadableStream({ pull: () => new Promise(() => {}) }), 100);
            channel.close();
          },
          onStop(context, status) { console.log(statusName(status)); },
        }, null);
      `, t.peer('ws', '/echo'));
      t.same([code, stdout.trim()], [0, 'NS_ERROR_NET_TIMEOUT_EXTERNAL']);
    },
  },
  {
    name: 'a rejected sendPing that nobody awaits does not end the program',
    async run(t) {
      const { code, stdout, stderr } = await program(`
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, {
          onStart() { channel.sendPing('nobody waits for it'); channel.sendMsg('cut the connection'); },
          onStop(context, status) {
            console.log(statusName(status));
            channel.sendPing('nor for this');
            setTimeout(() => console.log('still alive'), 20);
          },
        }, null);
      `, t.peer('rude', '/raw', { after: 'frame', then: 'reset' }));
      t.same([code, stderr, stdout.trim().split('\n')], [0, '', ['NS_ERROR_NET_RESET', 'still alive']]);
    },
  },
  ...['', 'proxy'].map((by) => ({
    name: `a stopped channel that is still referenced holds no header, passphrase or password${by && ', nor those of its proxy'}`,
    run: (t) => withScripted([() => reply(by ? 407 : 401, { [by ? 'Proxy-Authenticate' : 'WWW-Authenticate']: 'Basic realm="r"' })], async (server) => {
      const { code, stdout, stderr } = await program(`
        import { getHeapSnapshot, setFlagsFromString } from 'node:v8';
        import { runInNewContext } from 'node:vm';
        setFlagsFromString('--expose-gc');
        // Random, so that the program's own text does not contain it.
        const marker = 'secret' + Math.random().toString(36).slice(2);
        async function use(url) {
          const proxy = ${by ? "url.replace('ws://', 'http://user:' + marker + '-proxy@')" : 'null'};
          const channel = new WebSocketChannel({ proxy, headers: { Cookie: marker + '-cookie', 'X-Key': marker + '-key' }, tls: { passphrase: marker + '-passphrase' } });
          channel.notificationCallbacks = { onAuthRequired: ({ attempt }) => (attempt > 1 ? null : { username: 'user', password: marker + '-password' }) };
          await new Promise((resolve) => channel.asyncOpen(url, null, { onStop(context, status, { http }) { console.log(http.status); resolve(); } }, null));
          return channel;
        }
        const kept = await use(process.argv[1]);
        for (let at = 0; at < 3; at++) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          runInNewContext('gc')();
        }
        let text = '';
        for await (const chunk of getHeapSnapshot()) text += chunk;
        const basic = Buffer.from('user:' + marker).toString('base64').slice(0, 20);
        const left = JSON.parse(text).strings.filter((one) => one.includes(marker + '-') || one.includes(basic));
        console.log(left.map((one) => one.replaceAll(marker, '…')).join(), kept.state);
      `, server.url('/'));
      t.same([code, stderr, stdout.trimEnd().split('\n')], [0, '', [by ? '407' : '401', ' stopped']]);
    }),
  })),
  ...unreferenced.map(([when, body, url]) => ({
    name: `an unref'd channel lets the program end: ${when}`,
    async run(t) {
      const { code, stdout, stderr } = await program(body, url(t));
      t.same([code, stderr, stdout.trim()], [0, '', 'so far'], 'it ended by itself, and onStop was never called');
    },
  })),
  ...[
    ['before asyncOpen', 'channel.unref().ref(); channel.asyncOpen(url, null, {}, null);'],
    ['while connecting', 'channel.asyncOpen(url, null, {}, null); channel.unref().ref();'],
    ['while connecting, later', 'channel.unref(); channel.asyncOpen(url, null, {}, null); setTimeout(() => channel.ref(), 50);'],
    ['unref() twice and ref() once', 'channel.asyncOpen(url, null, {}, null); channel.unref(); channel.unref(); channel.ref();'],
  ].map(([when, body]) => ({
    name: `ref() keeps the program alive again: ${when}`,
    async run(t) {
      const { code, signal } = await program(`const [channel, url] = [new WebSocketChannel(), process.argv[1]];\n${body}`, t.peer('rude', '/silence'), { untilOpened: t });
      t.same([code, signal], [null, 'SIGTERM'], 'killed, since it did not end');
    },
  })),
  {
    name: 'ref() on an open channel keeps the program alive until it has stopped',
    async run(t) {
      const { code, stdout } = await program(`
        const channel = new WebSocketChannel();
        channel.unref();
        const starting = setTimeout(() => {}, 60_000);
        channel.asyncOpen(process.argv[1], null, {
          onStart() { channel.ref(); clearTimeout(starting); channel.sendMsg('hello'); },
          onMessageAvailable(context, text) { console.log(text); setTimeout(() => channel.close(), 100).unref(); },
          onStop(context, status) { console.log(statusName(status)); },
        }, null);
      `, t.peer('ws', '/echo'));
      t.same([code, stdout.trim().split('\n')], [0, ['hello', 'NS_OK']]);
    },
  },
  {
    name: 'an unref\'d channel works like any other while something else keeps the program alive',
    async run(t) {
      const { code, stdout } = await program(`
        const channel = new WebSocketChannel({ closeTimeoutMs: 100 });
        channel.unref();
        const alive = setTimeout(() => {}, 60_000);
        channel.asyncOpen(process.argv[1], null, {
          onStart() { channel.sendMsg('hello'); },
          async onMessageAvailable(context, text) { console.log(text, await channel.sendPing() >= 0); channel.close(); },
          onStop(context, status, { timeout }) { console.log(statusName(status), timeout); clearTimeout(alive); },
        }, null);
      `, t.peer('ws', '/echo'));
      t.same([code, stdout.trim().split('\n')], [0, ['hello true', 'NS_OK null']]);
    },
  },
  {
    name: 'an unref\'d channel\'s timeouts still fire while something else keeps the program alive',
    async run(t) {
      const { code, stdout } = await program(`
        const alive = setTimeout(() => {}, 60_000);
        const open = (path, options, listener, attributes) => new Promise((resolve) => {
          const channel = Object.assign(new WebSocketChannel(options), attributes);
          channel.unref();
          channel.asyncOpen(process.argv[1].replace('/path', path), null, { onStart: () => listener(channel), onStop: (context, status, { timeout }) => resolve(timeout) }, null);
        });
        console.log(...await Promise.all([
          open('/silence', { openTimeoutMs: 100 }, () => {}), open('/stubborn', { closeTimeoutMs: 100 }, (channel) => channel.close()),
          open('/deaf', {}, () => {}, { pingInterval: 1, pingTimeout: 1 }),
        ]));
        clearTimeout(alive);
      `, t.peer('rude', '/path'));
      t.same([code, stdout.trim()], [0, 'open close ping']);
    },
  },
  ...[
    ['setTimeout returns numbers, as in a page', `
      const real = setTimeout;
      globalThis.setTimeout = (callback, ms) => real(callback, ms)[Symbol.toPrimitive]();
    `],
    ['the global crypto is missing', 'delete globalThis.crypto;'],
    ['uses of process._tickCallback throw (--pending_deprecation, spelled as Node allows)', '', ['--pending_deprecation', '--throw-deprecation']],
  ].map(([where, before, nodeFlags]) => ({
    name: `a channel and a WebSocket open, echo and close cleanly where ${where}`,
    async run(t) {
      const { code, stdout, stderr } = await program(`
        import { WebSocket } from 'websocket-channel';
        ${before}
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, {
          onStart() { channel.unref(); channel.ref().sendMsg('echo'); },
          onMessageAvailable(_, text) { console.log(text); channel.close(); },
          onStop(_, status) {
            console.log(statusName(status));
            const socket = new WebSocket(process.argv[1]);
            socket.onopen = () => socket.send('web');
            socket.onmessage = ({ data }) => { console.log(data); socket.close(); };
            socket.onclose = ({ wasClean }) => console.log(wasClean);
          },
        }, null);
      `, t.peer('ws', '/echo'), { nodeFlags });
      t.same([code, stdout, stderr], [0, 'echo\nNS_OK\nweb\ntrue\n', '']);
    },
  })),
  {
    name: 'an error that is thrown between two WebSocket messages and caught by uncaughtException loses none of the messages',
    async run(t) {
      const { code, stdout, stderr } = await program(`
        import { WebSocket } from 'websocket-channel';
        let caught = 0;
        process.on('uncaughtException', () => { caught += 1; });
        const heard = [];
        const socket = new WebSocket(process.argv[1]);
        socket.onmessage = ({ data }) => {
          heard.push(data);
          process.nextTick(() => { throw new Error('mine'); });
        };
        socket.onclose = ({ code }) => { setImmediate(() => { console.log(JSON.stringify([heard, code, caught])); }); };
      `, t.peer('ws', '/close', { count: 3, code: 4001 }));
      t.same([code, stderr, JSON.parse(stdout)], [0, '', [['message 0', 'message 1', 'message 2'], 4001, 3]]);
    },
  },
];
