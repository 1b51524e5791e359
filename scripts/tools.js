// The tools that build and test the project. Each is installed once per machine, into a cache outside the clone.

import { access, mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { finish, root, run, say } from './run.js';

const cache = process.env.WEBSOCKET_CHANNEL_CACHE
  || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'websocket-channel');

const WASM_PACK = '0.15.1';
const GECKODRIVER = '0.37.1';
const CARGO_FUZZ = '0.13.2';
/** Python packages: independent clients and servers. pycurl brings a libcurl that supports WebSocket (Debian's does not). */
const PYTHON_PACKAGES = { websockets: '17.4', hypercorn: '0.18.0', pycurl: '7.49.0' };

/** The runtimes of the behaviour suite, besides the Node that runs `npm test`: the npm package, its version, its program. */
const NODE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
export const RUNTIMES = {
  'node 24': [NODE, '24.21.0', 'node'],
  'node 26': [NODE, '26.10.0', 'node'],
  deno: ['deno', '2.9.6', 'deno'],
  bun: ['bun', '1.4.5', 'bun'],
};

/** The tools run for seconds but take minutes to compile, so a quick build is better than a fast program. */
const QUICK_BUILD = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '256',
};

const exists = (path) => access(path).then(() => true, () => false);

async function which(...names) {
  for (const name of names) {
    const { code, output } = await finish('which', [name], { quiet: true }).catch(() => ({ code: 1 }));
    if (code === 0) return output.trim();
  }
  return null;
}

/** Installs the npm dependencies of a folder, as its package-lock.json lists them. */
export async function nodeModules(folder = root) {
  const stamp = join(folder, 'node_modules', '.package-lock.json');
  const lock = join(folder, 'package-lock.json');
  if (await exists(stamp)) {
    const listed = (json) => JSON.stringify(Object.entries(JSON.parse(json).packages)
      .filter(([path]) => path).map(([path, { version, optional }]) => !optional && [path, version]).filter(Boolean));
    if (listed(await readFile(stamp, 'utf8')) === listed(await readFile(lock, 'utf8'))) return;
  }
  say(`installing npm dependencies ${folder === root ? '(about 20 s)' : `of ${relative(root, folder)} (about a minute)`}`);
  await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder, quiet: true });
}

/** Installs Rust's wasm32 target. */
export async function wasmTarget() {
  const installed = await run('rustup', ['target', 'list', '--installed'], { quiet: true }).catch(() => {
    throw new Error('rustup is missing: install a Rust toolchain with rustup, then try again');
  });
  if (installed.includes('wasm32-unknown-unknown')) return;
  say('installing the wasm32-unknown-unknown target');
  await run('rustup', ['target', 'add', 'wasm32-unknown-unknown']);
}

/** Installs exactly this version of a cargo tool. Returns the path of its folder of binaries. */
async function cargoTool(crate, version, minutes) {
  const folder = join(cache, `${crate}-${version}`);
  if (!(await exists(join(folder, '.crates.toml')))) {
    say(`installing ${crate} ${version} into ${folder} (about ${minutes} minutes)`);
    await mkdir(folder, { recursive: true });
    const target = join(cache, 'build');
    await run('cargo', ['install', '--quiet', '--locked', crate, '--version', version, '--root', folder],
      { env: { ...QUICK_BUILD, CARGO_TARGET_DIR: target } });
  }
  return join(folder, 'bin');
}

/** Installs wasm-bindgen's command-line tools, in the version that Cargo.toml pins. */
export async function wasmBindgen() {
  const manifest = await readFile(join(root, 'Cargo.toml'), 'utf8');
  const [, version] = manifest.match(/^wasm-bindgen = \{ version = "=([\d.]+)"/m);
  return cargoTool('wasm-bindgen-cli', version, 3);
}

export const wasmPack = async () => join(await cargoTool('wasm-pack', WASM_PACK, 2), 'wasm-pack');

export const geckodriver = async () => join(await cargoTool('geckodriver', GECKODRIVER, 2), 'geckodriver');

/** Installs cargo-fuzz. Returns the path of its folder of binaries. */
export const cargoFuzz = () => cargoTool('cargo-fuzz', CARGO_FUZZ, 2);

/** Installs the nightly toolchain, which the fuzzer needs. Returns the argument that makes cargo use it. */
export async function nightly() {
  const toolchains = await run('rustup', ['toolchain', 'list'], { quiet: true });
  if (!/^nightly/m.test(toolchains)) {
    say('installing the nightly toolchain');
    await run('rustup', ['toolchain', 'install', 'nightly', '--profile', 'minimal'], { quiet: true });
  }
  return '+nightly';
}

/** Returns the path of a program from a Debian package. As root, installs the package with apt if needed. */
async function debian(names, packages, before = ':') {
  const found = await which(...names);
  if (found) return found;
  const command = `apt-get update && apt-get install -y ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !(await which('apt-get'))) {
    throw new Error(`${names[0]} is missing. On Debian: sudo sh -c '${command}'`);
  }
  say(`installing ${packages.join(', ')} with apt`);
  await run('sh', ['-c', `${before}\nexport DEBIAN_FRONTEND=noninteractive; ${command}`], { quiet: true });
  return (await which(...names)) ?? Promise.reject(new Error(`${names[0]} is still missing after: ${command}`));
}

/** Returns a server to test against, or null if it cannot be installed. The suite then says what it skips. */
async function debianServer(name, packages) {
  try {
    return await debian([name, `/usr/sbin/${name}`], packages, WITHOUT_SERVICES);
  } catch (error) {
    console.error(`SKIPPED: ${name} cannot be installed, so the cases against it are not run: ${error.message}`);
    return null;
  }
}

/** Debian starts a server's service when it is installed. This shell script prevents that. */
const WITHOUT_SERVICES = `
  if [ -d /usr/sbin ] && [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
  fi`;

export const nginx = () => debianServer('nginx', ['nginx']);
export const apache = () => debianServer('apache2', ['apache2-bin']);
export const lighttpd = () => debianServer('lighttpd', ['lighttpd']);
export const microsocks = () => debianServer('microsocks', ['microsocks']);
export const nghttpx = () => debianServer('nghttpx', ['nghttp2-proxy']);
export const haproxy = () => debianServer('haproxy', ['haproxy']);

export const chromium = () => debian(['chromium', 'chromium-browser', 'google-chrome'], ['chromium', 'chromium-driver']);
export const chromedriver = () => debian(['chromedriver'], ['chromium', 'chromium-driver']);
export const firefox = () => debian(['firefox-esr', 'firefox'], ['firefox-esr']);
export const openssl = () => debian(['openssl'], ['openssl']);

/** Returns the path of a Python that has PYTHON_PACKAGES. */
export async function python() {
  const folder = join(cache, 'python');
  const interpreter = join(folder, 'bin', 'python3');
  const packages = Object.entries(PYTHON_PACKAGES).map(([name, version]) => `${name}==${version}`);
  const complete = join(folder, `complete-${packages.join('-')}`);
  if (!(await exists(complete))) {
    const system = await debian(['python3'], ['python3', 'python3-venv']);
    say(`installing Python's ${packages.join(', ')} into ${folder}`);
    await run(system, ['-m', 'venv', '--clear', folder], { quiet: true });
    await run(interpreter, ['-m', 'pip', 'install', '--quiet', ...packages], { quiet: true });
    await run('touch', [complete]);
  }
  return interpreter;
}

/** Returns the path of one of RUNTIMES. Throws if it cannot be installed. */
export async function runtime(name) {
  const [pkg, version, program] = RUNTIMES[name];
  const folder = join(cache, `${pkg}-${version}`);
  const link = join(folder, 'node_modules', '.bin', program);
  if (!(await exists(join(folder, 'complete')))) {
    say(`installing ${name} ${version} into ${folder}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await run('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `${pkg}@${version}`], { quiet: true });
    await run(link, ['--version'], { quiet: true });
    await run('touch', [join(folder, 'complete')]);
  }
  return realpath(link);
}
