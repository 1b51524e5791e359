import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCase } from './harness/context.js';
import { installedFolder } from './harness/installed.js';
import { nodeHost } from './harness/node_host.js';
import { nodeSuite } from './node_suite.js';

/**
 * The process in which the cases run: Node of any version, Deno or Bun. Its parent (harness/runtime.js) sends `{ name }`. When that case has ended,
 * this process sends `{ name, wrong }`: `wrong` is null, or describes the failure.
 */
const { engine, addresses } = JSON.parse(process.env.WSC_BEHAVIOUR);
const api = await importInstalled('websocket-channel');
const host = nodeHost(api, engine);
/** This limit is small, so that compression contexts are also given up in the compression cases. */
api.WebSocketChannel.compressionMemory = 3 << 20;

/** Errors that no case collects fail the case that was running. */
const strays = [];
process.on('uncaughtException', (error) => strays.push(error));
process.on('unhandledRejection', (error) => strays.push(error));

process.on('message', async ({ name }) => {
  strays.length = 0;
  process.send({ name, wrong: await outcome(name) });
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });

async function outcome(name) {
  try {
    await runCase(nodeSuite.find((one) => one.name === name), api, host, addresses);
    return strays.length > 0 ? `uncaught: ${strays.map(describe).join('\n')}` : null;
  } catch (error) {
    return describe(error);
  }
}

function describe(error) {
  return error?.stack?.includes(error.message) ? error.stack : `${error?.name}: ${error?.message ?? error}\n${error?.stack}`;
}

/** A module inside the folder does the import, so that the runtime resolves the name with the package's exports map. */
async function importInstalled(name) {
  const inside = join(installedFolder(), 'behaviour.mjs');
  writeFileSync(inside, `export * from '${name}';\n`);
  return import(pathToFileURL(inside).href);
}
