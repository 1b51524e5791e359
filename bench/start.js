// Measures the time from the import to the first open channel, in turns with ws: `node bench/start.js [rounds]`. Needs the built package.
// `cpu` is the processor time that the process has used by then. It hardly depends on what else the machine does.

import { execFileSync } from 'node:child_process';
import { evaluate, folder, median, startPeer } from './shared.js';

const CLIENTS = ['channel', 'ws'];

/** What one process does: imports a client, opens one connection, and prints the elapsed milliseconds and those of processor time. */
const PROGRAM = `
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { open } = await import(process.argv[1]);
  open(process.argv[2], {
    text: true,
    received() {},
    opened() {
      const elapsed = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      process.stdout.write(JSON.stringify([elapsed, (user + system) / 1000]), () => process.exit());
    },
  });
`;

/** A server in its own process. */
const PEER = `
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => { console.log(server.address().port); });
`;

const peer = await startPeer(PEER);
try {
  const measured = Object.fromEntries(CLIENTS.map((client) => [client, []]));
  for (let round = 0; round < Number(process.argv[2] ?? 25); round++) {
    for (const client of round % 2 === 0 ? CLIENTS : CLIENTS.toReversed()) {
      const module = new URL(`clients/${client}.js`, import.meta.url).href;
      measured[client].push(JSON.parse(execFileSync(process.execPath, [...evaluate, PROGRAM, module, `ws://127.0.0.1:${peer.line}/`], { cwd: folder })));
    }
  }
  report(measured);
} finally {
  peer.stop();
}

/** Prints the medians and their ratio. The target: the package takes at most 0.8 of what ws takes. */
function report(measured) {
  for (const [index, what] of ['clock', 'cpu'].entries()) {
    const [ours, theirs] = CLIENTS.map((client) => median(measured[client].map((pair) => pair[index])));
    console.log(`${what}: ${ours.toFixed(1)} ms, ws ${theirs.toFixed(1)} ms, ratio ${(ours / theirs).toFixed(2)}`);
  }
}
