import { spawn } from 'node:child_process';

const running = new Set();

/**
 * Runs a program to its own end and answers what it printed on stdout; throws with everything it said if it fails,
 * or if it has not ended after `limit` milliseconds.
 */
export async function run(command, args, { cwd, limit = 30_000 } = {}) {
  const { code, stdout, stderr } = await finish(command, args, { cwd, limit });
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** The same, but a failure is an answer: { code, stdout, stderr }; the code is a signal's name if one ended it. */
export function finish(command, args, { cwd, limit = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { said[name] += text; });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${[command, ...args].join(' ')} has not ended by itself in ${limit} ms:\n${said.stdout}${said.stderr}`));
    }, limit);
    child.on('error', (cause) => {
      clearTimeout(timer);
      running.delete(child);
      reject(new Error(`${command} cannot be started`, { cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: code ?? signal, ...said });
    });
  });
}

/** Ends what is still running: only after a failure is there any. */
export function stopPrograms() {
  for (const child of running) child.kill('SIGKILL');
}

/** As in a user's shell: without what node:test and `npm run` tell their children. */
function environment() {
  const own = Object.entries(process.env).filter(([name]) => !/^(NODE_TEST_CONTEXT|NODE_OPTIONS|npm_lifecycle_|npm_package_)/.test(name));
  return Object.fromEntries(own);
}
