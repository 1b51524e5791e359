import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { installedFolder } from './installed.js';

/** Bundles the suite with the installed package's browser build and serves it as a page. Returns { url, stop }. */
export async function servePage(engine, addresses) {
  const { outputFiles: [script] } = await build({
    entryPoints: [fileURLToPath(new URL('../page.js', import.meta.url))],
    nodePaths: [join(installedFolder(), 'node_modules')],
    bundle: true, write: false, platform: 'browser', format: 'esm', target: 'es2022', sourcemap: 'inline', logLevel: 'warning',
  });
  const start = `<script>globalThis.behaviour = ${JSON.stringify({ engine, addresses }).replaceAll('<', '\\u003c')}</script>`;
  const page = `<!doctype html><meta charset="utf-8"><title>behaviour</title><link rel="icon" href="data:,">${start}<script type="module" src="/page.js"></script>`;
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script.contents : page);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
