// Whether what CONFORMANCE.md names is there: each test, that it is in the file named and has passed; each source file; each section of Autobahn.

import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * `logs` are the paths of what the suites printed: `node` is the behaviour suite's in Node (reporter.js), `rust` is cargo test's. Returns how many
 * names were `found`, and a sentence for each one `missing`. A test that was skipped is in neither: its suite has said so.
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

/** Each name that the text cites: { file, name } of a test, `name` being null where a file is named alone, or { section } of Autobahn. */
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

/** 'passed', 'skipped', or what is wrong. */
async function verdict({ file, name, section }, { passed, skipped }) {
  if (section) return (await autobahnPassed(section)) ? 'passed' : 'has a case in autobahn/SUMMARY.md that did not pass, or is not there.';
  const path = here(file.startsWith('cases/') ? `behaviour/${file}` : `../${file}`);
  if (!(await access(path).then(() => true, () => false))) return 'does not exist.';
  if (name === null) return 'passed';
  const ran = file.startsWith('src/') ? rustName(file, name) : await caseName(path, name);
  if (ran === null) return 'is no case of that file.';
  return passed.has(ran) ? 'passed' : skipped.has(ran) ? 'skipped' : 'did not run, or did not pass.';
}

/** The test's path as cargo prints it. A file that is neither called tests.rs or …_tests.rs nor in a folder tests/ has them in a module of that name. */
function rustName(file, name) {
  const module = file.replace(/^src\/|(\/mod)?\.rs$/g, '').replaceAll('/', '::');
  return `${/(\b|_)(tests|laws)\b/.test(module) ? module : `${module}::tests`}::${name}`;
}

/** The case's name as the suite prints it, or null if the file has no such case. */
async function caseName(path, name) {
  const { nodeSuite } = await import('./behaviour/node_suite.js');
  const cases = Object.values(await import(path)).flat();
  if (!cases.some((one) => one.name === name)) return null;
  return nodeSuite.find((one) => one.name.endsWith(`: ${name}`))?.name ?? null;
}

/** Whether all cases of the section have passed, by the table of the last full run. */
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
