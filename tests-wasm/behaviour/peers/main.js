import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startProxy, startSocks } from '../harness/proxy.js';
import { attachFaulty } from './faulty.js';
import { startGateways } from './gateways.js';
import { python } from './python.js';
import { Records } from './record.js';
import { startRude } from './rude.js';
import { attachWs } from './ws_server.js';

/**
 * Runs all peers in one separate process, so that they do not share the client's memory or event loop. Prints the addresses as one line of JSON,
 * and runs until its stdin is closed. With the argument `gateways`, it also starts the gateways (gateways.js) in front of the peers.
 */
const records = new Records();
const folder = mkdtempSync(join(tmpdir(), 'wsc-peers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.stdin.resume().on('end', () => process.exit());

const { cert, key } = makeCertificate();
const ws = createServer();
const wss = createTlsServer({ cert, key });
const unix = createServer();
const ipv6 = createServer();
for (const server of [ws, wss, unix, ipv6]) attachWs(server, records);
const faulty = createServer();
const faultyTls = createTlsServer({ cert, key });
for (const server of [faulty, faultyTls]) attachFaulty(server);

const addresses = {
  control: await listen(createServer(answerControl)),
  ws: await listen(ws),
  wss: await listen(wss),
  ipv6: await listen(ipv6, '::1').catch(() => null),
  unix: await new Promise((resolve) => unix.listen(join(folder, 'ws.sock'), () => resolve(join(folder, 'ws.sock')))),
  rude: (await startRude(records)).address().port,
  faulty: await listen(faulty),
  faultyTls: await listen(faultyTls),
  connectProxy: (await startProxy()).port,
  socksProxy: (await startSocks()).port,
  refusing: await unusedPort(),
  python: await startPython(),
  cert,
};
if (process.argv.includes('gateways')) Object.assign(addresses, await startGateways(addresses));
console.log(JSON.stringify(addresses));

/** GET /observed?id=…&until=…&ms=…: waits until the condition holds, and responds with the record. */
async function answerControl(request, response) {
  const { pathname, searchParams: query } = new URL(request.url, 'http://control');
  const { met, record } = await records.wait(query.get('id'), query.get('until') ?? 'opened', Number(query.get('ms') ?? 5000));
  response.writeHead(pathname !== '/observed' ? 404 : met ? 200 : 504, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' });
  response.end(JSON.stringify(record));
}

function listen(server, host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => resolve(server.address().port));
  });
}

/** A port that nothing listens on: it was free a moment ago. */
async function unusedPort() {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A certificate for localhost and 127.0.0.1 that no client trusts by default. */
function makeCertificate() {
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile,
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
  ], { stdio: 'ignore' });
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

/** The port of the Python `websockets` server, or null if it is not installed. */
async function startPython() {
  if (!existsSync(python())) return null;
  const child = spawn(python(), [new URL('websockets_server.py', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill());
  return new Promise((resolve) => {
    child.on('exit', () => resolve(null));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { port, id, ...facts } = JSON.parse(line);
      if (port) resolve(port);
      else records.update(id, (record) => Object.assign(record, { peer: 'python' }, facts));
    });
  });
}
