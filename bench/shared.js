// Shared by the benchmarks that start their own processes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** This folder, where the clients' packages are found. */
export const folder = fileURLToPath(new URL('.', import.meta.url));

/** The arguments with which Node runs a program given as text. */
export const evaluate = ['--input-type=module', '--eval'];

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Starts a peer, by default a program for Node, that prints one line once it listens. Returns { line, stop }. The native peer also ends with its standard input. */
export async function startPeer(source, [program, ...args] = [process.execPath, ...evaluate, source]) {
  const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { line, stop: () => child.kill() };
}
