import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from '../../behaviour/harness/program.js';
import { serve } from '../../packaging/harness/program.js';
import { startHttp } from '../harness/server.js';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--remote-debugging-port=0', '--window-size=1600,1200'];

/** The Chrome DevTools Protocol over one socket: call(method, params, session) and next(event). */
class DevTools {
  #socket;
  #calls = new Map();
  #events = new Map();

  constructor(socket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#received(JSON.parse(data)));
  }

  call(method, params = {}, sessionId = undefined) {
    const id = this.#calls.size + 1;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  next(event) {
    return new Promise((resolve) => this.#events.set(event, resolve));
  }

  #received({ id, result, error, method, params }) {
    if (id === undefined) return this.#events.get(method)?.(params);
    if (error) this.#calls.get(id).reject(new Error(error.message));
    else this.#calls.get(id).resolve(result);
  }
}

export const devTools = {
  async 'headless Chromium: navigate, evaluate, screenshot'(WebSocket) {
    const profile = await mkdtemp(join(tmpdir(), 'wsc-devtools-'));
    const { match, stop } = await serve(programPath('WSC_CHROMIUM', 'chromium'), [...FLAGS, `--user-data-dir=${profile}`], { ready: /DevTools listening on (ws:\S+)/ });
    const page = await startHttp((request, response) => response.setHeader('content-type', 'text/html').end('<title>a page</title><body style="background:linear-gradient(45deg,red,blue)">'));
    try {
      const socket = new WebSocket(match[1]);
      await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = ({ error }) => reject(error); });
      const tools = new DevTools(socket);
      const { targetId } = await tools.call('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await tools.call('Target.attachToTarget', { targetId, flatten: true });
      await tools.call('Page.enable', {}, sessionId);
      const loaded = tools.next('Page.loadEventFired');
      await tools.call('Page.navigate', { url: `http://127.0.0.1:${page.port}/` }, sessionId);
      await loaded;
      const evaluated = await tools.call('Runtime.evaluate', { expression: 'document.title + " " + 6 * 7' }, sessionId);
      assert.equal(evaluated.result.value, 'a page 42');
      const large = await tools.call('Runtime.evaluate', { expression: '"é".repeat(5e6)' }, sessionId);
      assert.equal(large.result.value.length, 5e6);
      const { data } = await tools.call('Page.captureScreenshot', { format: 'png' }, sessionId);
      const png = Buffer.from(data, 'base64');
      assert.equal(png.subarray(1, 4).toString(), 'PNG');
      assert.ok(png.readUInt32BE(16) > 800, 'its width');
      socket.close();
    } finally {
      stop();
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    }
  },
};
