import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { collect } from '../harness/garbage.js';
import { onHttp2 } from '../harness/http2_server.js';
import { program } from '../harness/own_process.js';
import { throwsDOMException } from '../harness/web.js';

/** What WebSocket adds to the standard in Node: failures that say why, and the channel's options. Only in Node. */
export const webSocketFailures = [
  ...[
    ['nobody listens', (t) => t.peer('refusing', '/'), 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED', /ECONNREFUSED|refused/i],
    ['a host that does not exist', () => 'ws://nobody.invalid/?id=none', 'NS_ERROR_UNKNOWN_HOST', /nobody\.invalid/],
    ['a response that is not a 101', (t) => t.peer('ws', '/refuse', { status: 403 }), 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED', /403/],
    ['a server that is not trusted', (t) => t.peer('wss', '/echo'), 'NS_ERROR_NET_INADEQUATE_SECURITY', /certificate/i],
    ['a redirect, which is not followed', (t) => t.peer('ws', '/refuse', { status: 302, location: 'ws://127.0.0.1/' }), 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED', /302/],
    ['no subprotocol selected although one was requested', (t) => t.peer('ws', '/echo', { select: '' }), 'NS_ERROR_ILLEGAL_VALUE', /subprotocol/, ['chat']],
    ['a subprotocol that was not requested', (t) => t.peer('rude', '/answer', { text: answer('Sec-WebSocket-Protocol: other\r\n') }), 'NS_ERROR_ILLEGAL_VALUE', /subprotocol/],
    ['a port that Fetch blocks', () => 'ws://127.0.0.1:6667/?id=none', 'NS_ERROR_PORT_ACCESS_NOT_ALLOWED', /6667/],
  ].map(([what, url, name, says, protocols]) => ({
    name: `${what}: error and message of the error event say so, and close has code 1006`,
    async run(t) {
      const observed = t.socket(url(t), protocols ?? []);
      const event = await observed.until('error');
      const { error, message } = event;
      t.ok(error instanceof t.api.ChannelError && error instanceof Error, 'a ChannelError');
      t.same([error.name, error.code, t.api.statusName(error.result), error.message === message], [name, name, name === 'NS_ERROR_INVALID_ARG' ? 'NS_ERROR_ILLEGAL_VALUE' : name, true]);
      t.ok(says.test(message), `the message: ${message}`);
      t.same([error.detail.name, error.detail.message, error.detail.wasClean, error.detail.code], [name, message, false, 1006]);
      t.same(Object.keys(event).sort(), ['error', 'isTrusted', 'message'].filter((key) => Object.hasOwn(event, key)));
      const { code, reason, wasClean } = await observed.until('close');
      t.same([observed.types, code, reason, wasClean, observed.socket.readyState], [['error', 'close'], 1006, '', false, 3]);
    },
  })),
  {
    name: 'a Blob that cannot be read fails the connection: error with the cause, close with 1006',
    async run(t) {
      const folder = mkdtempSync(join(tmpdir(), 'wsc-blob-'));
      try {
        const file = join(folder, 'file');
        writeFileSync(file, 'as long as this');
        const blob = await openAsBlob(file);
        writeFileSync(file, 'shorter');
        const observed = await t.openSocket(t.peer('ws', '/echo'));
        observed.socket.send(blob);
        observed.socket.send('behind');
        const { error } = await observed.until('error');
        t.is(error.cause.name, 'NotReadableError');
        const { code, wasClean } = await observed.until('close');
        t.same([code, wasClean], [1006, false]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
  {
    name: 'a user name that no request can carry: no exception, but an error event, and close with 1006',
    async run(t) {
      const observed = t.socket('ws://us%3Aer:pass@127.0.0.1:3/');
      t.same([observed.socket.url, observed.socket.readyState], ['ws://us%3Aer:pass@127.0.0.1:3/', 0]);
      const { error } = await observed.until('error');
      t.is(error.name, 'NS_ERROR_MALFORMED_URI');
      const { code, wasClean } = await observed.until('close');
      t.same([code, wasClean], [1006, false]);
    },
  },
  {
    name: 'error.detail is the detail of onStop, with the response\'s status, headers and body',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/refuse', { status: 403, body: 'not you' }));
      const { error: { detail } } = await observed.until('error');
      t.same([detail.http.status, detail.http.body, detail.code, detail.wasClean], [403, 'not you', 1006, false]);
      t.is(detail.http.headers['x-refused-by'], 'ws peer');
    },
  },
  {
    name: 'a connection that breaks the protocol: error says how, and its detail and close have code 1006',
    async run(t) {
      const observed = t.socket(t.raw('83 00'));
      const { error } = await observed.until('error');
      t.same([error.name, error.detail.code], ['NS_ERROR_ILLEGAL_VALUE', 1006]);
      t.is((await observed.until('close')).code, 1006);
    },
  },
  {
    name: 'on ports that Fetch blocks, url, send and close work as on any other; ports that it does not block are tried',
    async run(t) {
      for (const port of [1, 22, 25, 6000, 10_080]) {
        const { socket } = t.socket(`ws://127.0.0.1:${port}/a?id=none`);
        t.same([socket.url, socket.readyState, socket.bufferedAmount], [`ws://127.0.0.1:${port}/a?id=none`, 0, 0]);
        throwsDOMException('InvalidStateError', () => socket.send('x'));
        if (port === 22) socket.close();
        t.is(socket.readyState, port === 22 ? 2 : 0);
      }
      // The schemes' own ports, and ports of no other protocol, are not blocked.
      for (const port of [80, 443, 81, 6664, 65_535]) {
        const observed = t.socket(`ws://127.0.0.1:${port}/?id=none`);
        const { error } = await observed.until('error');
        t.is(error.name, 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED', `port ${port}`);
      }
    },
  },
  {
    name: 'an error that nobody listens for does not end the process: refused, broken',
    async run(t) {
      const url = t.peer('refusing', '/');
      const broken = t.raw('83 00');
      const { code, stdout, stderr } = await program(`
        import { WebSocket } from 'websocket-channel';
        const [refused, broken] = [new WebSocket(process.argv[1]), new WebSocket('${broken}')];
        setTimeout(() => console.log(refused.readyState, broken.readyState), 1000);`, url);
      t.same([code, stdout.trim(), stderr], [0, '3 3', '']);
    },
  },
  {
    name: 'close is fired even if a callback of process.nextTick throws behind error',
    async run(t) {
      const { code, stdout } = await program(`
        import { WebSocket } from 'websocket-channel';
        process.on('uncaughtException', ({ message }) => console.log(message));
        const socket = new WebSocket(process.argv[1]);
        socket.onerror = () => process.nextTick(() => { throw new Error('thrown'); });
        socket.onclose = () => console.log('close');`, t.peer('refusing', '/'));
      t.same([code, stdout.trim().split('\n').sort()], [0, ['close', 'thrown']]);
    },
  },
  {
    name: 'sockets that end together: the events of one are not fired within those of another, however many they are',
    run: (t) => onHttp2(t, {}, async ({ url, options, sessions }) => {
      const limit = Error.stackTraceLimit;
      const depths = [];
      const sockets = Array.from({ length: 60 }, () => new t.api.WebSocket(url, options()));
      try {
        Error.stackTraceLimit = Infinity;
        const opened = sockets.map((socket) => new Promise((resolve) => { socket.onopen = resolve; }));
        const closed = sockets.map((socket) => new Promise((resolve) => {
          socket.onclose = () => { resolve(depths.push(new Error('here').stack.split('\n').length)); };
        }));
        await Promise.all(opened);
        sessions[0].destroy();
        await Promise.all(closed);
      } finally {
        Error.stackTraceLimit = limit;
      }
      t.ok(depths.length === 60 && Math.max(...depths) < 60, `up to ${Math.max(...depths)} calls deep`);
    }),
  },
  {
    name: "a listener's signal keeps no socket in memory that is closed",
    async run(t) {
      const { signal } = new AbortController();
      const refs = [];
      for (let at = 0; at < 10; at++) await openAndCloseWith(t, signal, refs);
      for (let at = 0; at < 6; at++) await collect();
      t.is(refs.filter((ref) => ref.deref() !== undefined).length, 0, 'sockets that are still there');
    },
  },
  {
    name: 'console.log shows a socket, a Proxy of one, and an object that inherits from one',
    run(t) {
      const socket = new t.api.WebSocket('ws://127.0.0.1:6667/');
      t.ok(inspect(socket).startsWith("WebSocket { url: 'ws://127.0.0.1:6667/'"), inspect(socket));
      for (const other of [new Proxy(socket, {}), Object.create(socket)]) t.is(inspect(other), 'WebSocket {}');
    },
  },
  {
    name: 'an open socket keeps its program alive until it is closed, and no longer',
    async run(t) {
      const { code, stdout } = await program(`
        import { WebSocket } from 'websocket-channel';
        const socket = new WebSocket(process.argv[1]);
        socket.onmessage = ({ data }) => { console.log(data); socket.close(); };
        socket.onopen = () => setTimeout(() => socket.send('still here'), 300).unref();`, t.peer('ws', '/echo'));
      t.same([code, stdout.trim()], [0, 'still here']);
    },
  },
  {
    name: 'the request bypasses caches, as Fetch requires, unless a header in the options says otherwise',
    async run(t) {
      const sent = async (given) => {
        const url = t.peer('ws', '/echo');
        await t.openSocket(url, given);
        const { headers } = (await t.observed(url)).request;
        return [headers.pragma, headers['cache-control']];
      };
      t.same(await sent(), ['no-cache', 'no-cache']);
      t.same(await sent({ headers: { 'CACHE-CONTROL': 'max-age=0' } }), ['no-cache', 'max-age=0']);
    },
  },
  {
    name: 'options: headers, origin, subprotocols, redirects, and the channel underneath',
    async run(t) {
      const target = t.peer('ws', '/echo');
      const url = t.peer('ws', '/refuse', { status: 302, location: target });
      const options = { protocols: ['a', 'b'], headers: { 'X-Mine': 'yes' }, origin: 'https://example.org', redirects: 1, pingInterval: 30, pingTimeout: 5, deflate: false };
      const { socket } = await t.openSocket(url, options);
      const { request: { headers } } = await t.observed(target);
      t.same([headers['x-mine'], headers.origin, headers['sec-websocket-protocol'], headers['sec-websocket-extensions']], ['yes', 'https://example.org', 'a, b', undefined]);
      t.ok(socket.channel instanceof t.api.WebSocketChannel, 'a channel');
      t.same([socket.channel.state, socket.channel.pingInterval, socket.channel.pingTimeout, socket.protocol], ['open', 30, 5, 'a']);
      t.is(socket.url, url, 'url is the one passed to the constructor');
      t.is(Object.hasOwn(options, 'redirects') && options.protocols.length, 2, 'the options are unchanged');
    },
  },
  {
    name: 'the constructor throws for a wrong option and names it; DOMExceptions come first',
    async run(t) {
      const url = t.peer('ws', '/echo');
      for (const [options, says] of [[{ heders: {} }, 'heders'], [{ redirects: -1 }, 'redirects'], [{ headers: 5 }, 'headers'], [{ origin: 5 }, 'rigin'], [{ pingInterval: -1 }, 'pingInterval'],
        [{ loadGroup: {} }, 'loadGroup'], [{ protocol: 'chat' }, 'protocol']]) {
        const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocket(url, options), JSON.stringify(options));
        t.ok(message.includes(says), `${JSON.stringify(options)}: ${message}`);
      }
      throwsDOMException('SyntaxError', () => new t.api.WebSocket('ws://[', { heders: {} }));
      throwsDOMException('SyntaxError', () => new t.api.WebSocket(url, { protocols: ['a b'] }));
    },
  },
  {
    name: 'options with a null prototype, of a class, or frozen; subprotocols as a string, null, undefined or a Set',
    async run(t) {
      class Options { headers = { 'X-Mine': 'yes' }; }
      for (const options of [Object.assign(Object.create(null), new Options()), new Options(), Object.freeze({ headers: { 'X-Mine': 'yes' } })]) {
        const url = t.peer('ws', '/echo');
        await t.openSocket(url, options);
        t.is((await t.observed(url)).request.headers['x-mine'], 'yes');
      }
      for (const [protocols, expected] of [['chat', 'chat'], [null, ''], [undefined, ''], [new Set(['a', 'b']), 'a']]) {
        const { socket } = await t.openSocket(t.peer('ws', '/echo'), { protocols });
        t.is(socket.protocol, expected);
      }
    },
  },
  {
    name: 'a polluted Object.prototype reaches neither the options nor the events',
    async run(t) {
      const url = t.peer('ws', '/echo');
      Object.assign(Object.prototype, { headers: { 'X-Evil': 'yes' }, protocols: ['evil'], origin: 'https://evil.example', redirects: 5, pingInterval: 5 });
      try {
        const { socket } = await t.openSocket(url, {});
        t.is(socket.protocol, '');
      } finally {
        for (const name of ['headers', 'protocols', 'origin', 'redirects', 'pingInterval']) delete Object.prototype[name];
      }
      const { headers } = (await t.observed(url)).request;
      t.same([headers['x-evil'], headers.origin], [undefined, undefined]);
    },
  },
  {
    name: 'loadGroup: cancelling the group ends the socket with NS_BINDING_ABORTED',
    async run(t) {
      const group = new t.api.LoadGroup();
      const observed = await t.openSocket(t.peer('ws', '/echo'), { loadGroup: group });
      t.is(group.activeCount, 1);
      group.cancel();
      const { error } = await observed.until('error');
      t.is(error.name, 'NS_BINDING_ABORTED');
      t.is((await observed.until('close')).code, 1006);
    },
  },
  {
    name: 'signal: aborting it fires an error whose cause is the reason',
    async run(t) {
      const controller = new AbortController();
      const observed = await t.openSocket(t.peer('ws', '/echo'), { signal: controller.signal });
      const reason = new RangeError('changed my mind');
      controller.abort(reason);
      const { error } = await observed.until('error');
      t.same([error.name, error.cause === reason], ['NS_BINDING_ABORTED', true]);
    },
  },
  {
    name: 'suspend() of socket.channel holds events back until resume()',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      observed.socket.channel.suspend();
      observed.socket.send('x');
      await t.roundTrip();
      t.same(observed.data, []);
      observed.socket.channel.resume();
      t.same(await observed.untilMessages(1), ['x']);
    },
  },
  {
    name: 'redirects of null or undefined means the default: no redirect is followed',
    async run(t) {
      for (const redirects of [null, undefined]) {
        const observed = t.socket(t.peer('ws', '/refuse', { status: 302, location: 'ws://127.0.0.1/' }), { redirects });
        t.is((await observed.until('error')).error.detail.http.status, 302);
      }
    },
  },
  {
    name: 'a user name and a password in the URL: url includes them, console output and messages do not',
    async run(t) {
      const url = t.peer('ws', '/echo').replace('//', '//user:secret@');
      const { socket } = await t.openSocket(url);
      t.is(socket.url, url);
      const { inspect } = await import('node:util');
      const shown = inspect(socket);
      t.ok(shown.startsWith('WebSocket {') && shown.includes('OPEN') && !shown.includes('secret'), shown);
      const { message } = throwsDOMException('SyntaxError', () => new t.api.WebSocket('ws://user:secret@['));
      t.ok(!message.includes('secret'), message);
      for (const uri of ['ws://user:secret@[', 'ws://user:secret@ho st/', 'ws://user:secret@127.0.0.1:99999/']) {
        const thrown = t.throws('NS_ERROR_MALFORMED_URI', () => new t.api.WebSocketChannel().asyncOpen(uri, null, {}, null));
        t.ok(!inspect(thrown).includes('secret'), inspect(thrown));
      }
    },
  },
];

const answer = (more) => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n${more}\r\n`;

/** Opens and closes a socket with a listener that the signal would remove. Holds nothing once its promise resolves. */
async function openAndCloseWith(t, signal, refs) {
  const socket = new t.api.WebSocket(t.peer('ws', '/echo'));
  refs.push(new WeakRef(socket));
  await new Promise((resolve) => {
    socket.addEventListener('open', () => socket.close(), { signal });
    socket.addEventListener('close', resolve, { signal });
  });
  socket.addEventListener('close', () => socket.url, { signal });
}
