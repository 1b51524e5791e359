import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts the peers' process. With `gateways`, it also starts the gateways in front of the peers. Returns { addresses, stop }. */
export async function startPeers({ gateways = false } = {}) {
  const program = new URL('../peers/main.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, ...(gateways ? ['gateways'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] });
  const addresses = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the peers did not start: exit code ${code}`)));
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  if (!addresses.python) {
    console.error('SKIPPED: the cases against Python\'s websockets. To run them: python3 -m venv ~/.cache/websocket-channel/python && '
      + '~/.cache/websocket-channel/python/bin/pip install websockets==17.4 (or set WSC_PYTHON to an interpreter that has it)');
  }
  if (gateways) GATEWAYS.filter(([name]) => !addresses[name]).forEach(missing);
  const stop = () => new Promise((resolve) => {
    child.removeAllListeners('exit').once('exit', resolve);
    child.stdin.end();
  });
  return { addresses, stop };
}

/** For each gateway: its key in the addresses, its name, its Debian package, and the environment variable that gives the path of its program. */
const GATEWAYS = [
  ['nginx', 'nginx', 'nginx', 'WSC_NGINX'], ['apache', 'Apache', 'apache2-bin', 'WSC_APACHE'], ['lighttpd', 'lighttpd', 'lighttpd', 'WSC_LIGHTTPD'],
  ['socks', 'microsocks', 'microsocks', 'WSC_MICROSOCKS'], ['nghttpx', 'nghttpx', 'nghttp2-proxy', 'WSC_NGHTTPX'], ['haproxy', 'HAProxy', 'haproxy', 'WSC_HAPROXY'],
];

function missing([, name, debian, variable]) {
  console.error(`SKIPPED: the cases against ${name}. To run them: apt-get install ${debian} (or set ${variable} to its program)`);
}
