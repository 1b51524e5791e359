/**
 * Frames, RFC 6455 §5, from the rude peer: frames to accept and frames to fail on. Each row is sent whole and one byte at a time.
 * Hostile rows end with the status and the close code of the README's table, and the close frame is really sent. A browser says less: after
 * the opening, every failure is NS_BASE_STREAM_CLOSED there.
 */
const hostile = [
  ['a masked frame', '81 82 01 02 03 04 69 6b', ILLEGAL(), [], NODE_ONLY()],
  ['a masked empty frame', '81 80 01 02 03 04', ILLEGAL(), [], NODE_ONLY()],
  ['RSV1 set, without the extension', 'c1 02 68 69', ILLEGAL()],
  ['RSV2 set', 'a1 02 68 69', ILLEGAL()],
  ['RSV3 set', '91 02 68 69', ILLEGAL()],
  ['RSV1 set on a control frame', 'c9 00', ILLEGAL()],
  ...['3', '4', '5', '6', '7'].map((opcode) => [`the reserved opcode ${opcode}`, `8${opcode} 00`, ILLEGAL()]),
  ...['b', 'c', 'd', 'e', 'f'].map((opcode) => [`the reserved control opcode 0x${opcode}`, `8${opcode} 00`, ILLEGAL()]),
  ['a fragmented ping', '09 02 68 69', ILLEGAL()],
  ['a fragmented pong', '0a 00', ILLEGAL()],
  ['a fragmented close', '08 02 03 e8', ILLEGAL()],
  ['a ping of 126 bytes', `89 7e 00 7e ${'61'.repeat(126)}`, ILLEGAL()],
  ['a ping announced with a 64-bit length', '89 7f 00 00 00 00 00 00 00 01 61', ILLEGAL()],
  ['a close frame of 126 bytes', `88 7e 00 7e 03 e8 ${'61'.repeat(124)}`, ILLEGAL()],
  ['a continuation without a start', '80 02 68 69', ILLEGAL()],
  ['a continuation after a whole message', '81 02 68 69 80 01 61', ILLEGAL(), ['hi']],
  ['a text frame within a fragmented message', '01 02 68 69 81 02 68 69', ILLEGAL()],
  ['a binary frame within a fragmented message', '02 02 68 69 02 02 68 69', ILLEGAL()],
  ['a length of 125 in 16 bits', `81 7e 00 7d ${'61'.repeat(125)}`, ILLEGAL(), [], NODE_ONLY()],
  ['a length of 0 in 16 bits', '82 7e 00 00', ILLEGAL(), [], NODE_ONLY()],
  ['a length of 65,535 in 64 bits', '82 7f 00 00 00 00 00 00 ff ff 00', ILLEGAL(), [], NODE_ONLY()],
  ['a length with the top bit set', '82 7f 80 00 00 00 00 00 00 01 00', ILLEGAL(), [], NODE_ONLY()],
  ['a length of all ones', '82 7f ff ff ff ff ff ff ff ff', ILLEGAL(), [], NODE_ONLY()],
  ['a length of 2^62', '82 7f 40 00 00 00 00 00 00 00 00', BIG(), [], NODE_ONLY()],
  ['a length of 2^53', '81 7f 00 20 00 00 00 00 00 00 61', BIG(), [], NODE_ONLY()],
  ['a length of 2^32 + 2', '81 7f 00 00 00 01 00 00 00 02 61 61', BIG(), [], NODE_ONLY()],
  ['a continuation that brings the message to 2^62', '02 01 61 80 7f 40 00 00 00 00 00 00 00 00', BIG(), [], NODE_ONLY()],
  ['text with a bad byte', '81 03 61 ff 62', UTF8()],
  ['text with a bad byte, when the rest of the frame never comes', '81 7e 01 00 61 62 ff', UTF8(), [], NODE_ONLY()],
  ['text with a bad byte in a fragment, when the rest of the message never comes', '01 03 61 ff 62', UTF8(), [], NODE_ONLY()],
  ['text that ends within a character', '81 03 61 e2 82', UTF8()],
  ['text with a character cut off at the end of a fragment', '01 02 e2 82 80 01 41', UTF8()],
  ['text that ends within a character in an empty last fragment', '01 02 e2 82 80 00', UTF8()],
  ['text with an overlong form', '81 02 c0 80', UTF8()],
  ['text with an overlong form of three bytes', '81 03 e0 80 af', UTF8()],
  ['text with a surrogate', '81 03 ed a0 80', UTF8()],
  ['text beyond U+10FFFF', '81 04 f4 90 80 80', UTF8()],
  ['text with a stray continuation byte', '81 01 80', UTF8()],
  ['bad text after good', '81 02 68 69 81 01 ff', UTF8(), ['hi']],
  ['a close payload of one byte', '88 01 03', ILLEGAL(), [], NODE_ONLY()],
  ['a close reason that is not UTF-8', '88 04 03 e8 ff fe', UTF8()],
  ['a close reason that ends within a character', '88 04 03 e8 e2 82', UTF8()],
];

const harmless = [
  ['text', '81 02 68 69', ['hi']],
  ['empty text', '81 00', ['']],
  ['empty binary', '82 00', [bytes()]],
  ['fragments', '01 02 68 65 00 02 6c 6c 80 01 6f', ['hello']],
  ['fragments, the first and the last of which are empty', '01 00 00 02 68 69 80 00', ['hi']],
  ['only empty fragments', '02 00 00 00 80 00', [bytes()]],
  ['a character split over fragments', '01 01 f0 00 01 9f 00 01 92 80 01 a7', ['💧']],
  ['pings between fragments', '01 02 68 65 89 01 31 00 02 6c 6c 89 01 32 80 01 6f', ['hello']],
  ['unsolicited pongs', '8a 00 8a 02 68 69 81 01 61', ['a']],
  ['a ping of 125 bytes', `89 7d ${'70'.repeat(125)} 81 01 61`, ['a']],
  ['a length of 126 in 16 bits', `81 7e 00 7e ${'61'.repeat(126)}`, ['a'.repeat(126)]],
  ['a byte order mark and NUL', '81 05 ef bb bf 00 41', ['\ufeff\0A']],
  ['the boundaries of Unicode', '81 0c ed 9f bf ee 80 80 ef bf bf 7f c2 80', ['\ud7ff\ue000\uffff\x7f\x80']],
  ['many small messages', '81 01 61 82 01 62'.repeat(50), Array.from({ length: 100 }, (_, at) => (at % 2 ? bytes(0x62) : 'a'))],
];

export const frames = [
  ...hostile.map(([what, hex, failure, messages = [], hosts]) => ({
    name: `failed: ${what}`,
    hosts,
    async run(t) {
      for (const query of [{}, { drip: 1 }]) {
        const talk = await provoked(t, hex, query);
        const detail = await t.stops(talk, { node: failure.status, browser: 'NS_BASE_STREAM_CLOSED' });
        t.same([detail.wasClean, detail.code], [false, 1006]);
        t.same(talk.messages, messages, 'the messages before it');
        t.ok(!talk.names.includes('onServerClose'), 'no onServerClose');
        if (t.host === 'node') t.is((await t.observed(talk, 'ended')).close?.code, failure.code, 'the close code at the peer');
      }
    },
  })),
  {
    name: 'failed: the close frame reaches the peer although the peer keeps sending',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/flood', { hex: 'b100' }), { options: { closeTimeoutMs: 1000 } });
      await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE' });
      const { close } = await t.observed(talk, 'ended');
      t.is(close?.code, 1002);
    },
  },
  {
    name: 'failed: messages in the same chunk after the invalid frame are not delivered',
    async run(t) {
      const talk = await provoked(t, '81 01 61 83 00 81 01 62');
      await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE', browser: 'NS_BASE_STREAM_CLOSED' });
      t.same(talk.messages, ['a']);
    },
  },
  ...harmless.map(([what, hex, messages]) => ({
    name: `accepted: ${what}`,
    async run(t) {
      for (const query of [{}, { drip: 1 }]) {
        const talk = await t.opened(t.raw(hex.replaceAll(' ', ''), query));
        t.same(await talk.untilMessages(messages.length), messages);
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
        t.is(talk.messages.length, messages.length, 'messages in all');
      }
    },
  })),
  {
    name: 'each ping is answered with its payload, even between fragments',
    async run(t) {
      const talk = await t.opened(t.raw('01 02 68 65 89 02 31 31 80 01 79 89 00'));
      await talk.untilMessages(1);
      const { frames: seen } = await t.observed(talk, 'frames:2');
      t.same(seen.map(({ opcode, text }) => [opcode, text]), [[10, '11'], [10, '']]);
    },
  },
  {
    name: 'a flood of pings: the last one is answered, and the message after them arrives',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/pings', { count: 20_000 }));
      t.same(await talk.untilMessages(1), ['done']);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      const { frameCount } = await t.observed(talk, 'ended');
      t.ok(frameCount >= 2 && frameCount <= 20_001, `${frameCount} frames: pongs and the close`);
    },
  },
  {
    name: 'data after the close frame is ignored',
    // Chromium does not ignore it.
    hosts: ['node'],
    async run(t) {
      for (const query of [{}, { drip: 1 }]) {
        const talk = await t.opened(t.raw('81 01 61 88 02 0f a0 81 01 62 ff ff ff', query));
        await t.stops(talk, { node: 'NS_OK' });
        t.same(talk.messages, ['a']);
        t.same((await talk.until('onServerClose')).args, [4000, '']);
      }
    },
  },
  {
    name: 'a close frame between fragments closes, and the unfinished message is dropped',
    async run(t) {
      const talk = await t.opened(t.raw('01 02 68 65 88 02 03 e8'));
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.messages, []);
    },
  },
  {
    name: 'every frame that is sent is masked with a different key, unfragmented, and in the shortest length form',
    async run(t) {
      const talk = await t.opened(t.raw(''));
      const sizes = [0, 1, 125, 126, 127, 65_535, 65_536];
      for (const size of sizes) talk.send(new Uint8Array(size).fill(0x61));
      talk.close();
      await talk.end();
      const { frames: seen } = await t.observed(talk, 'ended');
      t.same(seen.map(({ length }) => length), [...sizes, 2]);
      t.same(seen.map(({ lengthBytes }) => lengthBytes), [0, 0, 0, 2, 2, 2, 8, 0]);
      t.ok(seen.every(({ masked, fin, rsv }) => masked && fin && rsv === 0), 'all masked, whole, without RSV bits');
      t.is(new Set(seen.map(({ key }) => key)).size, seen.length, 'different keys');
      t.is(seen[2].hex, '61'.repeat(125));
    },
  },
  {
    name: 'the messages of one tick are sent together',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.raw(''));
      for (let at = 0; at < 1000; at++) talk.send('sixteen bytes ok');
      await talk.until('onAcknowledge', 1000);
      const { chunks } = await t.observed(talk, 'frames:1000');
      t.ok(chunks <= 50, `1000 messages reached the peer in ${chunks} pieces`);
    },
  },
];

/**
 * A channel to a peer that sends these bytes: in Node, together with the handshake. Firefox treats a failure at that time as a channel
 * that never opened, so in a browser the bytes wait for a first message.
 */
async function provoked(t, hex, query = {}) {
  if (t.host === 'node') return t.opened(t.raw(hex, query));
  const talk = await t.opened(t.raw(hex, { ...query, after: 'frame' }));
  talk.send('go');
  return talk;
}

function ILLEGAL() {
  return { status: 'NS_ERROR_ILLEGAL_VALUE', code: 1002 };
}

function UTF8() {
  return { status: 'NS_ERROR_CANNOT_CONVERT_DATA', code: 1007 };
}

function BIG() {
  return { status: 'NS_ERROR_FILE_TOO_BIG', code: 1009 };
}

/** Where browsers differ from each other: Firefox accepts masked frames, and some wait for the rest of a frame. */
function NODE_ONLY() {
  return ['node'];
}

function bytes(...of) {
  return new Uint8Array(of);
}
