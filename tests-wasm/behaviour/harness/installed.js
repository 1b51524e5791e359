import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with node_modules/websocket-channel, where the packed tarball is installed. This is not the build folder. */
export function installedFolder() {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const folder = resolve(process.env.WSC_INSTALLED ?? join(root, 'build/installed'));
  if (!existsSync(join(folder, 'node_modules/websocket-channel/package.json'))) {
    throw new Error(`no package in ${folder}/node_modules/websocket-channel: build it, pack it, install the tarball there, or set WSC_INSTALLED`);
  }
  return folder;
}

/** A second copy of the package, as a program has it if its dependencies bring their own. It is removed when the case ends. */
export function secondCopy(t) {
  const folder = mkdtempSync(join(installedFolder(), 'copy-'));
  t.onEnd(() => rmSync(folder, { recursive: true }));
  cpSync(join(installedFolder(), 'node_modules/websocket-channel'), folder, { recursive: true });
  return createRequire(import.meta.url)(join(folder, 'node.cjs'));
}
