import { spawn } from 'node:child_process';

const running = new Set();

/**
 * Runs a program until it ends by itself, and resolves to what it printed to stdout. If it fails, or does not end within `limit` milliseconds,
 * rejects with an error that contains everything it printed.
 */
export async function run(command, args, options) {
  const { code, stdout, stderr } = await finish(command, args, options);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** The same, but also resolves if the program fails: { code, stdout, stderr }. The code is the name of a signal if a signal ended the program. */
export function finish(command, args, { cwd, env, limit = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(command, args, { cwd, env });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { said[name] += text; });
    const timer = setTimeout(() => {
      killGroup(child);
      reject(new Error(`${[command, ...args].join(' ')} did not end within ${limit} ms:\n${said.stdout}${said.stderr}`));
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

/**
 * Starts a server, and waits until what it prints matches `ready`. Resolves to { match, stop }. If the server ends before that, or is not ready within
 * `limit` milliseconds, rejects with an error that contains everything it printed.
 */
export function serve(command, args, { cwd, env, ready, limit = 30_000 }) {
  return new Promise((resolve, reject) => {
    const child = start(command, args, { cwd, env });
    const stop = () => killGroup(child);
    let said = '';
    const fail = (what) => {
      stop();
      reject(new Error(`${[command, ...args].join(' ')} ${what}:\n${said}`));
    };
    const timer = setTimeout(() => fail(`is not ready after ${limit} ms`), limit);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
        const match = said.match(ready);
        if (!match) return;
        clearTimeout(timer);
        resolve({ match, stop });
      });
    }
    child.on('error', (error) => fail(`cannot be started: ${error.message}`));
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      fail(`ended with ${code}`);
    });
  });
}

/** Kills the programs that are still running. There are none unless a test has failed. */
export function stopPrograms() {
  for (const child of running) killGroup(child);
}

/** Starts a program in its own process group. The programs of npm packages start others, which can then be killed with them. */
function start(command, args, { cwd, env }) {
  const child = spawn(command, args, { cwd, env: { ...environment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  return child;
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // it does not have its own group, or has ended
  }
}

/**
 * The environment as in a user's shell, without the variables that node:test and `npm run` set for their children, and without the colors that
 * some tools print if CI is set.
 */
function environment() {
  const own = Object.entries(process.env).filter(([name]) => !/^(NODE_TEST_CONTEXT|NODE_OPTIONS|FORCE_COLOR|npm_lifecycle_|npm_package_)/.test(name));
  return { ...Object.fromEntries(own), NO_COLOR: '1' };
}
