import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createServer } from 'vite';
import { assertRoundTrip } from '../harness/line.js';
import { packageIn, project, tool } from '../harness/project.js';
import { finish, run } from '../harness/program.js';
import { wasmModules } from '../harness/tarball.js';

const SOURCES = {
  'src/index.js': 'bundler/index.js',
  'src/worker.js': 'bundler/worker.js',
  'src/plain.js': 'bundler/plain.js',
  'src/required.cjs': 'bundler/required.cjs',
  'src/node.mjs': 'node/esm.mjs',
  'src/talk.mjs': 'talk.mjs',
};

/** The plugin does not set the condition node by itself. */
const NODE_RESOLVE = 'node-resolve={exportConditions:["node"]}';

/** Bundlers with their defaults, without loaders. Only Rollup needs plugins, and only Rspack needs a configuration file. */
export function bundlers(world) {
  const peer = (query = '') => `?peer=${encodeURIComponent(world.peer.url)}${query}`;
  const visit = (path, query) => world.chromium.visit(`${world.site.url}/${path}${peer(query)}`);

  describe('webpack 5', () => {
    const build = async (out, ...args) => {
      const cwd = await project('webpack', { ...SOURCES, [`${out}/index.html`]: 'bundler/bundle.html' });
      await bundle('webpack', ['--mode', 'production', '--output-path', out, ...args], cwd);
      return join(cwd, out);
    };

    test('bundles the browser build, which talks in a page', async (t) => {
      await assertBrowserBuildOnly(t, await build('dist'));
      assertRoundTrip(await visit('webpack/dist/index.html'));
    });

    test('bundles it for a module worker, which talks', async () => {
      assertRoundTrip(await visit('webpack/dist/index.html', '&in=worker'));
    });

    test('bundles the browser build for a require, which talks in a page', async (t) => {
      await assertBrowserBuildOnly(t, await build('dist-required', './src/required.cjs'));
      assertRoundTrip(await visit('webpack/dist-required/index.html'));
    });

    test('bundles the Node build for --target=node, which talks', async () => {
      const folder = await build('dist-node', '--target=node', './src/node.mjs');
      assertRoundTrip(await run(process.execPath, [join(folder, 'main.js'), world.peer.url]));
    });
  });

  describe('Vite', () => {
    const app = () => project('vite', { ...SOURCES, 'index.html': 'bundler/vite.html' });

    test('bundles the browser build, which talks in a page', async (t) => {
      const cwd = await app();
      await bundle('vite', ['build', '--base', './'], cwd);
      await assertBrowserBuildOnly(t, join(cwd, 'dist'));
      assertRoundTrip(await visit('vite/dist/index.html'));
    });

    test('bundles it for a module worker, which talks', async () => {
      assertRoundTrip(await visit('vite/dist/index.html', '&in=worker'));
    });

    test('serves it in development, to a page and to a module worker', async () => {
      const server = await createServer({ root: await app(), configFile: false, logLevel: 'warn', server: { host: '127.0.0.1', port: 0 } });
      try {
        await server.listen();
        const [url] = server.resolvedUrls.local;
        assertRoundTrip(await world.chromium.visit(url + peer()));
        assertRoundTrip(await world.chromium.visit(url + peer('&in=worker')));
      } finally {
        await server.close();
      }
    });
  });

  describe('Rspack', () => {
    const build = async (out, ...args) => {
      const cwd = await project('rspack', { ...SOURCES, [`${out}/index.html`]: 'bundler/bundle.html', 'node.config.cjs': 'bundler/rspack_node.config.cjs' });
      await bundle('rspack', ['build', '--output-path', out, ...args], cwd);
      return join(cwd, out);
    };

    test('bundles the browser build, which talks in a page and in a module worker', async (t) => {
      await assertBrowserBuildOnly(t, await build('dist', '--mode', 'production'));
      assertRoundTrip(await visit('rspack/dist/index.html'));
      assertRoundTrip(await visit('rspack/dist/index.html', '&in=worker'));
    });

    test('bundles the Node build for the target node, which talks', async () => {
      const folder = await build('dist-node', '--config', 'node.config.cjs');
      assertRoundTrip(await run(process.execPath, [join(folder, 'main.js'), world.peer.url]));
    });
  });

  describe('Rollup', () => {
    const build = async (entry, outfile, ...args) => {
      const out = outfile.split('/')[0];
      const cwd = await project('rollup', { ...SOURCES, [`${out}/index.html`]: 'bundler/bundle.html' });
      await bundle('rollup', [entry, '--file', outfile, '--plugin', 'commonjs', ...args], cwd);
      return join(cwd, out);
    };

    test('bundles the browser build, which talks in a page', async (t) => {
      await assertBrowserBuildOnly(t, await build('src/plain.js', 'dist/main.js', '--format', 'iife', '--plugin', 'node-resolve={browser:true}'));
      assertRoundTrip(await visit('rollup/dist/index.html'));
    });

    for (const [format, extension] of [['cjs', 'cjs'], ['es', 'mjs']]) {
      test(`bundles the Node build for the format ${format}, which talks`, async () => {
        const name = `main.${extension}`;
        const folder = await build('src/node.mjs', `dist-node/${name}`, '--format', format, '--plugin', NODE_RESOLVE);
        assertRoundTrip(await run(process.execPath, [join(folder, name), world.peer.url]));
      });
    }
  });

  describe('Parcel', () => {
    test('bundles the browser build, although Parcel does not read exports; the bundle talks in a page and in a module worker', async (t) => {
      const cwd = await project('parcel', { ...SOURCES, 'index.html': 'bundler/vite.html' });
      await bundle('parcel', ['build', 'index.html', '--no-autoinstall', '--no-cache', '--no-source-maps', '--public-url', './'], cwd);
      await assertBrowserBuildOnly(t, join(cwd, 'dist'));
      assertRoundTrip(await visit('parcel/dist/index.html'));
      assertRoundTrip(await visit('parcel/dist/index.html', '&in=worker'));
    });
  });

  describe('esbuild', () => {
    const build = async (entry, out, ...args) => {
      const cwd = await project('esbuild', { ...SOURCES, [`${out}/index.html`]: 'bundler/bundle.html' });
      await bundle('esbuild', [entry, '--bundle', '--log-level=warning', ...args], cwd);
      return join(cwd, out);
    };

    test('bundles the browser build, which talks in a page', async (t) => {
      await assertBrowserBuildOnly(t, await build('src/plain.js', 'dist', '--outfile=dist/main.js', '--minify'));
      assertRoundTrip(await visit('esbuild/dist/index.html'));
    });

    test('bundles the browser build for a require, which talks in a page', async (t) => {
      await assertBrowserBuildOnly(t, await build('src/required.cjs', 'dist-required', '--outfile=dist-required/main.js', '--minify'));
      assertRoundTrip(await visit('esbuild/dist-required/index.html'));
    });

    for (const [format, extension] of [['cjs', 'cjs'], ['esm', 'mjs']]) {
      test(`bundles the Node build for --platform=node --format=${format}, which talks`, async () => {
        const outfile = `dist-node/main.${extension}`;
        const folder = await build('src/node.mjs', 'dist-node', '--platform=node', `--format=${format}`, `--outfile=${outfile}`);
        assertRoundTrip(await run(process.execPath, [join(folder, `main.${extension}`), world.peer.url]));
      });
    }
  });
}

/** Runs a bundler, which must succeed without a warning. */
async function bundle(name, args, cwd) {
  const { code, stdout, stderr } = await finish(tool(name), args, { cwd });
  const said = stdout + stderr;
  assert.equal(code, 0, said);
  assert.doesNotMatch(said, /warn/i);
}

/** Checks that no file of a bundle uses Node's sockets, that its only wasm is the browser wasm, and that a bundle of ES modules has no unused code. */
async function assertBrowserBuildOnly(t, folder) {
  const [browser] = await wasmModules(join(packageIn(join(folder, '..')), 'browser.mjs'));
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('js')).map((name) => join(folder, name));
  const carried = [];
  for (const file of files) {
    const source = await readFile(file, 'utf8');
    const unused = folder.endsWith('required') ? [] : ['selected no subprotocol']; // this text is WebSocketStream's
    for (const word of ['node:net', 'node:tls', ...unused]) assert.ok(!source.includes(word), `${word} in ${file}`);
    const modules = await wasmModules(file);
    carried.push(...modules);
    if (modules.length > 0) t.diagnostic(`${relative(folder, file)}: ${gzipSync(source).length.toLocaleString('en')} bytes gzipped`);
  }
  assert.ok(carried.length > 0, 'the wasm is in the bundle');
  for (const wasm of carried) assert.ok(wasm.equals(browser), 'it is the browser build\'s');
}
