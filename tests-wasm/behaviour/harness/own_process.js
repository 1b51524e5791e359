import { spawnModule } from './module.js';

/**
 * Runs a module in a process of its own; with `untilOpened` only until its peer has seen it, and it has had time to end. One that does not end in
 * `limit` milliseconds is killed: its code is null then.
 */
export async function program(body, url, { untilOpened: t, limit = 15_000 } = {}) {
  const source = `import { WebSocketChannel, statusName } from 'websocket-channel';\n${body}`;
  const child = spawnModule(source, [url]);
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
