const { WebSocketChannel } = require('websocket-channel');

function connect() {
  const channel = new WebSocketChannel();
  const echoed = new Map();
  channel.protocol = 'echo';
  const started = new Promise((resolve, reject) => {
    channel.asyncOpen(process.env.PEER, null, {
      onStart: () => { if (channel.state === 'open') resolve(); },
      onMessageAvailable: (_, text) => echoed.get(text)(),
      onStop: (_, status, { message }) => reject(new Error(message)),
    });
  });
  const echo = (text) => new Promise((resolve) => {
    echoed.set(text, resolve);
    channel.sendMsg(text);
  });
  return { channel, started, echo };
}

// By default, Jest's fake timers also stand for process.nextTick, queueMicrotask and setImmediate.
test('channels go on during and after fake timers', async () => {
  const one = connect();
  await one.started;
  jest.useFakeTimers();
  await one.echo('during');
  // Node's own connect waits for process.nextTick, so this one stays behind.
  const lost = connect();
  lost.started.catch(() => {});
  jest.useRealTimers();
  await one.echo('after');
  const other = connect();
  await other.started;
  await other.echo('opened after');
  for (const { channel } of [one, other, lost]) channel.close();
});
