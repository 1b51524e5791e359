// The demo page, bundled and served as `npm start` does it, driven in headless Chromium.
//
//     npm run build && node --test tests-wasm/demo.test.js
//
// Chromium is `WSC_CHROMIUM`, or the one on the PATH. Screenshots are kept in build/.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { bundleDemo, serve } from '../scripts/serve.js';
import { programPath } from './behaviour/harness/program.js';

const screenshot = (name) => fileURLToPath(new URL(`../build/${name}`, import.meta.url));

// Without a sandbox, since as root, as in a container, Chromium has none. The others keep it off the network.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
];
const DESKTOP = { viewport: { width: 1280, height: 960 }, colorScheme: 'light' };
const PHONE = { viewport: { width: 360, height: 740 }, colorScheme: 'dark', deviceScaleFactor: 2, hasTouch: true, isMobile: true };

let server;
let browser;
const peers = [];

before(async () => {
  await bundleDemo();
  server = await serve({ port: 0 });
  browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS });
});

after(async () => {
  await browser?.close();
  for (const peer of peers) peer.close();
  await server?.close();
});

describe('the demo page', { timeout: 120_000 }, () => {
  test('connects, sends, receives and closes, every listener call in the log in order', () => onPage(DESKTOP, async (page) => {
    assert.equal(await page.inputValue('#address'), `${server.url.replace('http', 'ws')}echo`);
    assert.equal(await attribute(page, 'state'), 'idle');
    assert.equal(await attribute(page, 'URI'), 'NS_ERROR_NOT_INITIALIZED');
    await page.fill('#protocols', 'chat, superchat');
    await press(page, 'Connect');
    await row(page, 'onStart');
    assert.equal(await page.textContent('#state'), 'open');

    await page.fill('#text', 'grüße, peer');
    await page.press('#text', 'Enter');
    assert.match(await row(page, 'onMessageAvailable'), /13 B\s+grüße, peer/);

    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256));
    await page.setInputFiles('#file', { name: 'numbers.bin', mimeType: 'application/octet-stream', buffer: bytes });
    await press(page, 'Send bytes');
    assert.match(await row(page, 'onBinaryMessageAvailable'), /2\.9 KiB\s+00 01 02 .* and 2,976 more/);
    await row(page, 'onAcknowledge', 2);

    assert.deepEqual(await attributes(page), {
      URI: await page.inputValue('#address'),
      originalURI: await page.inputValue('#address'),
      state: 'open',
      status: 'NS_OK (0x00000000)',
      protocol: '"chat"',
      extensions: '"permessage-deflate"',
      bufferedAmount: '0 B',
      serial: '1',
      'loadGroup.activeCount': '1',
    });

    await page.fill('#code', '3000');
    await page.fill('#reason', 'that was all');
    await press(page, 'Close');
    assert.match(await row(page, 'onStop'), /NS_OK/);
    assert.match(await row(page, 'onServerClose'), /3000 that was all/);
    const calls = (await page.locator('#log td.call').allInnerTexts()).filter((call) => call !== 'onAcknowledge');
    assert.deepEqual(calls, [
      'asyncOpen', 'onStart', 'sendMsg', 'onMessageAvailable', 'sendBinaryMsg', 'onBinaryMessageAvailable', 'close', 'onServerClose', 'onStop',
    ]);
    await attributeIs(page, 'state', 'stopped');
    await attributeIs(page, 'loadGroup.activeCount', '0');
    await page.evaluate(() => { window.scrollTo(0, 0); });
    await page.screenshot({ path: screenshot('demo.png') });
  }));

  test('opens a new channel after one has stopped', () => onPage(DESKTOP, async (page) => {
    await press(page, 'Connect');
    await row(page, 'onStart');
    await press(page, 'Close');
    await row(page, 'onStop');
    const serial = Number(await attribute(page, 'serial'));
    await press(page, 'Connect');
    await row(page, 'onStart', 2);
    assert.ok(Number(await attribute(page, 'serial')) > serial);
    await page.click('#log-clear');
    assert.equal(await page.locator('#log tbody tr').count(), 0);
  }));

  test('says of a close code and reason whether they may be sent, while they are typed', () => onPage(DESKTOP, async (page) => {
    const verdict = async (code, reason = '') => {
      await page.fill('#code', code);
      await page.fill('#reason', reason);
      return page.innerText('#verdict');
    };
    const refused = /may not be sent\s+NS_ERROR_INVALID_ARG: close: this code may not be sent/;
    assert.match(await verdict(''), /1000 CLOSE_NORMAL may be sent\s+Goes out as it is/);
    assert.match(await verdict('999'), refused);
    assert.equal(await page.getAttribute('#code', 'aria-invalid'), 'true');
    assert.match(await verdict('1001'), /CLOSE_GOING_AWAY may be sent[^]*peer sees 1005[^]*In Node it goes out as it is/);
    assert.match(await verdict('1004'), /CLOSE_TOO_LARGE may be sent[^]*peer sees 1005[^]*In Node it goes out as 1009/);
    assert.match(await verdict('1005'), /CLOSE_NO_STATUS may not be sent/);
    assert.match(await verdict('1015'), /CLOSE_TLS_FAILED may not be sent/);
    assert.match(await verdict('2999'), refused);
    assert.match(await verdict('3000'), /3000 \(no name\) may be sent/);
    assert.match(await verdict('4999'), /4999 \(no name\) may be sent/);
    assert.match(await verdict('5000'), refused);
    assert.match(await verdict('1000.5'), refused);
    assert.match(await verdict('soon'), /Not a number may not be sent/);
    assert.match(await verdict('1000', 'é'.repeat(61)), /1000 CLOSE_NORMAL may be sent/);
    assert.equal(await page.innerText('#reason-size'), '122 of 123 bytes');
    assert.match(await verdict('1000', 'é'.repeat(62)), /NS_ERROR_INVALID_ARG: close: the reason is longer than 123 bytes/);
    assert.equal(await page.getAttribute('#code', 'aria-invalid'), 'false');
    assert.equal(await page.getAttribute('#reason', 'aria-invalid'), 'true');
  }));

  test('closes without a status when the browser cannot send the code', () => onPage(DESKTOP, async (page) => {
    await press(page, 'Connect');
    await row(page, 'onStart');
    await page.fill('#code', '1004');
    await press(page, 'Close');
    assert.match(await row(page, 'onServerClose'), /1005/);
    assert.match(await row(page, 'onStop'), /NS_OK/);
  }));

  test('shows each refusal in the form that caused it', () => onPage(DESKTOP, async (page) => {
    await press(page, 'Send text');
    assert.match(await refusal(page, 'send-text'), /^NS_ERROR_NOT_CONNECTED/);
    await press(page, 'Send bytes');
    assert.match(await refusal(page, 'send-file'), /^No file/);
    await page.fill('#address', 'ftp://example.org/');
    await press(page, 'Connect');
    assert.match(await refusal(page, 'connect'), /^NS_ERROR_MALFORMED_URI/);
    await page.fill('#address', `${server.url}echo`);
    await page.fill('#origin', 'https://example.org');
    await press(page, 'Connect');
    assert.match(await refusal(page, 'connect'), /^NS_ERROR_NOT_IMPLEMENTED/);
    await page.fill('#origin', '');
    await page.fill('#protocols', 'chat, chat');
    await press(page, 'Connect');
    assert.match(await refusal(page, 'connect'), /^NS_ERROR_INVALID_ARG/);
    await page.fill('#protocols', '');
    await press(page, 'Connect');
    await row(page, 'onStart');
    assert.equal(await page.locator('#connect .refusal').innerText(), '');
    await press(page, 'Connect');
    assert.match(await refusal(page, 'connect'), /^NS_ERROR_ALREADY_OPENED/);
    await page.fill('#code', '1006');
    await press(page, 'Close');
    assert.match(await refusal(page, 'close'), /^NS_ERROR_INVALID_ARG/);
    assert.equal(await attribute(page, 'state'), 'open');
    await page.fill('#code', '');
    await press(page, 'Close');
    await row(page, 'onStop');
    await press(page, 'Send text');
    assert.match(await refusal(page, 'send-text'), /answered false: this channel is stopped/);
  }));

  test('explains a connection that failed', () => onPage(DESKTOP, async (page, problems) => {
    await page.fill('#address', await deadAddress());
    await press(page, 'Connect');
    assert.match(await row(page, 'onStop'), /NS_ERROR_WEBSOCKET_CONNECTION_REFUSED/);
    assert.match(await refusal(page, 'connect'), /^NS_ERROR_WEBSOCKET_CONNECTION_REFUSED[^]*Check the address/);
    await attributeIs(page, 'status', 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED (0x804B0057)');
    const others = problems.splice(0).filter((problem) => !/WebSocket connection to .* failed/.test(problem));
    assert.deepEqual(others, []);
  }));

  test('says of a connection that was lost what to do', () => onPage(DESKTOP, async (page) => {
    const peer = await listening(new WebSocketServer({ port: 0, host: '127.0.0.1' }));
    peer.on('connection', (socket) => { socket.on('message', () => { socket.terminate(); }); });
    await page.fill('#address', addressOf(peer));
    await press(page, 'Connect');
    await row(page, 'onStart');
    await press(page, 'Send text');
    assert.match(await row(page, 'onStop'), /NS_BASE_STREAM_CLOSED/);
    assert.match(await refusal(page, 'connect'), /^NS_BASE_STREAM_CLOSED[^]*Connect again/);
    assert.equal(await page.locator('#log .call', { hasText: 'onServerClose' }).count(), 0);
  }));

  test('cancels while connecting', () => onPage(DESKTOP, async (page, problems) => {
    const mute = await listening(createServer().listen(0, '127.0.0.1'));
    await page.fill('#address', addressOf(mute));
    await press(page, 'Connect');
    await attributeIs(page, 'state', 'connecting');
    await press(page, 'Close');
    assert.match(await row(page, 'onStop'), /NS_BINDING_ABORTED/);
    assert.deepEqual(await page.locator('#log td.call').allInnerTexts(), ['asyncOpen', 'close', 'onStart', 'onStop']);
    await attributeIs(page, 'loadGroup.activeCount', '0');
    const others = problems.splice(0).filter((problem) => !/WebSocket connection to .* failed/.test(problem));
    assert.deepEqual(others, []);
  }));

  test('keeps the last 500 calls, and long texts short', () => onPage(DESKTOP, async (page) => {
    await press(page, 'Connect');
    await row(page, 'onStart');
    await page.fill('#text', 'long '.repeat(1000));
    await press(page, 'Send text');
    assert.match(await row(page, 'onMessageAvailable'), /4\.9 KiB\s+long .* and 4,800 more/);
    await page.fill('#text', '');
    await page.evaluate(() => {
      for (let i = 0; i < 300; i += 1) document.getElementById('send-text').requestSubmit();
    });
    // Each message is a call of ours, an acknowledgement and an echo; before them asyncOpen, onStart and the long one's three.
    await page.locator('#log-count', { hasText: 'the last 500 of 905' }).waitFor();
    assert.equal(await page.locator('#log tbody tr').count(), 500);
  }));

  test('says what to do where the page may not run WebAssembly', () => onPage(DESKTOP, async (page, problems) => {
    await page.route('**/', async (route) => {
      const response = await route.fetch();
      const policy = response.headers()['content-security-policy'].replace(" 'wasm-unsafe-eval'", '');
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
    });
    await page.reload();
    assert.match(await page.locator('#unusable:not(:empty)').innerText(), /^NS_ERROR_NOT_AVAILABLE[^]*wasm-unsafe-eval/);
    problems.length = 0; // the violation is the point
  }));

  test('fits a phone, in the dark, with fields and buttons large enough', () => onPage(PHONE, async (page) => {
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth && window.innerWidth === 360);
    assert.ok(await fits(), 'overflows before anything happened');
    await page.tap('#connect button');
    await row(page, 'onStart');
    await page.fill('#text', 'unbroken'.repeat(40));
    await page.tap('#send-text button');
    await row(page, 'onMessageAvailable');
    await page.fill('#code', '1004');
    await page.fill('#reason', 'w'.repeat(124));
    assert.match(await page.innerText('#verdict'), /NS_ERROR_INVALID_ARG/);
    await page.tap('#close button');
    await refusal(page, 'close');
    await page.fill('#reason', '');
    await page.tap('#close button');
    await row(page, 'onStop');
    assert.ok(await fits(), 'overflows with a full log');
    const small = await page.evaluate(() => [...document.querySelectorAll('input, textarea, button')]
      .filter((control) => control.getBoundingClientRect().height < 44 || parseFloat(getComputedStyle(control).fontSize) < 16)
      .map((control) => control.id || control.textContent));
    assert.deepEqual(small, []);
    await page.evaluate(() => { window.scrollTo(0, 0); });
    await page.screenshot({ path: screenshot('demo-phone.png'), fullPage: true });
  }));

  test('names every control, and can be used by keyboard alone', () => onPage(DESKTOP, async (page) => {
    const unnamed = await page.evaluate(() => [...document.querySelectorAll('input, textarea')]
      .filter((control) => control.labels.length === 0).map((control) => control.id));
    assert.deepEqual(unnamed, []);
    await page.focus('#address');
    await page.keyboard.press('Enter');
    await row(page, 'onStart');
    const stops = ['origin', 'protocols', 'Connect', 'text', 'Send text', 'file', 'Send bytes', 'code', 'reason', 'Close', 'log-clear', 'log'];
    for (const stop of stops) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const { id, textContent } = document.activeElement;
        const outlined = getComputedStyle(document.activeElement).outlineStyle !== 'none';
        return { name: id || textContent, outlined };
      });
      assert.deepEqual(focused, { name: stop, outlined: true });
    }
  }));
});

describe('the demo server', () => {
  test('serves the page\'s files to GET and HEAD, and nothing else', async () => {
    const status = (path, method = 'GET') => new Promise((resolve, reject) => {
      // node:http sends the path as it stands, where fetch would take the dots away.
      const asked = request(new URL(server.url), { path, method, agent: false }, (response) => {
        response.resume().on('end', () => { resolve(response.statusCode); });
      });
      asked.on('error', reject).end();
    });
    assert.equal(await status('/'), 200);
    assert.equal(await status('/?query'), 200);
    assert.equal(await status('/main.js', 'HEAD'), 200);
    assert.equal(await status('/', 'POST'), 405);
    for (const path of ['/../installed/x.js', '/..%2fconstants.js', '/%2e%2e/constants.js', '/../constants.js', '//', '/nothing.js', '/%']) {
      assert.equal(await status(path), 404, path);
    }
  });

  test('takes the next port when one is taken', async () => {
    const taken = Number(new URL(server.url).port);
    const second = await serve({ port: taken });
    try {
      assert.ok(Number(new URL(second.url).port) > taken);
    } finally {
      await second.close();
    }
  });
});

/** Runs `work` on a fresh page; fails on whatever the page's console or its policy complains about. */
async function onPage(options, work) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  try {
    const page = await context.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.stack));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('requestfailed', (failed) => problems.push(`${failed.url()} ${failed.failure()?.errorText}`));
    await page.goto(server.url);
    await work(page, problems);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** Waits until the log has `count` rows of one call; answers the text of the last of these. */
const row = (page, call, count = 1) => page.locator('#log tbody tr', { has: page.getByText(call, { exact: true }) })
  .nth(count - 1).innerText();

const attribute = (page, name) => page.innerText(`[data-attribute="${name}"]`);

const attributeIs = (page, name, value) => page.locator(`[data-attribute="${name}"]`).getByText(value, { exact: true }).waitFor();

const attributes = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('[data-attribute]')]
  .map((cell) => [cell.dataset.attribute, cell.textContent])));

const refusal = (page, form) => page.locator(`#${form} .refusal:not(:empty)`).innerText();

/** Answers a server once it listens; it is closed with the others. */
async function listening(listener) {
  await once(listener, 'listening');
  peers.push(listener);
  return listener;
}

const addressOf = (listener) => `ws://127.0.0.1:${listener.address().port}/`;

/** Where nobody listens. */
async function deadAddress() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = addressOf(listener);
  listener.close();
  await once(listener, 'close');
  return address;
}

function chromiumPath() {
  const path = programPath('WSC_CHROMIUM', 'chromium', 'chromium-browser', 'google-chrome');
  if (path) return path;
  throw new Error('Chromium is missing. On Debian: apt-get install -y chromium. Elsewhere: set WSC_CHROMIUM to its path.');
}
