// Builds the package: two wasm builds, one entry, the tarball. `npm run build`.

import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from '../pkg-template/printable.js';
import { nodeModules, wasmBindgen, wasmTarget } from './tools.js';
import { homedir } from 'node:os';
import { main, root, run, say } from './run.js';

const build = join(root, 'build');
const template = join(root, 'pkg-template');

/** The folder the package is made in, and where it is installed from its tarball. */
export const packageFolder = join(build, 'pkg');
export const installedFolder = join(build, 'installed');

/** What differs between the two builds. Budgets are of the whole file a user downloads, gzipped. */
const HOSTS = {
  browser: { cargo: [], rustflags: '--cfg=bare', wasmOpt: [['-Oz', '-Oz'], ['-Oz']], optLevel: 'z', formats: ['esm', 'cjs'], budget: 20_000, minifyIdentifiers: true },
  node: { cargo: ['--features', 'node'], rustflags: '-Ctarget-feature=+simd128', wasmOpt: [['-ocimfs', '0', '-O4', '-O4']], optLevel: '3', formats: ['cjs'], budget: 120_000, minifyIdentifiers: false },
};

/** What every browser and Node 20 understand; binaryen knows newer things too. */
const FEATURES = ['bulk-memory', 'bulk-memory-opt', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int', 'reference-types',
  'sign-ext', 'simd'].map((feature) => `--enable-${feature}`);

/** `npm run build -- --names` keeps the functions' names, for a profile; such a build is over its budget. */
const NAMES = process.argv.includes('--names');

async function compile(host, bindgen) {
  const { cargo, rustflags, wasmOpt, optLevel } = HOSTS[host];
  say(`compiling Rust to wasm for ${host}`);
  const target = join(root, 'target', host);
  // Panics name their source file: not by this machine's paths.
  const crates = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
  const registries = (await readdir(crates)).map((name) => `${join(crates, name)}/`);
  const paths = [root, ...registries].map((path) => `--remap-path-prefix=${path}=`);
  await run('cargo', ['build', '--quiet', '--release', '--lib', '--target', 'wasm32-unknown-unknown', '--target-dir', target, ...cargo], {
    env: {
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [rustflags, ...paths].join(' '),
      CARGO_PROFILE_RELEASE_OPT_LEVEL: optLevel,
    },
  });
  const folder = join(build, host);
  await rm(folder, { recursive: true, force: true });
  await run(join(bindgen, 'wasm-bindgen'), ['--target', 'web', '--no-typescript', '--out-dir', folder,
    join(target, 'wasm32-unknown-unknown', 'release', 'websocket_channel.wasm')], { quiet: true });
  await shortenNames(folder);
  const wasm = join(folder, 'websocket_channel_bg.wasm');
  for (const passes of wasmOpt) { // each from what the one before has written, in which it sees more
    await run(join(root, 'node_modules', '.bin', 'wasm-opt'), [...FEATURES, ...passes, ...NAMES ? ['-g'] : ['--strip-debug'],
      '--strip-producers', '--strip-target-features', wasm, '-o', wasm], { quiet: true });
  }
  await writeFile(wasm, withoutChecksums(await readFile(wasm)));
}

/**
 * Zeroes CRC-32's tables, 9 KiB that do not compress: zlib-rs has them for gzip, and permessage-deflate has no checksums (RFC 7692 §7.2).
 * They are found by what they are; if a new version has others, the file is larger and nothing else.
 */
function withoutChecksums(wasm) {
  for (const bits of [1, 2, 3, 4, 5].flatMap((braids) => [0, 1, 2, 3].map((byte) => 8 * (4 * braids - byte))).concat(8)) {
    const table = new Uint32Array(256).map((_, entry) => {
      for (let bit = 0; bit < bits; bit++) entry = entry & 1 ? 0xedb88320 ^ (entry >>> 1) : entry >>> 1;
      return entry;
    });
    // Not from its very first entry, which is a zero that may have been cut off.
    const bytes = Buffer.from(table.buffer).subarray(4);
    for (let at = wasm.indexOf(bytes); at >= 0; at = wasm.indexOf(bytes)) wasm.fill(0, at, at + bytes.length);
  }
  return wasm;
}

/** wasm-bindgen's names carry hashes, which do not compress; they stand in the wasm and in the glue. */
async function shortenNames(folder) {
  const bin = (name) => join(root, 'node_modules', '.bin', name);
  const [wasm, text, glue] = ['websocket_channel_bg.wasm', 'websocket_channel.wat', 'websocket_channel.js'].map((name) => join(folder, name));
  await run(bin('wasm-dis'), [...FEATURES, wasm, '-o', text], { quiet: true });
  const names = new Map();
  const short = (name) => names.get(name) ?? names.set(name, `_${names.size}`).get(name);
  const shorten = (source) => source.replace(/\b(?:__wbg_\w+_[0-9a-f]{16}|__wbindgen_generic_\d+|wasm_bindgen__convert__closures_\w+)\b/g,
    short)
    // The module of each import: in the wasm, and as a key of the glue's import object.
    .replace(/(\(import )"(\.[^"]+)"/g, (_, before, module) => `${before}"${short(module)}"`)
    .replace(/^( +)"(\.[^"]+)": import/gm, (_, before, module) => `${before}"${short(module)}": import`);
  for (const file of [text, glue]) await writeFile(file, shorten(await readFile(file, 'utf8')));
  await run(bin('wasm-as'), [...FEATURES, ...NAMES ? ['-g'] : [], text, '-o', wasm], { quiet: true });
}

/** Resolves what the entry imports, and what wasm-bindgen copied of our JavaScript to its original. */
const resolver = (host) => ({
  name: 'build',
  setup({ onResolve, onLoad }) {
    const files = {
      'build:glue': join(build, host, 'websocket_channel.js'),
      'build:wasm': join(build, host, 'websocket_channel_bg.wasm'),
      'build:host': join(root, 'src', 'backend', host === 'node' ? 'node/host.js' : 'browser.js'),
      'build:constants': join(build, 'constants.js'),
    };
    onResolve({ filter: /^build:/ }, ({ path }) => ({ path: files[path] }));
    onLoad({ filter: /\.wasm$/ }, async ({ path }) => ({ contents: encode(await readFile(path)), loader: 'text' }));
    onResolve({ filter: /\/snippets\/.*\/src\// }, ({ path }) => ({ path: join(root, path.replace(/^.*?\/src\//, 'src/')) }));
  },
});

async function bundle(host, format) {
  const esbuild = await import('esbuild');
  const outfile = join(packageFolder, `${host}.${format === 'esm' ? 'mjs' : 'cjs'}`);
  await esbuild.build({
    entryPoints: [join(template, 'entry.js')],
    outfile,
    format,
    bundle: true,
    platform: host === 'node' ? 'node' : 'browser',
    target: host === 'node' ? 'node20' : 'es2022',
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: HOSTS[host].minifyIdentifiers, // Node's stack traces keep their names
    plugins: [resolver(host)],
    // Of wasm-bindgen's glue: an enum's numbers, and `using` for a class that nobody outside sees.
    pure: ['Object.freeze'],
    define: { 'Symbol.dispose': 'undefined' },
    legalComments: 'none',
    // wasm-bindgen's glue: one import object for several snippets, and an initialiser that is not used.
    logOverride: { 'duplicate-object-key': 'silent', 'empty-import-meta': 'silent' },
    logLevel: 'warning',
  });
  if (host === 'node') {
    // A bundler that makes ESM of this has no `require` for Node's own modules.
    const source = await readFile(outfile, 'utf8');
    await writeFile(outfile, source.replace(/require\("(node:\w+)"\)/g, '(process.getBuiltinModule?.("$1") ?? require("$1"))'));
  }
  return outfile;
}

/** The tables of Rust as JavaScript, and as the types that go where the template says. */
async function constants() {
  const { statuses, closeCodes } = JSON.parse(await run('cargo', ['run', '--quiet', '--example', 'tables'], { quiet: true }));
  const object = (rows) => `Object.freeze({ ${rows.map(([number, name]) => `${name}: ${number}`).join(', ')} })`;
  await mkdir(build, { recursive: true });
  await writeFile(join(build, 'constants.js'),
    `export const Status = ${object(statuses)};\nexport const CloseCodes = ${object(closeCodes)};\n`);
  const lines = (rows, prefix, show) => rows.map(([number, name, meaning]) =>
    `  /** ${meaning} */\n  ${prefix}${name}: ${show(number)};`).join('\n');
  const hex = (number) => number === 0 ? '0' : `0x${number.toString(16).toUpperCase()}`;
  const types = (await readFile(join(template, 'index.d.ts'), 'utf8'))
    .replace('/*{{CLOSE_CODES}}*/', lines(closeCodes, 'static readonly ', String))
    .replace('/*{{STATUSES}}*/', lines(statuses, 'readonly ', hex));
  for (const extension of ['mts', 'cts']) await writeFile(join(packageFolder, `index.d.${extension}`), types);
}

async function checkSizes(files) {
  for (const [host, { budget }] of Object.entries(HOSTS)) {
    for (const file of files[host]) {
      const size = gzipSync(await readFile(file), { level: 9 }).length;
      console.log(`  ${basename(file)}: ${size.toLocaleString('en')} bytes gzipped (budget ${budget.toLocaleString('en')})`);
      if (size > budget && !NAMES) throw new Error(`${basename(file)} is over its budget by ${size - budget} bytes`);
    }
  }
}

/** Packs the package and installs the tarball: what tests, the demo and `npm start` use. */
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

/** Everything, from sources to the installed tarball; answers the tarball's path. */
export async function buildPackage() {
  await nodeModules();
  await wasmTarget();
  const bindgen = await wasmBindgen();
  await rm(packageFolder, { recursive: true, force: true });
  await mkdir(packageFolder, { recursive: true });
  await constants();
  for (const host of Object.keys(HOSTS)) await compile(host, bindgen);
  say('bundling the package');
  const files = {};
  for (const [host, { formats }] of Object.entries(HOSTS)) {
    files[host] = [];
    for (const format of formats) files[host].push(await bundle(host, format));
  }
  for (const name of await readdir(template)) {
    if (!['entry.js', 'printable.js', 'index.d.ts'].includes(name)) await cp(join(template, name), join(packageFolder, name));
  }
  await cp(join(root, 'LICENSE'), join(packageFolder, 'LICENSE'));
  await checkSizes(files);
  const tarball = await packAndInstall();
  say(`packed ${basename(tarball)}`);
  return tarball;
}

if (import.meta.filename === process.argv[1]) await main(buildPackage);
