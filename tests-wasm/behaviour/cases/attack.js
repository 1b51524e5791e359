import { constants, deflateRawSync } from 'node:zlib';
import { measured } from '../harness/measured.js';
import { withRaw } from '../harness/raw_talk.js';
import { CLOSE } from '../peers/frame.js';

/**
 * The known attacks on a WebSocket client, each over a real socket. Attacks that need only the bytes of a frame or a header are in frame.js,
 * handshake.js, limit.js and failure.js. Only in Node, because the cases measure a process.
 */
export const attacks = [
  ...[[1, ''], [64, ''], [64, '1']].map(([mib, text]) => ({
    name: `a decompression bomb of ${mib} MiB of ${text ? 'text' : 'zeros'}, within maxMessageSize, is delivered and costs little more memory than its size`,
    async run(t) {
      const seen = await measured(t, bomb(t, mib, text), { until: 1 });
      t.same([seen.status, seen.received], ['NS_OK', [mib * MIB]]);
      t.ok(seen.wasm <= WASM_LIMIT, `wasm memory: ${seen.wasm}`);
      // The collected bytes (twice if they moved to a larger buffer) and the string.
      t.ok(seen.grown < (4 * mib + 48) * MIB, `the process grew by ${seen.grown} bytes`);
    },
  })),
  ...[[1, 2 ** 20 - 1], [64, 2 ** 20], [64, 2 ** 26 - 1], [1024, 2 ** 20], [1024, undefined]].map(([mib, maxMessageSize]) => ({
    name: `a decompression bomb of ${mib === 1024 ? '1 GiB' : `${mib} MiB`} is stopped at ${maxMessageSize ? `a maxMessageSize of ${maxMessageSize}` : 'the default maxMessageSize'}: 1009 on the wire, bounded memory`,
    async run(t) {
      const url = bomb(t, mib);
      const seen = await measured(t, url, { options: { maxMessageSize } });
      t.same([seen.status, seen.received], ['NS_ERROR_FILE_TOO_BIG', []]);
      t.is((await t.observed(url, 'ended')).close?.code, 1009);
      t.ok(seen.wasm <= WASM_LIMIT, `wasm memory: ${seen.wasm}`);
      const limit = maxMessageSize ?? 128 * MIB;
      t.ok(seen.grown < 4 * limit + 48 * MIB, `the process grew by ${seen.grown} bytes under a limit of ${limit}`);
    },
  })),
  {
    name: 'a peer that does not read breaks the protocol: from then on nothing is accepted, and neither close() nor its timeout hides the cause',
    run: (t) => withRaw(t, { ends: 'NS_ERROR_ILLEGAL_VALUE', options: { deflate: false, closeTimeoutMs: 300 } }, async (talk, { socket }) => {
      socket.pause();
      for (let at = 0; at < 20; at++) talk.send(new Uint8Array(MIB));
      socket.write(Buffer.from([0x83, 0]));
      while (talk.channel.state === 'open') await t.roundTrip();
      t.same([talk.channel.state, talk.send('too late')], ['closing', false]);
      talk.close(4000);
      const { detail } = await talk.end();
      t.same([detail.timeout, detail.closedBy], [null, null]);
    }),
  },
  {
    name: 'a peer that answers a close frame by breaking the protocol gets no second close frame',
    run: (t) => withRaw(t, { ends: 'NS_ERROR_ILLEGAL_VALUE' }, async (talk, connection) => {
      connection.onFrame = ({ opcode }) => { if (opcode === CLOSE) connection.socket.write(Buffer.from([0x83, 0])); };
      talk.close(4000);
      await talk.end();
      await connection.until(({ ended }) => ended, 'the end');
      t.is(connection.frames.filter(({ opcode }) => opcode === CLOSE).length, 1);
    }),
  },
  {
    name: 'a decompression bomb stops the channel, and earlier messages are delivered',
    async run(t) {
      const talk = await t.opened(compressed(t, 100, '81 02 68 69'), { options: { maxMessageSize: 50 } });
      await t.stops(talk, { node: 'NS_ERROR_FILE_TOO_BIG' });
      t.same(talk.messages, ['hi']);
      t.is((await t.observed(talk, 'ended')).close?.code, 1009);
    },
  },
  {
    name: 'an inflated message of exactly maxMessageSize is accepted; one byte more is not',
    async run(t) {
      const options = { maxMessageSize: 100 };
      const within = await t.opened(compressed(t, 100), { options });
      t.same(await within.untilMessages(1), ['a'.repeat(100)]);
      const over = await t.opened(compressed(t, 101), { options });
      await t.stops(over, { node: 'NS_ERROR_FILE_TOO_BIG' });
      t.same(over.messages, []);
      t.is((await t.observed(over, 'ended')).close?.code, 1009);
    },
  },
  {
    name: 'an invalid server_max_window_bits never reaches the inflater: the channel fails before it is open',
    async run(t) {
      for (const value of ['', '=', '=0', '=7', '=16', '=31', '=47', '=-15', '=015', '=15.0', '=256', '=271', '=4294967311', '=99999999999999999999', '="16"', '=NaN']) {
        const talk = t.open(t.raw('c1 07 f2 48 cd c9 c9 07 00', { extensions: `permessage-deflate; server_max_window_bits${value}` }));
        const detail = await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE' });
        t.ok(detail.message.includes('server_max_window_bits'), `after ${value}: ${detail.message}`);
        t.same(talk.names, ['onStart', 'onStop']);
      }
    },
  },
  {
    name: 'a 64-bit length that overflows when it is added to earlier fragments',
    async run(t) {
      // 2^63 - 1 is a valid length. With two bytes before it, the sum would not fit in 63 bits, or would be small in 32 bits.
      for (const hex of ['02 02 61 61 80 7f 7f ff ff ff ff ff ff ff', '02 02 61 61 80 7f 00 00 00 00 ff ff ff ff', '42 02 61 61 80 7f 7f ff ff ff ff ff ff ff']) {
        const talk = await t.opened(t.raw(hex, { extensions: 'permessage-deflate' }));
        const { status } = await talk.end();
        t.oneOf(t.api.statusName(status), ['NS_ERROR_FILE_TOO_BIG', 'NS_ERROR_INVALID_CONTENT_ENCODING'], hex);
        t.same(talk.messages, []);
      }
    },
  },
  {
    name: 'header injection: CR, LF and NUL in a header\'s value or name, a subprotocol or the origin throw, and nothing connects',
    async run(t) {
      for (const bad of ['\r\nX-Evil: 1', '\nX-Evil: 1', '\rX-Evil: 1', '\0', 'a\0b', '\r\n\r\nGET / HTTP/1.1', 'a\r', 'a\n', '\u010d\u010aX-Evil: 1', '\u0a0d']) {
        const ways = {
          value: { options: { headers: { 'X-A': `a${bad}b` } } },
          name: { options: { headers: { [`X-A${bad}`]: '1' } } },
          protocol: { protocols: `chat${bad}` },
          origin: { origin: `https://a.example${bad}` },
        };
        for (const [way, given] of Object.entries(ways)) {
          const url = t.peer('rude', '/raw');
          let talk;
          try {
            talk = t.open(url, given);
          } catch (error) {
            t.is(error.name, 'NS_ERROR_INVALID_ARG', `${way} with ${JSON.stringify(bad)}`);
            continue;
          }
          // Spaces around a list item are trimmed. The low bytes of the last two values are CR and LF, in case they are written as Latin-1.
          t.ok(!/[\r\n\0]/.test(way === 'protocol' ? bad.trimEnd() : bad), `${way} with ${JSON.stringify(bad)} was not refused`);
          await talk.until('onStart');
          clean(t, await t.observed(url), way);
        }
      }
    },
  },
  {
    name: 'header injection: CR, LF and NUL in the URI\'s path, query, host, user and password add no line to the request',
    async run(t) {
      for (const bad of ['\r\nX-Evil: 1', '%0d%0aX-Evil:%201', '\0', '%00', '\n', ' HTTP/1.1\r\nX-Evil: 1\r\nX: ']) {
        for (const [way, place] of Object.entries({
          path: (url) => url.replace('/raw?', `/raw;${bad}/../raw?`),
          query: (url) => url.replace('?', `?x=${bad}&`),
          host: (url) => url.replace('127.0.0.1', `127.0.0.1${bad}`),
          user: (url) => url.replace('//', `//user${bad}:secret@`),
          password: (url) => url.replace('//', `//user:se${bad}cret@`),
        })) {
          const uri = place(t.peer('rude', '/raw'));
          let talk;
          try {
            talk = t.open(uri);
          } catch (error) {
            t.oneOf(error.name, ['NS_ERROR_MALFORMED_URI', 'NS_ERROR_NOT_IMPLEMENTED', 'NS_ERROR_INVALID_ARG'], `${way} with ${JSON.stringify(bad)}`);
            continue;
          }
          await talk.until('onStart');
          clean(t, await t.observed(talk.channel.URI), `${way} with ${JSON.stringify(bad)}`);
        }
      }
    },
  },
  {
    name: 'a million one-byte fragments make one message, and cost no more memory than the message',
    async run(t) {
      const url = t.peer('rude', '/tiny-fragments', { count: 1_000_000 });
      const seen = await measured(t, url, { until: 2 });
      t.same([seen.status, seen.received], ['NS_OK', [1_000_000, 6]]);
      t.ok(seen.wasm <= WASM_LIMIT, `wasm memory: ${seen.wasm}`);
      t.ok(seen.grown < 64 * MIB, `the process grew by ${seen.grown} bytes`);
    },
  },
  {
    name: 'a million empty fragments make an empty message',
    async run(t) {
      const seen = await measured(t, t.peer('rude', '/tiny-fragments', { count: 1_000_000, empty: 1 }), { until: 2 });
      t.same([seen.status, seen.received], ['NS_OK', [0, 6]]);
      t.ok(seen.grown < 64 * MIB, `the process grew by ${seen.grown} bytes`);
    },
  },
  {
    name: 'after a million fragments of a message that never ends, pings are answered and close() works',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/tiny-fragments', { count: 1_000_000, endless: 1 }));
      t.same((await t.observed(talk, 'frames:1')).frames.map(({ opcode, text }) => [opcode, text]), [[10, 'so far']]);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.messages, []);
    },
  },
  {
    name: 'half a million full pings from a peer that reads nothing: no queue of pongs builds up, in wasm or in the process',
    async run(t) {
      const seen = await measured(t, t.peer('rude', '/ping-flood', { count: 500 }), { until: 1, options: { closeTimeoutMs: 1 } });
      t.same([seen.status, seen.received, seen.bufferedAmount], ['NS_ERROR_NET_TIMEOUT_EXTERNAL', [4], 0]);
      t.ok(seen.wasm <= WASM_LIMIT, `wasm memory: ${seen.wasm}`);
      // All the pongs together would take 66 MB.
      t.ok(seen.grown < 40 * MIB, `the process grew by ${seen.grown} bytes`);
    },
  },
  {
    name: 'a flood of pings does not change bufferedAmount while a message waits for a peer that reads nothing',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/ping-flood', { count: 20 }), { options: { closeTimeoutMs: 1 } });
      talk.send(new Uint8Array(32 * MIB));
      t.same(await talk.untilMessages(1), ['done']);
      t.is(talk.channel.bufferedAmount, 32 * MIB);
      talk.close();
      await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      t.same(talk.acknowledged, []);
    },
  },
  {
    name: 'an endless response head, header line or body costs no memory',
    async run(t) {
      for (const path of ['/endless-head', '/endless-line', '/endless-body']) {
        const seen = await measured(t, t.peer('rude', path));
        t.ok(seen.status !== 'NS_OK' && seen.status !== 'NS_ERROR_NET_TIMEOUT_EXTERNAL', `${path}: ${seen.status}`);
        t.ok(seen.grown < 24 * MIB, `the process grew by ${seen.grown} bytes after ${path}`);
      }
    },
  },
  {
    name: 'a response with the accept key of another pending request is refused',
    async run(t) {
      const first = t.open(t.peer('rude', '/silence'));
      const { request } = await t.observed(first);
      const key = request.headers['sec-websocket-key'];
      const { acceptFor } = await import('../peers/frame.js');
      const other = t.open(t.peer('rude', '/answer', { text: GOOD.replace('{accept}', acceptFor(key)) }));
      const detail = await t.stops(other, { node: 'NS_ERROR_ILLEGAL_VALUE' });
      t.ok(detail.message.includes('Sec-WebSocket-Accept'), detail.message);
      first.close();
      await t.stops(first, { node: 'NS_BINDING_ABORTED' });
    },
  },
];

function bomb(t, mib, text) {
  return t.peer('rude', '/bomb', { mib, extensions: 'permessage-deflate', ...(text && { text }) });
}

/**
 * A peer that sends the bytes `before`, and then one compressed message of `size` letters a. Its payload is only a few bytes, so only the inflated
 * message can exceed a limit.
 */
function compressed(t, size, before = '') {
  const payload = deflateRawSync('a'.repeat(size), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  t.ok(payload.length < 20, `${payload.length} bytes of payload`);
  return t.raw(`${before} c1 ${Buffer.from([payload.length]).toString('hex')} ${payload.toString('hex')}`, { extensions: 'permessage-deflate' });
}

/** Checks that the request has only headers that this package sends. */
function clean(t, { request }, what) {
  const names = request.lines.map((line) => line.split(':')[0].toLowerCase());
  const strange = names.filter((name) => !KNOWN.includes(name));
  t.same([request.method, request.version, strange], ['GET', 'HTTP/1.1', []], what);
}

const KNOWN = [
  'host', 'upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version', 'sec-websocket-extensions', 'sec-websocket-protocol', 'origin',
  'authorization', 'x-a',
];
const MIB = 1024 * 1024;
const WASM_LIMIT = 8 * MIB;
const GOOD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n';
