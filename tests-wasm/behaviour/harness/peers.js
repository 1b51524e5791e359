import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts the peers' process. Answers { addresses, stop }. */
export async function startPeers() {
  const child = spawn(process.execPath, [new URL('../peers/main.js', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'inherit'] });
  const addresses = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the peers did not start: exit code ${code}`)));
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  if (!addresses.python) {
    console.error('SKIPPED: the cases against Python\'s websockets. To run them: python3 -m venv ~/.cache/websocket-channel/python-websockets-17.4 && '
      + '~/.cache/websocket-channel/python-websockets-17.4/bin/pip install websockets==17.4 (or set WSC_PYTHON to an interpreter that has it)');
  }
  const stop = () => new Promise((resolve) => {
    child.removeAllListeners('exit').once('exit', resolve);
    child.stdin.end();
  });
  return { addresses, stop };
}
