// `npm run build` builds the package: two wasm builds, one entry, and the tarball.

import { chmod, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { main, root, run, say } from './run.js';
import { nodeModules, wasmBindgen, wasmTarget } from './tools.js';

const build = join(root, 'build');
const template = join(root, 'pkg-template');

/** The folder in which the package is built, and the folder in which its tarball is installed. */
export const packageFolder = join(build, 'pkg');
export const installedFolder = join(build, 'installed');

/** The two wasm builds. */
const HOSTS = {
  // -iit: loads never trap in safe code. -lmu: low memory holds only the end of the stack. -ocimfs 10: more inlining compresses worse.
  browser: {
    cargo: ['--profile', 'browser', '--no-default-features'], profile: 'browser', rustflags: [],
    wasmOpt: ['-iit', '-lmu', '-ocimfs', '10', '-Oz', '--converge'],
  },
  // Without -ocimfs 0, binaryen inlines the engine's cold functions into its hot loop, because each has only one caller.
  node: { cargo: ['--release', '--features', 'node'], profile: 'release', rustflags: ['-Ctarget-feature=+simd128'], wasmOpt: ['-ocimfs', '0', '-O4'] },
};

/** The bundles that esbuild makes from the wasm builds. `wasm` names the file in pkg-template/wasm/ that loads the wasm. */
const BUNDLES = [
  { file: 'browser.mjs', host: 'browser', wasm: 'browser', format: 'esm' },
  { file: 'browser.cjs', host: 'browser', wasm: 'browser', format: 'cjs' },
  { file: 'workerd.mjs', host: 'browser', wasm: 'workerd', format: 'esm' },
  { file: 'node.cjs', host: 'node', wasm: 'node', format: 'cjs' },
];

/** The most bytes, gzipped, that a page may download. (Any change to the wasm moves the size by up to 100 bytes: in base64, gzip finds repetition only at every third byte.) */
export const BROWSER_BUDGET = 55_500;

/** The names under which the package's files import its wasm. esbuild leaves these imports unchanged. */
const BESIDE = { browser: 'browser.wasm', node: 'node-wasm.cjs' };

/** `npm run build -- --names` keeps function names for profiling. Such a build may exceed its budget. */
const NAMES = process.argv.includes('--names');

/** Compiles Rust to wasm and its JavaScript glue, in build/<host>/. */
async function compile(host, bindgen) {
  const { cargo, profile, rustflags, wasmOpt } = HOSTS[host];
  say(`compiling Rust to wasm for ${host}`);
  const target = join(root, 'target', host); // one per host: their flags differ, so with a shared folder cargo would rebuild the crates
  await run('cargo', ['build', '--quiet', '--lib', '--target', 'wasm32-unknown-unknown', '--target-dir', target, ...cargo], {
    env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [...rustflags, ...await withoutMachinePaths()].join(' ') },
  });
  const folder = join(build, host);
  await rm(folder, { recursive: true, force: true });
  await run(join(bindgen, 'wasm-bindgen'), ['--target', 'web', '--no-typescript', '--omit-default-module-path', '--encode-into', 'always',
    '--out-dir', folder, join(target, 'wasm32-unknown-unknown', profile, 'websocket_channel.wasm')], { quiet: true });
  const wasm = join(folder, 'websocket_channel_bg.wasm');
  await run(join(root, 'node_modules', '.bin', 'wasm-opt'), [...wasmOpt, ...NAMES ? ['-g'] : ['--strip-debug'], '--strip-producers',
    '--strip-target-features', wasm, '-o', wasm], { quiet: true });
}

/** Returns flags that make panics name their source file by its path in the crate, without this machine's folders. */
async function withoutMachinePaths() {
  const crates = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'registry', 'src');
  const registries = (await readdir(crates)).map((name) => `${join(crates, name)}/`);
  return [root, ...registries].map((path) => `--remap-path-prefix=${path}=`);
}

/** Resolves `build:` imports, and resolves wasm-bindgen's copies of our JavaScript to the originals, so that each module is bundled once. */
const resolver = ({ host, wasm }) => ({
  name: 'build',
  setup({ onResolve, onLoad }) {
    const files = {
      'build:glue': join(build, host, 'websocket_channel.js'),
      'build:wasm': join(build, host, 'websocket_channel_bg.wasm'),
      'build:module': join(template, 'wasm', `${wasm}.js`),
      'build:channel': join(root, 'src', 'facade', 'channel.js'),
      'build:send-window': join(root, 'src', 'transport', ...host === 'node' ? ['node', 'windows.js'] : ['browser.js']),
      'build:web-host': join(root, 'src', 'web', `host_${host}.js`),
      'build:constants': join(build, 'constants.js'),
      'build:stack': join(build, 'stack.js'),
    };
    onResolve({ filter: /^build:/ }, ({ path }) => ({ path: files[path] }));
    onResolve({ filter: /\/snippets\/.*\/src\// }, ({ path }) => ({ path: join(root, path.replace(/^.*?\/src\//, 'src/')) }));
    const beside = Object.values(BESIDE).map((name) => `./${name}`);
    onResolve({ filter: /^\.\// }, ({ path }) => beside.includes(path) ? { path, external: true } : undefined);
    // Loads Node's own modules in a way that works in CommonJS, and also after a bundler has turned it into CommonJS or ESM.
    onResolve({ filter: /^node:/ }, ({ path, namespace }) => namespace === 'builtin' ? { path, external: true } : { path, namespace: 'builtin' });
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule?.('${path}') ?? require('${path}');`,
    }));
  },
});

async function bundle({ file, format, ...which }) {
  const esbuild = await import('esbuild');
  const isNode = which.host === 'node';
  const { outputFiles: [{ text }] } = await esbuild.build({
    entryPoints: [join(template, `${which.host}.js`)],
    write: false,
    format,
    bundle: true,
    platform: isNode ? 'node' : 'browser',
    target: isNode ? 'node20' : 'es2022',
    loader: { '.wasm': 'base64' },
    plugins: [resolver(which)],
    inject: ['schedulers.js', ...isNode ? [] : ['coder.js']].map((name) => join(template, name)),
    legalComments: 'none',
    logOverride: { 'duplicate-object-key': 'silent' }, // wasm-bindgen imports each of our modules once for each function
    logLevel: 'warning',
  });
  // Node's build is not minified, because Node prints the line that threw and stack traces.
  await writeFile(join(packageFolder, file), isNode ? text : await minified(text, format === 'esm'));
}

/** Bundles the command into bin/. The code that makes certificates is large and rarely needed, so it has a separate file. */
async function bundleCommand({ closingRanges }) {
  const esbuild = await import('esbuild');
  const folder = join(packageFolder, 'bin');
  const { version } = JSON.parse(await readFile(join(template, 'package.json'), 'utf8'));
  const paths = { 'websocket-channel': '../node.mjs', selfsigned: './selfsigned.mjs' };
  const plugin = {
    name: 'command',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(websocket-channel|selfsigned)$/ }, ({ path, kind }) => (kind === 'entry-point' ? undefined : { path: paths[path], external: true }));
      onResolve({ filter: /^build:constants$/ }, ({ path }) => ({ path, namespace: 'constants' }));
      onLoad({ filter: /./, namespace: 'constants' }, () => ({ contents: `export const VERSION = '${version}', CLOSING_RANGES = ${JSON.stringify(closingRanges)};` }));
    },
  };
  const shared = { bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning', plugins: [plugin] };
  await esbuild.build({ ...shared, entryPoints: [join(template, 'bin', 'main.js')], outfile: join(folder, 'websocket-channel.mjs') });
  await chmod(join(folder, 'websocket-channel.mjs'), 0o755);
  const { metafile } = await esbuild.build({
    ...shared, entryPoints: ['selfsigned'], outfile: join(folder, 'selfsigned.mjs'), minify: true, metafile: true, absWorkingDir: root, legalComments: 'none',
    // Parts of it are CommonJS and load Node's modules with `require`.
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
  });
  await writeFile(join(folder, 'LICENSES.txt'), await licenses(Object.keys(metafile.inputs)));
}

/** Returns the licenses of the packages to which these files belong. */
async function licenses(files) {
  const folders = new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const texts = await Promise.all([...folders].sort().map(async (folder) => {
    const name = (await readdir(join(root, folder))).find((it) => /^licen[cs]e/i.test(it));
    if (!name) throw new Error(`${folder} has no license file`);
    return `${folder.replace(/^.*node_modules\//, '')}\n\n${await readFile(join(root, folder, name), 'utf8')}`;
  }));
  return texts.join(`\n${'-'.repeat(72)}\n`);
}

/** Minifies with terser, which unlike esbuild keeps the annotations of pure calls. They let bundlers drop the classes that an application does not use. */
async function minified(text, module) {
  const { minify } = await import('terser');
  const { code } = await minify(text, { module, toplevel: true, ecma: 2022, compress: { passes: 2 }, format: { preserve_annotations: true } });
  return code;
}

/** Writes the wasm as separate files: one that Node loads with the first channel, and one that workerd imports. */
async function copyWasm() {
  const wasm = (host) => readFile(join(build, host, 'websocket_channel_bg.wasm'));
  await writeFile(join(packageFolder, BESIDE.browser), await wasm('browser'));
  await writeFile(join(packageFolder, BESIDE.node), `module.exports = '${(await wasm('node')).toString('base64')}';\n`);
}

/** Reads the tables from Rust. */
const readTables = async () => JSON.parse(await run('cargo', ['run', '--quiet', '--example', 'tables'], { quiet: true }));

/**
 * Functions that need much of the stack: one register for each argument of a call that is never made. Engines check the size of the stack when a function begins,
 * for all its registers. Node 20 optimizes a function the later the longer it is: the larger one never, so that each call takes half a microsecond.
 */
const stack = () => `const { never } = Math; // undefined, but no minifier knows that, so none removes the calls

/** Throws a RangeError if less than 2 KiB of the stack are left. */
export function needStack() {
  if (never !== undefined) never(
${zeros(2)}  );
}

/** The same for 64 KiB. */
export function needDeepStack() {
  if (never !== undefined) never(
${zeros(64)}  );
}
`;
const zeros = (lines) => `    ${Array(128).fill('0').join(',')},\n`.repeat(lines);

/** A range of characters in a regular expression's class. */
const characterRange = (range) => [...new Set(range)].map((code) => String.fromCharCode(code).replace(/[-\]\\^]/, '\\$&')).join('-');

/** Writes the tables as JavaScript, and as types in place of the template's placeholders. */
async function constants({ statuses, closeCodes, maxReason, pageRanges, tokenRanges }) {
  const object = (rows) => `Object.freeze({ ${rows.map(([number, name]) => `${name}: ${number}`).join(', ')} })`;
  await mkdir(build, { recursive: true });
  await writeFile(join(build, 'constants.js'),
    `export const Status = ${object(statuses)};\nexport const CloseCodes = ${object(closeCodes)};\nexport const MAX_REASON = ${maxReason};\n`
    + `export const PAGE_RANGES = ${JSON.stringify(pageRanges)};\nexport const TOKEN = /^[${tokenRanges.map(characterRange).join('')}]+$/;\n`);
  await writeFile(join(build, 'stack.js'), stack());
  const lines = (rows, prefix, show) => rows.map(([number, name, meaning]) =>
    `  /** ${meaning} */\n  ${prefix}${name}: ${show(number)};`).join('\n');
  const hex = (number) => number === 0 ? '0' : `0x${number.toString(16).toUpperCase()}`;
  const filled = (text, place, content) => {
    if (!text.includes(place)) throw new Error(`index.d.ts: ${place} is missing. Put it where the generated lines belong.`);
    return text.replace(place, content);
  };
  const withCodes = filled(await readFile(join(template, 'index.d.ts'), 'utf8'), '/*{{CLOSE_CODES}}*/', lines(closeCodes, 'static readonly ', String));
  const types = filled(withCodes, '/*{{STATUSES}}*/', lines(statuses, 'readonly ', hex));
  for (const extension of ['mts', 'cts']) await writeFile(join(packageFolder, `index.d.${extension}`), types);
}

/** Prints the size of each file. Only the files that a page downloads have a budget. */
async function checkSizes() {
  for (const name of [...BUNDLES.map(({ file }) => file), ...Object.values(BESIDE)]) {
    const size = gzipSync(await readFile(join(packageFolder, name)), { level: 9 }).length;
    const budget = /^browser\.[mc]js$/.test(name) ? BROWSER_BUDGET : Infinity;
    const show = (number) => number.toLocaleString('en');
    console.log(`  ${name}: ${show(size)} bytes gzipped${budget < Infinity ? ` (budget ${show(budget)})` : ''}`);
    if (size > budget && !NAMES) throw new Error(`${name} is over its budget by ${size - budget} bytes`);
  }
}

/** The files of pkg-template/ that are published unchanged. The others go into the bundles and the types. */
const PUBLISHED = /^(package\.json|README\.md|node\.mjs|node-exports\.cjs)$/;

/** Packs the package and installs the tarball, which the tests, the demo and `npm start` use. */
async function packAndInstall() {
  const packed = await run('npm', ['pack', '--json', '--pack-destination', build], { cwd: packageFolder, quiet: true });
  const { filename } = JSON.parse(packed.slice(packed.indexOf('['), packed.lastIndexOf(']') + 1))[0];
  const tarball = join(build, filename);
  const folder = join(installedFolder, 'node_modules', 'websocket-channel');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  return tarball;
}

/** Builds everything, from the sources to the installed tarball. Returns the tarball's path. */
export async function buildPackage() {
  await nodeModules();
  await wasmTarget();
  const bindgen = await wasmBindgen();
  await rm(packageFolder, { recursive: true, force: true });
  await mkdir(packageFolder, { recursive: true });
  const tables = await readTables();
  await constants(tables);
  for (const host of Object.keys(HOSTS)) await compile(host, bindgen);
  say('bundling the package');
  for (const one of BUNDLES) await bundle(one);
  await bundleCommand(tables);
  await copyWasm();
  for (const name of await readdir(template)) {
    if (PUBLISHED.test(name)) await cp(join(template, name), join(packageFolder, name));
  }
  for (const name of ['LICENSE', 'CHANGELOG.md', 'SECURITY.md']) await cp(join(root, name), join(packageFolder, name));
  await mkdir(join(packageFolder, 'docs'));
  for (const name of await readdir(join(root, 'docs'))) {
    if (name.endsWith('.md')) await cp(join(root, 'docs', name), join(packageFolder, 'docs', name));
  }
  await checkSizes();
  const tarball = await packAndInstall();
  say(`packed ${basename(tarball)}`);
  return tarball;
}

if (import.meta.filename === process.argv[1]) await main(buildPackage);
