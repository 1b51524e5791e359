import { spawnModule } from './module.js';

/**
 * Runs a module in a separate process. With `untilOpened`, the process is killed soon after its peer has seen it, if it has not ended by then.
 * A process that does not end within `limit` milliseconds is killed, and its exit code is then null.
 */
export async function program(body, url, { untilOpened: t, limit = 15_000, nodeFlags } = {}) {
  const source = `import { WebSocketChannel, statusName } from 'websocket-channel';\n${body}`;
  const child = spawnModule(source, [url], 'pipe', nodeFlags);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => { output[name] += data; });
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, ...output }))).finally(() => clearTimeout(timer));
  if (t) {
    await t.observed(url);
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill();
  }
  return ended;
}
