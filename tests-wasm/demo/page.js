// Helpers for the demo page in headless Chromium: they open it, press its buttons and read its log.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { bundleDemo, serve } from '../../scripts/serve.js';
import { programPath } from '../behaviour/harness/program.js';

export const DESKTOP = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' };
export const PHONE = { viewport: { width: 360, height: 740 }, colorScheme: 'dark', deviceScaleFactor: 2, hasTouch: true, isMobile: true };

// There is no sandbox, because Chromium cannot use one as root, for example in a container. The other flags keep Chromium off the network.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
];

let server;
let browser;
const peers = [];

/** Bundles and serves the page as `npm start` does. */
export async function openDemo() {
  await bundleDemo();
  server = await serve({ port: 0 });
  browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS });
}

export async function closeDemo() {
  await browser?.close();
  for (const peer of peers) peer.close();
  await server?.close();
}

/** The URL of the page, with a slash at the end. */
export const demoUrl = () => server.url;

/** Runs `work` on a new page. Fails if the page has an uncaught error, a failed request, or an error or warning in its console. */
export async function onPage(options, work) {
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

/** Chromium's console reports each connection that failed. Nothing else may be in `problems`. */
export function expectFailedConnection(problems) {
  const others = problems.splice(0).filter((problem) => !/WebSocket connection to .* failed/.test(problem));
  assert.deepEqual(others, []);
}

/** Presses a button. Playwright waits until it is enabled. */
export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** Presses a button with the keyboard although it is shown as disabled. */
export async function pressAnyway(page, name) {
  const button = page.getByRole('button', { name, exact: true });
  assert.equal(await button.getAttribute('aria-disabled'), 'true', name);
  await button.focus();
  await page.keyboard.press('Enter');
}

export const openOptions = (page) => page.click('#connect .options summary');

export const rows = (page, call) => page.locator('#log tbody tr', { has: page.getByText(call, { exact: true }) });

/** Waits until the log has `count` rows of one call. Returns the text of the last of these. */
export const row = (page, call, count = 1) => rows(page, call).nth(count - 1).innerText();

export const attribute = (page, name) => page.innerText(`[data-attribute="${name}"]`);

export const attributeIs = (page, name, value) => page.locator(`[data-attribute="${name}"]`).getByText(value, { exact: true }).waitFor();

export const attributes = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('[data-attribute]')]
  .map((cell) => [cell.dataset.attribute, cell.textContent])));

export const refusal = (page, form) => page.locator(`#${form} .refusal:not(:empty)`).innerText();

/** Whether the middle of each edge of the element is in the viewport and is not covered. */
export const isInView = (locator) => locator.evaluate((element) => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return [[left + 1, y], [right - 1, y], [x, top + 1], [x, bottom - 1]].every((point) => element.contains(document.elementFromPoint(...point)));
});

/** Saves a screenshot in build/. */
export const screenshot = (page, name, options) => page.screenshot({
  path: fileURLToPath(new URL(`../../build/${name}`, import.meta.url)), ...options,
});

/** Resolves to the server once it listens. closeDemo closes it. */
export async function listening(listener) {
  await once(listener, 'listening');
  peers.push(listener);
  return listener;
}

export const addressOf = (listener) => `ws://127.0.0.1:${listener.address().port}/`;

/** An address at which nothing listens. */
export async function deadAddress() {
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
  throw new Error('demo: Chromium is missing. On Debian: apt-get install -y chromium. Elsewhere: set WSC_CHROMIUM to its path.');
}
