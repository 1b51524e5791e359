import { chromium } from 'playwright-core';

/** The system's Chromium, headless, driven by playwright-core. Answers { open(url), run(script, ...args), stop() }. */
export async function startChromium(executablePath) {
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  const page = await browser.newPage();
  return {
    open: (url) => page.goto(url),
    run: (script, ...args) => page.evaluate(`(async (...args) => { ${script} })(...${JSON.stringify(args)})`),
    stop: () => browser.close(),
  };
}

// Without a sandbox, since as root, as in a container, Chromium has none. The others keep it off the network.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
];
