import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apache } from './gateways/apache.js';
import { makeAuthority } from './gateways/authority.js';
import { haproxy, hypercorn, nghttpx } from './gateways/http2.js';
import { lighttpd } from './gateways/lighttpd.js';
import { nginx } from './gateways/nginx.js';
import { apacheProxy, socks, socksUser } from './gateways/proxies.js';
import { python } from './python.js';

/**
 * Starts third-party servers in front of the peers, for redirects, passwords, certificates and proxies. Resolves to their ports by name.
 * The ports of a server that is not installed are null. `authority` holds the certificates.
 */
export async function startGateways(behind) {
  const folder = mkdtempSync(join(tmpdir(), 'wsc-gateways-'));
  // Apache's child processes run as another user.
  chmodSync(folder, 0o755);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const authority = makeAuthority(join(folder, 'authority'));
  const started = await Promise.all([
    start(nginx, ['WSC_NGINX', '/usr/sbin/nginx'], join(folder, 'nginx'), behind, authority),
    start(apache, ['WSC_APACHE', '/usr/sbin/apache2'], join(folder, 'apache'), behind, authority),
    start(lighttpd, ['WSC_LIGHTTPD', '/usr/sbin/lighttpd'], join(folder, 'lighttpd'), behind, authority),
    start(apacheProxy, ['WSC_APACHE', '/usr/sbin/apache2'], join(folder, 'proxy'), behind, authority),
    start(socks, ['WSC_MICROSOCKS', '/usr/bin/microsocks'], join(folder, 'socks'), behind, authority),
    start(nghttpx, ['WSC_NGHTTPX', '/usr/sbin/nghttpx'], join(folder, 'nghttpx'), behind, authority),
    start(haproxy, ['WSC_HAPROXY', '/usr/sbin/haproxy'], join(folder, 'haproxy'), behind, authority),
    start(hypercorn, ['WSC_PYTHON', python()], join(folder, 'hypercorn'), behind, authority),
    start(socksUser, ['WSC_MICROSOCKS', '/usr/bin/microsocks'], join(folder, 'socks-user'), behind, authority),
  ]);
  const { path, ...certificates } = authority;
  return Object.assign({ authority: certificates }, ...started);
}

/** The server's ports by name. Each is null if the server is not installed. */
async function start(server, [variable, usual], folder, behind, authority) {
  const program = process.env[variable] || usual;
  if (!existsSync(program)) return Object.fromEntries(server.ports.map((name) => [name, null]));
  mkdirSync(folder, { mode: 0o755 });
  // Another process may have taken a port that was free a moment ago. Then other ports are tried.
  for (let attempt = 1; ; attempt++) {
    const numbers = await freePorts(server.ports.length);
    const ports = Object.fromEntries(server.ports.map((name, at) => [name, numbers[at]]));
    const child = run(program, server.write(folder, ports, behind, authority), folder);
    if (await listening(child, numbers) && !lacksPort(folder)) return ports;
    child.stdin.end();
    if (attempt === 3) throw new Error(`${program} does not start:\n${readFileSync(join(folder, 'log'), 'utf8')}`);
  }
}

/**
 * Runs a server in the foreground under a shell. The shell kills the server by its process id when our end of its standard input is closed,
 * so the server does not outlive this process, however this process ends.
 */
function run(program, args, cwd) {
  const script = 'exec 3<&0; "$@" 3<&- & server=$!; (cat <&3 >/dev/null; kill $server) & watcher=$!; wait $server; kill $watcher';
  const log = openSync(join(cwd, 'log'), 'w');
  const child = spawn('/bin/sh', ['-c', script, 'sh', program, ...args], { cwd, stdio: ['pipe', 'ignore', log] });
  closeSync(log);
  return child;
}

/** Whether the server listens on all ports before it ends or the time is up. */
async function listening(child, ports) {
  let ended = false;
  child.once('exit', () => { ended = true; });
  for (const port of ports) {
    for (let tries = 0; !(await connects(port)); tries++) {
      if (ended || tries === 400) return false;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  return true;
}

/** Whether another process has one of its ports. nginx goes on for some seconds then, and listens on the other ports meanwhile. */
const lacksPort = (folder) => /address already in use/i.test(readFileSync(join(folder, 'log'), 'utf8'));

function connects(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** `count` different ports that nothing listens on. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
