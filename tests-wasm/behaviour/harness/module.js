import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedFolder } from './installed.js';

/**
 * Runs the source of a module in a new process of the same runtime, where it can import the installed package. The module's arguments are
 * `process.argv.slice(1)`. `nodeFlags` are for Node alone.
 */
export function spawnModule(source, args, stdio = 'pipe', nodeFlags = []) {
  const file = join(installedFolder(), `case-${process.pid}-${count++}.mjs`);
  writeFileSync(file, `process.argv.splice(1, 1);\n${source}`);
  const flags = globalThis.Deno ? ['run', '--allow-all'] : nodeFlags;
  const child = spawn(process.execPath, [...flags, file, ...args], { cwd: installedFolder(), stdio });
  return child.once('exit', () => rmSync(file, { force: true }));
}

let count = 0;
