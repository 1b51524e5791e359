import { chromium } from 'playwright-core';

/** Starts the system's Chromium, headless, driven by playwright-core. Returns { open(url), run(script, ...args), stop() }. */
export async function startChromium(executablePath) {
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  const page = await browser.newPage();
  return {
    open: (url) => page.goto(url),
    run: (script, ...args) => page.evaluate(`(async (...args) => { ${script} })(...${JSON.stringify(args)})`),
    stop: () => browser.close(),
  };
}

// There is no sandbox, because Chromium cannot use one as root, for example in a container. The other flags keep Chromium off the network.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
];
