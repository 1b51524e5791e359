// Tests the packed tarball as users get it: installed into throw-away projects under build/packaging/ and run there.
//
//   node --test tests-wasm/packaging/packaging.test.js
//
// WSC_TARBALL   the path of the tarball; by default the newest build/websocket-channel-*.tgz
// WSC_CHROMIUM  the path of Chromium; by default the first chromium on the PATH
// WSC_DENO, WSC_BUN  the paths of Deno and Bun; without them, their tests are skipped
//
// The behaviour suite tests what is sent and which listener methods are called; here, a round trip shows that a consumer works.

import { after, before } from 'node:test';
import { startEcho } from '../../scripts/echo.js';
import { stopPrograms } from './harness/program.js';
import { prepareProjects } from './harness/project.js';
import { startSite } from './harness/site.js';
import { headlessChromium } from './harness/chromium.js';
import { content } from './cases/content.js';
import { linters } from './cases/linter.js';
import { nodePrograms } from './cases/node.js';
import { bundlers } from './cases/bundler.js';
import { testRunners } from './cases/test_runner.js';
import { nextApp } from './cases/next.js';
import { workers } from './cases/workerd.js';
import { pages } from './cases/page.js';
import { types } from './cases/type.js';

const world = { chromium: headlessChromium() };

before(async () => {
  await prepareProjects();
  world.peer = await startEcho();
  world.site = await startSite();
});

after(async () => {
  await world.chromium.stop();
  world.site?.stop();
  world.peer?.stop();
  stopPrograms();
});

for (const group of [content, linters, nodePrograms, bundlers, testRunners, nextApp, workers, pages, types]) group(world);
