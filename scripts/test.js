// `npm test`: installs what is missing, builds, runs every suite, prints each one's counts.

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackage, installedFolder } from './build.js';
import { lint } from './lint.js';
import { finish, main, root, say } from './run.js';
import * as tools from './tools.js';

const HELP = `npm test [-- options]
  installs what is missing, builds the package, and runs every suite. Logs are kept in build/log/.
    --only WORD   only the suites whose name has WORD in it (may stand several times)
    --list        the suites' names
    --help        this text`;

/** What each suite runs; `counts` finds passed, failed and skipped in what it prints. */
const SUITES = {
  'rust on the host': cargoTest,
  'formatting and clippy': lintSuite,
  'wasm-pack in node': () => wasmPack('--node', '--features', 'node'),
  'wasm-pack in chromium': async () => wasmPack('--headless', '--chrome', '--chromedriver', await tools.chromedriver()),
  'wasm-pack in firefox': async () => wasmPack('--headless', '--firefox', '--geckodriver', await tools.geckodriver()),
  'behaviour in node': () => nodeTest('behaviour/node.test.js'),
  'behaviour in chromium': () => nodeTest('behaviour/chromium.test.js'),
  'behaviour in firefox': () => nodeTest('behaviour/firefox.test.js'),
  packaging: () => nodeTest('packaging/packaging.test.js'),
  'demo page': () => nodeTest('demo.test.js'),
  autobahn,
};

let environment = {};

/** Installs every tool; the suites find them by these variables. */
async function installTools() {
  await tools.nodeModules();
  await tools.wasmTarget();
  await tools.wasmBindgen();
  await tools.wasmPack();
  await tools.openssl();
  const [chromium, chromedriver, firefox] = [await tools.chromium(), await tools.chromedriver(), await tools.firefox()];
  const [geckodriver, python] = [await tools.geckodriver(), await tools.python()];
  const servers = {
    WSC_NGINX: await tools.nginx(), WSC_APACHE: await tools.apache(), WSC_LIGHTTPD: await tools.lighttpd(), WSC_MICROSOCKS: await tools.microsocks(),
  };
  environment = {
    WSC_CHROMIUM: chromium, WSC_CHROMEDRIVER: chromedriver, WSC_FIREFOX: firefox, WSC_GECKODRIVER: geckodriver, WSC_PYTHON: python,
    ...Object.fromEntries(Object.entries(servers).filter(([, path]) => path)),
    WSC_INSTALLED: installedFolder,
  };
}

async function cargoTest() {
  return fromRust(await finish('cargo', ['test', '--quiet'], { quiet: true }));
}

async function lintSuite() {
  try {
    return { code: 0, output: '', passed: await lint(), failed: 0, skipped: 0 };
  } catch (error) {
    return { code: 1, output: error.message, passed: 0, failed: 1, skipped: 0 };
  }
}

/** tests-wasm/channel.rs against an echo server on loopback. */
async function wasmPack(...host) {
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  try {
    const path = [await tools.wasmBindgen(), dirname(await tools.firefox()), process.env.PATH].join(':');
    return fromRust(await finish(await tools.wasmPack(), ['test', '--mode', 'no-install', ...host], {
      quiet: true, env: { PATH: path, WSC_ECHO: `ws://127.0.0.1:${server.address().port}/` },
    }));
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}

async function nodeTest(file) {
  const result = await finish(process.execPath, ['--test', '--test-reporter=tap', join('tests-wasm', file)], { quiet: true, env: environment });
  const count = (word) => Number(result.output.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  return { ...result, passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') + count('todo') };
}

/** The Autobahn suite but for its long sections, which `npm run autobahn -- --all` runs. */
async function autobahn() {
  const { runAutobahn } = await import('../tests-wasm/autobahn/run.js');
  const result = await runAutobahn();
  if (!result) {
    const output = 'SKIPPED: the Autobahn suite is nowhere. Set AUTOBAHN_WSTEST to its command wstest, or have that in the PATH.';
    return { code: 0, output, passed: 0, failed: 0, skipped: 1 };
  }
  const output = result.bad.map(({ id, behavior, behaviorClose }) => `${id}: ${behavior}, close ${behaviorClose}`).join('\n');
  return { code: 0, output, passed: result.rows.length - result.bad.length, failed: result.bad.length, skipped: 0 };
}

function fromRust({ code, output }) {
  const total = (word) => [...output.matchAll(new RegExp(`(\\d+) ${word}`, 'g'))].reduce((sum, [, count]) => sum + Number(count), 0);
  return { code, output, passed: total('passed'), failed: total('failed'), skipped: total('ignored') };
}

/** Runs one suite; its output is kept, and shown where it failed or skipped. */
async function runSuite(name, work) {
  say(name);
  const started = performance.now();
  let result;
  try {
    result = await work();
  } catch (error) {
    result = { code: 1, output: error.stack, passed: 0, failed: 1, skipped: 0 };
  }
  const { code, output, passed, failed, skipped } = result;
  const log = join(root, 'build', 'log', `${name.replaceAll(' ', '-')}.txt`);
  await mkdir(dirname(log), { recursive: true });
  await writeFile(log, output);
  const bad = code !== 0 || failed > 0 || passed + skipped === 0;
  if (bad) console.log(output.slice(-20_000));
  for (const [line] of output.matchAll(/^.*SKIPPED.*$/gm)) console.log(`\x1b[33m  ${line}\x1b[0m`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`  ${passed} passed, ${failed} failed, ${skipped} skipped  (${seconds} s, build/log/${basename(log)})`);
  return { name, passed, failed: bad ? Math.max(failed, 1) : failed, skipped };
}

await main(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(HELP);
  if (values.list) return console.log(Object.keys(SUITES).join('\n'));
  const chosen = Object.entries(SUITES).filter(([name]) => !values.only || values.only.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Error(`no suite is named so; there are:\n  ${Object.keys(SUITES).join('\n  ')}`);
  await installTools();
  environment.WSC_TARBALL = await buildPackage();
  const results = [];
  for (const [name, work] of chosen) results.push(await runSuite(name, work));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${results.map(({ name, passed, failed, skipped }) => `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`).join('\n')}\n`);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  if (sum('failed') > 0) throw new Error('not everything passed');
});
