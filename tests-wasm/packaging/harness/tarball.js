import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone's folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The packed tarball under test. */
export function tarball() {
  if (process.env.WSC_TARBALL) return resolve(process.env.WSC_TARBALL);
  const build = join(root, 'build');
  const packed = readdirSync(build).filter((name) => /^websocket-channel-.*\.tgz$/.test(name)).map((name) => join(build, name));
  if (packed.length === 0) throw new Error('no build/websocket-channel-*.tgz: `npm run build`, or set WSC_TARBALL');
  return packed.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** The wasm modules that a JavaScript file carries: as hex or as base64, whichever the build chose. */
export async function wasmModules(file) {
  const source = await readFile(file, 'utf8');
  return [...source.matchAll(/[0-9a-f]{1000,}|[0-9A-Za-z+/]{1000,}={0,2}/g)]
    .map(([literal]) => Buffer.from(literal, /^[0-9a-f]+$/.test(literal) ? 'hex' : 'base64'))
    .filter((bytes) => bytes.subarray(0, 4).toString('latin1') === '\0asm');
}
