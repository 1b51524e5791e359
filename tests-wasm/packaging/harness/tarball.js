import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root folder of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The packed tarball under test. */
export function tarball() {
  if (process.env.WSC_TARBALL) return resolve(process.env.WSC_TARBALL);
  const build = join(root, 'build');
  const packed = readdirSync(build).filter((name) => /^websocket-channel-.*\.tgz$/.test(name)).map((name) => join(build, name));
  if (packed.length === 0) throw new Error('no build/websocket-channel-*.tgz: `npm run build`, or set WSC_TARBALL');
  return packed.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** The wasm modules that a JavaScript file contains in base64. */
export async function wasmModules(file) {
  const source = await readFile(file, 'utf8');
  return [...source.matchAll(/(?<=["'`])AGFzbQ[A-Za-z0-9+/]{1000,}={0,2}(?=["'`])/g)].map(([text]) => Buffer.from(text, 'base64'));
}
