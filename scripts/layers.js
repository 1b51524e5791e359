// The layers of src/, and who may import whom. ARCHITECTURE.md draws them.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './run.js';

/** The rooms of Rust that know no JavaScript. */
const PURE = ['accepting', 'channel', 'close', 'grammar', 'http', 'opening', 'protocol', 'status', 'uri'];

/** What each room of Rust may import. */
const MAY_IMPORT = {
  close: [],
  status: [],
  grammar: [],
  uri: ['grammar'],
  channel: ['close', 'status'],
  protocol: ['close', 'grammar'],
  http: ['grammar'],
  accepting: ['grammar', 'http', 'protocol', 'uri'],
  opening: ['grammar', 'http', 'protocol', 'status', 'uri'],
  transport: PURE,
  facade: [...PURE, 'transport'],
};

/** The rooms of JavaScript, the highest first. A file imports only from its own room or a lower one. */
const SCRIPTS = ['web', 'facade', 'transport'];

/** Throws if a file under src/ imports what it may not. */
export async function checkLayers() {
  const files = (await readdir(join(root, 'src'), { recursive: true })).filter((file) => /\.(rs|js)$/.test(file));
  const problems = await Promise.all(files.map(async (file) => {
    const room = file.split('/')[0].replace(/\.rs$/, '');
    const text = await readFile(join(root, 'src', file), 'utf8');
    const wrong = file.endsWith('.js') ? wrongScripts(file, room, text) : wrongModules(room, text);
    return wrong.map((imported) => `src/${file} imports ${imported}, which is not below it.`);
  }));
  const all = problems.flat();
  if (all.length > 0) throw new Error(`${all.join('\n')}\nARCHITECTURE.md, "Who may import whom", says who may.`);
}

function wrongModules(room, text) {
  if (!(room in MAY_IMPORT)) return []; // lib.rs and the allocator
  const named = [...text.matchAll(/\bcrate::(\w+)/g)].map(([, name]) => name).filter((name) => name in MAY_IMPORT);
  return [...new Set(named)].filter((name) => name !== room && !MAY_IMPORT[room].includes(name));
}

function wrongScripts(file, room, text) {
  const paths = [...text.matchAll(/ from '(\.[^']+)'/g)].map(([, path]) => join(file, '..', path));
  return paths.filter((path) => SCRIPTS.indexOf(path.split('/')[0]) < SCRIPTS.indexOf(room));
}
