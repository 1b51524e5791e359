// The peers besides bench/peer: a flood of prepared frames, over TCP and over TLS, and for TLS a sink that counts bytes.
// One process, driven over IPC: it reports its ports, and the number of bytes of each connection to the sink when that ends.

import { createHash } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { frames } from './frames.js';

function serve(socket) {
  let head = '';
  socket.setNoDelay(true);
  socket.on('error', () => {}); // a client disconnects abruptly once it has measured enough
  socket.on('data', async function readHead(data) {
    head += data.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    socket.off('data', readHead);
    const key = /^sec-websocket-key: *(.*)\r$/im.exec(head)[1];
    const url = new URL(head.split(' ')[1], 'ws://localhost');
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const extension = url.searchParams.has('deflate') ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : '';
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${extension}Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    if (url.pathname === '/flood') flood(socket, await frames(url.searchParams));
    else sink(socket);
  });
}

function flood(socket, block) {
  const more = (error) => { if (!error && !socket.destroyed) socket.write(block, more); };
  socket.on('data', () => {});
  more();
}

function sink(socket) {
  let sunk = 0;
  socket.on('data', (data) => { sunk += data.length; });
  socket.on('close', () => process.send({ sunk }));
}

const listen = (server) => new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => resolve(server.address().port)));
// A large read buffer, because the benchmark would otherwise measure a sink that is slower than the client.
const onConnection = { highWaterMark: 1 << 20 };
process.on('disconnect', () => process.exit());
const [cert, key] = process.argv.slice(2);
process.send({
  tcp: await listen(net.createServer(onConnection, serve)),
  tls: await listen(tls.createServer({ ...onConnection, cert, key }, serve)),
});
