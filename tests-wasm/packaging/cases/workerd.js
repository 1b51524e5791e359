import { describe, test } from 'node:test';
import { assertRoundTrip } from '../harness/line.js';
import { run, serve } from '../harness/program.js';
import { project, tool } from '../harness/project.js';

const FILES = { 'worker.mjs': 'workerd/worker.mjs', 'workerd.capnp': 'workerd/workerd.capnp', 'talk.mjs': 'talk.mjs' };
/** The arguments with which wrangler calls esbuild. */
const WRANGLER = ['--bundle', '--format=esm', '--conditions=workerd,worker,browser', '--loader:.wasm=copy', '--asset-names=[name]', '--log-level=warning'];

/** Cloudflare's runtime, which does not compile wasm at run time. */
export function workers(world) {
  describe('in Cloudflare\'s workerd', () => {
    test('a Worker imports it through the condition workerd, with its wasm as a module, and talks', async () => {
      const cwd = await project('workerd', FILES);
      await run(tool('esbuild'), ['worker.mjs', ...WRANGLER, '--outdir=dist'], { cwd });
      const server = await serve(tool('workerd'), ['serve', 'workerd.capnp', '--control-fd=1'], { cwd, ready: /"socket":"http","port":(\d+)/ });
      try {
        const answer = await fetch(`http://127.0.0.1:${server.match[1]}/?peer=${encodeURIComponent(world.peer.url)}`);
        assertRoundTrip(await answer.text());
      } finally {
        server.stop();
      }
    });
  });
}
