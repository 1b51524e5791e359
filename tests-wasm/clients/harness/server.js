import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

export const running = [];

/** Starts a server of the npm package ws. The option `port` starts it on a given port. Resolves to { server, url, port }. */
export async function startWs(onConnection = () => {}, options = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  running.push(() => { for (const client of server.clients) client.terminate(); server.close(); });
  server.on('connection', onConnection);
  await once(server, 'listening');
  const { port } = server.address();
  return { server, port, url: `ws://127.0.0.1:${port}` };
}

/** Starts a node:http server. Resolves to { server, port }. */
export async function startHttp(handler) {
  const server = createServer(handler);
  running.push(() => { server.closeAllConnections(); server.close(); });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: server.address().port };
}

export function stopServers() {
  for (const stop of running.splice(0)) stop();
}

/** A port that was free just now. */
export async function freePort() {
  const { server, port } = await startHttp();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves once `holds` returns true. Checks every 5 ms for ten seconds, then rejects. */
export async function until(holds, what) {
  for (let at = 0; at < 2000; at++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited ten seconds for ${what}`);
}
