import { after, test } from 'node:test';
import { deviation } from '../deviation.js';
import { casesFor } from '../suite.js';
import { servePage } from './page_server.js';
import { startPeers } from './peers.js';

/**
 * Runs the suite in a browser page, one test per case. `start` returns the driver: { open(url), run(script, ...args), stop() }.
 * `run` takes the body of an async function, which finds its arguments in `args`.
 */
export async function runSuiteIn(engine, start) {
  const { addresses, stop } = await startPeers();
  after(stop);
  const served = await servePage(engine, addresses);
  after(() => served.stop());
  const browser = await start();
  after(() => browser.stop());
  await browser.open(served.url);
  await browser.run('while (!globalThis.behaviour?.run) await new Promise((resolve) => setTimeout(resolve, 10));');
  for (const { name, skip } of casesFor('browser', addresses)) {
    test(name, { skip: skip || deviation(engine, name), timeout: 60_000 }, async () => {
      const wrong = await browser.run('return globalThis.behaviour.run(args[0]);', name);
      if (wrong) throw new Error(wrong);
    });
  }
}
