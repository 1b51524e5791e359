// Runs commands and prints what happens.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The clone's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the clone's folder and shows its output. Throws if the command fails. */
export async function run(command, args, { env = {}, cwd = root, quiet = false } = {}) {
  const { code, output } = await finish(command, args, { env, cwd, quiet });
  if (code !== 0) {
    throw new Error(`${[command, ...args].join(' ')} failed with ${code}${quiet ? `:\n${output}` : ''}`);
  }
  return output;
}

/** Runs a command. Returns its exit code and everything it printed. */
export function finish(command, args, { env = {}, cwd = root, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const [stream, target] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      stream.on('data', (data) => {
        output += data;
        if (!quiet) target.write(data);
      });
    }
    child.on('error', (cause) => reject(new Error(`${command} cannot be started: ${cause.message}`, { cause })));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Prints what the script does next. */
export function say(line) {
  console.log(`\x1b[1m▸ ${line}\x1b[0m`);
}

/** Runs a script's main function. A failure prints one red line and sets the exit code to 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(`\x1b[31m✗ ${error.message}\x1b[0m`);
    process.exitCode = 1;
  }
}
