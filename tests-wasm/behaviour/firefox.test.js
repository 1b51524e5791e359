import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSuiteIn } from './harness/browser_suite.js';
import { startFirefox } from './harness/firefox.js';
import { programPath, skipLoudly } from './harness/program.js';

/** Runs the behaviour suite in a page in headless Firefox. */
const cached = join(homedir(), '.cache/websocket-channel/geckodriver-0.37.1/bin/geckodriver');
const geckodriver = !process.env.WSC_GECKODRIVER && existsSync(cached) ? cached : programPath('WSC_GECKODRIVER', 'geckodriver');
const firefox = programPath('WSC_FIREFOX', 'firefox-esr', 'firefox');
if (!firefox) test('in Firefox', { skip: skipLoudly('Firefox', 'apt-get install -y chromium firefox-esr') }, () => {});
else if (!geckodriver) test('in Firefox', { skip: skipLoudly('geckodriver', 'cargo install geckodriver --version 0.37.1, or set WSC_GECKODRIVER') }, () => {});
else await runSuiteIn('firefox', () => startFirefox({ geckodriver, firefox }));
