// Tests the installed package with third-party programs: libraries that take a WebSocket class get the package's, each with its own server;
// clients, frameworks and reverse proxies are used with its asyncAccept.
//
//   npm ci --prefix tests-wasm/clients --ignore-scripts
//   node --test tests-wasm/clients/clients.test.js
//
// WSC_INSTALLED  the folder with node_modules/websocket-channel; by default build/installed
// WSC_CHROMIUM, WSC_FIREFOX, WSC_GECKODRIVER, WSC_NGINX, WSC_APACHE  the paths of these programs; by default the first on the PATH
// WSC_PYTHON, WSC_DENO, WSC_BUN, WSC_NODE_26  the paths of these programs; without them, their tests are skipped

import { after, test } from 'node:test';
import { devTools } from './cases/dev_tools.js';
import { frameworks } from './cases/frameworks.js';
import { graphql } from './cases/graphql.js';
import { msw } from './cases/msw.js';
import { phoenix } from './cases/phoenix.js';
import { readmeSnippets } from './cases/readme.js';
import { reconnecting } from './cases/reconnecting.js';
import { crowds, reverseProxies, serverClients } from './cases/server_clients.js';
import { socketIo } from './cases/socket_io.js';
import { trpc } from './cases/trpc.js';
import { yjs } from './cases/yjs.js';
import { checkUsed, recordedClass } from './harness/recorded.js';
import { stopServers } from './harness/server.js';

after(stopServers);

const subjects = { reconnecting, graphql, trpc, yjs, socketIo, phoenix, devTools, msw };

for (const [subject, cases] of Object.entries(subjects)) {
  for (const [name, run] of Object.entries(cases)) {
    test(`${subject}: ${name}`, { timeout: 60_000 }, async () => {
      const WebSocket = await recordedClass();
      await run(WebSocket);
      await checkUsed(WebSocket);
    });
  }
}

const others = { README: readmeSnippets, 'served by': frameworks, 'served to': { ...serverClients, ...crowds }, 'served behind': reverseProxies };

for (const [subject, cases] of Object.entries(others)) {
  for (const [name, run] of Object.entries(cases)) {
    // A string instead of a function is the reason to skip the case.
    test(`${subject} ${name}`, { timeout: 60_000, skip: typeof run === 'string' ? run : false }, run);
  }
}
