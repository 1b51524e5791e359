import { program } from '../harness/own_process.js';

/** Memory that all channels of a process share: the limit for compression contexts, and the limit of wasm. Cases that fill it run in their own process. */

/** `talk` opens a channel and resolves with an object: `say` returns a promise of the echo, and `status` is the name of the status that onStop gets. */
const TALK = `
const wasmMemory = () => WebSocketChannel[Symbol.for('websocket-channel.exports')].memory.buffer.byteLength;
const talk = (url, options) => new Promise((resolve) => {
  const it = { channel: new WebSocketChannel(options), status: null, heard: null };
  it.say = (text) => new Promise((heard) => { it.heard = heard; if (!it.channel.sendMsg(text)) heard(null); });
  it.channel.asyncOpen(url, null, {
    onStart() { resolve(it); },
    onMessageAvailable(context, text) { it.heard(text); },
    onStop(context, status, detail) { it.status = detail.name; it.heard?.(null); },
  }, null);
});
/** Returns texts of up to a few kilobytes that resemble each other. */
const text = (number) => JSON.stringify({ number, price: number * 31 % 1000, symbol: 'ABC' + number % 7 }).repeat(1 + number % 80);
`;

const MANY = `${TALK}
const [limit, count, turns] = [2 << 20, 60, 12];
WebSocketChannel.compressionMemory = limit;
const channels = await Promise.all(Array.from({ length: count }, () => talk(process.argv[1], { deflate: { threshold: 0 } })));
let wrong = 0;
for (let turn = 0; turn < turns; turn++) {
  const texts = channels.map((it, at) => text(turn * 7 + at));
  const echoes = await Promise.all(channels.map((it, at) => it.say(texts[at])));
  wrong += echoes.filter((echo, at) => echo !== texts[at]).length;
}
const compressed = channels.every(({ channel }) => channel.extensions.startsWith('permessage-deflate'));
for (const { channel } of channels) channel.close();
while (channels.some(({ status }) => status === null)) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(JSON.stringify({ wrong, compressed, statuses: [...new Set(channels.map(({ status }) => status))], memory: wasmMemory() }));
`;

/** V8 gives the package 12.5 MiB: enough for some channels that compress, and for tens of thousands of queued messages. */
const NO_MEMORY = `
import { setFlagsFromString } from 'node:v8';
setFlagsFromString('--wasm-max-mem-pages=200');
${TALK}
const url = process.argv[1];
const deflate = { deflate: { threshold: 0 } };
const compressing = await Promise.all(Array.from({ length: 100 }, () => talk(url, deflate)));
let [right, unheard] = [0, 0];
for (let turn = 0; turn < 3; turn++) {
  for (const [at, it] of compressing.entries()) {
    const echo = await it.say(text(at + turn));
    if (echo === text(at + turn)) right++;
    else if (it.status === 'NS_ERROR_OUT_OF_MEMORY') unheard++;
    else throw new Error(it.status + ': ' + echo);
  }
}
const other = await talk(url);
const queue = new WebSocketChannel();
queue.asyncOpen(url, null, {}, null);
const thrown = {};
try {
  for (let at = 0; at < 1e7; at++) queue.sendMsg('a message that waits');
} catch ({ code, message }) {
  Object.assign(thrown, { send: code, message });
}
const opened = [];
try {
  while (opened.length < 1e5) {
    const channel = new WebSocketChannel(deflate);
    channel.asyncOpen('ws://127.0.0.1:1/', null, {}, null);
    opened.push(channel);
  }
} catch ({ code }) {
  thrown.open = code;
}
for (const channel of opened) channel.close();
const echo = await other.say('still there');
console.log(JSON.stringify({ right, unheard, thrown, echo, memory: wasmMemory() }));
process.exit();
`;

export const memoryLimits = [
  {
    name: 'compressionMemory limits the memory of sixty channels\' contexts, and every message arrives unchanged',
    async run(t) {
      const { code, stdout, stderr } = await program(MANY, t.peer('ws', '/echo', { deflate: '{"threshold":0}' }), { limit: 30_000 });
      t.same([code, stderr], [0, '']);
      const { wrong, compressed, statuses, memory } = JSON.parse(stdout);
      t.same([wrong, compressed, statuses], [0, true, ['NS_OK']]);
      // Sixty compressors would take 20 MiB. Each channel keeps a window of 32 KiB.
      t.ok(memory < 10 * 2 ** 20, `wasm memory: ${memory} bytes`);
    },
  },
  {
    name: 'compressionMemory is a whole number of bytes, 64 MiB by default; other values throw NS_ERROR_INVALID_ARG and change nothing',
    async run(t) {
      const { WebSocketChannel } = t.api;
      const before = WebSocketChannel.compressionMemory;
      try {
        for (const none of [null, undefined]) {
          WebSocketChannel.compressionMemory = none;
          t.is(WebSocketChannel.compressionMemory, 64 << 20);
        }
        for (const bytes of [0, 1, 2 ** 32 - 1]) {
          WebSocketChannel.compressionMemory = bytes;
          t.is(WebSocketChannel.compressionMemory, bytes);
        }
        for (const wrong of [-1, 0.5, NaN, Infinity, 2 ** 32, '1', {}, 1n, true]) {
          const { message } = t.throws('NS_ERROR_INVALID_ARG', () => { WebSocketChannel.compressionMemory = wrong; }, String(wrong));
          t.ok(message.startsWith('compressionMemory: '), message);
        }
        t.is(WebSocketChannel.compressionMemory, 2 ** 32 - 1);
      } finally {
        WebSocketChannel.compressionMemory = before;
      }
    },
  },
  {
    name: 'when wasm has no memory left, asyncOpen and sends throw NS_ERROR_OUT_OF_MEMORY, and open channels go on',
    async run(t) {
      const { code, stdout, stderr } = await program(NO_MEMORY, t.peer('ws', '/echo', { deflate: '{"threshold":0}' }), { limit: 50_000 });
      t.same([code, stderr], [0, '']);
      const { right, unheard, thrown, echo, memory } = JSON.parse(stdout);
      t.ok(right > unheard, `${right} echoes were right, ${unheard} channels had no memory to inflate theirs`);
      t.same([thrown.send, thrown.open, echo], ['NS_ERROR_OUT_OF_MEMORY', 'NS_ERROR_OUT_OF_MEMORY', 'still there']);
      t.is(thrown.message, 'sendMsg: there is no memory left for another message. Wait until bufferedAmount has fallen.');
      t.ok(memory <= 200 * 65_536, `wasm memory: ${memory} bytes`);
    },
  },
];
