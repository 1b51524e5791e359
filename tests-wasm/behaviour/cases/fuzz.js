/** Random bytes, the same in every run. Whatever they are, the channel ends by the laws, and wasm memory stays small (`Context.finish`). */
export const fuzz = [
  {
    name: 'two hundred peers that send random bytes after the handshake',
    hosts: ['node'],
    async run(t) {
      const random = generator(1);
      for (let at = 0; at < 200; at++) {
        const talk = await t.opened(t.raw(hex(random, 1 + random(300)), { then: 'eof', ...(at % 4 === 0 && { drip: 1 }) }));
        const { status } = await talk.end();
        t.oneOf(t.api.statusName(status), ENDS);
      }
    },
  },
  {
    name: 'two hundred peers that send almost valid frames',
    hosts: ['node'],
    async run(t) {
      const random = generator(2);
      for (let at = 0; at < 200; at++) {
        const frames = Array.from({ length: 1 + random(8) }, () => almostFrame(random)).join('');
        const talk = await t.opened(t.raw(frames, { then: 'eof', ...(at % 4 === 0 && { drip: 1 }) }));
        const { status } = await talk.end();
        t.oneOf(t.api.statusName(status), ENDS);
      }
    },
  },
  {
    name: 'two hundred handshake responses with a byte or two changed, removed or added',
    hosts: ['node'],
    async run(t) {
      const random = generator(3);
      for (let at = 0; at < 200; at++) {
        const text = mutated(random, GOOD);
        const talk = t.open(t.peer('rude', '/answer', { text, then: 'eof' }));
        const { status } = await talk.end();
        t.oneOf(t.api.statusName(status), [...ENDS, 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED'], `the end after ${JSON.stringify(text)}`);
      }
    },
  },
];

/** A frame with the correct length, mostly correct bits, and a payload that is mostly ASCII. */
function almostFrame(random) {
  const opcode = [0, 1, 1, 2, 8, 9, 10, random(16)][random(8)];
  const fin = random(4) ? 0x80 : 0;
  const rsv = random(12) ? 0 : random(8) << 4;
  const length = random(6) ? random(20) : random(126);
  const payload = Array.from({ length }, () => (random(30) ? 0x20 + random(0x5f) : random(256)));
  if (opcode === 8 && length > 1) payload.splice(0, 2, 3, 0xe8);
  return [fin | rsv | opcode, length, ...payload].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function mutated(random, text) {
  const bytes = [...text];
  for (let changes = 1 + random(2); changes > 0; changes--) {
    const at = random(bytes.length);
    const byte = String.fromCharCode(random(256));
    bytes.splice(at, random(2), ...(random(3) ? [byte] : []));
  }
  return bytes.join('');
}

function hex(random, length) {
  return Array.from({ length }, () => random(256).toString(16).padStart(2, '0')).join('');
}

/** A small seeded generator: the numbers are the same in every run. */
function generator(seed) {
  let state = seed * 0x9e3779b9 >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

const ENDS = ['NS_OK', 'NS_BASE_STREAM_CLOSED', 'NS_ERROR_ILLEGAL_VALUE', 'NS_ERROR_CANNOT_CONVERT_DATA', 'NS_ERROR_FILE_TOO_BIG'];
const GOOD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n\x81\x02hi';
