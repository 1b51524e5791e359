// `npm run bench` measures every case. Within each round the clients take turns, each in its own process. Writes RESULTS.md.

import { execFileSync, fork, spawn } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { main, root, run, say } from '../scripts/run.js';
import { CASES, HOSTS, cannot } from './cases.js';
import { measureLatency } from './latency.js';
import { measureScale } from './scale.js';
import { comparisonIn, printCase, results, withComparison, withSections } from './report.js';
import { measureHttp2 } from './http2.js';
import { measureServer } from './server.js';
import { measureWeb } from './web.js';

const HELP = `npm run bench [-- OPTIONS]: measures the built package against other clients and writes bench/RESULTS.md

  --quick          Node 20 only, two short rounds without the bare socket, under two minutes; writes no file
  --case TEXT      only the cases whose section and name contain TEXT; replaces them in bench/RESULTS.md
  --host NAME      only this host ("Node 20", "Node 24", "Node 26", "Bun", "Deno"); may be repeated
  --rounds N       how many rounds (5)
  --against FOLDER compares, on Node 20, the package in FOLDER/node_modules with this one, in turns, and writes the table into
                   bench/RESULTS.md, but not with --case (in a clone of another commit, its package is in build/installed)
  --web            only WebSocket and WebSocketStream
  --server         only the server end
  --http2          only HTTP/2
  --native         only the engine, natively; needs a full run before
  --no-build       measure the existing build
  --report         measure nothing; write bench/RESULTS.md again from the last full run`;

const folder = join(root, 'bench');
const measured = join(root, 'build', 'bench.json');
const compared = join(root, 'build', 'against.json');
/** A browser's figures vary most, so it has more rounds. */
const BROWSER_ROUNDS = 9;
/** A measurement that takes longer is hanging, and is killed. */
const DEADLINE_MS = 60_000;

await main(async () => {
  const { values: options } = parseArgs({ options: {
    help: { type: 'boolean', short: 'h' }, quick: { type: 'boolean' }, case: { type: 'string' }, host: { type: 'string', multiple: true },
    rounds: { type: 'string' }, against: { type: 'string' }, report: { type: 'boolean' }, web: { type: 'boolean' }, server: { type: 'boolean' }, http2: { type: 'boolean' }, native: { type: 'boolean' }, 'no-build': { type: 'boolean' } } });
  if (options.help) return console.log(HELP);
  if (options.report) return report();
  if (options.native) await access(measured).catch(() => { throw new Error('--native replaces a part of a full run, and there is none on this machine. Run npm run bench first.'); });
  if (options.against) process.env.WSC_BEFORE = resolve(options.against);
  await prepare(options);
  const scratch = await mkdtemp(join(tmpdir(), 'wsc-bench-'));
  const peers = await startPeers(scratch);
  try {
    const measureWebs = async () => {
      say('measuring WebSocket and WebSocketStream');
      const measureOneOf = (host, task) => measureOne(host, { ...task, ...timesOf(options, task) }, peers);
      return measureWeb(await hostsOf(options), roundsOf(options), measureOneOf, console.log);
    };
    if (options.web) return await replace([], { web: await measureWebs() });
    if (options.server) return await replace([], { server: await measureServer(roundsOf(options)) });
    if (options.http2) return await replace([], { http2: await measureHttp2(roundsOf(options)) });
    const { buildNative, measureNative } = await import('./native/run.js');
    if (options.native) return await replace([], { native: await measureNative() });
    const isFull = !options.against && !options.quick && !options.host && !options.case;
    if (isFull) {
      say('compiling the native engine');
      await buildNative(); // what does not compile would end a run of half an hour without a result
    }
    const rows = await measure(options, peers);
    if (options.against) {
      if (options.case) return; // a part of the table would replace the whole
      await writeFile(compared, JSON.stringify({ rows, date: new Date().toISOString().slice(0, 10), commit: await commitOf(options.against) }));
      return await report();
    }
    if (options.quick || options.host) return;
    if (options.case) return await replace(rows);
    say('measuring in Chromium');
    const { measureBrowser } = await import('./browser/run.js');
    const browser = await measureBrowser({ rounds: BROWSER_ROUNDS, echoUrl: `ws://127.0.0.1:${peers.ports.echo}/echo`, log: console.log });
    say('measuring the engine natively (2 minutes)');
    const native = await measureNative();
    const web = await measureWebs();
    say("measuring the server end (3 minutes)");
    const server = await measureServer(roundsOf(options));
    say('measuring HTTP/2');
    const http2 = await measureHttp2(roundsOf(options));
    say('measuring very many channels (3 minutes)');
    const scale = await measureScale();
    say('measuring latency (3 minutes)');
    const latency = await measureLatency();
    await writeFile(measured, JSON.stringify({ rows, browser, native, web, server, http2, scale, latency, date: new Date().toISOString().slice(0, 10) }));
    await report();
  } finally {
    peers.stop();
    await rm(scratch, { recursive: true });
  }
});

/** Replaces cases and sections of the last full run by new ones. If there was no full run, replaces the sections in RESULTS.md. */
async function replace(rows, { web, server, http2, native } = {}) {
  const last = await readFile(measured, 'utf8').then(JSON.parse, () => null);
  if (last === null) {
    const file = join(folder, 'RESULTS.md');
    await writeFile(file, withSections(await readFile(file, 'utf8'), { web, server, http2 }));
    return;
  }
  last.rows = last.rows.map((row) => rows.find(({ section, name }) => section === row.section && name === row.name) ?? row);
  Object.assign(last, web && { web }, server && { server }, http2 && { http2 }, native && { native });
  await writeFile(measured, JSON.stringify(last));
  await report();
}

/** Returns the commit from which a package was built, if the package is in a clone. */
async function commitOf(installed) {
  return (await run('git', ['-C', installed, 'rev-parse', '--short', 'HEAD'], { quiet: true }).catch(() => 'another build')).trim();
}

/** Writes RESULTS.md from the last full run. If there is only a comparison, adds it to the existing file. */
async function report() {
  const file = join(folder, 'RESULTS.md');
  const before = await readFile(file, 'utf8');
  const comparison = await readFile(compared, 'utf8').then(JSON.parse, () => null);
  const last = await readFile(measured, 'utf8').catch(() => null);
  if (last === null) {
    await writeFile(file, withComparison(before, comparison));
    return say('wrote the comparison into bench/RESULTS.md');
  }
  const { rows, ...others } = JSON.parse(last);
  // The targets and the reasons for missing them may have been edited since the run.
  const described = rows.map((row) => ({ ...row, ...CASES.find(({ section, name }) => section === row.section && name === row.name) }));
  await writeFile(file, withComparison(`${results({ ...others, rows: described })}\n${comparisonIn(before)}`, comparison));
  say('wrote bench/RESULTS.md');
}

async function prepare(options) {
  if (!options['no-build']) await run('node', ['scripts/build.js']);
  const installed = await readFile(join(folder, 'node_modules', '.package-lock.json'), 'utf8').catch(() => null);
  if (installed === null) {
    say('installing the other clients and hosts (600 MB)');
    await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder, quiet: true });
  }
  say('compiling the native peer');
  await run('cargo', ['build', '--quiet', '--release', '--locked', '--manifest-path', join(folder, 'peer', 'Cargo.toml'),
    '--target-dir', join(root, 'target', 'bench-peer')]);
}

async function startPeers(scratch) {
  const ca = join(scratch, 'cert.pem');
  const key = join(scratch, 'key.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', ca], { stdio: 'ignore' });
  const cert = await readFile(ca, 'utf8');
  const node = fork(join(folder, 'peers', 'main.js'), [cert, await readFile(key, 'utf8')]);
  const native = spawn(join(root, 'target', 'bench-peer', 'release', 'peer'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(native.stdout);
  const [[{ tcp, tls }], [line]] = await Promise.all([once(node, 'message'), once(lines, 'line')]);
  const { port } = JSON.parse(line);
  return {
    ports: { flood: tcp, sink: port, echo: port, tls },
    ca,
    cert,
    /** Resolves when the sink's next connection ends, with the number of bytes received on it. */
    sunk: (secure) => secure ? once(node, 'message').then(([{ sunk }]) => sunk) : once(lines, 'line').then(([text]) => JSON.parse(text).sunk),
    stop() {
      node.disconnect();
      native.stdin.end();
    },
  };
}

function roundsOf(options) {
  return Number(options.rounds ?? (options.quick ? 2 : 5));
}

/** Where few messages are under way, or large ones, the code takes longer to be compiled, and the collector to find its pace. */
function timesOf({ quick }, { inFlight, size }) {
  const factor = inFlight === 1 || size >= 65_536 ? 3 : 1;
  return { warmMs: factor * (quick ? 100 : 150), measureMs: factor * (quick ? 200 : 300) };
}

async function measure(options, peers) {
  const rounds = roundsOf(options);
  const hosts = await hostsOf(options);
  const wanted = (options.case ?? '').replaceAll(':', ''); // the report puts a colon behind the section
  const cases = CASES.filter(({ section, name }) => `${section} ${name}`.includes(wanted));
  if (cases.length === 0) throw new Error(`--case: no case contains "${options.case}". A case is called "Receive: binary 16 B", for example.`);
  const rows = [];
  for (const one of cases) {
    const row = { ...one, hosts: {} };
    for (let round = 0; round < rounds; round++) {
      for (const host of hosts) {
        const all = options.against ? ['channel', 'before'] : host.clients;
        const clients = all.filter((client) => !cannot(client, one) && !(options.quick && client === 'socket'));
        // Each round begins with a different client, so that none of them always has the advantage of being first.
        for (const client of [...clients.slice(round % clients.length), ...clients.slice(0, round % clients.length)]) {
          const result = await measureOne(host, { ...one, ...timesOf(options, one), client }, peers);
          ((row.hosts[host.name] ??= {})[client] ??= []).push(result);
        }
      }
    }
    rows.push(row);
    printCase(row);
  }
  return rows;
}

/** Returns the available hosts. The first is the Node that runs this script. */
async function hostsOf(options) {
  const hosts = [];
  for (const host of HOSTS) {
    if (options.host ? !options.host.includes(host.name) : (options.quick || options.against) && host.npm) continue;
    const binary = host.npm ? join(folder, 'node_modules', host.npm) : process.execPath;
    if (await access(binary).then(() => true, () => false)) hosts.push({ ...host, binary });
    else console.log(`SKIPPED: ${host.name} is not available for this machine`);
  }
  return hosts;
}

async function measureOne({ binary, args = [], npm }, task, peers) {
  const { peer, kind, size, deflate, tls } = task;
  const port = peers.ports[tls ? 'tls' : peer];
  const query = new URLSearchParams({ kind, size, ...deflate && { deflate } });
  const url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/${peer}?${query}`;
  const flags = task.mode === 'channels' && !/bun|deno/.test(npm) ? ['--expose-gc'] : [];
  const argument = JSON.stringify({ ...task, url, ca: tls ? peers.cert : undefined });
  const child = spawn(binary, [...args, ...flags, join(folder, 'client.js'), argument], {
    cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_EXTRA_CA_CERTS: peers.ca, DENO_CERT: peers.ca, NODE_NO_WARNINGS: '1' } });
  const sunk = peer === 'sink' && task.mode === 'send' ? peers.sunk(tls) : null;
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => {
    output += data;
    if (output.endsWith('\n')) child.kill('SIGKILL'); // Node's exit itself may hang (nodejs/node issue 54918)
  });
  child.stderr.on('data', (data) => { errors += data; });
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  if (!output.endsWith('\n')) return { failed: `${task.client}, ${task.section} ${task.name}: ${errors.trim().split('\n').find((line) => line.includes('Error')) ?? `exit code ${code}`}` };
  const result = JSON.parse(output);
  if (sunk !== null) result.wire = await sunk / result.count;
  return result;
}
