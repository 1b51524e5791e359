import assert from 'node:assert/strict';
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { installed } from '../harness/recorded.js';
import { running } from '../harness/server.js';
import { talkTo } from './server_clients.js';

/** Handles the upgrades of a framework's server: accepts /echo, and refuses everything else. */
function acceptUpgrades(server) {
  server.on('upgrade', (request, socket, head) => {
    const channel = new installed.WebSocketChannel();
    if (request.url !== '/echo') return channel.refuse(request, socket, 404, 'only /echo');
    channel.asyncAccept(request, socket, head, {
      onMessageAvailable: (_, text) => channel.sendMsg(text), onBinaryMessageAvailable: (_, bytes) => channel.sendBinaryMsg(bytes),
    }, null);
  });
}

/** Checks that the framework serves the pages, and that channels serve the WebSockets. */
async function check(server) {
  running.push(() => { server.closeAllConnections(); server.close(); });
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address();
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/page`)).text(), 'a page');
  await talkTo(`ws://127.0.0.1:${port}/echo`);
  await assert.rejects(talkTo(`ws://127.0.0.1:${port}/other`), /404/);
}

export const frameworks = {
  async 'Express'() {
    const app = express();
    app.get('/page', (request, response) => { response.send('a page'); });
    const server = app.listen(0, '127.0.0.1');
    acceptUpgrades(server);
    await check(server);
  },

  async 'Fastify'() {
    const app = fastify();
    app.get('/page', async () => 'a page');
    acceptUpgrades(app.server);
    await app.listen({ port: 0, host: '127.0.0.1' });
    await check(app.server);
  },

  async 'Hono on Node'() {
    const app = new Hono();
    app.get('/page', (context) => context.text('a page'));
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    acceptUpgrades(server);
    await check(server);
  },
};
