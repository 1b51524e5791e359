// `npm run release` builds the package, lists what is missing for a release, and prints the command that publishes it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackage, packageFolder } from './build.js';
import { finish, main, root, run, say } from './run.js';

const HELP = `npm run release [-- options]
  builds the package and prints the command that publishes it, if nothing is missing for a release.
    --check    only list what is missing; build nothing
    --dry-run  build, list what would be published, and check it with publint and attw, even if something is missing
    --help     show this text`;

/**
 * The fields that only the publisher can fill in: where the project is hosted, and who publishes it. npm attests a package's provenance only if
 * `repository` is the one that the publishing CI job runs in.
 */
const PUBLISHERS_FIELDS = ['repository', 'homepage', 'bugs', 'author'];

/** Returns what is missing for a release, and what to do about each item. */
async function missing() {
  const manifest = JSON.parse(await readFile(join(root, 'pkg-template', 'package.json'), 'utf8'));
  const found = PUBLISHERS_FIELDS.filter((field) => !manifest[field]).map((field) => `pkg-template/package.json: "${field}" is missing. Add it.`);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  if (manifest.version !== version) found.push(`pkg-template/package.json: the version is ${manifest.version}, in package.json it is ${version}. Make them equal.`);
  const changes = await readFile(join(root, 'CHANGELOG.md'), 'utf8');
  const heading = changes.match(/^## (\S+) \(\d{4}-\d\d-\d\d\)$/m);
  if (heading?.[1] !== manifest.version) found.push(`CHANGELOG.md: no section "## ${manifest.version} (YYYY-MM-DD)". Add it, with the date and what has changed.`);
  const { code, output } = await finish('git', ['status', '--porcelain'], { quiet: true });
  if (code !== 0 || output !== '') found.push('git: there are uncommitted changes. Commit them.');
  return found;
}

/** Does everything except publish. Prints what is missing; anything that publint or attw finds is a failure. */
async function rehearse(found) {
  const tarball = await buildPackage();
  say('what would be published');
  const [{ files, size, unpackedSize }] = JSON.parse(await run('npm', ['pack', '--dry-run', '--json', packageFolder], { quiet: true }));
  const row = (bytes, name) => console.log(`  ${bytes.toLocaleString('en').padStart(11)}  ${name}`);
  for (const { path, size: bytes } of files) row(bytes, path);
  row(unpackedSize, 'total');
  row(size, 'the tarball');
  const tool = (name) => join(root, 'node_modules', '.bin', name);
  say('publint');
  await run(tool('publint'), ['--strict', packageFolder]);
  say('are the types wrong?');
  await run(tool('attw'), ['--no-emoji', tarball]);
  for (const line of found) console.log(`still missing: ${line}`);
  say('nothing was published');
}

await main(async () => {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(HELP);
  const found = await missing();
  if (values['dry-run']) return rehearse(found);
  if (found.length > 0) throw new Error(`not ready for a release:\n  ${found.join('\n  ')}`);
  if (values.check) return say('nothing is missing for a release');
  const tarball = await buildPackage();
  say(`run npm test, then: npm publish ${tarball}\n  in a CI job with an identity token: npm publish --provenance ${tarball}`);
});
