// From the import to the first open channel, against ws, in turns: `node bench/start.js [rounds]`. Needs the built package.
// `cpu` is what the process has used by then: it hardly depends on what else the machine does.

import { execFileSync } from 'node:child_process';
import { evaluate, folder, median, startPeer } from './shared.js';

const CLIENTS = ['channel', 'ws'];

/** What one process does: imports a client, opens one connection, prints milliseconds of the clock and of the processor. */
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

/** An echo server in a process of its own. */
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

/** Medians, and the ratio: the package must take at most 0.8 of what ws takes. */
function report(measured) {
  for (const [index, what] of ['clock', 'cpu'].entries()) {
    const [ours, theirs] = CLIENTS.map((client) => median(measured[client].map((pair) => pair[index])));
    console.log(`${what}: ${ours.toFixed(1)} ms, ws ${theirs.toFixed(1)} ms, ratio ${(ours / theirs).toFixed(2)}`);
  }
}
