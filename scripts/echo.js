// A peer that nobody here wrote: an echo server of the npm package `ws`.

/** Starts it on loopback. Resolves to { url, connections, stop }. */
export async function startEcho() {
  const { WebSocketServer } = await import('ws'); // here, because `npm start` installs it first
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const echo = {
    connections: 0,
    stop() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
  server.on('connection', (socket) => {
    echo.connections += 1;
    socket.on('error', () => {});
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  echo.url = `ws://127.0.0.1:${server.address().port}/`;
  return echo;
}
