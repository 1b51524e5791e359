import { execFileSync } from 'node:child_process';

/** The path of a program: the value of the environment variable, otherwise the first of these names found on the PATH, otherwise null. */
export function programPath(variable, ...names) {
  if (process.env[variable]) return process.env[variable];
  for (const name of names) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // Try the next name.
    }
  }
  return null;
}

/** Prints to stderr what is skipped and how to have it run. Returns the reason for node:test. */
export function skipLoudly(what, command) {
  const reason = `${what} is missing: ${command}`;
  console.error(`SKIPPED: ${reason}`);
  return reason;
}
