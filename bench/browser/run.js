// Compares the package's browser build with the native `WebSocket` that it uses, in headless Chromium.
//
//     npm run build && node bench/browser/run.js [--quick] ws://127.0.0.1:PORT/echo
//
// The address is that of an echo server without compression (bench/peer, at /echo). Chromium is `WSC_CHROMIUM`, or the one on the PATH.

import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { main } from '../../scripts/run.js';
import { installedFolder } from '../../tests-wasm/behaviour/harness/installed.js';
import { programPath } from '../../tests-wasm/behaviour/harness/program.js';
import { median } from '../shared.js';

/** The target for an echo through the channel, as a share of the native `WebSocket`'s rate. */
const TARGET = 0.95;
const CONTENDERS = ['websocket-channel', 'native WebSocket'];

/** What page.js measures for each row. */
const CASES = [
  { name: 'echo 16 B, 64 in flight', unit: 'messages/s', target: TARGET, task: { measurement: 'echo', kind: 'text', size: 16 } },
  { name: 'echo 64 KiB, 64 in flight', unit: 'messages/s', target: TARGET, task: { measurement: 'echo', kind: 'binary', size: 65_536 } },
  // For information only: the channel must fetch and compile a module, but the browser's WebSocket is built in.
  { name: 'start of the first connection', unit: 'ms', lowerIsBetter: true, task: { measurement: 'start' } },
  { name: 'the same once the module has been fetched', unit: 'ms', lowerIsBetter: true, task: { measurement: 'start', isFetched: true } },
];

/** How long to wait for a page to post its result. */
const TIMEOUT_MS = 30_000;

// Chromium has no sandbox when it runs as root, as it does in a container. The other flags keep it off the network.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
];

/** Measures every case. Returns a row for each, with one value per round. Without Chromium, logs that and returns no rows. */
export async function measureBrowser({ rounds, quick, echoUrl, log }) {
  const executablePath = programPath('WSC_CHROMIUM', 'chromium', 'chromium-browser', 'google-chrome');
  if (!executablePath) {
    log('SKIPPED: Chromium is missing, so nothing is measured in a browser: apt-get install -y chromium, or set WSC_CHROMIUM');
    return [];
  }
  const times = quick ? { warmUp: 150, duration: 400 } : { warmUp: 300, duration: 1000 };
  const server = await serve();
  let browser;
  try {
    browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
    const devtools = await browser.newBrowserCDPSession();
    const section = `Browser: Chromium ${browser.version()}`;
    const rows = [];
    for (const { task, ...row } of CASES) {
      const results = Object.fromEntries(CONTENDERS.map((contender) => [contender, []]));
      for (let round = 0; round < rounds; round++) {
        // The second contender finds a warmer or a busier machine, so they take turns at being first.
        for (const contender of round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()) {
          results[contender].push(await inFreshPage(devtools, server, { contender, url: echoUrl, ...task, ...times }));
        }
        const last = CONTENDERS.map((contender) => `${contender} ${results[contender].at(-1).toFixed(1)}`).join(', ');
        log(`${row.name}, round ${round + 1}: ${last} ${row.unit}`);
      }
      rows.push({ section, ...row, results });
    }
    return rows;
  } finally {
    await browser?.close();
    server.close();
  }
}

/**
 * Runs a measurement in a page with its own context, where nothing is cached, compiled or connected. Returns the number that the page posts.
 *
 * The context is not one of Playwright's. For its own pages, Playwright makes Chromium report every frame, which costs several
 * times as much as the frame itself and would slow down both contenders. Playwright lets go of the pages of other contexts.
 */
async function inFreshPage(devtools, server, task) {
  const { browserContextId } = await devtools.send('Target.createBrowserContext');
  try {
    const url = `${server.url}?${new URLSearchParams({ task: JSON.stringify(task) })}`;
    const [{ value, error }] = await Promise.all([server.nextResult(), devtools.send('Target.createTarget', { browserContextId, url })]);
    if (error) throw new Error(error);
    return value;
  } finally {
    await devtools.send('Target.disposeBrowserContext', { browserContextId });
  }
}

/** Serves an empty page, its code and the installed package, and receives the page's result. */
async function serve() {
  const files = {
    '/': ['text/html', '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', await readFile(new URL('page.js', import.meta.url))],
    '/browser.mjs': ['text/javascript', await readFile(join(installedFolder(), 'node_modules/websocket-channel/browser.mjs'))],
  };
  const posts = new EventEmitter();
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') posts.emit('result', await json(request));
    const [type, body] = files[request.url.split('?', 1)[0]] ?? ['text/plain', ''];
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async nextResult() {
      const [result] = await once(posts, 'result', { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((cause) => {
        throw new Error(`the page has posted no result within ${TIMEOUT_MS / 1000} s`, { cause });
      });
      return result;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const { values: { quick }, positionals: [echoUrl] } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
    if (!echoUrl) throw new Error('the address of an echo server is missing: node bench/browser/run.js [--quick] ws://127.0.0.1:PORT/echo');
    for (const row of await measureBrowser({ rounds: quick ? 3 : 7, quick, echoUrl, log: console.error })) {
      const [ours, native] = CONTENDERS.map((contender) => median(row.results[contender]));
      const ratio = (ours / native).toFixed(3);
      console.log(`${row.section}, ${row.name}: ${ours.toFixed(1)} against ${native.toFixed(1)} ${row.unit}, ratio ${ratio}`);
    }
  });
}
