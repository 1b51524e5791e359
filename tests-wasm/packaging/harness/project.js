import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './program.js';
import { root, tarball } from './tarball.js';

/** Where the throw-away projects lie. They are kept for looking, until the next run. */
export const projects = join(root, 'build', 'packaging');

const consumers = fileURLToPath(new URL('../consumers', import.meta.url));
const made = new Map();

export async function clearProjects() {
  await rm(projects, { recursive: true, force: true });
}

/**
 * A project with the tarball installed by npm, without the network. `files` maps paths in the project to files of consumers/.
 * A second call with the same name adds files to the same project. Answers its folder.
 */
export async function project(name, files = {}) {
  const folder = join(projects, name);
  if (!made.has(name)) made.set(name, install(folder, name));
  await made.get(name);
  for (const [to, from] of Object.entries(files)) {
    await mkdir(dirname(join(folder, to)), { recursive: true });
    await cp(join(consumers, from), join(folder, to));
  }
  return folder;
}

async function install(folder, name) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ name: `packaging-${name}`, private: true })}\n`);
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball()], { cwd: folder });
}

/** The installed package's folder in a project. */
export const packageIn = (folder) => join(folder, 'node_modules', 'websocket-channel');

/** A program of the workshop's node_modules, such as webpack. */
export const tool = (name) => join(root, 'node_modules', '.bin', name);
