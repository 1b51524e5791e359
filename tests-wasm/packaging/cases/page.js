import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRoundTrip, lines } from '../harness/line.js';
import { project } from '../harness/project.js';
import { EXPORTS, assertRefusedWithoutWebAssembly } from './node.js';

const PAGES = [
  'import_map.html', 'worker.html', 'worker.mjs', 'shared_worker.html', 'shared_worker.mjs', 'service_worker.html', 'service_worker.mjs',
  'csp_without.html', 'csp_with.html', 'csp.mjs', 'import_only.html',
];
const FILES = {
  ...Object.fromEntries(PAGES.map((name) => [name, `page/${name}`])),
  'talk.mjs': 'talk.mjs',
  'first_channel.mjs': 'first_channel.mjs',
};

/** Pages without a bundler, which load the package directly from node_modules. */
export function pages(world) {
  const visit = async (page) => {
    await project('page', FILES);
    return world.chromium.visit(`${world.site.url}/page/${page}?peer=${encodeURIComponent(world.peer.url)}`);
  };

  describe('in a page without a bundler', () => {
    test('a module script imports it through an import map and talks', async () => {
      assertRoundTrip(await visit('import_map.html'));
    });

    test('a module worker imports it and talks', async () => {
      assertRoundTrip(await visit('worker.html'));
    });

    test('a shared module worker imports it and talks', async () => {
      assertRoundTrip(await visit('shared_worker.html'));
    });

    test('a module service worker imports it and talks', async () => {
      assertRoundTrip(await visit('service_worker.html'));
    });

    test('under a policy without \'wasm-unsafe-eval\', it can be imported, and every constructor call throws an error that says what to add', async () => {
      const printed = lines(await visit('csp_without.html'));
      assert.deepEqual(printed.pop(), ['end']);
      assertRefusedWithoutWebAssembly(printed);
    });

    test('under a policy with \'wasm-unsafe-eval\', it talks', async () => {
      const [imported, ...talk] = (await visit('csp_with.html')).split('\n');
      assert.deepEqual(lines(imported), [['imported', EXPORTS.length, 'NS_OK']]);
      assertRoundTrip(talk.join('\n'));
    });

    test('importing it adds no globals, loads no second file and opens no connection', async () => {
      const connections = world.peer.connections;
      const requests = world.site.requests.length;
      assert.deepEqual(lines(await visit('import_only.html')), [
        ['globals', []],
        ['exports', EXPORTS],
        ['end'],
      ]);
      assert.deepEqual(world.site.requests.slice(requests), ['/page/import_only.html', '/page/node_modules/websocket-channel/browser.mjs']);
      assert.equal(world.peer.connections, connections);
    });
  });
}
