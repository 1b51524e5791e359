// `npm run docs` generates docs/api.md from the package's types with typedoc. `npm test` checks that the file is up to date.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from './build.js';
import { main, root, run, say } from './run.js';
import { nodeModules } from './tools.js';

const generator = join(root, 'docs', 'generator');

/** Returns the text of docs/api.md. */
export async function apiReference() {
  await nodeModules(generator);
  const folder = join(root, 'build', 'api');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'index.d.mts'), await readFile(join(packageFolder, 'index.d.mts')));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { target: 'es2024', module: 'nodenext', lib: ['es2024', 'dom', 'dom.iterable'], skipLibCheck: true, types: ['node'], typeRoots: [join(generator, 'node_modules', '@types')] },
    files: ['index.d.mts'],
  }));
  await run(join(generator, 'node_modules', '.bin', 'typedoc'), [
    '--plugin', join(generator, 'node_modules', 'typedoc-plugin-markdown', 'dist', 'index.js'), '--tsconfig', join(folder, 'tsconfig.json'), '--out', join(folder, 'out'),
    '--readme', 'none', '--disableSources', '--hideBreadcrumbs', '--hidePageHeader', '--outputFileStrategy', 'modules', '--excludeExternals', '--useHTMLAnchors', '--name', 'API reference',
    '--logLevel', 'Warn', join(folder, 'index.d.mts'),
  ], { quiet: true });
  const text = await readFile(join(folder, 'out', 'README.md'), 'utf8');
  return text.replace('# API reference\n', '# API reference\n\nGenerated from the types by `npm run docs`. [The reference](reference.md) explains what things mean.\n');
}

if (import.meta.filename === process.argv[1]) {
  await main(async () => {
    await writeFile(join(root, 'docs', 'api.md'), await apiReference());
    say('wrote docs/api.md');
  });
}
