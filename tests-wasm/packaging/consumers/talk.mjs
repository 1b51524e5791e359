/** Makes an echo round trip: a text and a binary message, then a close. Prints every listener call as a line of JSON. */
export function talk({ WebSocketChannel, statusName }, url, print) {
  const say = (...line) => print(JSON.stringify(line));
  const context = {};
  const channel = new WebSocketChannel();
  let awaited = 4;
  const received = () => { if (--awaited === 0) channel.close(3001, 'schön war’s'); };
  channel.protocol = 'echo';
  channel.asyncOpen(url, null, {
    onStart(it) {
      say('onStart', it === context, channel.state, channel.protocol);
      channel.sendMsg('Grüße, 世界 🌍 \0!');
      channel.sendBinaryMsg(Uint8Array.from({ length: 256 }, (_, i) => i));
    },
    onMessageAvailable(it, text) {
      say('onMessageAvailable', it === context, text);
      received();
    },
    onBinaryMessageAvailable(it, bytes) {
      say('onBinaryMessageAvailable', it === context, bytes.constructor.name, [...bytes]);
      received();
    },
    onAcknowledge(it, size) {
      say('onAcknowledge', it === context, size);
      received();
    },
    onServerClose(it, code, reason) {
      say('onServerClose', it === context, code, reason);
    },
    onStop(it, status) {
      say('onStop', it === context, statusName(status), channel.state);
      say('end');
    },
  }, context);
}
