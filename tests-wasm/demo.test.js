// Tests the demo page, bundled and served as `npm start` does, in headless Chromium and in Firefox.
//
//     npm run build && node --test tests-wasm/demo.test.js
//
// `WSC_CHROMIUM` is the path of Chromium; by default, it is the first on the PATH. Screenshots are saved in build/.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { serve } from '../scripts/serve.js';
import { startFirefox } from './behaviour/harness/firefox.js';
import { programPath, skipLoudly } from './behaviour/harness/program.js';
import { describeLook } from './demo/look.js';
import {
  DESKTOP, PHONE, addressOf, attribute, attributeIs, attributes, closeDemo, deadAddress, demoUrl, expectFailedConnection, isInView, listening, onPage,
  openDemo, openOptions, press, pressAnyway, refusal, row, rows, screenshot,
} from './demo/page.js';

before(openDemo);
after(closeDemo);

describe('the demo page', { timeout: 120_000 }, () => {
  test('connects, sends, receives and closes; the log shows every listener call in order', () => onPage(DESKTOP, async (page) => {
    assert.equal(await page.inputValue('#address'), `${demoUrl().replace('http', 'ws')}echo`);
    assert.equal(await attribute(page, 'state'), 'idle');
    assert.equal(await attribute(page, 'URI'), 'none yet');
    await openOptions(page);
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
    await rows(page, 'onBinaryMessageAvailable').locator('summary').click();
    assert.match(await rows(page, 'onBinaryMessageAvailable').locator('pre').innerText(), /^000000 {2}00 01 [^]*\n000040 {2}40 41 .* {2}@ABCDEFG\n[^]*\n000bb0 {2}b0 .* b7 {2}\.{8}$/);
    await screenshot(page, 'demo-bytes.png');
    await rows(page, 'onBinaryMessageAvailable').locator('summary').click();
    await row(page, 'onAcknowledge', 2);

    const { serial, ...others } = await attributes(page);
    assert.match(serial, /^[1-9][0-9]*$/);
    assert.deepEqual(others, {
      URI: await page.inputValue('#address'),
      originalURI: await page.inputValue('#address'),
      state: 'open',
      status: 'NS_OK (0x00000000)',
      protocol: '"chat"',
      extensions: '"permessage-deflate"',
      bufferedAmount: '0 B',
      'loadGroup.activeCount': '1',
    });

    await page.fill('#code', '3000');
    await page.fill('#reason', 'that was all');
    await press(page, 'Close');
    assert.match(await row(page, 'onStop'), /NS_OK[^]*wasClean: true\ncode: 3000\nreason: "that was all"\nclosedBy: 'local'/);
    assert.match(await row(page, 'onServerClose'), /3000 that was all/);
    const calls = (await page.locator('#log td.call').allInnerTexts()).filter((call) => call !== 'onAcknowledge');
    assert.deepEqual(calls, [
      'asyncOpen', 'onStart', 'sendMsg', 'onMessageAvailable', 'sendBinaryMsg', 'onBinaryMessageAvailable', 'close', 'onServerClose', 'onStop',
    ]);
    await attributeIs(page, 'state', 'stopped');
    await attributeIs(page, 'loadGroup.activeCount', '0');
    await page.evaluate(() => { window.scrollTo(0, 0); });
    await screenshot(page, 'demo.png');
  }));

  test('filters, indents and exports the log', () => onPage(DESKTOP, async (page) => {
    await press(page, 'Connect');
    await row(page, 'onStart');
    for (const text of ['{"list":[1,2]}', 'plain words']) {
      await page.fill('#text', text);
      await press(page, 'Send text');
    }
    await row(page, 'onMessageAvailable', 2);
    await page.fill('#log-filter', 'PLAIN');
    assert.equal(await page.locator('#log tbody tr:visible').count(), 2);
    assert.equal(await page.innerText('#log-count'), `2 of ${await page.locator('#log tbody tr').count()} shown`);
    await page.fill('#log-filter', '');
    await press(page, 'JSON');
    assert.match(await row(page, 'onMessageAvailable'), /\{\n {2}"list": \[\n {4}1,/);
    assert.equal(await page.getAttribute('#log-json', 'aria-pressed'), 'true');
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Export')]);
    assert.match(download.suggestedFilename(), /^websocket-channel [\d-]+\.ndjson$/);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(lines.filter(({ call }) => call === 'onMessageAvailable').map(({ text, size }) => [text, size]), [['{"list":[1,2]}', 14], ['plain words', 11]]);
  }));

  test('sends a burst, and shows its rate; the throughput line counts its messages', () => onPage(DESKTOP, async (page) => {
    await pressAnyway(page, 'Send burst');
    assert.match(await refusal(page, 'burst'), /^NS_ERROR_NOT_CONNECTED/);
    await press(page, 'Connect');
    await row(page, 'onStart');
    await page.fill('#burst-count', 'many');
    await press(page, 'Send burst');
    assert.match(await refusal(page, 'burst'), /^Not a number of messages/);
    await page.fill('#burst-count', '300');
    await press(page, 'Send burst');
    assert.match(await row(page, 'sendMsg × 300'), /[\d,]+ messages a second/);
    await page.fill('#burst-count', '20000'); // the acknowledgements push its row out of the log
    await press(page, 'Send burst');
    await page.getByText(/^20,000 sent: [\d,]+ messages a second/).waitFor();
    await page.getByText(/^A second: [\d,]+ \(/).waitFor();
  }));

  test('shows the settings of the form as code, and copies it', () => onPage(DESKTOP, async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.fill('#address', "ws://127.0.0.1:1/it's");
    await openOptions(page);
    await page.fill('#protocols', 'chat');
    await page.fill('#open-timeout', '500');
    await page.click('#as-code summary');
    await page.locator('#as-code code', { hasText: 'asyncOpen' }).waitFor();
    const code = await page.innerText('#as-code code');
    assert.match(code, /new WebSocketChannel\(\{ openTimeoutMs: 500 \}\)[^]*channel\.protocol = 'chat';[^]*asyncOpen\('ws:\/\/127\.0\.0\.1:1\/it\\'s', null,/);
    await press(page, 'Copy');
    assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), code.trim());
  }));

  test('reconnects with growing delays, and offers the addresses that have opened', () => onPage(DESKTOP, async (page, problems) => {
    const good = await page.inputValue('#address');
    await press(page, 'Connect');
    await row(page, 'onStart');
    assert.deepEqual(await page.locator('#addresses option').evaluateAll((all) => all.map(({ value }) => value)), [good]);
    await press(page, 'Close');
    await row(page, 'onStop');
    await page.fill('#address', await deadAddress());
    await page.check('#reconnect');
    await press(page, 'Connect');
    assert.match(await row(page, 'reconnect'), /in 1 s/);
    assert.match(await row(page, 'reconnect', 2), /in 2 s/);
    await page.uncheck('#reconnect');
    expectFailedConnection(problems);
  }));

  test('saves connections that opened, fills the form with one, and forgets it', () => onPage(DESKTOP, async (page) => {
    const address = await page.inputValue('#address');
    assert.equal(await page.isVisible('#saved'), false);
    await openOptions(page);
    await page.fill('#protocols', 'chat');
    await page.fill('#open-timeout', '5000');
    await press(page, 'Connect');
    await row(page, 'onStart');
    await page.reload();
    await page.fill('#address', 'ws://elsewhere.example/');
    await page.click('#saved summary');
    await page.getByRole('button', { name: `${address} (chat)`, exact: true }).click();
    assert.deepEqual([await page.inputValue('#address'), await page.inputValue('#protocols'), await page.inputValue('#open-timeout')], [address, 'chat', '5000']);
    await page.getByRole('button', { name: `Forget ${address}` }).click();
    assert.equal(await page.isVisible('#saved'), false);
    await page.reload();
    assert.equal(await page.isVisible('#saved'), false);
  }));

  test('axe finds no violations, at either size, connected or not', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const size of [DESKTOP, PHONE]) {
      await onPage(size, async (page) => {
        await page.evaluate(axe); // not as a script element, which the page's policy forbids
        const check = async (when) => {
          const { violations } = await page.evaluate('axe.run()');
          assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`), [], when);
        };
        await check('at first');
        await openOptions(page);
        await page.click('#as-code summary');
        await press(page, 'Connect');
        await row(page, 'onStart');
        await press(page, 'Send text');
        await row(page, 'onMessageAvailable');
        await page.fill('#code', '1005');
        await check('with everything open');
      });
    }
  });

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

  test('says whether a close code and reason may be sent, while they are typed', () => onPage(DESKTOP, async (page) => {
    const verdict = async (code, reason = '') => {
      await page.fill('#code', code);
      await page.fill('#reason', reason);
      return page.innerText('#verdict');
    };
    const refused = /may not be sent\s+NS_ERROR_INVALID_ARG: close: ./;
    assert.match(await verdict(''), /1000 CLOSE_NORMAL may be sent\s+Sent as it is/);
    assert.match(await verdict('999'), refused);
    assert.equal(await page.getAttribute('#code', 'aria-invalid'), 'true');
    assert.match(await verdict('1001'), /CLOSE_GOING_AWAY may be sent[^]*peer sees 1005[^]*Node sends it as it is/);
    assert.match(await verdict('1004'), /CLOSE_TOO_LARGE may be sent[^]*peer sees 1005[^]*Node sends 1009/);
    assert.match(await verdict('1005'), /CLOSE_NO_STATUS may not be sent/);
    assert.match(await verdict('1015'), /1015 CLOSE_TLS_FAILED may not be sent/);
    assert.match(await verdict('2999'), refused);
    assert.match(await verdict('3000'), /3000 \(no name\) may be sent/);
    assert.match(await verdict('4999'), /4999 \(no name\) may be sent/);
    assert.match(await verdict('5000'), refused);
    assert.match(await verdict('1000.5'), refused);
    assert.match(await verdict('soon'), /Not a number may not be sent/);
    assert.match(await verdict('1000', 'é'.repeat(61)), /1000 CLOSE_NORMAL may be sent/);
    assert.equal(await page.innerText('#reason-size'), '122 of 123 bytes');
    assert.match(await verdict('1000', 'é'.repeat(62)), /NS_ERROR_INVALID_ARG: close: [^]*123/);
    assert.equal(await page.getAttribute('#code', 'aria-invalid'), 'false');
    assert.equal(await page.getAttribute('#reason', 'aria-invalid'), 'true');
  }));

  test('closes without a code when the browser cannot send the code', () => onPage(DESKTOP, async (page) => {
    await press(page, 'Connect');
    await row(page, 'onStart');
    await page.fill('#code', '1004');
    await press(page, 'Close');
    assert.match(await row(page, 'onServerClose'), /1005/);
    assert.match(await row(page, 'onStop'), /NS_OK/);
  }));

  test('shows each refusal in the form that caused it', () => onPage(DESKTOP, async (page) => {
    await pressAnyway(page, 'Send text');
    assert.match(await refusal(page, 'send-text'), /^NS_ERROR_NOT_CONNECTED[^]*press Connect/);
    await pressAnyway(page, 'Send bytes');
    assert.match(await refusal(page, 'send-file'), /^No file/);
    await press(page, 'Connect');
    await row(page, 'onStart');
    assert.equal(await page.locator('.refusal:not(:empty)').count(), 0);
    await pressAnyway(page, 'Connect');
    assert.match(await refusal(page, 'connect'), /^NS_ERROR_ALREADY_OPENED/);
    await page.fill('#code', '1006');
    await press(page, 'Close');
    assert.match(await refusal(page, 'close'), /^NS_ERROR_INVALID_ARG/);
    assert.equal(await attribute(page, 'state'), 'open');
    await page.fill('#code', '');
    await press(page, 'Close');
    await row(page, 'onStop');
    await pressAnyway(page, 'Send text');
    assert.match(await refusal(page, 'send-text'), /returned false: this channel is stopped/);
    await pressAnyway(page, 'Close');
    assert.match(await refusal(page, 'close'), /^Nothing to close[^]*stopped/);
  }));

  test('shows a mistake at its field, and moves the focus there', () => onPage(DESKTOP, async (page) => {
    const mistakes = [
      ['address', 'ftp://example.org/', /^NS_ERROR_MALFORMED_URI/],
      ['origin', 'https://example.org', /^NS_ERROR_(INVALID_ARG|NOT_IMPLEMENTED)[^]*origin/],
      ['protocols', 'chat, chat', /^NS_ERROR_INVALID_ARG[^]*protocol/],
      ['open-timeout', 'soon', /^NS_ERROR_INVALID_ARG[^]*openTimeoutMs/],
      ['close-timeout', '0', /^NS_ERROR_INVALID_ARG[^]*closeTimeoutMs/],
      ['max-size', '1.5', /^NS_ERROR_INVALID_ARG[^]*maxMessageSize/],
    ];
    for (const [id, wrong, message] of mistakes) {
      if (id !== 'address') await page.locator('#connect .options').evaluate((details) => { details.open = true; });
      const right = await page.inputValue(`#${id}`);
      await page.fill(`#${id}`, wrong);
      await page.locator('#connect .options').evaluate((details) => { details.open = false; });
      await press(page, 'Connect');
      assert.match(await page.innerText(`.field:has(#${id}) .refusal:not(:empty)`), message);
      assert.equal(await page.locator(':focus').getAttribute('id'), id);
      assert.deepEqual(await page.locator('[aria-invalid="true"]').evaluateAll((fields) => fields.map((field) => field.id)), [id]);
      assert.ok(await isInView(page.locator('#connect .refusal')), `the refusal at ${id} is out of view`);
      assert.equal(await attribute(page, 'state'), 'idle');
      await page.fill(`#${id}`, right);
      assert.equal(await page.locator('#connect :is(.refusal:not(:empty), [aria-invalid])').count(), 0);
    }
    await press(page, 'Connect');
    await row(page, 'onStart');
  }));

  test('passes the options to the channel', () => onPage(DESKTOP, async (page, problems) => {
    const mute = await listening(createServer().listen(0, '127.0.0.1'));
    await page.fill('#address', addressOf(mute));
    await openOptions(page);
    await page.fill('#open-timeout', '150');
    await press(page, 'Connect');
    assert.match(await row(page, 'onStop'), /NS_ERROR_NET_TIMEOUT_EXTERNAL[^]*timeout: 'open'/);
    expectFailedConnection(problems);
  }));

  test('shows that an option is wrong as soon as its field loses the focus', () => onPage(DESKTOP, async (page) => {
    await openOptions(page);
    await page.fill('#max-size', '-1');
    await page.press('#max-size', 'Tab');
    assert.match(await page.innerText('.field:has(#max-size) .refusal:not(:empty)'), /^NS_ERROR_INVALID_ARG[^]*maxMessageSize/);
    assert.equal(await page.locator(':focus').innerText(), 'Connect');
  }));

  test('aborts with the signal, and shows its reason', () => onPage(DESKTOP, async (page) => {
    await pressAnyway(page, 'Abort');
    assert.match(await refusal(page, 'close'), /^Nothing to abort/);
    await press(page, 'Connect');
    await row(page, 'onStart');
    await press(page, 'Abort');
    assert.match(await row(page, 'onStop'), /NS_BINDING_ABORTED[^]*cause: AbortError: The Abort button was pressed/);
    assert.equal(await page.locator('#abort').getAttribute('aria-disabled'), 'true');
    await press(page, 'Connect');
    await row(page, 'onStart', 2);
    await press(page, 'Abort');
    await row(page, 'onStop', 2);
  }));

  test('explains a connection that failed', () => onPage(DESKTOP, async (page, problems) => {
    await page.fill('#address', await deadAddress());
    await press(page, 'Connect');
    assert.match(await row(page, 'onStop'), /NS_ERROR_WEBSOCKET_CONNECTION_REFUSED/);
    assert.match(await refusal(page, 'connect'), /^NS_ERROR_WEBSOCKET_CONNECTION_REFUSED[^]*Check the address/);
    await attributeIs(page, 'status', 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED (0x804B0057)');
    expectFailedConnection(problems);
  }));

  test('says what to do when a connection is lost', () => onPage(DESKTOP, async (page) => {
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
    expectFailedConnection(problems);
  }));

  test('keeps the last 500 calls, and shortens long texts', () => onPage(DESKTOP, async (page) => {
    await press(page, 'Connect');
    await row(page, 'onStart');
    await page.fill('#text', 'long '.repeat(1000));
    await press(page, 'Send text');
    assert.match(await row(page, 'onMessageAvailable'), /4\.9 KiB\s+long .* and 4,800 more/);
    await page.fill('#text', '');
    await page.evaluate(() => {
      for (let i = 0; i < 300; i += 1) document.getElementById('send-text').requestSubmit();
    });
    // Each of the 300 messages gives three rows: the call, its acknowledgement and its echo. Before them are asyncOpen, onStart and the three rows of the long text.
    await page.locator('#log-count', { hasText: 'the last 500 of 905' }).waitFor();
    assert.equal(await page.locator('#log tbody tr').count(), 500);
  }));

  test('says what to do if the page may not run WebAssembly', () => onPage(DESKTOP, async (page, problems) => {
    await page.route('**/', async (route) => {
      const response = await route.fetch();
      const policy = response.headers()['content-security-policy'].replace(" 'wasm-unsafe-eval'", '');
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
    });
    await page.reload();
    assert.match(await page.locator('#unusable:not(:empty)').innerText(), /^NS_ERROR_NOT_AVAILABLE[^]*wasm-unsafe-eval/);
    problems.length = 0; // the violation is intended
  }));
});

describeLook();

const firefox = programPath('WSC_FIREFOX', 'firefox-esr', 'firefox');
const geckodriver = programPath('WSC_GECKODRIVER', 'geckodriver');
const missing = firefox && geckodriver ? false : skipLoudly('Firefox or its driver', 'apt-get install firefox-esr, and set WSC_FIREFOX and WSC_GECKODRIVER');

describe('the demo page in Firefox', { skip: missing, timeout: 120_000 }, () => {
  for (const [name, width, height] of [['a desktop', 1280, 800], ['a phone', 450, 740]]) {
    test(`connects, sends, receives and closes on ${name}, and nothing overflows`, async () => {
      const page = await startFirefox({ firefox, geckodriver });
      try {
        await page.resize(width, height);
        await page.open(demoUrl());
        const seen = await page.run(`
          const text = (selector) => document.querySelector(selector).textContent;
          const until = async (holds) => { for (let at = 0; at < 200 && !holds(); at++) await new Promise((resolve) => setTimeout(resolve, 25)); };
          const calls = () => [...document.querySelectorAll('#log td.call')].map((cell) => cell.textContent);
          document.querySelector('#connect button').click();
          await until(() => text('#state') === 'open');
          document.querySelector('#send-text button').click();
          await until(() => calls().includes('onMessageAvailable'));
          document.querySelector('#close button').click();
          await until(() => calls().includes('onStop'));
          return { calls: calls().filter((call) => call !== 'onAcknowledge'), overflows: document.documentElement.scrollWidth > innerWidth, what: text('#log tr:last-child .what') };
        `);
        assert.deepEqual(seen.calls, ['asyncOpen', 'onStart', 'sendMsg', 'onMessageAvailable', 'close', 'onServerClose', 'onStop']);
        assert.match(seen.what, /^NS_OK/);
        assert.equal(seen.overflows, false);
        await writeFile(new URL(`../build/demo-firefox-${width}.png`, import.meta.url), await page.screenshot());
      } finally {
        await page.stop();
      }
    });
  }
});

describe('the demo server', () => {
  test('serves only the page\'s files, and only to GET and HEAD', async () => {
    const status = (path, method = 'GET') => new Promise((resolve, reject) => {
      // node:http sends the path unchanged. fetch would remove the dots.
      const asked = request(new URL(demoUrl()), { path, method, agent: false }, (response) => {
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

  test('takes another port when its port is in use', async () => {
    const taken = Number(new URL(demoUrl()).port);
    const second = await serve({ port: taken });
    try {
      assert.ok(Number(new URL(second.url).port) > taken);
    } finally {
      await second.close();
    }
  });
});
