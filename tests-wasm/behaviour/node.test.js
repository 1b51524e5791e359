// Runs the behaviour suite in Node, or in another runtime that has Node's sockets, through the installed package's ESM entry.
//
//   node --test tests-wasm/behaviour/node.test.js
//
// WSC_RUNTIME    the runtime's program and its arguments, as JSON; by default the Node that runs this file
// WSC_ENGINE     the runtime's name: node, deno or bun
// WSC_SELECTION  1: run only the cases that every host runs, not those for Node alone

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deviation } from './deviation.js';
import { startPeers } from './harness/peers.js';
import { startRuntime } from './harness/runtime.js';
import { nodeSuite } from './node_suite.js';
import { casesFor, suite } from './suite.js';

const LIMIT = 60_000;
const engine = process.env.WSC_ENGINE ?? 'node';
const command = JSON.parse(process.env.WSC_RUNTIME ?? JSON.stringify([process.execPath]));
const isSelection = process.env.WSC_SELECTION === '1';

const { addresses, stop } = await startPeers({ gateways: !isSelection });
const runtime = startRuntime({ command, engine, addresses, limit: LIMIT });
after(() => runtime.stop());
after(stop);

test('every file of cases/ is in a suite', async () => {
  const folder = import.meta.dirname;
  const suites = await Promise.all(['suite.js', 'node_suite.js'].map((name) => readFile(join(folder, name), 'utf8')));
  const forgotten = (await readdir(join(folder, 'cases'))).filter((name) => !suites.some((text) => text.includes(`'./cases/${name}'`)));
  if (forgotten.length > 0) throw new Error(`No suite imports ${forgotten.join(', ')}.`);
});

for (const { name, skip } of casesFor('node', addresses, isSelection ? suite : nodeSuite)) {
  test(name, { skip: skip || deviation(engine, name), timeout: 3 * LIMIT }, async () => {
    const wrong = await runtime.run(name);
    if (wrong) throw new Error(wrong);
  });
}
