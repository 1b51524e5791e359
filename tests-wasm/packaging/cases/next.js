import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertRoundTrip } from '../harness/line.js';
import { run, serve } from '../harness/program.js';
import { project, tool } from '../harness/project.js';

const FILES = {
  ...Object.fromEntries(['layout.js', 'page.js', 'talk_in_page.js', 'talk/route.js'].map((name) => [`app/${name}`, `next/app/${name}`])),
  'talk.mjs': 'talk.mjs',
};
const ENVIRONMENT = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };

/** A Next application, which uses the package on its server and in its pages. */
export function nextApp(world) {
  describe('in Next', { timeout: 120_000 }, () => {
    const peer = () => `?peer=${encodeURIComponent(world.peer.url)}`;
    let server;

    before(async () => {
      const cwd = await project('next', FILES);
      const options = { cwd, env: ENVIRONMENT, limit: 100_000 };
      await run(tool('next'), ['build', '--webpack'], options);
      server = await serve(tool('next'), ['start', '--hostname', '127.0.0.1', '--port', '0'], { ...options, ready: /http:\/\/127\.0\.0\.1:\d+[^]*Ready/ });
      server.url = server.match[0].match(/http:\S+/)[0];
    });

    after(() => server?.stop());

    test('the server renders a page with it, and the page talks in the browser', async () => {
      const html = await (await fetch(server.url)).text();
      assert.match(html, /<p id="server">NS_OK<\/p>/);
      assertRoundTrip(await world.chromium.visit(`${server.url}/${peer()}`));
    });

    test('a route talks on the server', async () => {
      assertRoundTrip(await (await fetch(`${server.url}/talk${peer()}`)).text());
    });
  });
}
