// The page that run.js opens. Both contenders run in the same loop, behind the same few methods. The address names the
// measurement, and the page posts the result back.

const IN_FLIGHT = 64;

/** Each opens a connection that calls `on.open()`, `on.message(size)` and `on.close()`. Returns the functions that send. The channel also fetches its module. */
const CONTENDERS = {
  'websocket-channel': async (url, on) => {
    const { WebSocketChannel } = await import('/browser.mjs');
    const channel = new WebSocketChannel();
    channel.asyncOpen(url, null, {
      onStart: () => { if (channel.state === 'open') on.open(); }, // onStart is also called, before onStop, if the channel failed
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

/** Returns the milliseconds to an open connection: from nothing, or once the module has been fetched. */
async function measureStart({ contender, url, isFetched = false }) {
  if (isFetched) await import('/browser.mjs');
  const started = performance.now();
  await new Promise((resolve, reject) => {
    const close = () => reject(new Error(`${contender}: no connection to ${url}`));
    CONTENDERS[contender](url, { open: resolve, message() {}, close }).catch(reject);
  });
  return performance.now() - started;
}

/** Returns the messages per second. The next message is sent when an echo arrives, so that `IN_FLIGHT` of them are always under way. */
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

/** A new window also loads the pages of its address bar, which keeps the machine busy for most of a second. */
const SETTLING_MS = 1000;

await sleep(SETTLING_MS);
const task = JSON.parse(new URLSearchParams(location.search).get('task'));
const result = await MEASUREMENTS[task.measurement](task).then((value) => ({ value }), (error) => ({ error: error.message }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
