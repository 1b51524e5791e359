// `npm start` does everything from a fresh clone to a running channel, then serves the demo page. `-- --once` stops before the page.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackage, installedFolder } from './build.js';
import { startEcho } from './echo.js';
import { main, say } from './run.js';

const HELP = `npm start [-- options]
  builds the package, opens a channel to an echo server on loopback and prints every listener call,
  then serves the demo page on localhost.
    --once         stop after the channel
    --port NUMBER  where to serve the page (default 8080; the next free one if it is taken)
    --help         show this text`;

/** The main job: sends a text and a binary message through the packed package, and waits until both come back. */
async function runChannel() {
  const require = createRequire(join(installedFolder, 'program.js'));
  const { WebSocketChannel, Status, statusName } = require('websocket-channel');
  const echo = await startEcho();
  say(`asyncOpen('${echo.url}') to an echo server (the npm package ws)`);
  const started = performance.now();
  const show = (call, ...args) => console.log(`${(performance.now() - started).toFixed(1).padStart(8)} ms  ${call}(${args.join(', ')})`);
  const channel = new WebSocketChannel();
  const status = await new Promise((resolve) => {
    let echoes = 0;
    const echoed = () => { if (++echoes === 2) channel.close(WebSocketChannel.CLOSE_NORMAL, 'done'); };
    channel.asyncOpen(echo.url, null, {
      onStart() {
        show('onStart');
        channel.sendMsg('Hello, 世界');
        channel.sendBinaryMsg(Uint8Array.of(0xca, 0xfe));
      },
      onMessageAvailable(_, text) { show('onMessageAvailable', JSON.stringify(text)); echoed(); },
      onBinaryMessageAvailable(_, bytes) { show('onBinaryMessageAvailable', `<${Buffer.from(bytes).toString('hex')}>`); echoed(); },
      onAcknowledge(_, size) { show('onAcknowledge', size); },
      onServerClose(_, code, reason) { show('onServerClose', code, JSON.stringify(reason)); },
      onStop(_, status, detail) { show('onStop', statusName(status), JSON.stringify(detail.message)); resolve(status); },
    });
  });
  echo.stop();
  if (status !== Status.NS_OK) throw new Error(`the channel stopped with ${statusName(status)}`);
}

await main(async () => {
  const { values } = parseArgs({ options: { once: { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(HELP);
  const port = Number(values.port ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port takes a number from 0 to 65535\n${HELP}`);
  await buildPackage();
  await runChannel();
  if (values.once) return;
  const { bundleDemo, serve } = await import('./serve.js');
  say('bundling the demo page');
  await bundleDemo();
  const { url } = await serve({ port });
  say(`the demo page is at ${url} (press Ctrl-C to stop)`);
});
