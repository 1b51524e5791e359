import { chromium } from 'playwright-core';
import { programPath } from '../../behaviour/harness/program.js';

/** Headless Chromium, started by the first visit. Returns { visit(url), stop() }. */
export function headlessChromium() {
  let starting;
  return {
    async visit(url) {
      starting ??= launch();
      return visit(await starting, url);
    },
    async stop() {
      const browser = await starting?.catch(() => null);
      await browser?.close();
    },
  };
}

async function launch() {
  const executablePath = programPath('WSC_CHROMIUM', 'chromium', 'chromium-browser', 'google-chrome');
  if (!executablePath) throw new Error('no Chromium: apt-get install -y chromium, or set WSC_CHROMIUM');
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** Opens a page and resolves to the lines that its program prints, up to the line ["end"]. Rejects if the page has an uncaught error. */
async function visit(browser, url, limit = 20_000) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const lines = [];
  const other = [];
  let timer;
  try {
    await new Promise((resolve, reject) => {
      const fail = (what) => reject(new Error([`${url}: ${what}`, ...lines, ...other].join('\n')));
      page.on('console', (message) => {
        const text = message.text();
        if (!text.startsWith('["')) return other.push(text);
        lines.push(text);
        if (text === '["end"]') resolve();
      });
      page.on('pageerror', (error) => fail(`uncaught: ${error.stack}`));
      page.on('crash', () => fail('the page crashed'));
      timer = setTimeout(() => fail(`the program did not end within ${limit} ms`), limit);
      page.goto(url).catch((error) => fail(error.message));
    });
  } finally {
    clearTimeout(timer);
    await context.close();
  }
  return lines.join('\n');
}

// There is no sandbox, because Chromium cannot use one as root, for example in a container. The other flags keep Chromium off the network.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
];
