import { spawnModule } from './module.js';

/**
 * Runs one channel in a separate process and measures its cost: { status, message, received, acknowledged, wasm, grown }. `received` lists the
 * sizes of the messages. `wasm` is the wasm memory in bytes. `grown` is how much the process's peak memory exceeds its peak after a first
 * channel was opened and closed. The channel is closed when `until` messages have arrived.
 */
export async function measured(t, url, { options = {}, until = Infinity } = {}) {
  const task = JSON.stringify({ warmUp: t.peer('ws', '/echo'), url, options, until: Number.isFinite(until) ? until : null });
  const child = spawnModule(PROGRAM, [task], ['ignore', 'pipe', 'inherit']);
  let output = '';
  child.stdout.on('data', (data) => { output += data; });
  const code = await new Promise((resolve) => child.once('close', resolve));
  t.is(code, 0, 'the exit code of the measured program');
  return JSON.parse(output);
}

const PROGRAM = `
import { WebSocketChannel, statusName } from 'websocket-channel';
const { warmUp, url, options, until } = JSON.parse(process.argv[1]);
const peak = () => process.resourceUsage().maxRSS * 1024;
function open(url, options, until, send) {
  return new Promise((resolve) => {
    const channel = new WebSocketChannel(options);
    const seen = { received: [], acknowledged: [], bufferedAmount: 0 };
    const take = (size) => {
      seen.received.push(size);
      seen.bufferedAmount = Math.max(seen.bufferedAmount, channel.bufferedAmount);
      if (seen.received.length === until) channel.close();
    };
    channel.asyncOpen(url, null, {
      onStart() { if (send) channel.sendMsg(send); },
      onMessageAvailable: (context, text) => take(text.length),
      onBinaryMessageAvailable: (context, bytes) => take(bytes.length),
      onAcknowledge: (context, size) => seen.acknowledged.push(size),
      onStop: (context, status, detail) => resolve({ ...seen, status: statusName(status), message: detail.message }),
    }, null);
  });
}
await open(warmUp, {}, 1, 'warm');
const before = peak();
const seen = await open(url, options, until);
const wasm = WebSocketChannel[Symbol.for('websocket-channel.exports')].memory.buffer.byteLength;
console.log(JSON.stringify({ ...seen, wasm, grown: peak() - before }));
// A process that ends with unread bytes resets its connection. A peer that is still writing would then not read the close frame.
setTimeout(() => process.exit(), 300);
`;
