import { WebSocketServer } from 'ws';

/** Starts an echo server with the npm package `ws` on loopback. Resolves to { url, connections, stop }. */
export async function startPeer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const peer = {
    connections: 0,
    stop() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
  server.on('connection', (socket) => {
    peer.connections += 1;
    socket.on('error', () => {});
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  peer.url = `ws://127.0.0.1:${server.address().port}/`;
  return peer;
}
