import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { transform } from 'esbuild';
import { BROWSER_BUDGET } from '../../../scripts/build.js';
import { packageIn, project } from '../harness/project.js';
import { finish, run } from '../harness/program.js';
import { root, tarball, wasmModules } from '../harness/tarball.js';

const FILES = [
  'CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'bin/LICENSES.txt', 'bin/selfsigned.mjs', 'bin/websocket-channel.mjs', 'browser.cjs', 'browser.mjs', 'browser.wasm', 'docs/api.md', 'docs/guide.md', 'docs/migrating.md', 'docs/recipes.md', 'docs/reference.md',
  'docs/support.md', 'docs/troubleshooting.md', 'index.d.cts', 'index.d.mts', 'node-exports.cjs', 'node-wasm.cjs', 'node.cjs', 'node.mjs',
  'package.json', 'workerd.mjs',
];
/** The files that contain a wasm module in base64. */
const BUILDS = ['browser.mjs', 'browser.cjs', 'node-wasm.cjs'];
const ENTRIES = ['browser.mjs', 'browser.cjs', 'node.cjs', 'node.mjs'];
/** Maximum sizes in bytes, gzipped. */
const BUDGETS = { 'browser.mjs': BROWSER_BUDGET, 'browser.cjs': BROWSER_BUDGET };

/** `new URL(uri, base)` is allowed. Not allowed is `new URL('…', …)` with a literal, the URL of a file beside the entry, because not every bundler follows it. */
const UNWANTED = [
  /["'`][^"'`\n]*\.wasm["'`]/, /import\.meta/, /\bimport\(/, /new URL\(\s*["'`]/, /\beval\(/, /\bnew Function\(/,
];

/** What the tarball contains, and what can be checked without running its files. */
export function content() {
  describe('the tarball', () => {
    test('has exactly the expected files, none of them empty', async (t) => {
      const listed = (await run('tar', ['-tzf', tarball()])).trim().split('\n').map((path) => path.replace(/^package\//, ''));
      assert.deepEqual(listed.sort(), FILES);
      const read = await reader();
      for (const name of FILES) assert.ok((await read(name)).length > 100, name);
      t.diagnostic(`${basename(tarball())}: ${(await readFile(tarball())).length.toLocaleString('en')} bytes`);
    });

    test('each link in its documents has a target in it', async () => {
      const read = await reader();
      for (const name of FILES.filter((it) => it.endsWith('.md'))) {
        const links = [...String(await read(name)).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => join(dirname(name), target));
        for (const target of links) assert.ok(FILES.includes(target), `${name}: ${target}`);
      }
    });

    test('npm installs it offline, without other packages and without running scripts', async () => {
      const folder = await project('content');
      assert.deepEqual((await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.')), ['websocket-channel']);
      const manifest = await manifestOf();
      for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies', 'scripts', 'private']) {
        assert.equal(manifest[field], undefined, field);
      }
    });

    for (const [manager, args] of [['pnpm', ['add', '--offline', '--ignore-scripts']], ['yarn', ['add', '--offline', '--ignore-scripts', '--no-lockfile']]]) {
      test(`${manager} installs it and its command`, async () => {
        const folder = await mkdtemp(join(tmpdir(), `wsc-${manager}-`));
        try {
          await writeFile(join(folder, 'package.json'), '{ "name": "empty", "version": "1.0.0", "private": true }');
          await run(join(root, 'tests-wasm', 'packaging', 'node_modules', '.bin', manager), [...args, manager === 'yarn' ? `file:${tarball()}` : tarball()], { cwd: folder });
          const { version } = await manifestOf();
          assert.equal((await run(join(folder, 'node_modules', '.bin', 'websocket-channel'), ['--version'])).trim(), version);
          const printed = await run(process.execPath, ['-e', "console.log(new (require('websocket-channel').WebSocketChannel)().state)"], { cwd: folder });
          assert.equal(printed.trim(), 'idle');
        } finally {
          await rm(folder, { recursive: true });
        }
      });
    }

    test('has a command, which npm installs and npx finds', async () => {
      const folder = await project('content');
      const { version } = await manifestOf();
      assert.equal((await run(join(folder, 'node_modules', '.bin', 'websocket-channel'), ['--version'])).trim(), version);
      const programs = [process.execPath, process.env.WSC_NODE_24, process.env.WSC_NODE_26].filter((path) => path !== undefined);
      for (const program of programs) {
        const env = { ...process.env, PATH: `${dirname(program)}:${process.env.PATH}` };
        assert.equal((await run('npm', ['exec', '--yes', '--offline', `--package=${tarball()}`, '--', 'websocket-channel', '--version'], { env })).trim(), version, program);
      }
    });

    test('the release check names what a publisher must fill in', async () => {
      const { code, stdout, stderr } = await finish(process.execPath, [join(root, 'scripts', 'release.js'), '--check']);
      const template = JSON.parse(await readFile(join(root, 'pkg-template', 'package.json'), 'utf8'));
      const missing = ['repository', 'homepage', 'bugs', 'author'].filter((field) => !template[field]);
      for (const field of missing) assert.ok(`${stdout}${stderr}`.includes(`"${field}" is missing. Add it.`), stderr);
      assert.ok(code === 1 || missing.length === 0);
    });

    test('package.json has an import and a require with types for every host, and all its targets exist', async () => {
      const { exports, main, types: mainTypes } = await manifestOf();
      const folder = packageIn(await project('content'));
      const { workerd, ...hosts } = exports['.'];
      assert.equal(Object.keys(exports['.'])[0], 'workerd', 'it also has the condition browser');
      assert.deepEqual(Object.keys(workerd), ['types', 'default']);
      assert.deepEqual(Object.keys(hosts), ['browser', 'node', 'default']);
      for (const [host, ways] of Object.entries(hosts)) {
        assert.deepEqual(Object.keys(ways), ['import', 'require'], host);
        for (const [way, targets] of Object.entries(ways)) {
          assert.deepEqual(Object.keys(targets), ['types', 'default'], `${host}, ${way}: TypeScript takes the first that matches`);
          assert.match(targets.types, way === 'import' ? /\.d\.mts$/ : /\.d\.cts$/);
        }
      }
      for (const target of [main, mainTypes, ...leaves(exports)]) assert.ok(existsSync(join(folder, target)), target);
    });

    test('has the license of the repository, and names it in package.json', async () => {
      const read = await reader();
      assert.equal((await read('LICENSE')).toString(), await readFile(join(root, 'LICENSE'), 'utf8'));
      assert.equal((await manifestOf()).license, 'MIT');
    });

    test('contains no path of the machine that built it, not even in its wasm', async () => {
      const { CARGO_HOME, RUSTUP_HOME } = process.env;
      const machine = ['/root/', '/work/', '/home/', '/Users/', root, `${homedir()}/`, CARGO_HOME, RUSTUP_HOME].filter((path) => path?.length > 3);
      const folder = packageIn(await project('content'));
      for (const name of FILES) {
        const modules = BUILDS.includes(name) ? await wasmModules(join(folder, name)) : [];
        if (BUILDS.includes(name)) assert.equal(modules.length, 1, `one wasm in ${name}`);
        for (const text of [await readFile(join(folder, name)), ...modules]) {
          for (const path of machine) assert.ok(!text.includes(path), `${path} in ${name}`);
        }
      }
    });

    test('keeps within its size budgets', async (t) => {
      const read = await reader();
      for (const [name, budget] of Object.entries(BUDGETS)) {
        const file = await read(name);
        const size = gzipSync(file, { level: 9 }).length;
        const show = (number) => number.toLocaleString('en');
        t.diagnostic(`${name}: ${show(file.length)} bytes, gzipped ${show(size)} of ${show(budget)}`);
        assert.ok(size <= budget, name);
      }
    });

    test('has the same browser wasm in both formats, and the browser build uses nothing of Node', async () => {
      const folder = packageIn(await project('content'));
      const [esm, cjs, node] = await Promise.all(BUILDS.map(async (name) => (await wasmModules(join(folder, name)))[0]));
      assert.ok(esm.equals(cjs));
      assert.ok(esm.equals(await readFile(join(folder, 'browser.wasm'))));
      assert.ok(!esm.equals(node));
      const read = await reader();
      for (const name of ['browser.mjs', 'browser.cjs']) assert.ok(!/node:|require\(/.test(await read(name)), name);
    });

    test('has entries without top-level await, .wasm import, import.meta, asset URL or code from strings', async () => {
      const read = await reader();
      for (const name of ENTRIES) {
        const source = (await read(name)).toString();
        // esbuild refuses to convert a module with top-level await to CommonJS.
        await transform(source, { format: 'cjs', logLevel: 'silent' });
        for (const unwanted of UNWANTED) assert.ok(!unwanted.test(source), `${unwanted} in ${name}`);
      }
    });
  });
}

async function reader() {
  const folder = packageIn(await project('content'));
  return (name) => readFile(join(folder, name));
}

async function manifestOf() {
  const read = await reader();
  return JSON.parse(await read('package.json'));
}

const leaves = (value) => typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves);
