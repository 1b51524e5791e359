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

/** The wasm modules that a JavaScript file carries, as pkg-template/printable.js writes them: printable characters behind 64 hex digits. */
export async function wasmModules(file) {
  const source = await readFile(file, 'utf8');
  return [...source.matchAll(/(?<=["'`])([0-9a-f]{64})([ -~]{1000,}?)(?=["'`])/g)]
    .map(([, digits, text]) => decode(digits, text))
    .filter((bytes) => bytes.subarray(0, 4).toString('latin1') === '\0asm');
}

function decode(digits, text) {
  const isCommon = (byte) => parseInt(digits[byte >> 2], 16) >> (byte & 3) & 1;
  const [common, rare] = [1, 0].map((kind) => Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => isCommon(byte) === kind));
  const alphabet = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).filter((char) => !'"\'`\\<{~$'.includes(char)).join('');
  return Buffer.from(Array.from(text.matchAll(/([~$]?)([^~$])/g), ([, escape, char]) => {
    const place = alphabet.indexOf(char);
    return escape === '' ? common[place] : rare[place + (escape === '$' ? common.length : 0)];
  }));
}
