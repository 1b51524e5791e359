// Tests what the demo page shows, and where: at 360×740 and 1280×800, in light and dark mode, with touch and keyboard.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import {
  DESKTOP, PHONE, addressOf, attributeIs, deadAddress, expectFailedConnection, isInView, listening, onPage, openOptions, press, refusal, row, rows,
  screenshot,
} from './page.js';

const BUTTONS = ['Connect', 'Send text', 'Send bytes', 'Close', 'Clear'];

/** Registers the tests. The calling file opens and closes the demo. */
export function describeLook() {
  describe('the demo page\'s look', { timeout: 120_000 }, () => {
    test('shows no error before anything is done', () => onPage(DESKTOP, async (page) => {
      const text = await page.innerText('body');
      assert.match(text, /originalURI\s+none yet/);
      assert.doesNotMatch(text, /ERROR/);
      assert.equal(await page.locator('.refusal:not(:empty)').count(), 0);
    }));

    test('keeps the newest call in view when a failure makes the attributes box taller', () => onPage(DESKTOP, async (page, problems) => {
      await press(page, 'Connect');
      await row(page, 'onStart');
      for (let count = 1; count <= 3; count += 1) {
        await press(page, 'Send text');
        await row(page, 'onMessageAvailable', count);
      }
      await press(page, 'Close');
      await row(page, 'onStop');
      const before = await page.locator('#log').evaluate((log) => log.clientHeight);
      await page.fill('#address', await deadAddress());
      await press(page, 'Connect');
      await row(page, 'onStop', 2);
      assert.ok(await page.locator('#log').evaluate((log) => log.clientHeight) < before, 'the attributes box is not taller');
      assert.ok(await isInView(rows(page, 'onStop').nth(1)));
      expectFailedConnection(problems);
      await screenshot(page, 'demo-failed.png');
    }));

    test('leaves the log where the user has scrolled to, and follows new calls again once it is scrolled to the end', () => onPage(DESKTOP, async (page) => {
      const scrollTo = (place) => page.locator('#log').evaluate((log, to) => new Promise((resolve) => {
        log.addEventListener('scroll', resolve, { once: true });
        log.scrollTop = to === 'end' ? log.scrollHeight : 0;
      }), place);
      await press(page, 'Connect');
      for (let count = 1; count <= 5; count += 1) {
        await press(page, 'Send text');
        await row(page, 'onMessageAvailable', count);
      }
      await scrollTo('start');
      await press(page, 'Send text');
      await row(page, 'onMessageAvailable', 6);
      assert.equal(await page.locator('#log').evaluate((log) => log.scrollTop), 0);
      await scrollTo('end');
      await press(page, 'Send text');
      await row(page, 'onMessageAvailable', 7);
      assert.ok(await isInView(rows(page, 'onMessageAvailable').last()));
    }));

    for (const [held, viewport] of [['upright', PHONE.viewport], ['on its side', { width: 740, height: 360 }]]) {
      test(`shows each call at once on a phone held ${held}`, () => onPage({ ...PHONE, viewport }, async (page) => {
        // isInView returns at once, and nothing scrolls the page to the log.
        await page.tap('#connect button');
        await row(page, 'onStart');
        assert.ok(await isInView(rows(page, 'onStart')), 'onStart');
        await page.tap('#send-text button');
        await row(page, 'onMessageAvailable');
        assert.ok(await isInView(rows(page, 'onMessageAvailable')), 'onMessageAvailable');
        await page.tap('#close button[type="submit"]');
        await row(page, 'onStop');
        assert.ok(await isInView(rows(page, 'onStop').locator('.call')), 'onStop');
      }));
    }

    test('shows the buttons as disabled in every state in which they do nothing', () => onPage(DESKTOP, async (page, problems) => {
      const enabled = async () => {
        const all = await Promise.all(BUTTONS.map(async (name) => {
          const button = page.getByRole('button', { name, exact: true });
          const cursor = await button.evaluate((element) => getComputedStyle(element).cursor);
          assert.equal(cursor, await button.isEnabled() ? 'pointer' : 'not-allowed', name);
          return await button.isEnabled() ? name : null;
        }));
        return all.filter(Boolean);
      };
      // A TCP peer that says nothing keeps a channel connecting; a server that stops reading keeps one closing.
      const mute = await listening(createServer().listen(0, '127.0.0.1'));
      assert.deepEqual(await enabled(), ['Connect']);
      await page.fill('#address', addressOf(mute));
      await press(page, 'Connect');
      await attributeIs(page, 'state', 'connecting');
      await row(page, 'asyncOpen');
      assert.deepEqual(await enabled(), ['Send text', 'Send bytes', 'Close', 'Clear']);
      await press(page, 'Close');
      await row(page, 'onStop');
      assert.deepEqual(await enabled(), ['Connect', 'Clear']);
      expectFailedConnection(problems);

      const deaf = await listening(new WebSocketServer({ port: 0, host: '127.0.0.1' }));
      deaf.on('connection', (socket) => { socket.pause(); });
      await page.fill('#address', addressOf(deaf));
      await press(page, 'Connect');
      await attributeIs(page, 'state', 'open');
      assert.deepEqual(await enabled(), ['Send text', 'Send bytes', 'Close', 'Clear']);
      await press(page, 'Close');
      await attributeIs(page, 'state', 'closing');
      assert.deepEqual(await enabled(), ['Clear']);
      await press(page, 'Clear');
      assert.deepEqual(await enabled(), []);
    }));

    test('fits a phone in dark mode, with large enough fields and buttons', () => onPage(PHONE, async (page) => {
      const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth && window.innerWidth === 360);
      assert.ok(await fits(), 'overflows before anything happened');
      assert.ok(await isInView(page.locator('#connect button')), 'Connect is out of view');
      await screenshot(page, 'demo-phone.png');
      await openOptions(page);
      await page.tap('#connect button');
      await row(page, 'onStart');
      await page.fill('#text', 'unbroken'.repeat(40));
      await page.tap('#send-text button');
      await row(page, 'onMessageAvailable');
      await page.fill('#code', '1004');
      await page.fill('#reason', 'w'.repeat(124));
      assert.match(await page.innerText('#verdict'), /NS_ERROR_INVALID_ARG/);
      await page.tap('#close button[type="submit"]');
      await refusal(page, 'close');
      assert.ok(await isInView(page.locator('#close .refusal')), 'the refusal is out of view');
      await page.fill('#reason', '');
      await page.tap('#close button[type="submit"]');
      await row(page, 'onStop');
      assert.ok(await fits(), 'overflows with a full log');
      const small = await page.evaluate(() => [...document.querySelectorAll('input, textarea, button, summary')]
        .filter((control) => control.checkVisibility())
        .map((control) => control.matches('[type="checkbox"]') ? control.closest('label') : control) // the label is tapped instead
        .filter((control) => control.getBoundingClientRect().height < 44
          || (!control.matches('summary') && parseFloat(getComputedStyle(control).fontSize) < 16)) // iOS zooms in on smaller fields
        .map((control) => control.id || control.textContent));
      assert.deepEqual(small, []);
      await screenshot(page, 'demo-phone-stopped.png');
    }));

    for (const width of [320, 360]) {
      test(`nothing is wider than a phone of ${width} pixels`, () => onPage({ ...PHONE, viewport: { width, height: 640 } }, async (page) => {
        await press(page, 'Connect');
        await row(page, 'onStart');
        await page.click('#saved summary');
        const wide = await page.evaluate(() => [...document.querySelectorAll('body *')].filter((it) => it.getBoundingClientRect().right > innerWidth && !it.closest('.unseen, thead')).map((it) => it.outerHTML.slice(0, 80)));
        assert.deepEqual(wide, []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        const outside = await page.evaluate(() => [...document.querySelectorAll('button')].filter((it) => it.getBoundingClientRect().right > innerWidth).map((it) => it.textContent));
        assert.deepEqual(outside, []);
        if (width === 320) await screenshot(page, 'demo-narrow.png');
      }));
    }

    for (const [size, options] of [['a desktop', DESKTOP], ['a phone', PHONE]]) {
      test(`labels every field, and can be used with only the keyboard on ${size}`, () => onPage(options, async (page) => {
        const unnamed = await page.evaluate(() => [...document.querySelectorAll('input, textarea')]
          .filter((control) => control.labels.length === 0).map((control) => control.id));
        assert.deepEqual(unnamed, []);
        await page.focus('#address');
        await page.keyboard.press('Enter');
        await row(page, 'onStart');
        await page.keyboard.press('Tab'); // the saved connections
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter'); // opens the options
        const stops = [
          'origin', 'protocols', 'open-timeout', 'close-timeout', 'max-size', 'Connect', 'reconnect', 'Show this as code', 'text', 'Send text', 'burst-count', 'Send burst', 'file', 'Send bytes',
          'code', 'reason', 'Close', ...(await page.isVisible('#abort') ? ['abort'] : []), 'log-json', 'log-save', 'log-clear', 'log-filter', 'log',
        ];
        for (const stop of stops) {
          await page.keyboard.press('Tab');
          const focused = page.locator(':focus');
          const { name, outlined } = await focused.evaluate((element) => ({
            name: element.id || element.textContent, outlined: getComputedStyle(element).outlineStyle !== 'none',
          }));
          assert.deepEqual({ name, outlined }, { name: stop, outlined: true });
          assert.ok(await isInView(focused), `${stop} is covered or out of view`);
        }
      }));
    }
  });
}
