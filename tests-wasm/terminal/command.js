import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installedFolder } from '../behaviour/harness/installed.js';

export const PROGRAM = join(installedFolder(), 'node_modules', 'websocket-channel', 'bin', 'websocket-channel.mjs');

/**
 * Starts the command. Returns { child, until(words), done, said }. `done` resolves to { code, stdout, stderr }. The command is killed after `limit`
 * milliseconds.
 */
export function start(args, { input, program = [process.execPath, PROGRAM], env = {}, limit = 30_000 } = {}) {
  const child = spawn(program[0], [...program.slice(1), ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...env } });
  const said = { stdout: '', stderr: '' };
  const waiting = new Set();
  for (const name of Object.keys(said)) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text;
      for (const look of waiting) look();
    });
  }
  child.stdin.on('error', () => {});
  if (input !== undefined) child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  const done = new Promise((resolve) => child.once('close', (code, signal) => {
    clearTimeout(timer);
    resolve({ code: signal ?? code, ...said });
  }));
  /** Resolves to the match, once the output on one of the streams matches. */
  const until = (words) => new Promise((resolve, reject) => {
    const look = () => {
      const found = (said.stdout + said.stderr).match(words);
      if (!found) return;
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
    done.then(() => reject(new Error(`the command ended without printing ${words}:\n${said.stdout}\n${said.stderr}`)));
  });
  return { child, until, done, said };
}

/** Runs the command until it ends, with this text as its stdin. */
export const run = (args, input = '', options = {}) => start(args, { input, ...options }).done;

/** Starts the command at a terminal. `type` types keys. `redirection` is for the shell. */
export function startAtTerminal(args, redirection = '') {
  const quoted = `${[process.execPath, PROGRAM, ...args].map((it) => `'${it}'`).join(' ')} ${redirection}`;
  const started = start(['-qfec', `stty cols 100 rows 30; ${quoted}`, '/dev/null'], { program: ['script'], env: { TERM: 'xterm', NO_COLOR: '' } });
  return { ...started, type: (keys) => started.child.stdin.write(keys) };
}
