import { spawn } from 'node:child_process';

const running = new Set();

/**
 * Runs a program to its own end and answers what it printed on stdout; throws with everything it said if it fails,
 * or if it has not ended after `limit` milliseconds.
 */
export async function run(command, args, options) {
  const { code, stdout, stderr } = await finish(command, args, options);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** The same, but a failure is an answer: { code, stdout, stderr }; the code is a signal's name if one ended it. */
export function finish(command, args, { cwd, env, limit = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(command, args, { cwd, env });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { said[name] += text; });
    const timer = setTimeout(() => {
      killGroup(child);
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

/**
 * Starts a server, and waits until what it prints matches `ready`. Returns { match, stop }.
 * @throws with everything it said if it ends before that, or is not ready after `limit` milliseconds
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

/** Ends what is still running: only after a failure is there any. */
export function stopPrograms() {
  for (const child of running) killGroup(child);
}

/** Starts a program in a group of its own: the programs of npm packages start others, which end with it. */
function start(command, args, { cwd, env }) {
  const child = spawn(command, args, { cwd, env: { ...environment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  return child;
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // it has no group of its own, or has ended
  }
}

/** As in a user's shell: without what node:test and `npm run` tell their children; and without colours, which tools print where CI is set. */
function environment() {
  const own = Object.entries(process.env).filter(([name]) => !/^(NODE_TEST_CONTEXT|NODE_OPTIONS|FORCE_COLOR|npm_lifecycle_|npm_package_)/.test(name));
  return { ...Object.fromEntries(own), NO_COLOR: '1' };
}
