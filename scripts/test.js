// `npm test` installs what is missing, builds the package, runs every suite and prints the counts of each.

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackage, installedFolder } from './build.js';
import { startEcho } from './echo.js';
import { lint } from './lint.js';
import { finish, main, root, say } from './run.js';
import * as tools from './tools.js';

const HELP = `npm test [-- options]
  installs what is missing, builds the package, and runs every suite. Logs are kept in build/log/.
    --all         run the whole behaviour suite in every runtime; without it, Node 24, Deno and Bun skip the cases for Node alone
    --only WORD   run only the suites whose name contains WORD (may be repeated)
    --list        print the names of the suites
    --help        show this text`;

/** Deno's cache of compiled code is off: it mistakes a rebuilt file for the previous one if both have the same length. */
const DENO_ARGS = ['run', '--allow-all', '--no-prompt', '--no-code-cache'];

/** The suites that mostly wait, which run AT_A_TIME at once. Every other suite runs alone. */
const SIDE_BY_SIDE = /^behaviour in/;
const AT_A_TIME = 3;

/** The suites. Each returns its exit code, its output, and how many tests passed, failed and were skipped. */
const SUITES = {
  'rust on the host': cargoTest,
  'formatting and clippy': lintSuite,
  'wasm-pack in node': () => wasmPack('--node', '--features', 'node'),
  'wasm-pack in chromium': async () => wasmPack('--headless', '--chrome', '--chromedriver', await tools.chromedriver()),
  'wasm-pack in firefox': async () => wasmPack('--headless', '--firefox', '--geckodriver', await tools.geckodriver()),
  'behaviour in node': () => nodeTest('behaviour/node.test.js'),
  'behaviour in node 26': () => behaviourIn('node 26'),
  'behaviour in node 24': () => behaviourIn('node 24', { selection: true }),
  'behaviour in deno': () => behaviourIn('deno', { selection: true, args: DENO_ARGS }),
  'behaviour in bun': () => behaviourIn('bun', { selection: true }),
  'behaviour in chromium': () => nodeTest('behaviour/chromium.test.js'),
  'behaviour in firefox': () => nodeTest('behaviour/firefox.test.js'),
  'real clients': realClients,
  packaging: () => nodeTest('packaging/packaging.test.js'),
  docs: () => nodeTest('docs.test.js'),
  terminal: () => nodeTest('terminal/terminal.test.js'),
  'demo page': () => nodeTest('demo.test.js'),
  soak,
  autobahn,
  'autobahn server': () => autobahn({ server: true }),
  conformance,
};

let environment = {};
/** For each runtime, the path of its program, or the error if it cannot be installed. */
const runtimes = {};
let isComplete = false;
const log = (name) => join(root, 'build', 'log', `${name.replaceAll(' ', '-')}.txt`);

/** Installs every tool. The suites find the tools by these environment variables. */
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
    WSC_NGHTTPX: await tools.nghttpx(), WSC_HAPROXY: await tools.haproxy(),
  };
  for (const name of ['node 24', 'node 26', 'deno', 'bun']) runtimes[name] = await tools.runtime(name).catch((error) => error);
  Object.assign(servers, { WSC_DENO: runtimes.deno, WSC_BUN: runtimes.bun, WSC_NODE_24: runtimes['node 24'], WSC_NODE_26: runtimes['node 26'] });
  environment = {
    WSC_CHROMIUM: chromium, WSC_CHROMEDRIVER: chromedriver, WSC_FIREFOX: firefox, WSC_GECKODRIVER: geckodriver, WSC_PYTHON: python,
    ...Object.fromEntries(Object.entries(servers).filter(([, path]) => typeof path === 'string')),
    WSC_INSTALLED: installedFolder,
  };
}

async function cargoTest() {
  return fromRust(await finish('cargo', ['test'], { quiet: true }));
}

async function lintSuite() {
  try {
    return { code: 0, output: '', passed: await lint(), failed: 0, skipped: 0 };
  } catch (error) {
    return { code: 1, output: error.message, passed: 0, failed: 1, skipped: 0 };
  }
}

/** Runs tests-wasm/channel/ against its own peer and a real echo server on loopback. `no-install`: the tools are there, so wasm-pack downloads none. */
async function wasmPack(...host) {
  const echo = await startEcho();
  try {
    const path = [await tools.wasmBindgen(), dirname(await tools.firefox()), process.env.PATH].join(':');
    const program = await tools.wasmPack();
    const once = () => finish(program, ['test', '--mode', 'no-install', ...host], {
      quiet: true, env: { PATH: path, WSC_ECHO: echo.url },
    });
    let result = await once();
    // wasm-bindgen's test server has four threads, each kept by a connection. If a browser opens a fifth at the wrong moment, nobody
    // reads it, and the page loads for ever: the driver answers with 500, or no test is seen.
    if (result.code !== 0 && /^Error: webdriver .* request failed|Loading scripts\.\.\.Failed to detect/m.test(result.output)) {
      say('the page was not loaded, so no test began; once more');
      result = await once();
    }
    return fromRust(result);
  } finally {
    echo.stop();
  }
}

async function nodeTest(file, env = {}) {
  const reporter = `--test-reporter=${join(root, 'tests-wasm', 'reporter.js')}`;
  const result = await finish(process.execPath, ['--test', reporter, join('tests-wasm', file)], { quiet: true, env: { ...environment, ...env } });
  const [, passed, failed, skipped] = result.output.match(/(\d+) passed, (\d+) failed, (\d+) skipped\s*$/) ?? [0, 0, 0, 0];
  return { ...result, passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

async function realClients() {
  await tools.nodeModules(join(root, 'tests-wasm', 'clients'));
  return nodeTest('clients/clients.test.js');
}

/** Runs the behaviour suite in another runtime: with `selection` only a part of it, unless `--all` asks for all of it. */
async function behaviourIn(name, { selection = false, args = [] } = {}) {
  const program = runtimes[name];
  if (typeof program !== 'string') return skippedSuite(`${name} cannot be installed, so no case runs in it: ${program.message}`);
  return nodeTest('behaviour/node.test.js', {
    WSC_ENGINE: name.split(' ')[0], WSC_RUNTIME: JSON.stringify([program, ...args]), WSC_SELECTION: selection && !isComplete ? '1' : '0',
  });
}

function skippedSuite(reason) {
  return { code: 0, output: `SKIPPED: ${reason}`, passed: 0, failed: 0, skipped: 1 };
}

/** Checks what tests-wasm/CONFORMANCE.md cites against the logs of the suites. */
async function conformance() {
  const { checkConformance } = await import('../tests-wasm/conformance.js');
  const { found, missing } = await checkConformance({ node: log('behaviour in node'), rust: log('rust on the host') });
  return { code: 0, output: missing.join('\n'), passed: found, failed: missing.length, skipped: 0 };
}

/** Runs `npm run soak` for a minute, always with the same plans. */
async function soak() {
  const result = await finish(process.execPath, [join('tests-wasm', 'soak', 'run.js'), '--minutes', '1', '--seed', '20261126'], { quiet: true, env: environment });
  return { ...result, passed: result.code === 0 ? 1 : 0, failed: result.output.match(/^✗/gm)?.length ?? 0, skipped: 0 };
}

/** Runs the Autobahn suite except for its long sections, which `npm run autobahn -- --all` runs. */
async function autobahn(options) {
  const { runAutobahn } = await import('../tests-wasm/autobahn/run.js');
  const result = await runAutobahn(options);
  if (!result) {
    const how = 'Set AUTOBAHN_WSTEST to its command wstest, or put wstest on the PATH or into ../shared/autobahn/.';
    if (process.env.CI === 'true') throw new Error(`The Autobahn suite is missing, and with CI=true it must not be skipped. ${how}`);
    return skippedSuite(`the Autobahn suite is missing. ${how}`);
  }
  const output = result.bad.map(({ id, behavior, behaviorClose }) => `${id}: ${behavior}, close ${behaviorClose}`).join('\n');
  return { code: 0, output, passed: result.rows.length - result.bad.length, failed: result.bad.length, skipped: 0 };
}

function fromRust({ code, output }) {
  const total = (word) => [...output.matchAll(new RegExp(`(\\d+) ${word}`, 'g'))].reduce((sum, [, count]) => sum + Number(count), 0);
  return { code, output, passed: total('passed'), failed: total('failed'), skipped: total('ignored') };
}

/** Runs one suite. Saves its output, and prints the parts about tests that failed or were skipped. */
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
  await mkdir(dirname(log(name)), { recursive: true });
  await writeFile(log(name), output);
  const bad = code !== 0 || failed > 0 || passed + skipped === 0;
  if (bad) console.log(failures(output).slice(-20_000));
  for (const [line] of output.matchAll(/^.*SKIPPED.*$/gm)) console.log(`\x1b[33m  ${line}\x1b[0m`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`  ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped  (${seconds} s, build/log/${basename(log(name))})`);
  return { name, passed, failed: bad ? Math.max(failed, 1) : failed, skipped };
}

/** Returns what reporter.js printed about the failed tests, or all of the output if another program printed it. */
function failures(output) {
  const found = output.match(/^FAILED .*\n(?: {4}.*\n)*/gm);
  return found ? found.join('') : output;
}

await main(async () => {
  const { values } = parseArgs({ options: { all: { type: 'boolean' }, only: { type: 'string', multiple: true }, list: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(HELP);
  if (values.list) return console.log(Object.keys(SUITES).join('\n'));
  const chosen = Object.entries(SUITES).filter(([name]) => !values.only || values.only.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Error(`no suite has such a name. The suites are:\n  ${Object.keys(SUITES).join('\n  ')}`);
  isComplete = values.all ?? false;
  await installTools();
  environment.WSC_TARBALL = await buildPackage();
  const results = [];
  while (chosen.length > 0) {
    const rest = chosen.findIndex(([name]) => !SIDE_BY_SIDE.test(name));
    const waiting = chosen.splice(0, Math.max(rest === -1 ? chosen.length : rest, 1));
    const next = async () => {
      for (let suite = waiting.shift(); suite; suite = waiting.shift()) results.push(await runSuite(...suite));
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, next));
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${results.map(({ name, passed, failed, skipped }) => `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`).join('\n')}\n`);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  if (sum('failed') > 0) throw new Error('not everything passed');
});
