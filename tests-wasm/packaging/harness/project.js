import { existsSync } from 'node:fs';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeModules } from '../../../scripts/tools.js';
import { run } from './program.js';
import { root, tarball } from './tarball.js';

/** The folder of the throw-away projects. They are kept for inspection until the next run. */
export const projects = join(root, 'build', 'packaging');

const consumers = fileURLToPath(new URL('../consumers', import.meta.url));
const made = new Map();

/** The folder of the tools that only these tests use. Its package.json is beside packaging.test.js. */
const tools = fileURLToPath(new URL('..', import.meta.url));

/** Installs the tools if they are missing, and removes the projects of the last run. All projects find the tools as if they had installed them. */
export async function prepareProjects() {
  await nodeModules(tools);
  await rm(projects, { recursive: true, force: true });
  await mkdir(projects, { recursive: true });
  await symlink(join(tools, 'node_modules'), join(projects, 'node_modules'));
}

/**
 * A project in which npm has installed the tarball, without the network. `files` maps paths in the project to files in consumers/.
 * A second call with the same name adds files to the same project. Resolves to the project's folder.
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

/** The folder of the installed package in a project. */
export const packageIn = (folder) => join(folder, 'node_modules', 'websocket-channel');

/** The path of a program that the repository or the tools install, such as webpack. */
export function tool(name) {
  const path = [root, tools].map((folder) => join(folder, 'node_modules', '.bin', name)).find(existsSync);
  if (!path) throw new Error(`${name} is not installed: npm ci in tests-wasm/packaging`);
  return path;
}
