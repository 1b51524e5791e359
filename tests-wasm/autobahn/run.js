// `npm run autobahn`: runs the Autobahn suite against the built Node package: its fuzzing server against the client, or its fuzzing client
// against the server end.

import { spawn } from 'node:child_process';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackage, installedFolder } from '../../scripts/build.js';
import { finish, main, root, say } from '../../scripts/run.js';

const HELP = `npm run autobahn [-- options]
  runs the built Node package through the Autobahn suite and prints the verdicts.
    --server       run the suite's client against asyncAccept, instead of its server against asyncOpen
    --all          also run the long sections 9, 12 and 13, which takes half an hour, nearly all of it in the suite itself
    --case GLOB    run only these cases, such as 5.* or 9.1.1 (may be given more than once)
    --summary      write tests-wasm/autobahn/SUMMARY.md, or SERVER.md with --server
    --no-build     use the package in build/ as it is
    --help         print this text
  The suite is the command in AUTOBAHN_WSTEST, otherwise wstest on the PATH, otherwise ../shared/autobahn/wstest.`;

const AGENT = 'websocket-channel';
const LONG = ['9.*', '12.*', '13.*'];
const out = join(root, 'build', 'autobahn');
/** The verdicts that count as passed. Any other verdict is printed and fails the run. */
const GOOD = ['OK', 'INFORMATIONAL'];

/** The path of the suite's command, or null. */
export async function wstest() {
  if (process.env.AUTOBAHN_WSTEST) return process.env.AUTOBAHN_WSTEST;
  const { code, output } = await finish('which', ['wstest'], { quiet: true });
  if (code === 0) return output.trim();
  const shared = join(root, '..', 'shared', 'autobahn', 'wstest');
  return access(shared).then(() => shared, () => null);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the suite as its fuzzing server or client. */
async function startSuite(command, mode, { cases, excluded, ...of }) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const spec = join(out, 'spec.json');
  await writeFile(spec, JSON.stringify({ ...of, outdir: join(out, 'reports'), cases, 'exclude-cases': excluded, 'exclude-agent-cases': {} }));
  const suite = spawn(command, ['-m', mode, '-s', spec, '-w', '0'], { cwd: out, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let errors = '';
  suite.stderr.on('data', (data) => { errors += data; });
  suite.on('exit', (code) => { if (code) console.error(errors.slice(-2000)); });
  return suite;
}

/** Runs the suite's server against our client. */
async function runClient(WebSocketChannel, suite, { cases, excluded }) {
  const base = `ws://127.0.0.1:${await freePort()}`;
  const server = await startSuite(suite, 'fuzzingserver', { url: base, cases, excluded });
  try {
    await runCases(WebSocketChannel, base, await waitForServer(WebSocketChannel, base));
  } finally {
    process.kill(-server.pid, 'SIGTERM');
  }
}

/** Runs the suite's client against our server end, which echoes. */
async function runServer(WebSocketChannel, suite, { cases, excluded }) {
  const server = createHttpServer();
  let count = 0;
  server.on('upgrade', (request, socket, head) => {
    const channel = new WebSocketChannel();
    channel.asyncAccept(request, socket, head, {
      onMessageAvailable: (_, text) => channel.sendMsg(text),
      onBinaryMessageAvailable: (_, bytes) => channel.sendBinaryMsg(bytes),
      onStop: () => { if (++count % 50 === 0) console.log(`  ${count} connections`); },
    }, null);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `ws://127.0.0.1:${server.address().port}`;
  const client = await startSuite(suite, 'fuzzingclient', { servers: [{ agent: AGENT, url }], cases, excluded });
  await new Promise((resolve) => client.once('exit', resolve));
  server.closeAllConnections();
  server.close();
}

/** Opens one channel, and resolves to its messages and how it stopped. */
function openChannel(WebSocketChannel, url, onMessage, options) {
  return new Promise((resolve) => {
    const channel = new WebSocketChannel(options);
    const messages = [];
    const message = (data, send) => { messages.push(data); onMessage?.(channel, data, send); };
    channel.asyncOpen(url, null, {
      onMessageAvailable: (_, text) => message(text, () => channel.sendMsg(text)),
      onBinaryMessageAvailable: (_, bytes) => message(bytes, () => channel.sendBinaryMsg(bytes)),
      onStop: (_, status, detail) => resolve({ messages, status, detail }),
    });
  });
}

async function waitForServer(WebSocketChannel, base) {
  for (let attempt = 0; attempt < 300; attempt++) {
    const { messages } = await openChannel(WebSocketChannel, `${base}/getCaseCount`);
    if (messages.length) return Number(messages[0]);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the Autobahn server did not come up within a minute');
}

async function runCases(WebSocketChannel, base, count) {
  for (let number = 1; number <= count; number++) {
    await openChannel(WebSocketChannel, `${base}/runCase?case=${number}&agent=${AGENT}`, (_, __, echo) => echo());
    if (number % 50 === 0 || number === count) console.log(`  ${number} of ${count} cases run`);
  }
  await openChannel(WebSocketChannel, `${base}/updateReports?agent=${AGENT}`);
}

function summarise(report) {
  const rows = Object.entries(report[AGENT]).map(([id, { behavior, behaviorClose }]) => ({ id, behavior, behaviorClose }));
  const tally = {};
  for (const { behavior, behaviorClose } of rows) {
    tally[behavior] = (tally[behavior] ?? 0) + 1;
    if (!GOOD.includes(behaviorClose)) tally[`close ${behaviorClose}`] = (tally[`close ${behaviorClose}`] ?? 0) + 1;
  }
  const bad = rows.filter(({ behavior, behaviorClose }) => !GOOD.includes(behavior) || !GOOD.includes(behaviorClose));
  return { rows, tally, bad };
}

async function writeSummary({ rows, tally, bad }, command, isServer) {
  const byId = (a, b) => a.id.localeCompare(b.id, 'en', { numeric: true });
  const sections = new Map();
  for (const row of rows) {
    const section = row.id.split('.')[0];
    sections.set(section, [...(sections.get(section) ?? []), row]);
  }
  const lines = [...sections].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([section, cases]) => `| ${section} | ${cases.length} | ${cases.filter((row) => GOOD.includes(row.behavior) && GOOD.includes(row.behaviorClose)).length} |`);
  const text = `# The Autobahn suite, Node build${isServer ? ': its client against the server role' : ''}

Made by \`${command}\`: Autobahn|Testsuite 0.8.2, Node ${process.version}, ${rows.length} cases.
OK and INFORMATIONAL (cases that any behaviour satisfies) count as passed, for the case and for how it was closed.

${Object.entries(tally).map(([verdict, count]) => `- ${verdict}: ${count}`).join('\n')}

${bad.length ? bad.sort(byId).map(({ id, behavior, behaviorClose }) => `- ${id}: ${behavior}, close ${behaviorClose}`).join('\n') : 'No case is NON-STRICT, FAILED, UNIMPLEMENTED or unclean.'}

| section | cases | passed |
|---|---|---|
${lines.join('\n')}
`;
  await writeFile(join(root, 'tests-wasm', 'autobahn', isServer ? 'SERVER.md' : 'SUMMARY.md'), text);
}

export async function runAutobahn({ all = false, cases = ['*'], summary = false, server = false, command = 'npm run autobahn' } = {}) {
  const suite = await wstest();
  if (!suite) return null;
  const require = createRequire(join(installedFolder, 'program.js'));
  const { WebSocketChannel } = require('websocket-channel');
  say(`the Autobahn suite (${suite}; its first run installs it)`);
  // The command may have to install itself first. That takes minutes, which must not count against the server's start.
  const { code, output } = await finish(suite, ['--help'], { quiet: true });
  if (code !== 0) throw new Error(`${suite} --help failed with ${code}:\n${output}`);
  await (server ? runServer : runClient)(WebSocketChannel, suite, { cases, excluded: all ? [] : LONG });
  const result = summarise(JSON.parse(await readFile(join(out, 'reports', 'index.json'), 'utf8')));
  if (summary) await writeSummary(result, command, server);
  return result;
}

if (import.meta.filename === process.argv[1]) {
  await main(async () => {
    const { values } = parseArgs({ options: {
      all: { type: 'boolean' }, case: { type: 'string', multiple: true }, summary: { type: 'boolean' }, server: { type: 'boolean' }, 'no-build': { type: 'boolean' }, help: { type: 'boolean' },
    } });
    if (values.help) return console.log(HELP);
    if (!values['no-build']) await buildPackage();
    const command = ['npm run autobahn', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
    const result = await runAutobahn({ all: values.all || Boolean(values.case), cases: values.case, summary: values.summary, server: values.server, command });
    if (!result) throw new Error(`the Autobahn suite was not found.\n${HELP}`);
    for (const { id, behavior, behaviorClose } of result.bad) console.log(`  ${id}: ${behavior}, close ${behaviorClose}`);
    console.log(Object.entries(result.tally).map(([verdict, count]) => `${verdict}: ${count}`).join(', '));
    if (result.bad.length) throw new Error(`${result.bad.length} cases did not pass; build/autobahn/reports/index.html shows why`);
  });
}
