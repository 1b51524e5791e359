// Bundles the demo page (www/) into build/demo/. Uses only the built package. See scripts/serve.js.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** Copies files that need no bundling, and watches them. */
const copied = (...names) => ({
  apply(compiler) {
    const { Compilation, sources } = compiler.webpack;
    compiler.hooks.thisCompilation.tap('copied', (compilation) => {
      const stage = Compilation.PROCESS_ASSETS_STAGE_ADDITIONAL;
      compilation.hooks.processAssets.tapPromise({ name: 'copied', stage }, async () => {
        for (const name of names) {
          const file = path(`www/${name}`);
          compilation.fileDependencies.add(file);
          compilation.emitAsset(name, new sources.RawSource(await readFile(file)), { minimized: true }); // copied unchanged
        }
      });
    });
  },
});

export default {
  mode: 'production',
  target: 'web',
  context: path('.'),
  entry: './www/main.js',
  output: { path: path('build/demo'), filename: 'main.js', clean: true },
  // Imports the package as a user does: from the installed tarball, through its exports map.
  resolve: { modules: [path('build/installed/node_modules')] },
  plugins: [copied('index.html', 'style.css')],
};
