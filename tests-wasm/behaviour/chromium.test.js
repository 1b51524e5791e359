import { test } from 'node:test';
import { runSuiteIn } from './harness/browser_suite.js';
import { startChromium } from './harness/chromium.js';
import { programPath, skipLoudly } from './harness/program.js';

/** Runs the behaviour suite in a page in headless Chromium. */
const chromium = programPath('WSC_CHROMIUM', 'chromium', 'chromium-browser', 'google-chrome');
if (chromium) await runSuiteIn('chromium', () => startChromium(chromium));
else test('in Chromium', { skip: skipLoudly('Chromium', 'apt-get install -y chromium firefox-esr') }, () => {});
