import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with node_modules/websocket-channel: the packed tarball, installed, not the build folder. */
export function installedFolder() {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const folder = resolve(process.env.WSC_INSTALLED ?? join(root, 'build/installed'));
  if (!existsSync(join(folder, 'node_modules/websocket-channel/package.json'))) {
    throw new Error(`no package in ${folder}/node_modules/websocket-channel: build it, pack it, install the tarball there, or set WSC_INSTALLED`);
  }
  return folder;
}
