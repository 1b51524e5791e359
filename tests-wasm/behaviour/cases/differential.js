import { createRequire } from 'node:module';
import { constants, deflateRawSync } from 'node:zlib';
import { startRaw } from '../harness/raw_server.js';
import { BINARY, CLOSE, frame, PING, PONG, TEXT } from '../peers/frame.js';

/**
 * Sends the same random but valid streams through our client, from a raw TCP peer that replays them, and through the receiver of `ws`. Both must
 * give the original messages in the same order. The streams are seeded, and a failure names the number of its stream. Only in Node.
 */
const require = createRequire(import.meta.url);
const ws = require.resolve('ws');
const Receiver = require(ws.replace(/index\.js$/, 'lib/receiver.js'));
const PerMessageDeflate = require(ws.replace(/index\.js$/, 'lib/permessage-deflate.js'));

export const differential = [
  {
    name: 'three hundred random streams, cut at random, give the same messages as through ws',
    async run(t) {
      const server = await startRaw();
      try {
        for (let seed = 1; seed <= 300; seed++) await compare(t, server, seed);
      } finally {
        server.stop();
      }
    },
  },
];

async function compare(t, server, seed) {
  const random = generator(seed);
  const stream = makeStream(random);
  const pieces = cut(random, stream.bytes);
  const [ours, theirs] = [await throughUs(t, server, stream, pieces), await throughWs(stream, pieces)];
  const [expected, what] = [stream.messages.map(describe), `of stream ${seed} (${stream.extensions || 'uncompressed'}, ${pieces.length} pieces)`];
  t.same(theirs.messages.map(describe), expected, `the messages from ws ${what}`);
  t.same(ours.messages.map(describe), theirs.messages.map(describe), `our messages ${what}`);
  t.same(ours.close, theirs.close, `the close frame ${what}`);
  t.ok(isWithin(ours.pongs, theirs.pings) && (theirs.pings.length === 0 || ours.pongs.length > 0), `${ours.pongs.length} pongs to ${theirs.pings.length} pings ${what}`);
}

async function throughUs(t, { port, next }, { extensions }, pieces) {
  const talk = t.open(`ws://127.0.0.1:${port}/`);
  const connection = await next();
  connection.accept(extensions);
  const answered = new Promise((resolve) => { connection.onFrame = ({ opcode }) => opcode === CLOSE && resolve(); });
  for (const piece of pieces) {
    connection.socket.write(piece);
    await new Promise(setImmediate);
  }
  const { args: close } = await talk.until('onServerClose');
  await t.stops(talk, { node: 'NS_OK' });
  await answered;
  connection.socket.end();
  return { messages: talk.messages, close, pongs: connection.frames.filter(({ opcode }) => opcode === PONG).map(({ hex }) => hex) };
}

function throughWs({ extensions }, pieces) {
  return new Promise((resolve, reject) => {
    const deflate = new PerMessageDeflate({ isServer: false });
    if (extensions) deflate.accept([extensions.includes('server_no') ? { server_no_context_takeover: [true] } : {}]);
    const receiver = new Receiver({ isServer: false, extensions: extensions ? { 'permessage-deflate': deflate } : {} });
    const [messages, pings] = [[], []];
    receiver.on('message', (data, binary) => messages.push(binary ? new Uint8Array(data) : data.toString()));
    receiver.on('ping', (data) => pings.push(data.toString('hex')));
    receiver.on('conclude', (code, reason) => {
      deflate.cleanup();
      resolve({ messages, pings, close: [code, reason.toString()] });
    });
    receiver.on('error', reject);
    for (const piece of pieces) receiver.write(Buffer.from(piece)); // a copy: the receiver may write into it
  });
}

/** Returns { bytes, messages, extensions }: some messages, then a close frame. */
function makeStream(random) {
  const extensions = ['', 'permessage-deflate', 'permessage-deflate; server_no_context_takeover'][random(3)];
  const compressor = extensions && makeCompressor(random, !extensions.includes('server_no'));
  const [frames, messages] = [[], []];
  for (let left = 1 + random(12); left > 0; left--) {
    const message = makeMessage(random);
    messages.push(message);
    const [opcode, payload] = typeof message === 'string' ? [TEXT, Buffer.from(message)] : [BINARY, Buffer.from(message)];
    const compressed = compressor && random(4) > 0;
    frames.push(...fragments(random, compressed ? 0x40 | opcode : opcode, compressed ? compressor(payload, left === 1) : payload));
    if (random(3) === 0) frames.push(control(random));
  }
  frames.push(frame(CLOSE, random(4) === 0 ? '' : Buffer.concat([Buffer.from([0x0f, 0xa0 + random(90)]), Buffer.from('bye ✓'.slice(random(5)))])));
  return { bytes: Buffer.concat(frames), messages, extensions };
}

/** Compresses messages as a server may: by any strategy, in one block or several, with a final block, with or without context takeover. */
function makeCompressor(random, takeover) {
  let window = Buffer.alloc(0);
  return (payload, last) => {
    const options = {
      level: [0, 1, 6, 9][random(4)],
      strategy: [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE][random(4)],
      memLevel: 1 + random(9),
      ...(takeover && window.length > 0 && { dictionary: window }),
    };
    if (last && random(2) === 0) {
      // Only in the last message: after a final block, `ws` begins a new stream only if its zlib has reported the end by then, and fails otherwise.
      return Buffer.concat([deflateRawSync(payload, options), Buffer.from([0])]);
    }
    const border = random(payload.length + 1);
    const first = deflateRawSync(payload.subarray(0, border), { ...options, finishFlush: constants.Z_SYNC_FLUSH });
    const { dictionary, ...fresh } = options;
    const second = deflateRawSync(payload.subarray(border), { ...fresh, finishFlush: constants.Z_SYNC_FLUSH });
    if (takeover) window = Buffer.concat([window, payload]).subarray(-32_768);
    return Buffer.concat([first, second.subarray(0, -4)]);
  };
}

function fragments(random, opcode, payload) {
  const count = random(2) === 0 ? 1 : 1 + random(7);
  const borders = Array.from({ length: count - 1 }, () => random(payload.length + 1)).sort((a, b) => a - b);
  return [0, ...borders].flatMap((start, at) => {
    const piece = frame(at === 0 ? opcode : 0, payload.subarray(start, borders[at] ?? payload.length), at === count - 1);
    return at < count - 1 && random(3) === 0 ? [piece, control(random)] : [piece];
  });
}

function control(random) {
  return frame(random(3) === 0 ? PONG : PING, Buffer.from(Array.from({ length: random(4) === 0 ? 125 : random(9) }, () => random(256))));
}

function makeMessage(random) {
  const size = [0, random(8), random(130), random(1500), random(20_000), 65_000 + random(1100), random(300_000)][random(7) % (1 + random(7))];
  if (random(2) === 0) return Uint8Array.from({ length: size }, random(2) === 0 ? () => random(256) : (_, at) => (at % 251) ^ (random(40) === 0 ? 1 : 0));
  const unit = () => ['a', 'bc ', 'ä', '日本', '💧', '{"id":', '\0', '\u2028'][random(8)];
  let text = '';
  while (text.length < size / 2) text += random(5) === 0 ? unit() : 'lorem ipsum '.slice(random(12));
  return text;
}

/** Returns pieces of any size. Some streams begin with a few bytes at a time, so that headers are split too. */
function cut(random, bytes) {
  const pieces = [];
  const most = [bytes.length, 1 + bytes.length / 3, 5000, 65_536][random(4)];
  for (let at = 0; at < bytes.length;) {
    const size = pieces.length < 30 && random(2) === 0 ? 1 + random(6) : Math.max(1, Math.ceil(bytes.length / 200), random(Math.ceil(most)));
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function describe(message) {
  return typeof message === 'string' ? message : Buffer.from(message).toString('hex');
}

/** Whether `all` contains `some` in this order. */
function isWithin(some, all) {
  let at = 0;
  return some.every((one) => {
    at = all.indexOf(one, at) + 1;
    return at > 0;
  });
}

/** xorshift32: the numbers are the same in every run. */
function generator(seed) {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) % below;
  };
}
