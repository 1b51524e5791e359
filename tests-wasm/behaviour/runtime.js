import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCase } from './harness/context.js';
import { installedFolder } from './harness/installed.js';
import { nodeHost } from './harness/node_host.js';
import { nodeSuite } from './node_suite.js';

/**
 * The process that the cases run in: Node of any version, Deno or Bun. Its parent (harness/runtime.js) sends `{ name }` and is sent
 * `{ name, wrong }` when that case has ended: `wrong` is null, or what was wrong.
 */
const { engine, addresses } = JSON.parse(process.env.WSC_BEHAVIOUR);
const api = await importInstalled('websocket-channel');
const host = nodeHost(api, engine);
/** Small, so that contexts give way in the cases of compression, too. */
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

/** The import is made by a module inside the folder, so that the runtime resolves it by the package's exports map. */
async function importInstalled(name) {
  const inside = join(installedFolder(), 'behaviour.mjs');
  writeFileSync(inside, `export * from '${name}';\n`);
  return import(pathToFileURL(inside).href);
}
