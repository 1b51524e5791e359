// Programs from npm that ask for a WebSocket class, each with its own server, over the installed package's WebSocket.
//
//   npm ci --prefix tests-wasm/clients --ignore-scripts
//   node --test tests-wasm/clients/clients.test.js
//
// WSC_INSTALLED  the folder with node_modules/websocket-channel; else build/installed
// WSC_CHROMIUM   Chromium; else the first chromium of the PATH

import { after, test } from 'node:test';
import { devTools } from './cases/dev_tools.js';
import { graphql } from './cases/graphql.js';
import { phoenix } from './cases/phoenix.js';
import { readmeSnippets } from './cases/readme.js';
import { reconnecting } from './cases/reconnecting.js';
import { socketIo } from './cases/socket_io.js';
import { trpc } from './cases/trpc.js';
import { yjs } from './cases/yjs.js';
import { checkUsed, recordedClass } from './harness/recorded.js';
import { stopServers } from './harness/server.js';

after(stopServers);

const subjects = { reconnecting, graphql, trpc, yjs, socketIo, phoenix, devTools };

for (const [subject, cases] of Object.entries(subjects)) {
  for (const [name, run] of Object.entries(cases)) {
    test(`${subject}: ${name}`, { timeout: 60_000 }, async () => {
      const WebSocket = await recordedClass();
      await run(WebSocket);
      await checkUsed(WebSocket);
    });
  }
}

for (const [name, run] of Object.entries(readmeSnippets)) test(`README: ${name}`, { timeout: 60_000 }, run);
