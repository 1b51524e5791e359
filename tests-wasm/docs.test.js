// Tests the documents: every JavaScript block type-checks, every command line runs, every link has a target, and docs/api.md is up to date.
//
//   node --test tests-wasm/docs.test.js

import assert from 'node:assert/strict';
import { access, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { apiReference } from '../scripts/docs.js';
import { finish } from '../scripts/run.js';
import { installedFolder } from './behaviour/harness/installed.js';
import { PROGRAM, start } from './terminal/command.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = [
  'README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'pkg-template/README.md', 'tests-wasm/CONFORMANCE.md',
  ...(await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];
const texts = new Map(await Promise.all(documents.map(async (name) => [name, await readFile(join(root, name), 'utf8')])));

/** The code blocks in a language, with the line number at which each begins. Blocks may be indented. */
function blocks(text, language) {
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^\\1\`\`\`$`, 'gm'))]
    .map((match) => ({ line: text.slice(0, match.index).split('\n').length, code: match[2].replace(new RegExp(`^${match[1]}`, 'gm'), '') }));
}

/** Declarations of what short blocks use without declaring it. */
const AMBIENT = `
declare module 'partysocket' {
  export class WebSocket extends globalThis.EventTarget {
    constructor(url: string, protocols: string[], options: { WebSocket: unknown });
    addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  }
}
declare module 'msw' {
  type Peer = { send(data: string): void, addEventListener(type: 'message', listener: (event: MessageEvent) => void): void };
  export const ws: { link(url: string): { addEventListener(type: 'connection', listener: (event: { client: Peer }) => void): object } };
}
declare module 'msw/node' {
  export function setupServer(...handlers: object[]): { listen(): void, close(): void };
}
declare const channel: import('websocket-channel').WebSocketChannel;
declare const listener: import('websocket-channel').WebSocketListener<null>;
declare const server: import('node:http2').Http2SecureServer;
declare function ask(realm: string): Promise<string>;
`;

test('every JavaScript block type-checks', async () => {
  const folder = join(root, 'build', 'docs');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'node_modules', '@types'), { recursive: true });
  await symlink(join(installedFolder(), 'node_modules', 'websocket-channel'), join(folder, 'node_modules', 'websocket-channel'));
  await symlink(join(root, 'docs', 'generator', 'node_modules', '@types', 'node'), join(folder, 'node_modules', '@types', 'node'));
  await writeFile(join(folder, 'ambient.d.ts'), AMBIENT);
  const files = [];
  for (const [name, text] of texts) {
    for (const { line, code } of blocks(text, 'js')) {
      const file = `${name.replace(/\W+/g, '_')}_line_${line}.mjs`;
      // The export makes the file a module even without an import.
      await writeFile(join(folder, file), `${code}\nexport {};\n`);
      files.push(file);
    }
  }
  assert.ok(files.length > 25, `${files.length} blocks`);
  const { code, output } = await finish(join(root, 'node_modules', '.bin', 'tsc'), [
    '--allowJs', '--checkJs', '--noEmit', '--strict', '--noImplicitAny', 'false', '--pretty', 'false', '--target', 'es2024', '--module', 'nodenext', '--lib', 'es2024,dom,dom.iterable,dom.asynciterable',
    '--types', 'node', '--skipLibCheck', 'ambient.d.ts', ...files,
  ], { cwd: folder, quiet: true });
  assert.equal(code, 0, output);
});

/** The command line changed for this test: it uses our own echo server and does not wait long. */
const here = (line, port) => line.replace(/wss?:\/\/[\w.]+(:\d+)?/, `ws://127.0.0.1:${port}`).replace(/--listen \d+/, '--listen 0')
  .replace(/(--wait|--seconds) \d+/, '$1 1').replace(/--load \d+/, '--load 20');

test('every command line runs', async (t) => {
  const lines = [...texts.values()].flatMap((text) => blocks(text, 'sh')).flatMap(({ code }) => code.split('\n')).filter((line) => line.includes('npx websocket-channel'));
  assert.ok(lines.length >= 5, `${lines.length} command lines`);
  const folder = await mkdtemp(join(tmpdir(), 'wsc-npx-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, { mode: 0o755 });
  await writeFile(join(folder, 'photo.jpg'), 'a photo'); // one of the command lines sends it
  const server = start(['--listen', '0']);
  t.after(() => server.child.kill('SIGKILL'));
  const [, port] = await server.until(/ws:\/\/\S+:(\d+)/);
  for (const line of lines) {
    const listens = line.includes('--listen');
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const command = `cd '${folder}'; ${listens ? 'exec ' : ''}${here(line, port)}`; // with exec, the signal goes to the command and not to the shell
    const shell = start(['-c', command], { program: ['sh'], env, input: listens ? undefined : 'hello\n' });
    if (listens) {
      await shell.until(/ws:\/\/\S+:\d+/);
      shell.child.kill('SIGINT');
    }
    const { code, stdout, stderr } = await shell.done;
    assert.equal(code, 0, `${line}\n${stdout}\n${stderr}`);
    assert.ok(listens || stdout !== '', line);
  }
});

/** The explicit anchors, and the anchors of the headings as GitHub makes them: the second heading of the same name ends in -1. */
function anchors(text) {
  const counts = new Map();
  const written = [...text.matchAll(/^<a id="([^"]+)"><\/a>$/gm)].map(([, id]) => id);
  return new Set([...written, ...[...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
    const anchor = heading.replaceAll('\\', '').toLowerCase().replace(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  })]);
}

test('every link leads to a file and a heading that exist', async () => {
  const missing = [];
  for (const [name, text] of texts) {
    const prose = text.replace(/^( *)```[^]*?^\1```$/gm, '').replace(/`[^`\n]*`/g, '');
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path, fragment] = target.split('#');
      const folder = name === 'pkg-template/README.md' ? '.' : dirname(name); // the package has its README beside docs/
      const file = path === '' ? name : relative(root, resolve(root, folder, path));
      if (!(await access(join(root, file)).then(() => true, () => false))) missing.push(`${name}: ${target}`);
      else if (fragment && file.endsWith('.md')) {
        if (!anchors(await readFile(join(root, file), 'utf8')).has(fragment)) missing.push(`${name}: ${target}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

test('docs/api.md is what `npm run docs` writes', async () => {
  assert.ok(texts.get('docs/api.md') === await apiReference(), 'Run npm run docs.');
});

test('the documents mention everything that the package exports', async () => {
  const { default: api } = await import(join(installedFolder(), 'node_modules', 'websocket-channel', 'node.cjs'));
  const text = texts.get('docs/guide.md') + texts.get('docs/reference.md');
  for (const name of Object.keys(api)) assert.ok(text.includes(name), name);
  for (const name of Object.getOwnPropertyNames(api.WebSocketChannel.prototype)) assert.ok(text.includes(`\`${name}`) || name === 'constructor', name);
  for (const name of Object.keys(api.Status)) assert.ok(text.includes(name) || texts.get('docs/troubleshooting.md').includes(name), name);
});
