// Checks what CONFORMANCE.md names: each test must be in the named file and have passed, each source file must exist, and each Autobahn section must have passed.

import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * `logs` holds the paths of the suites' output: `node` is the output of the behaviour suite in Node (reporter.js), and `rust` is that of cargo test. Resolves to
 * how many names were `found`, and a sentence for each one `missing`. A skipped test counts as neither, because its suite has reported it.
 */
export async function checkConformance(logs) {
  const [text, node, rust] = await Promise.all([here('CONFORMANCE.md'), logs.node, logs.rust].map(read));
  const known = { passed: new Set([...node.matchAll(/^ok (.*?) {2}\(/gm), ...rust.matchAll(/^test (\S+).* \.\.\. ok$/gm)].map(([, name]) => name)),
    skipped: new Set([...node.matchAll(/^skipped (.*?) {2}#/gm)].map(([, name]) => name)) };
  let found = 0;
  const missing = [];
  for (const cited of citations(text)) {
    const answer = await verdict(cited, known);
    if (answer === 'passed') found += 1;
    else if (answer !== 'skipped') missing.push(`CONFORMANCE.md: ${describe(cited)} ${answer}`);
  }
  return { found, missing };
}

/** Each name that the text cites: { file, name } of a test, with `name` null if only a file is named, or { section } of Autobahn. */
function* citations(text) {
  for (const line of text.split('\n')) {
    let file = null;
    for (const [, code, quoted, section] of line.matchAll(/`([^`]+)`|“([^”]+)”|(?<=Autobahn [^|]*)\b(\d+)\.(?:\d+\.)?\*/g)) {
      if (section) yield { section };
      if (code && /^(cases|src)\/.*\.(js|rs)$/.test(code)) yield { file: file = code, name: null };
      else if (file?.startsWith('src/') && /^\w+$/.test(code ?? '')) yield { file, name: code };
      else if (file?.startsWith('cases/') && quoted) yield { file, name: quoted };
    }
  }
}

/** Resolves to 'passed', 'skipped', or a description of what is wrong. */
async function verdict({ file, name, section }, { passed, skipped }) {
  if (section) return (await autobahnPassed(section)) ? 'passed' : 'has a case in autobahn/SUMMARY.md that did not pass, or is missing there.';
  const path = here(file.startsWith('cases/') ? `behaviour/${file}` : `../${file}`);
  if (!(await access(path).then(() => true, () => false))) return 'does not exist.';
  if (name === null) return 'passed';
  const ran = file.startsWith('src/') ? rustName(file, name) : await caseName(path, name);
  if (ran === null) return 'is not a case in that file.';
  return passed.has(ran) ? 'passed' : skipped.has(ran) ? 'skipped' : 'did not run, or did not pass.';
}

/** The path of the test as cargo prints it. A file that is not tests.rs, …_tests.rs, or in a folder tests/ has its tests in a module `tests`. */
function rustName(file, name) {
  const module = file.replace(/^src\/|(\/mod)?\.rs$/g, '').replaceAll('/', '::');
  return `${/(\b|_)(tests|laws)\b/.test(module) ? module : `${module}::tests`}::${name}`;
}

/** The name of the case as the suite prints it, or null if the file has no such case. */
async function caseName(path, name) {
  const { nodeSuite } = await import('./behaviour/node_suite.js');
  const cases = Object.values(await import(path)).flat();
  if (!cases.some((one) => one.name === name)) return null;
  return nodeSuite.find((one) => one.name.endsWith(`: ${name}`))?.name ?? null;
}

/** Whether all cases of the section have passed, according to the table of the last full run. */
async function autobahnPassed(section) {
  const [, all, passed] = (await read(here('autobahn/SUMMARY.md'))).match(new RegExp(`^\\| ${section} \\| (\\d+) \\| (\\d+) \\|$`, 'm')) ?? [];
  return Number(all) > 0 && all === passed;
}

function describe({ file, name, section }) {
  return section ? `Autobahn ${section}.*` : name === null ? file : `${file} “${name}”`;
}

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function read(path) {
  return readFile(path, 'utf8').catch((cause) => {
    throw new Error(`${path} is missing. Run the suites of Rust on the host and of Node first: npm test.`, { cause });
  });
}
