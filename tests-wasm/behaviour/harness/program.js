import { execFileSync } from 'node:child_process';

/** The path of a program: what the variable says, else the first of these names that the PATH has, else null. */
export function programPath(variable, ...names) {
  if (process.env[variable]) return process.env[variable];
  for (const name of names) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // The next name.
    }
  }
  return null;
}

/** Says on stderr what is not run and how to have it run; answers node:test's reason. */
export function skipLoudly(what, command) {
  const reason = `${what} is missing: ${command}`;
  console.error(`SKIPPED: ${reason}`);
  return reason;
}
