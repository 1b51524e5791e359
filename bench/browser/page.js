// What run.js has the page do: one loop for both contenders, behind the same few methods. The address says which measurement;
// its result is posted back.

const IN_FLIGHT = 64;

/** A connection each: it calls `on.open()`, `on.message(size)` and `on.close()`; answers what sends. The channel's fetches its module. */
const CONTENDERS = {
  'websocket-channel': async (url, on) => {
    const { WebSocketChannel } = await import('/browser.mjs');
    const channel = new WebSocketChannel();
    channel.asyncOpen(url, null, {
      onStart: () => { if (channel.state === 'open') on.open(); }, // a channel that failed is started, too, before it is stopped
      onMessageAvailable: (context, text) => on.message(text.length),
      onBinaryMessageAvailable: (context, bytes) => on.message(bytes.byteLength),
      onStop: on.close,
    });
    return { sendText: (text) => channel.sendMsg(text), sendBytes: (bytes) => channel.sendBinaryMsg(bytes) };
  },
  'native WebSocket': async (url, on) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = on.open;
    socket.onmessage = ({ data }) => on.message(typeof data === 'string' ? data.length : data.byteLength);
    socket.onclose = on.close;
    const send = (data) => socket.send(data);
    return { sendText: send, sendBytes: send };
  },
};

/** Milliseconds from nothing to an open connection. */
async function measureStart({ contender, url }) {
  const started = performance.now();
  await new Promise((resolve, reject) => {
    const close = () => reject(new Error(`${contender}: no connection to ${url}`));
    CONTENDERS[contender](url, { open: resolve, message() {}, close }).catch(reject);
  });
  return performance.now() - started;
}

/** Messages a second, each sent when an echo has come, `IN_FLIGHT` of them on their way. */
function measureEcho({ contender, url, kind, size, warmUp, duration }) {
  return new Promise((resolve, reject) => {
    const fail = (what) => reject(new Error(`${contender}: ${what}`));
    const message = kind === 'text' ? 'm'.repeat(size) : crypto.getRandomValues(new Uint8Array(size));
    let send;
    let count = 0;
    const connecting = CONTENDERS[contender](url, {
      async open() {
        const connection = await connecting;
        send = kind === 'text' ? connection.sendText : connection.sendBytes;
        for (let sent = 0; sent < IN_FLIGHT; sent++) send(message);
        await sleep(warmUp);
        const [since, before] = [performance.now(), count];
        await sleep(duration);
        if (count === before) fail('the echo has stopped');
        resolve((count - before) / (performance.now() - since) * 1000);
      },
      message(length) {
        if (length !== size) fail(`sent ${size}, received ${length}`);
        count += 1;
        send(message);
      },
      close: () => fail('the connection ended'),
    });
    connecting.catch(reject);
  });
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const MEASUREMENTS = { start: measureStart, echo: measureEcho };

/** A new window loads the pages of its own address bar, too, which takes the better part of a second of the machine. */
const SETTLING_MS = 1000;

await sleep(SETTLING_MS);
const task = JSON.parse(new URLSearchParams(location.search).get('task'));
const result = await MEASUREMENTS[task.measurement](task).then((value) => ({ value }), (error) => ({ error: error.message }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
