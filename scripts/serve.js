// Serves the demo page on localhost, and the echo peer that it talks to: npm's ws, an independent implementation.

import { access, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { root } from './run.js';

const demo = join(root, 'build', 'demo');
const entry = join(root, 'build', 'installed', 'node_modules', 'websocket-channel', 'package.json');

/** How many ports are tried, starting with the first. */
const PORTS = 10;

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Allows the page's own files, WebAssembly, and a WebSocket to any address. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** Bundles www/ into build/demo with webpack.config.js. */
export async function bundleDemo() {
  await access(entry).catch(() => {
    throw new Error('bundleDemo: the built package is missing. Run npm run build first.');
  });
  const { default: webpack } = await import('webpack');
  const { default: config } = await import('../webpack.config.js');
  const compiler = webpack(config);
  try {
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)));
    });
    if (stats.hasErrors() || stats.hasWarnings()) {
      throw new Error(`bundleDemo: webpack cannot bundle www/. Fix these errors:\n${stats.toString({ preset: 'errors-warnings', colors: false })}`);
    }
  } finally {
    await new Promise((resolve) => { compiler.close(resolve); });
  }
}

/** Serves build/demo, and the echo peer at /echo. Takes the next port if this one is taken; port 0 means any free port. */
export async function serve({ port = 8080, host = '127.0.0.1' } = {}) {
  const echo = await echoPeer();
  const server = createServer((request, response) => { answer(request, response); });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => { socket.destroy(); });
    if (pathOf(request) === '/echo') echo.handleUpgrade(request, socket, head, (peer) => { echo.emit('connection', peer); });
    else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  await listen(server, port, host);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${server.address().port}/`,
    async close() {
      for (const peer of echo.clients) peer.terminate();
      const closed = new Promise((resolve) => { server.close(resolve); });
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Sends back each message, and selects the first subprotocol. */
async function echoPeer() {
  const { WebSocketServer } = await import('ws');
  const echo = new WebSocketServer({
    noServer: true,
    maxPayload: 128 * 2 ** 20,
    perMessageDeflate: true, // for the page's `extensions`
    handleProtocols: ([first]) => first,
  });
  echo.on('connection', (peer) => {
    peer.on('message', (data, isBinary) => { peer.send(data, { binary: isBinary }); });
    peer.on('error', () => {}); // a broken client: ws has closed the connection
  });
  return echo;
}

async function listen(server, first, host) {
  for (let port = first; ; port += 1) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => { server.off('error', reject); resolve(); });
      });
      return;
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
      if (port + 1 >= first + PORTS || port >= 65_535) {
        throw new Error(`serve: all ports from ${first} to ${port} are taken. Choose another port.`, { cause: error });
      }
    }
  }
}

async function answer(request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    finish(response, 405, 'Use GET or HEAD.\n', { allow: 'GET, HEAD' });
    return;
  }
  // build/demo has no subfolders, so a name without a slash cannot point outside it.
  const name = pathOf(request) === '/' ? 'index.html' : pathOf(request).slice(1);
  const type = /^[\w-]+\.\w+$/.test(name) && TYPES[extname(name)];
  const body = type ? await readFile(join(demo, name)).catch(() => null) : null;
  if (body === null) finish(response, 404, 'Not found. The demo is at /.\n');
  else finish(response, 200, body, { 'content-type': type });
}

function finish(response, status, body, headers = {}) {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

const pathOf = (request) => request.url.split('?', 1)[0];
